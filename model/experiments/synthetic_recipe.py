"""The recipe `small`: the synthetic data sets on a CPU, without files or downloads."""

from dataclasses import replace
from pathlib import Path

from model.experiments.columns import Column, Role
from model.experiments.recipe import Network, Recipe, Scored, TrainingSet
from model.experiments.tables import Backbone

# Random scaling teaches nothing where all images show shapes of the same sizes; the 32 semantic
# images need the variety.
_SCALES = {Role.ADE: [0.75, 1.5], Role.COCO: [1.0, 1.0], Role.O365: [1.0, 1.0]}
_RATIOS = {Role.ADE: 3, Role.COCO: 10, Role.O365: 10}
_WHICH = {Role.ADE: "semantic", Role.COCO: "panoptic", Role.O365: "boxes"}
_SCORED = {
    Column.ADE_SEMANTIC: ("semantic", "mIoU", Role.ADE),
    Column.COCO_PANOPTIC: ("panoptic", "PQ", Role.COCO),
    Column.ADE_PANOPTIC: ("segments", "PQ", Role.ADE),
    Column.O365_INSTANCE: ("instances", "AP", Role.O365),
    Column.COCO_SEMANTIC: ("classes", "mIoU", Role.COCO),
}


def small_recipe(*, image_size: int = 128, images: int = 0, scored_images: int = 0) -> Recipe:
    """Make the recipe; ADE has 32 images, the other two 1,000 each.

    Args:
        image_size: Side of the images in pixels.
        images: Training images of each set; 0 for the default numbers.
        scored_images: Images to score on; 0 for the default of 200.
    """

    def source(which: str, split: str, count: int) -> dict[str, object]:
        table: dict[str, object] = {"layout": "synthetic", "which": which, "split": split}
        return table | {"size": image_size, "images": count}

    return Recipe(
        name="small",
        sets={
            role: TrainingSet(
                f"synthetic_{which}",
                source(which, "train", images)
                | {"sampling_ratio": _RATIOS[role], "scale": _SCALES[role]},
            )
            for role, which in _WHICH.items()
        },
        scored={
            column: Scored(source(which, "val", scored_images), metric, role)
            for column, (which, metric, role) in _SCORED.items()
        },
        networks={
            Backbone.R50: Network(
                {"preset": "tiny", "text_dim": 64},
                {"lr": 2e-3, "clip_norm": 1.0, "warmup": 50},
                iterations=10_350,
                batch_size=8,
            )
        },
        base=Path(),
        text={"synthetic": True},
        image_size=image_size,
        queries=20,
        confidence=0.5,
        settings={"workers": 0, "checkpoint_every": 500, "keep": 1, "log_every": 50},
        about="Generated images replace all data sets, and a small network replaces ResNet-50. "
        "Panoptic segments have a class probability above 0.5.",
    )


def with_resnet18(recipe: Recipe) -> Recipe:
    """The recipe with a ResNet-18; a third of the steps, of three times the images each."""
    network = recipe.networks[Backbone.R50]
    larger = Network(
        network.model | {"backbone": {"name": "resnet18"}},
        network.optimizer | {"lr": 1e-3},
        iterations=network.iterations // 3,
        batch_size=3 * network.batch_size,
    )
    return replace(recipe, name="small-resnet18", networks={Backbone.R50: larger})
