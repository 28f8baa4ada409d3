# %% [markdown]
# # Paint and release
#
# From boxes to a released annotation file, without a browser: a script answers the questions that
# people answer in the painting tool. The photographs are scikit-image's, in the public domain.
#
#     python examples/paint_and_release.py OUT
#
# The file opens as a notebook in VS Code, PyCharm and Jupyter (jupytext).

# %%
import sys
from pathlib import Path

from scripted_rater import paint_all

from o365seg.demo import IMAGES_FOLDER, create_demo
from o365seg.formats.json_files import write_json_atomic
from o365seg.gallery.write import write_gallery
from o365seg.project.folder import open_project
from o365seg.release.build import FILE_NAME, build_release
from o365seg.release.card import measure, write_card
from o365seg.release.publication import publication

# %% [markdown]
# A project is one folder: `o365seg create` makes it from a detection file, `annotate-app demo` from
# the boxes that come with o365seg.


# %%
def paint_and_release(out: Path) -> Path:
    """Create the demo project, answer its questions, and write the release; gives its path."""
    report = create_demo(out / "project")
    print(f"{report.images} images, {report.questions} questions")

    # Raters see one question at a time. Each is leased to one of them; answers are only added.
    project = open_project(out / "project")
    paint_all(project, "Ada")

    # As `o365seg release`: the source's records, with masks and marked skips.
    release = out / FILE_NAME
    built = build_release(project)
    write_json_atomic(release, built)
    project.store.close()
    print(f"{built['info']['masks']} masks, {built['info']['skipped']} skipped")
    return release


# %% [markdown]
# The gallery shows every mask (the paper's figure 6); the data card describes the set.


# %%
def show(release: Path, out: Path) -> Path:
    """Write the gallery and the data card; gives the picture of all masks."""
    written = write_gallery(release, out / "project" / IMAGES_FOLDER, out / "gallery.html")
    assert written.sheet is not None
    about = publication(name="Six photographs", licence="CC0-1.0", raters="One script.")
    print(write_card(measure(release, "six photographs"), about, out / "card")[0])
    return written.sheet


# %%
if __name__ == "__main__":
    target = Path(sys.argv[1])
    print(show(paint_and_release(target), target))
