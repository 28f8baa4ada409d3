"""The seeded sample of images (paper, appendix C: "We randomly sampled 1,000 images")."""

import hashlib
from collections.abc import Iterable


def rank_images(image_ids: Iterable[int], seed: int) -> list[int]:
    """All ids in a random order that depends on nothing but the ids and the seed.

    The order is by SHA-256 of "seed:id": the same on every machine and with every version of
    Python or numpy, whatever the order of the file. A sample of N is the first N, so a larger
    sample contains every smaller one of the same seed.
    """
    return sorted(
        image_ids, key=lambda image_id: hashlib.sha256(f"{seed}:{image_id}".encode()).digest()
    )
