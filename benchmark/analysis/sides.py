"""The two files of an evaluation, for the analyses that follow it; each is read when needed."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.average_precision.native_path import NativeMatched
from benchmark.reading.choices import SkipRule
from benchmark.reading.input_text import is_stdin
from o365seg.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from benchmark.analysis.by_size import Sizes
    from benchmark.analysis.error_kinds import Judgement
    from benchmark.average_precision.result import Result
    from benchmark.reading.inputs import Inputs, PlainTruth
    from benchmark.reading.text_ids import TextIds
    from o365seg.formats.records import AnnotationFile
    from o365seg.statistics.t_intervals import Interval


@dataclass(frozen=True)
class Sides:
    """Predictions and ground truth that were evaluated.

    Attributes:
        result: What `evaluate` found for them.
        predictions: The results file.
        release: The annotation file.

    All properties raise InputError where a file cannot be read again.
    """

    result: "Result"
    predictions: Path
    release: Path
    _intervals: "dict[tuple[int, int], dict[str, Interval] | None]" = field(
        default_factory=dict, init=False
    )

    @property
    def rule(self) -> SkipRule:
        """The rule for skipped instances; without effect for boxes."""
        return self.result.skip_rule or SkipRule.BOX

    @property
    def file(self) -> "AnnotationFile":
        """The ground truth: names, and what was skipped."""
        return self._truth.file

    @property
    def text_ids(self) -> "TextIds":
        """The ids of the ground truth that are text."""
        return self._truth.text_ids

    @cached_property
    def _truth(self) -> "PlainTruth":
        from benchmark.reading.inputs import read_plain_truth

        return read_plain_truth(self.release, self.result.iou)

    def intervals(
        self, resamples: int, seed: int, weights: "np.ndarray | None" = None
    ) -> "dict[str, Interval] | None":
        """As `bootstrap.intervals`; found once for the table and the report."""
        from benchmark.analysis.bootstrap import intervals

        if (resamples, seed) not in self._intervals:
            self._intervals[resamples, seed] = intervals(self.result, resamples, seed, weights)
        return self._intervals[resamples, seed]

    @cached_property
    def inputs(self) -> "Inputs":
        """Predictions and ground truth with their masks."""
        from benchmark.reading.inputs import read_inputs

        return read_inputs(self._read_twice(), self.release, self.result.iou)

    @cached_property
    def judgement(self) -> "Judgement":
        """Errors by kind."""
        from benchmark.analysis.error_kinds import Judgement

        return Judgement(self._read_twice(), self.release, iou=self.result.iou, skip_rule=self.rule)

    @cached_property
    def sizes(self) -> "Sizes":
        """Matches by relative size."""
        from benchmark.analysis.by_size import Sizes, match_in_sizes
        from benchmark.analysis.core import MatchedCore

        matched = self.result.matched
        if isinstance(matched, NativeMatched) and matched.views:
            return Sizes([MatchedCore(view, []) for view in matched.views], self.rule)
        return match_in_sizes(
            self._read_twice(), self.release, iou=self.result.iou, skip_rule=self.rule
        )

    def _read_twice(self) -> Path:
        if is_stdin(self.predictions):
            raise InputError("standard input can be read only once; give a file", file="-")
        return self.predictions
