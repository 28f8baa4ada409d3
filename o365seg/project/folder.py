"""A project: one folder that holds a sample of images, its questions, and the raters' answers.

    project.json      where it came from: source file, seed, image root
    sample.json       the sampled images' records, verbatim
    image_notes.json  which images had to be turned or converted, and how
    project.sqlite    the store; absent where it is in PostgreSQL
    upright/          copies of the few images that had to be turned or converted

`creation` makes it.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from o365seg.errors import InputError
from o365seg.formats import records
from o365seg.formats.json_files import read_json, write_json_atomic
from o365seg.images.image_root import ImageRoot
from o365seg.store.database import Store, postgresql_url, sqlite_url
from o365seg.store.sample import list_images
from o365seg.store.versions import open_store

PROJECT_FILE = "project.json"
SAMPLE_FILE = "sample.json"
STORE_FILE = "project.sqlite"
UPRIGHT_FOLDER = "upright"
TEXTS_FOLDER = "texts"
"""The project's own languages, and its own words for some texts."""
FORMAT_VERSION = 1

DATABASE_VARIABLE = "O365SEG_DATABASE"
"""Environment variable with the URL of a project's PostgreSQL database, password and all."""


def database_for_new() -> str:
    """Where the commands put a new project's answers, if they are not told: its URL, or empty."""
    return os.environ.get(DATABASE_VARIABLE, "")


class ProjectFile(msgspec.Struct):
    """The content of project.json; `id` tells this folder from any other, equal samples too.

    `database` is PostgreSQL's URL, without the password; empty for SQLite in the folder.
    `corrects`: the questions start with the masks of the source, whose whole file is the sample.
    """

    format: int
    id: str
    source_name: str
    source_sha256: str
    seed: int
    image_root: str
    is_demo: bool = False
    database: str = ""
    corrects: bool = False


@dataclass(frozen=True)
class Project:
    """An open project."""

    folder: Path
    about: ProjectFile
    store: Store
    images: ImageRoot

    @property
    def is_demo(self) -> bool:
        """Whether it is the demo, whose rater's password anybody at this machine may see."""
        return self.about.is_demo

    @property
    def sample_path(self) -> Path:
        """The sampled images' records, verbatim."""
        return self.folder / SAMPLE_FILE

    @property
    def upright_folder(self) -> Path:
        """Copies of the images that had to be turned or converted, named by image id."""
        return self.folder / UPRIGHT_FOLDER


def open_project(folder: Path, image_root: Path | str | None = None, database: str = "") -> Project:
    """Open a project folder; one that an earlier o365seg made is upgraded.

    Args:
        folder: As `create_project` made it.
        image_root: Where the images are now, a folder or URL; None: where they were at creation.
        database: URL of its PostgreSQL database; empty: the one of the environment
            (`DATABASE_VARIABLE`), else the one of creation, whose password libpq finds.

    Raises:
        InputError: not a project, or one of another version.
    """
    about = read_about(folder)
    store = open_store(project_store(folder, about, database))
    if image_root is not None:
        root = image_root_at(image_root)
    elif "://" in about.image_root:
        root = ImageRoot(about.image_root)
    else:
        root = ImageRoot(folder / about.image_root)  # an absolute path stays what it is
    return Project(folder, about, store, root)


def move_images(folder: Path, image_root: Path | str) -> None:
    """Write down where a project's images are from now on.

    Args:
        folder: The project's.
        image_root: A folder or URL that has every image; what is in the files is checked when they
            are shown.

    Raises:
        InputError: not a project, no such place, or an image is missing there.
    """
    project = open_project(folder, image_root)
    project.images.check()
    with project.store.read() as db:
        images = list_images(db)
    project.store.close()
    for image in images:
        if not image.upright and not project.images.is_file(image.path):
            raise InputError(
                f"has no {image.path}", file=project.images.place, record=f"image {image.id}"
            )
    about = msgspec.structs.replace(project.about, image_root=str(project.images))
    write_json_atomic(folder / PROJECT_FILE, about)


def count_unaskable(project: Project, questions: int) -> int:
    """The boxes of a project that no question could be asked about; `questions` are those asked."""
    if project.about.corrects:
        return 0  # most boxes of the sample are not meant to be asked about
    boxes = records.read_annotations(project.sample_path).annotations
    return sum(not box.iscrowd for box in boxes) - questions


def read_about(folder: Path) -> ProjectFile:
    """What a project says of itself.

    Raises:
        InputError: not a project, or one of another version.
    """
    path = folder / PROJECT_FILE
    if not path.is_file():
        raise InputError(f"not a project: {PROJECT_FILE} is missing", file=folder)
    about = read_json(path, ProjectFile)
    if about.format != FORMAT_VERSION:
        raise InputError(
            f"has format {about.format}; this version reads format {FORMAT_VERSION}",
            file=path,
            field="format",
        )
    return about


def project_store(folder: Path, about: ProjectFile, database: str = "") -> Store:
    """The store of a project, not looked at yet.

    Raises:
        InputError: `database` is not a PostgreSQL URL, or the project uses SQLite.
    """
    if not about.database:
        if database:
            raise InputError(
                "this project's answers are in its own folder; `o365seg backup` and `restore "
                "--database` move them to PostgreSQL",
                file=folder,
            )
        return Store(sqlite_url(folder / STORE_FILE))
    url = database or os.environ.get(DATABASE_VARIABLE) or about.database
    return Store(postgresql_url(url), f"o365seg_{about.id}")


def image_root_at(place: Path | str) -> ImageRoot:
    """The images of a folder or a URL."""
    if isinstance(place, str) and "://" in place:
        return ImageRoot(place)
    return ImageRoot(Path(place).resolve())
