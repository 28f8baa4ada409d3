# %% [markdown]
# # Score and compare
#
# Two prediction files for the demo's photographs, which come with o365seg, scored on painted masks:
# `grabcut.json` (GrabCut at half the resolution) and `ellipses.json` (an ellipse in each box).
#
#     python examples/score_and_compare.py OUT
#
# OUT is where `paint_and_release.py` has written; it is called if it has not.

# %%
import sys
from pathlib import Path

from matplotlib.figure import Figure
from paint_and_release import paint_and_release

from benchmark import Result, evaluate
from o365seg.demo import PREDICTIONS, predictions_folder
from o365seg.release.build import FILE_NAME

# %% [markdown]
# As `benchmark evaluate grabcut.json --gt o365_instance_seg_val.json`: COCO's mask AP. Predictions
# on objects that raters skipped are ignored.


# %%
def score(release: Path) -> dict[str, Result]:
    """The result of each prediction file."""
    results = {name: evaluate(predictions_folder() / name, release) for name in PREDICTIONS}
    for name, result in results.items():
        print(f"{name}: AP {100 * result.metrics['AP']:.1f}")
    return results


# %% [markdown]
# AP at each IoU threshold says where two models differ: an ellipse is often good enough at 0.5, and
# hardly ever at 0.9. For intervals and p-values, use `benchmark compare`; six images are too few.


# %%
def draw(results: dict[str, Result], path: Path) -> None:
    """Draw AP over IoU thresholds."""
    figure = Figure(figsize=(6, 3), layout="constrained")
    axes = figure.subplots()
    for name, result in results.items():
        # Thresholds × recalls × categories × area ranges × detection limits; −1 for none.
        precision = result.curves.precision[:, :, :, 0, -1]
        by_threshold = [
            100 * one[one > -1].mean() if (one > -1).any() else 0.0 for one in precision
        ]
        axes.plot(result.thresholds, by_threshold, marker="o", label=Path(name).stem)
    axes.set_xlabel("IoU threshold")
    axes.set_ylabel("mask AP")
    axes.set_ylim(0, 100)
    axes.legend()
    figure.savefig(path, dpi=150)


# %%
if __name__ == "__main__":
    target = Path(sys.argv[1])
    painted = target / FILE_NAME
    draw(score(painted if painted.is_file() else paint_and_release(target)), target / "scores.png")
