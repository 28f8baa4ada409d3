"""How images of every kind of pixel become RGB: the same for painting, pictures and training."""

import numpy as np
from PIL import Image

_AS_THEY_ARE = frozenset({"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX"})


def to_rgb(image: Image.Image) -> tuple[Image.Image, str | None]:
    """An image as RGB with 8 bits a channel, without transparency.

    Pixels with more than 8 bits are mapped linearly, the image's smallest value to 0 and its
    largest to 255, because most such images (depth, X-ray, 12-bit cameras) use a part of the range.
    Values that are not finite become 0. CMYK is converted without its colour profile.

    Returns:
        The image, and the mapping in words; None for the latter where values stay as they are.
    """
    mode = image.mode
    if mode in _AS_THEY_ARE:
        return (image if mode == "RGB" else image.convert("RGB")), None
    if mode.startswith("I") or mode == "F":
        values = np.asarray(image).astype(np.float64)
        finite = np.isfinite(values)
        low, high = (values[finite].min(), values[finite].max()) if finite.any() else (0.0, 0.0)
        scaled = (values - low) * (255 / (high - low)) if high > low else np.zeros_like(values)
        shown = np.where(finite, scaled, 0).round().clip(0, 255).astype(np.uint8)
        what = "floating-point" if mode == "F" else "16-bit" if mode.startswith("I;") else "32-bit"
        words = f"{what} values {low:g} to {high:g} mapped linearly to 0 to 255"
        return Image.fromarray(shown).convert("RGB"), words
    profile = " without a colour profile" if mode == "CMYK" else ""
    return image.convert("RGB"), f"{mode} converted to RGB{profile}"
