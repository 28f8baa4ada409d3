"""Commands of `o365seg` for an existing release: show, describe and publish it."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from o365seg.terminal.options import JsonFile
from o365seg.terminal.output import STDOUT, say, show
from o365seg.terminal.overwriting import refuse_overwriting

ReleaseFile = Annotated[
    Path, typer.Argument(help="A release, or any COCO-format file.", metavar="RELEASE.JSON")
]

ExportFormat = Literal["yolo", "label-studio", "cvat"]

_PUBLISHER = "Publication"
_LEADERBOARD = "Leaderboard"
Name = Annotated[
    str | None,
    typer.Option(
        help="Name of the data set.", show_default="a description", rich_help_panel=_PUBLISHER
    ),
]
Licence = Annotated[
    str | None,
    typer.Option(
        help="Licence of the annotations: an SPDX identifier such as CC-BY-4.0, a URL, or text.",
        rich_help_panel=_PUBLISHER,
    ),
]
Creator = Annotated[
    str | None, typer.Option(help="Author of the data set.", rich_help_panel=_PUBLISHER)
]
Url = Annotated[
    str | None, typer.Option(help="Home page of the data set.", rich_help_panel=_PUBLISHER)
]
Contact = Annotated[
    str | None, typer.Option(help="Address for questions and errors.", rich_help_panel=_PUBLISHER)
]
Citation = Annotated[
    str | None, typer.Option(help="How to cite the data set.", rich_help_panel=_PUBLISHER)
]
AboutFile = Annotated[
    Path | None,
    typer.Option(
        "--about",
        help="TOML file with these facts and others: raters, pay, ethics, funding, maintenance, "
        "biases, limitations, personal_information, use_cases, social_impact.",
        rich_help_panel=_PUBLISHER,
    ),
]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module to the app."""
    app.command(
        epilog="Example: `o365seg gallery o365_instance_seg_val.json --images val/ "
        "--out gallery.html`"
    )(gallery)
    app.command(epilog="Example: `o365seg errata release-1.json release-2.json`")(errata)
    app.command(epilog="Example: `o365seg export o365_instance_seg_val.json --to yolo --out yolo`")(
        export
    )
    app.command(
        epilog="Example: `o365seg card o365_instance_seg_val.json --licence CC-BY-4.0 --out card`"
    )(card)
    app.command(
        epilog="Example: `o365seg publish o365_instance_seg_val.json --licence CC-BY-4.0 "
        "--creator 'Ada' --out published`, then `mlcroissant validate --jsonld "
        "published/croissant.json`"
    )(publish)


def gallery(
    release: ReleaseFile,
    images: Annotated[Path, typer.Option(help="Folder that contains the images.")],
    out: Annotated[Path, typer.Option(help="Page to write.")] = Path("gallery.html"),
    side: Annotated[
        int, typer.Option(help="Longer side of each picture, in pixels.", min=64)
    ] = 640,
    beside: Annotated[
        bool,
        typer.Option(
            "--beside",
            help="Store the pictures in a folder beside the page; better for more than a few "
            "hundred images. By default the page is one file.",
        ),
    ] = False,
    sheet_images: Annotated[
        int, typer.Option(help="Number of images on the contact sheet.", min=1)
    ] = 12,
) -> None:
    """Write an HTML gallery of the annotated images, and a contact sheet (Figure 6).

    The page has filters for category, skips, size, rater time and image, and loads nothing from
    the network.
    """
    from o365seg.gallery.write import write_gallery

    refuse_overwriting({"--out": out}, [release])
    written = write_gallery(
        release, images, out, side=side, beside=beside, sheet_images=sheet_images
    )
    for problem in written.problems:
        say(f"not shown: {problem}", err=True)
    say(f"written: {written.page}: {written.images:,} images", err=True)
    if written.sheet is not None:
        say(f"written: {written.sheet}", err=True)


def errata(
    old: Annotated[Path, typer.Argument(help="The older file.", metavar="OLD.JSON")],
    new: Annotated[Path, typer.Argument(help="The newer file.", metavar="NEW.JSON")],
    json_file: JsonFile = None,
) -> None:
    """List what differs between two versions of an annotation file."""
    from rich.table import Table

    from o365seg.release.errata import list_changes
    from o365seg.terminal.percent import percent

    refuse_overwriting({"--json": json_file}, [old, new])
    found = list_changes(old, new)
    table = Table("annotation", "image", "category", "change", "IoU", "area before", "area after")
    for one in found.changes:
        numbers = [
            "" if one.iou is None else percent(one.iou),
            *("" if area is None else f"{area:,}" for area in (one.area_before, one.area_after)),
        ]
        table.add_row(str(one.id), one.image, one.category, one.change, *numbers)
    show(found, json_file, table)
    if json_file != STDOUT:
        say(f"{len(found.changes):,} changes; {found.unchanged:,} annotations are the same")


