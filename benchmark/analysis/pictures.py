"""Drawn images with their errors, as a report shows them; `worst_images` draws them."""

from dataclasses import dataclass

from o365seg.presentation.html_page import data_uri

PICTURES = 24
"""Number of images drawn by default."""
FOUND_MARK = "found"
"""In `Picture.marks`: a found object."""


@dataclass(frozen=True)
class Errors:
    """Errors of one image at IoU 0.5, without predictions below a score."""

    image: int
    missed: int
    false: int
    found: int


@dataclass(frozen=True)
class Picture:
    """A drawn image, twice.

    Attributes:
        name: Its file's name.
        errors: Its errors.
        width: Of both drawings, in pixels.
        height: Likewise.
        data: JPEG with the missed, false and found objects.
        truth: JPEG with all ground-truth objects.
        marks: (category id, kind) of what is on it: FOUND_MARK, "missed", or a false prediction's
            kind of error (`error_kinds.Kind`, in lower case).
    """

    name: str
    errors: Errors
    width: int
    height: int
    data: bytes
    truth: bytes
    marks: frozenset[tuple[int, str]]

    @property
    def uri(self) -> str:
        """The first drawing as a `data:` address."""
        return data_uri(self.data, "image/jpeg")

    @property
    def truth_uri(self) -> str:
        """The second drawing likewise."""
        return data_uri(self.truth, "image/jpeg")
