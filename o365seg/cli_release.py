"""The commands of `o365seg` for a release that is there: look at it, tell of it, publish it."""

from pathlib import Path
from typing import Annotated

import typer

ReleaseFile = Annotated[
    Path, typer.Argument(help="A release, or any COCO-format file.", metavar="RELEASE.JSON")
]


def add_commands(app: typer.Typer) -> None:
    """Put the commands of this module into the app."""
    app.command(
        epilog="Example: `o365seg gallery o365_instance_seg_val.json --images val/ "
        "--out gallery.html`"
    )(gallery)


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
    from o365seg.gallery import write_gallery

    written = write_gallery(
        release, images, out, side=side, beside=beside, sheet_images=sheet_images
    )
    for problem in written.problems:
        typer.echo(f"not shown: {problem}", err=True)
    typer.echo(f"written: {written.page}: {written.images:,} images", err=True)
    if written.sheet is not None:
        typer.echo(f"written: {written.sheet}", err=True)