def export(
    release: ReleaseFile,
    to: Annotated[ExportFormat, typer.Option(help="Format to write.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder to write.", show_default="the format's name")
    ] = None,
    image_prefix: Annotated[
        str,
        typer.Option(help="label-studio: the part of image addresses before the file name."),
    ] = "/data/local-files/?d=",
) -> None:
    """Write the masks in the format of YOLO, Label Studio or CVAT.

    Label Studio and CVAT get skipped objects as boxes that are marked. YOLO cannot ignore objects,
    so its labels contain masks only.
    """
    from o365seg.exports.cvat import write_cvat
    from o365seg.exports.label_studio import write_label_studio
    from o365seg.exports.yolo import write_yolo
    from o365seg.formats.records import read_annotations
    from o365seg.statistics.contents import kind_of

    folder = out or Path(to)
    file = read_annotations(release)
    if to == "label-studio":
        written = write_label_studio(file, release, folder, image_prefix)
    else:
        written = (write_yolo if to == "yolo" else write_cvat)(file, release, folder)
    for path in written:
        say(f"written: {path}", err=True)
    left_out = sum(kind_of(one) != "mask" for one in file.annotations)
    if to == "yolo" and left_out:
        say(
            f"left out: {left_out:,} skipped, unanswered and crowd objects; "
            "YOLO counts predictions on them as wrong",
            err=True,
        )


def card(
    release: ReleaseFile,
    out: Annotated[Path, typer.Option(help="Folder for the card and its figures.")] = Path("card"),
    name: Name = None,
    licence: Licence = None,
    creator: Creator = None,
    url: Url = None,
    contact: Contact = None,
    citation: Citation = None,
    about_file: AboutFile = None,
) -> None:
    """Write a data card: contents, how the masks were painted, skips and limits.

    All numbers come from the file or the options.
    """
    from o365seg.release.card import measure, write_card
    from o365seg.release.publication import publication

    about = publication(
        about_file,
        name=name, licence=licence, creator=creator, url=url, contact=contact, citation=citation,
    )  # fmt: skip
    written = write_card(measure(release, release.stem), about, out)
    say(f"written: {written[0]}, and {len(written) - 1} files of figures", err=True)


def publish(
    release: ReleaseFile,
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("published"),
    name: Name = None,
    licence: Licence = None,
    creator: Creator = None,
    url: Url = None,
    contact: Contact = None,
    citation: Citation = None,
    about_file: AboutFile = None,
    date: Annotated[
        str | None,
        typer.Option(help="Publication date, YYYY-MM-DD.", rich_help_panel=_PUBLISHER),
    ] = None,
    version: Annotated[
        str | None,
        typer.Option(
            "--set-version",
            help="Version of the data set.",
            show_default="1.0.0",
            rich_help_panel=_PUBLISHER,
        ),
    ] = None,
    benchmark: Annotated[
        Path | None,
        typer.Option(
            help="Also write bundles for EvalAI and Codabench into this private folder, and "
            "eval.yaml for the Hugging Face hub.",
            rich_help_panel=_LEADERBOARD,
        ),
    ] = None,
    hide_masks: Annotated[
        bool,
        typer.Option(
            "--hide-masks",
            help="Publish a test set: images and categories without annotations.",
            rich_help_panel=_LEADERBOARD,
        ),
    ] = False,
    scores: Annotated[
        Path | None,
        typer.Option(
            help="A file of `benchmark evaluate --json`: write a model's entry for the hub's "
            "leaderboard into the --benchmark folder.",
            rich_help_panel=_LEADERBOARD,
        ),
    ] = None,
    hub_id: Annotated[
        str | None,
        typer.Option(
            help="OWNER/NAME of the published set on the hub; --scores needs it.",
            rich_help_panel=_LEADERBOARD,
        ),
    ] = None,
) -> None:
    """Write a folder to publish: COCO JSON, a `datasets` table, the data card and Croissant.

    Images are referenced, not copied: they have their own licence.
    """
    from o365seg.release.leaderboards import write_eval_results
    from o365seg.release.publication import publication
    from o365seg.release.publish import publish as write_folder

    about = publication(
        about_file,
        name=name, licence=licence, creator=creator, url=url, contact=contact, citation=citation,
        date=date, version=version,
    )  # fmt: skip
    if scores is not None and (benchmark is None or hub_id is None):
        raise typer.BadParameter("needs --benchmark and --hub-id", param_hint="--scores")
    if benchmark is not None and benchmark.resolve().is_relative_to(out.resolve()):
        raise typer.BadParameter(
            "must not be inside the published folder: it contains the masks",
            param_hint="--benchmark",
        )
    written = write_folder(release, about, out, leaderboards=benchmark, hide_masks=hide_masks)
    if benchmark is not None and scores is not None and hub_id is not None:
        written.append(write_eval_results(scores, hub_id, about, benchmark))
    for path in written:
        say(f"written: {path}", err=True)
