"""The commands of `o365seg` for a release that is there: look at it, tell of it, publish it."""

from pathlib import Path
from typing import Annotated

import typer

ReleaseFile = Annotated[
    Path, typer.Argument(help="A release, or any COCO-format file.", metavar="RELEASE.JSON")
]

_PUBLISHER = "What the publisher says"
Name = Annotated[
    str | None,
    typer.Option(help="The set's name.", show_default="a description", rich_help_panel=_PUBLISHER),
]
Licence = Annotated[
    str | None,
    typer.Option(
        help="Of the annotations: an SPDX identifier such as CC-BY-4.0, an address, or words.",
        rich_help_panel=_PUBLISHER,
    ),
]
Creator = Annotated[str | None, typer.Option(help="Who made the set.", rich_help_panel=_PUBLISHER)]
Url = Annotated[
    str | None, typer.Option(help="Where the set is at home.", rich_help_panel=_PUBLISHER)
]


def add_commands(app: typer.Typer) -> None:
    """Put the commands of this module into the app."""
    app.command(
        epilog="Example: `o365seg gallery o365_instance_seg_val.json --images val/ "
        "--out gallery.html`"
    )(gallery)
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
    images: Annotated[Path, typer.Option(help="The folder that its file names lead into.")],
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("gallery.html"),
    side: Annotated[
        int, typer.Option(help="Longer side of a picture on the page, in pixels.", min=64)
    ] = 640,
    beside: Annotated[
        bool,
        typer.Option(
            "--beside",
            help="Keep the pictures in a folder beside the page: better from some hundred "
            "images on. Else the page is one file.",
        ),
    ] = False,
    sheet_images: Annotated[
        int, typer.Option(help="How many images the contact sheet shows.", min=1)
    ] = 12,
) -> None:
    """Figure 6: masks and boxes over every image, as a page with filters; and a contact sheet.

    Filters: category, skipped, size, rater time, image. The page loads nothing from elsewhere.
    """
    from o365seg.gallery.write import write_gallery

    written = write_gallery(
        release, images, out, side=side, beside=beside, sheet_images=sheet_images
    )
    for problem in written.problems:
        typer.echo(f"not shown: {problem}", err=True)
    typer.echo(f"written: {written.page}: {written.images:,} images", err=True)
    if written.sheet is not None:
        typer.echo(f"written: {written.sheet}", err=True)


def card(
    release: ReleaseFile,
    out: Annotated[Path, typer.Option(help="Folder for the card and its figures.")] = Path("card"),
    name: Name = None,
    licence: Licence = None,
    creator: Creator = None,
    url: Url = None,
) -> None:
    """Write the data card: what the set holds, how it was painted, what was skipped, its limits.

    Everything on it is counted from the file, or said by the options.
    """
    from o365seg.release.card import measure, write_card
    from o365seg.release.publication import publication

    about = publication(name=name, licence=licence, creator=creator, url=url)
    written = write_card(measure(release, release.stem), about, out)
    typer.echo(f"written: {written[0]}, and {len(written) - 1} files of figures", err=True)


def publish(
    release: ReleaseFile,
    out: Annotated[Path, typer.Option(help="The folder to write.")] = Path("published"),
    name: Name = None,
    licence: Licence = None,
    creator: Creator = None,
    url: Url = None,
    date: Annotated[
        str | None,
        typer.Option(help="Day of publication, YYYY-MM-DD.", rich_help_panel=_PUBLISHER),
    ] = None,
    version: Annotated[
        str | None,
        typer.Option(
            "--set-version",
            help="Version of the set.",
            show_default="1.0.0",
            rich_help_panel=_PUBLISHER,
        ),
    ] = None,
) -> None:
    """Write a folder to publish: the set for COCO tools and `datasets`, the card, Croissant.

    Images are named in it and not copied: their licence is not the set's.
    """
    from o365seg.release.publication import publication
    from o365seg.release.publish import publish as write_folder

    about = publication(
        name=name, licence=licence, creator=creator, url=url, date=date, version=version
    )
    for path in write_folder(release, about, out):
        typer.echo(f"written: {path}", err=True)
