"""Panoptic, semantic and instance results in the image's size, from one forward pass.

MERGE (section 3.2), then Mask2Former's rules with the thresholds of appendix F. Each function takes
the last layer's proposals of a batch and returns one result per image.

Two things are computed on the stride-4 grid: a class's score at a pixel, which is resized after the
sum instead of each mask before it, and a mask's mean probability, which enters the scores of
instances and segments. With `exact` both are computed on the image's pixels, as in Mask2Former.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from pycocotools import mask as coco_mask

from model.inference.mask_encoding import encode_logits
from model.inference.resize import resize_to_image
from model.network.outputs import Proposals
from model.network.preprocess import Placement
from model.objective.merge import group_proposals, merge, mergeable_classes
from model.objective.targets import STRIDE
from o365seg.formats.masks import Rle, rle_area
from o365seg.formats.task import Task

COCO_CONFIDENCE = 0.85
"""Minimum class probability of a panoptic segment on COCO (appendix F)."""

CONFIDENCE = 0.8
"""The same on ADE20K (appendix F); used for every other vocabulary, too."""

LEAST_KEPT = 0.8
"""Minimum fraction of its pixels that a panoptic segment keeps (Mask2Former's threshold)."""

LEAST_AREA = 4
"""Minimum area of a panoptic segment or an instance, in pixels of the image (appendix F)."""

MOST_INSTANCES = 100
"""Maximum number of instances per image (appendix F)."""

_ROWS = 256  # of a map that are widened to 8 bytes a pixel at a time
_STRIP = 2**22  # class scores resized at a time in semantic results: 16 MB, or one class


@dataclass(frozen=True)
class PanopticSegment:
    """A segment: id in the map, class index, and class × localisation score, 0 to 1."""

    id: int
    label: int
    score: float


@dataclass(frozen=True)
class PanopticResult:
    """A segment for each pixel.

    Attributes:
        ids: int32 (H, W), ids from 1 on; 0 is void.
        segments: In ascending order of id; each has pixels in `ids`.
    """

    ids: np.ndarray
    segments: list[PanopticSegment]


@dataclass(frozen=True)
class SemanticResult:
    """A class for each pixel.

    Attributes:
        classes: int32 (H, W), class indices; there is no void.
    """

    classes: np.ndarray


@dataclass(frozen=True)
class InstanceResult:
    """R instances in descending order of score; they may overlap.

    Attributes:
        labels: int64 (R,), class indices.
        scores: float32 (R,), class × localisation score, above 0, at most 1.
        masks: R run-length masks of the image's size.
        boxes: float64 (R, 4), boxes of the masks: left, top, width, height in pixels (COCO).
    """

    labels: np.ndarray
    scores: np.ndarray
    masks: list[Rle]
    boxes: np.ndarray


@torch.no_grad()
def panoptic_results(
    proposals: Proposals, placements: Sequence[Placement], is_thing: torch.Tensor,
    confidence: float = CONFIDENCE, exact: bool = False,
) -> list[PanopticResult]:  # fmt: skip
    """Merge stuff; give each pixel to the proposal with the largest class × mask probability.

    Args:
        proposals: The last layer's, of B images.
        placements: Position of each of the B images in the input.
        is_thing: (K,) bool.
        confidence: Minimum class probability of a proposal, 0 to 1.
        exact: Whether scores are computed on the image's pixels.
    """
    groups = group_proposals(proposals.logits, mergeable_classes(Task.PANOPTIC, is_thing))
    merged = merge(proposals, groups)
    probs, labels = merged.logits.float().softmax(-1).max(-1)  # (B, N)
    kept = groups.valid & (labels < len(is_thing)) & (probs > confidence)
    return [
        _panoptic(
            merged.masks[b, kept[b]].float(), labels[b, kept[b]], probs[b, kept[b]], place, exact
        )
        for b, place in enumerate(placements)
    ]


def _panoptic(
    masks: torch.Tensor, labels: torch.Tensor, probs: torch.Tensor, placement: Placement,
    exact: bool,
) -> PanopticResult:  # fmt: skip
    """One image from (S, h, w) mask logits; only one mask at a time has the image's size."""
    best = torch.zeros(placement.image, device=masks.device)
    winner = torch.full(placement.image, -1, dtype=torch.int32, device=masks.device)
    own = winner.clone()  # index of the winner where its mask probability is at least a half
    inside = torch.empty(placement.image, dtype=torch.bool, device=masks.device)
    wins = torch.empty_like(inside)
    whole, means = [], []
    for number, mask in enumerate(masks):  # in place: new maps for each mask would fragment memory
        logits = resize_to_image(mask[None], placement)[0]
        torch.ge(logits, 0, out=inside)
        if exact:
            means.append(_mean_inside(logits[None]))
        value = logits.sigmoid_().mul_(probs[number])
        torch.gt(value, best, out=wins)
        torch.maximum(best, value, out=best)
        winner.masked_fill_(wins, number)
        own.masked_fill_(wins, -1).masked_fill_(wins.logical_and_(inside), number)
        whole.append(torch.count_nonzero(inside))
    count = len(whole)
    won, area = _pixels(winner, count), _pixels(own, count)
    listed = torch.stack(whole).tolist() if whole else []
    scores = (probs * (torch.cat(means) if means else _localisation(masks, placement))).tolist()
    classes = labels.tolist()
    new_ids = torch.zeros(count + 1, dtype=torch.int32)
    segments: list[PanopticSegment] = []
    for number in range(count):
        if area[number] < LEAST_AREA or won[number] < LEAST_KEPT * listed[number]:
            continue
        segments.append(PanopticSegment(len(segments) + 1, classes[number], scores[number]))
        new_ids[number + 1] = len(segments)
    _rename(own.add_(1), new_ids.to(own.device))
    return PanopticResult(own.cpu().numpy(), segments)


def _pixels(indices: torch.Tensor, count: int) -> list[int]:
    """Number of pixels of each index from 0 to `count` - 1 in an int32 (H, W) map."""
    found = torch.zeros(count + 1, dtype=torch.int64, device=indices.device)
    for rows in indices.split(_ROWS):
        found += torch.bincount(rows.flatten() + 1, minlength=count + 1)
    return found[1:].tolist()


@torch.no_grad()
def semantic_results(
    proposals: Proposals, placements: Sequence[Placement], exact: bool = False
) -> list[SemanticResult]:
    """Merge all classes; a class's score at a pixel is Σ class × mask probability over the slots.

    Neither N masks nor K score maps exist in the image's size: the sum is computed on the stride-4
    grid and resized in blocks of classes, or, if `exact`, computed in such blocks, mask by mask.

    Args:
        proposals: The last layer's, of B images.
        placements: Position of each of the B images in the input.
        exact: Whether masks are resized to the image before the sum.
    """
    everything = torch.ones_like(proposals.logits[0, 0, :-1], dtype=torch.bool)
    groups = group_proposals(proposals.logits, everything)
    merged = merge(proposals, groups)
    probs = merged.logits.float().softmax(-1)[..., :-1] * groups.valid[..., None]  # (B, N, K)
    results = []
    for mask, prob, placement in zip(merged.masks, probs, placements, strict=True):
        if exact:
            strongest = _exactly_strongest(mask.float(), prob, placement)
        else:
            scores = torch.einsum("nk,nhw->khw", prob, mask.float().sigmoid())
            strongest = _strongest(scores, placement)
        results.append(SemanticResult(strongest.cpu().numpy()))
    return results


def _strongest(scores: torch.Tensor, placement: Placement) -> torch.Tensor:
    """int32 (H, W), the first class with the largest score, from (K, h, w) scores on the grid.

    Most classes can win nowhere and are not resized. A pixel lies between four cells, and the
    nearest has a weight of at least a quarter. So the best score at the pixel is at least a quarter
    of the smallest of the four cells' best scores, and no class scores more than its maximum over
    the four cells.
    """
    height, width = placement.image
    least = -F.max_pool2d(-scores.amax(0)[None], 3, stride=1, padding=1)
    possible = (scores >= 0.25 * (1 - 1e-5) * least).flatten(1).any(1).nonzero()[:, 0]
    scores = scores[possible]
    block = max(_STRIP // (height * width), 1)
    blocks = (
        resize_to_image(scores[i : i + block], placement) for i in range(0, len(scores), block)
    )
    found = _first_largest(blocks, placement, scores.device)
    _rename(found, possible.int())
    return found


def _exactly_strongest(
    masks: torch.Tensor, probs: torch.Tensor, placement: Placement
) -> torch.Tensor:
    """int32 (H, W), the first class with the largest score, from (S, h, w) mask logits and (S, K)
    class probabilities; the sums are of masks in the image's size.
    """
    height, width = placement.image
    used = probs.amax(1) > 0  # the slots that MERGE left
    masks, probs = masks[used], probs[used]
    block = max(_STRIP // (height * width), 1)

    def scores(first: int) -> torch.Tensor:
        """(k, H, W), of a block of classes."""
        total = torch.zeros(min(block, probs.shape[1] - first), height, width, device=masks.device)
        for mask, prob in zip(masks, probs[:, first : first + block], strict=True):
            inside = resize_to_image(mask[None], placement)[0].sigmoid()
            total.addcmul_(prob[:, None, None], inside)
        return total

    blocks = map(scores, range(0, probs.shape[1], block))
    return _first_largest(blocks, placement, masks.device)


def _first_largest(
    blocks: Iterator[torch.Tensor], placement: Placement, device: torch.device
) -> torch.Tensor:
    """int32 (H, W), the position of the first largest score among all blocks' (k, H, W) scores,
    which are at least 0.
    """
    best = torch.full(placement.image, -1.0, device=device)
    found = torch.zeros(placement.image, dtype=torch.int32, device=device)
    wins = torch.empty(placement.image, dtype=torch.bool, device=device)
    number = 0
    while (block := next(blocks, None)) is not None:
        for k in range(len(block)):  # in place: a 12-megapixel map of int64 is 96 MB
            torch.gt(block[k], best, out=wins)
            torch.maximum(best, block[k], out=best)
            found.masked_fill_(wins, number)
            number += 1
        del block  # before the next is made
    return found


def _rename(indices: torch.Tensor, names: torch.Tensor) -> None:
    """Replace each index in an int32 (H, W) map by its entry of `names`, int32 (n,), in place."""
    for rows in indices.split(_ROWS):
        rows.copy_(names[rows.long()])


@torch.no_grad()
def instance_results(
    proposals: Proposals, placements: Sequence[Placement], is_thing: torch.Tensor | None = None,
    exact: bool = False,
) -> list[InstanceResult]:  # fmt: skip
    """Merge nothing; return the 100 likeliest pairs of a proposal and a class.

    Args:
        proposals: The last layer's, of B images.
        placements: Position of each of the B images in the input.
        is_thing: (K,) bool; None if all classes are things.
        exact: Whether scores are computed on the image's pixels.
    """
    probs = proposals.logits.float().softmax(-1)[..., :-1]  # (B, N, K)
    if is_thing is not None:
        probs = probs * is_thing
    classes = probs.shape[-1]
    most = min(MOST_INSTANCES, probs[0].numel())
    top, index = probs.flatten(1).topk(most)  # (B, most)
    rows, labels = index // classes, index % classes
    return [
        _instances(proposals.masks[b].float(), top[b], rows[b], labels[b], placement, exact)
        for b, placement in enumerate(placements)
    ]


def _instances(
    masks: torch.Tensor,
    probs: torch.Tensor,
    rows: torch.Tensor,
    labels: torch.Tensor,
    placement: Placement,
    exact: bool,
) -> InstanceResult:
    """One image from (N, h, w) mask logits; a proposal with several classes is encoded once."""
    used, position = rows.unique(return_inverse=True)
    masks = masks[used]
    localisation = _exact_localisation if exact else _localisation
    scores = (probs * localisation(masks, placement)[position]).cpu().numpy()
    encoded = [encode_logits(mask, placement) for mask in masks.cpu().numpy()]
    areas = np.array([rle_area(rle) for rle in encoded], np.int64)
    owner = position.cpu().numpy()
    order = np.argsort(-scores, kind="stable")
    order = order[(scores[order] > 0) & (areas[owner[order]] >= LEAST_AREA)]
    found = [encoded[number] for number in owner[order]]
    packed = [{"size": list(rle.size), "counts": rle.counts} for rle in found]
    boxes = coco_mask.toBbox(packed) if packed else np.zeros((0, 4))  # type: ignore[arg-type]
    return InstanceResult(labels.cpu().numpy()[order], scores[order], found, boxes)


def _exact_localisation(masks: torch.Tensor, placement: Placement) -> torch.Tensor:
    """(S,), the mean probability inside each of S ≥ 1 masks, over the image's pixels."""
    return torch.cat([_mean_inside(resize_to_image(mask[None], placement)) for mask in masks])


def _localisation(masks: torch.Tensor, placement: Placement) -> torch.Tensor:
    """(S,), the same over the grid cells that the image covers."""
    rows, columns = (-(-side // STRIDE) for side in placement.input)
    return _mean_inside(masks[:, :rows, :columns])


def _mean_inside(logits: torch.Tensor) -> torch.Tensor:
    """(S,), the mean probability of the positive among (S, h, w) logits; 0 if there are none."""
    logits = logits.flatten(1)
    inside = logits > 0
    return (logits.sigmoid() * inside).sum(-1) / inside.sum(-1).clamp(min=1)
