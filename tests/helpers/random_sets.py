"""A random set of masks and predictions: found, shifted, misnamed, doubled, false and skipped."""

import numpy as np
from evaluation_cases import Case, Guess, Thing, rectangle, tight_box


def random_set(seed: int, images: int = 12) -> Case:
    random = np.random.default_rng(seed)
    things, guesses = [], []
    for image in range(1, images + 1):
        for place in range(random.integers(1, 5)):
            category = int(random.integers(1, 3))
            x, size = 25 * place, int(random.integers(8, 20))
            mask = rectangle(x, 5, size, size)
            kind = random.random()
            if kind < 0.1:
                things.append(Thing(box=tight_box(mask), image=image, category=category))
            else:
                crowd = kind > 0.95
                things.append(Thing(mask, image=image, category=category, crowd=crowd))
            for _ in range(random.integers(0, 3)):
                off, score = int(random.integers(0, 6)), float(random.random())
                named = category if random.random() < 0.8 else 3 - category
                guess = rectangle(x + off, 5, size, size)
                guesses.append(Guess(guess, score, image=image, category=named))
        if random.random() < 0.6:
            guesses.append(Guess(rectangle(0, 60, 9, 9), float(random.random()), image=image))
    return Case(things, guesses, images=list(range(1, images + 1)))
