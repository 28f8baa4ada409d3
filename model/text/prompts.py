"""Prompt templates: sentences around a class name, for the text encoder.

The mean over several prompts is more robust than one prompt (CLIP; ViLD, Gu et al. 2022). The
paper does not list its prompts. These are ours: short, about photographs, and few, because each
costs one pass of the text encoder for every class.
"""

from o365seg.errors import InputError

DEFAULT_TEMPLATES = (
    "{}",
    "a photo of {a}.",
    "a photo of the {}.",
    "a photo of one {}.",
    "a cropped photo of {a}.",
    "a close-up photo of {a}.",
    "a photo of a small {}.",
    "a photo of a large {}.",
    "a dark photo of {a}.",
    "a photo of {a}, seen from afar.",
    "a photo of part of {a}.",
    "a scene with {a} in it.",
    "a street or a room where there is {a}.",
    "there is {a} in the picture.",
)
"""`{}` is the class name, `{a}` the name with its article."""


def fill(template: str, name: str) -> str:
    """Insert a name into a template: `fill("a photo of {a}.", "apple")` is "a photo of an apple.".

    Plain replacement, so that names may contain braces.
    """
    article = "an" if name[:1].lower() in ("a", "e", "i", "o", "u") else "a"
    parts = template.split("{a}")
    return f"{article} {name}".join(part.replace("{}", name) for part in parts)


def check_templates(templates: tuple[str, ...]) -> None:
    """Check that each template has a placeholder for the name.

    Raises:
        InputError: there is no template, or one lacks `{}` and `{a}`; it is quoted.
    """
    if not templates:
        raise InputError("missing: give at least one prompt template")
    for template in templates:
        if "{}" not in template and "{a}" not in template:
            raise InputError(f"the prompt template {template!r} has no {{}} for the class name")
