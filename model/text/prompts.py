"""The sentences a class name is put into before the text encoder reads it.

The mean over several sentences is steadier than any one of them (ViLD, Gu et al. 2022, and CLIP
before it). The paper does not say which it used. These are ours: short, of things seen in
photographs, and few, for each costs a pass of the text encoder for every class.
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
    """The sentence: `fill("a photo of {a}.", "apple")` is "a photo of an apple.".

    Plain replacement, so that a name may hold braces.
    """
    article = "an" if name[:1].lower() in ("a", "e", "i", "o", "u") else "a"
    parts = template.split("{a}")
    return f"{article} {name}".join(part.replace("{}", name) for part in parts)


def check_templates(templates: tuple[str, ...]) -> None:
    """See that each template has a place for the name.

    Raises:
        InputError: none at all, or one without `{}` or `{a}`; it is quoted.
    """
    if not templates:
        raise InputError("missing: give at least one prompt template")
    for template in templates:
        if "{}" not in template and "{a}" not in template:
            raise InputError(f"the prompt template {template!r} has no {{}} for the class name")
