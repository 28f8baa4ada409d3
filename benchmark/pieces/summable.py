"""What all parts of an evaluation share: they add up, are saved, and give the numbers."""

from collections.abc import Iterable
from pathlib import Path

from benchmark.average_precision import notes
from benchmark.average_precision.result import Counts, Result
from benchmark.pieces.outcomes import Outcomes
from benchmark.pieces.part_file import read_part, write_part
from benchmark.pieces.positives import Positives
from benchmark.pieces.summing import SummedMatched
from benchmark.reading.choices import Iou, SkipRule
from o365seg.errors import InputError
from o365seg.formats.records import AnnotationFile


class Summable:
    """A part of an evaluation, or all of it.

    Attributes:
        names: Of the predictions and the ground truth.
        fingerprint: Of the ground truth.
        iou: What is compared.
        rule: How predictions on skipped instances count.
        rules: The rules under which outcomes are known.
        image_ids: All images of the ground truth, ascending.
        category_ids: All its categories, ascending.
        positives: How many instances there are to find.
        counts: What the ground truth has.
        tallies: What the notes tell of.
        odd: Notes on what was odd in the ground truth.
        outcomes: What became of the predictions.
        covered: The images whose predictions are known.
        predictions: How many there are.
        boxed: Whether the predictions have boxes; None before there are any.
        file: The ground truth; None for a part that was read.
    """

    names: list[str]
    fingerprint: str
    iou: Iou
    rule: SkipRule
    rules: list[SkipRule]
    image_ids: list[int]
    category_ids: list[int]
    positives: Positives
    counts: Counts
    tallies: notes.Tallies
    odd: list[str]
    outcomes: Outcomes
    covered: set[int]
    predictions: int
    boxed: bool | None
    file: AnnotationFile | None = None

    def flush(self) -> None:
        """Match what waits; a part that was read has nothing that waits."""

    def image_name(self, image_id: int) -> str:
        """The name that errors give to an image."""
        return f"image {image_id}"

    def check_claim(self, image_ids: Iterable[int], boxed: bool | None) -> None:
        """Check what `claim` would note, without noting it.

        Raises:
            InputError: an image that is covered already, or boxes for some predictions alone.
        """
        for image_id in image_ids:
            if image_id in self.covered:
                raise InputError("given twice", file=self.image_name(image_id))
        if None not in (boxed, self.boxed) and self.boxed != boxed:
            raise InputError("either all predictions have boxes or none", file="predictions")

    def claim(self, image_ids: Iterable[int], boxed: bool | None) -> None:
        """Note that images are covered, and that all predictions have boxes or none has.

        Raises:
            InputError: as `check_claim`; nothing is noted then.
        """
        images = [int(image_id) for image_id in image_ids]
        self.check_claim(images, boxed)
        self.covered.update(images)
        self.boxed = self.boxed if boxed is None else boxed

    def result(self) -> Result:
        """The numbers of all predictions so far; images without any count as such."""
        self.flush()
        masks = self.iou.of_masks
        of_rule = {rule: self._summed(rule) for rule in SkipRule}
        matched = of_rule[self.rule]
        numbers = matched.numbers()
        ap_by_rule: dict[SkipRule, float] = {}
        if masks:
            ap_by_rule = {
                rule: numbers[0] if one.rule == matched.rule else one.average_precision()
                for rule, one in of_rule.items()
            }
        counts = Counts(**(vars(self.counts) | {"predictions": self.predictions}))
        return Result(
            iou=self.iou,
            skip_rule=self.rule if masks else None,
            numbers=numbers,
            category_ids=self.category_ids,
            absorbed_counts=tuple(matched.absorbed().tolist()),
            ap_by_rule=ap_by_rule,
            counts=counts,
            notes=[*notes.tell(self.tallies, counts, masks=masks), *self.odd],
            matched=matched,
            tallies=self.tallies,
            ground_truth=self.file,
        )

    def _summed(self, rule: SkipRule) -> SummedMatched:
        place = self.rules.index(rule) if rule in self.rules else 0
        return SummedMatched(
            self.image_ids, self.category_ids, self.positives, self.outcomes, place,
            self.rules.index(SkipRule.NONE),
        )  # fmt: skip

    def merge(self, other: "Summable", name: str | Path | None = None) -> None:
        """Add what another evaluator of the same ground truth has, in any order.

        Args:
            other: What to add.
            name: The name that errors give it.

        Raises:
            InputError: other ground truth or parameters, or images that both have.
        """
        other.flush()
        self.flush()
        if self.fingerprint != other.fingerprint:
            raise InputError("is a part of other ground truth", file=name)
        if (self.iou, self.rule) != (other.iou, other.rule):
            raise InputError("was evaluated with another --iou or --skip-rule", file=name)
        both = self.covered & other.covered
        if both:
            what = f"{len(both):,} images, such as {min(both)}, are in an earlier part as well"
            raise InputError(what, file=name)
        self.claim(sorted(other.covered), other.boxed)
        self.names = [_joined(*pair) for pair in zip(self.names, other.names, strict=True)]
        for records, starts in other.outcomes.chunks():
            self.outcomes.add_chunk(records, starts)
        self.tallies.add(other.tallies)
        self.predictions += other.predictions

    def save(self, path: str | Path) -> None:
        """Write what is known so far to a file; `read_part` and `benchmark merge` read it.

        Raises:
            InputError: the file cannot be written.
        """
        self.flush()
        write_part(self, path)


def _joined(names: str, more: str) -> str:
    """The names of both, each once, sorted."""
    return ", ".join(sorted({*names.split(", "), more}))


class SavedPart(Summable):
    """A part that `save` has written.

    Raises:
        InputError: the file is not one, or is damaged.
    """

    def __init__(self, path: str | Path) -> None:
        read_part(self, path)
