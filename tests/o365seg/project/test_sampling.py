"""The seeded sample: the same everywhere, without order, nested."""

from hypothesis import given
from hypothesis import strategies as st

from o365seg.project.sampling import rank_images

ids = st.lists(st.integers(0, 10**7), unique=True, max_size=50)


def test_the_order_of_a_seed_is_fixed_for_good() -> None:
    # A project made today must be remade from its seed in ten years.
    # Expected: `for i in $(seq 10); do echo $(printf 0:$i | sha256sum) $i; done | sort`
    assert rank_images(range(1, 11), seed=0) == [7, 4, 9, 10, 3, 8, 2, 6, 5, 1]
    assert rank_images(range(1, 11), seed=1) == [7, 4, 8, 6, 5, 2, 3, 10, 9, 1]


@given(ids, st.integers(), st.randoms())
def test_the_order_of_the_file_does_not_matter(image_ids: list[int], seed: int, random) -> None:
    shuffled = list(image_ids)
    random.shuffle(shuffled)
    assert rank_images(shuffled, seed) == rank_images(image_ids, seed)
    assert sorted(shuffled) == sorted(rank_images(image_ids, seed))


def test_each_image_is_as_likely_as_another() -> None:
    first = [rank_images(range(4), seed)[0] for seed in range(4000)]
    shares = [first.count(image) / len(first) for image in range(4)]
    assert all(abs(share - 0.25) < 0.03 for share in shares)  # 4 standard deviations
