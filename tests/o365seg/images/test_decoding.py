"""Problems of image files in words, without addresses."""

import io

import pytest
from PIL import Image

from o365seg.images.decoding import decoding_problem


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError("image file is truncated"), "cannot be decoded: image file is truncated"),
        (OSError("bad <_io.BytesIO object at 0x7f12ab> here"), "cannot be decoded: bad here"),
        (ValueError(), "cannot be decoded"),
        (Image.DecompressionBombError("x"), "has too many pixels"),
    ],
)
def test_a_problem_in_words(error: Exception, words: str) -> None:
    assert decoding_problem(error) == words


def test_what_is_not_an_image() -> None:
    with pytest.raises(Image.UnidentifiedImageError) as caught:
        Image.open(io.BytesIO(b"no picture"))
    assert decoding_problem(caught.value) == "not an image that Pillow can read"
