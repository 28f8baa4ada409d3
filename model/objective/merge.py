"""MERGE: proposals that predict the same class become one (paper, section 3.2, Eq. 1 and 2).

N proposals become N slots, so that no shape depends on the data. A group has the slot of its first
member; the slots of its other members are invalid. A proposal that predicts the background, or a
class that the task does not merge, is a group of its own. Every group therefore has a member, and
a class without proposals has no slot. An invalid slot holds the -100 of Eq. 1; neither the matching
nor a loss uses it.

Eq. 1 as printed multiplies the logits of other proposals by zero and takes the maximum over all N,
so that every merged logit would be at least zero. This follows its text instead: the maximum over
the members only.
"""

import warnings
from dataclasses import dataclass

import torch

from model.network.outputs import Proposals
from o365seg.formats.task import Task

# index_reduce warns once per process that it is in beta; users can do nothing about it.
warnings.filterwarnings("ignore", message="index_reduce", category=UserWarning)

EMPTY_LOGIT = -100.0
"""The mask logit of a slot without members (section 3.2)."""


@dataclass(frozen=True)
class Groups:
    """The slot of each of N proposals.

    Attributes:
        slots: (B, N) int64, index of the first member of the proposal's group: its own index if
            it is the first or only one.
    """

    slots: torch.Tensor

    @property
    def valid(self) -> torch.Tensor:
        """(B, N) bool, the slots that hold a group."""
        return self.slots == torch.arange(self.slots.shape[1], device=self.slots.device)


def mergeable_classes(task: Task, is_thing: torch.Tensor) -> torch.Tensor:
    """Which of K classes a task merges: stuff in panoptic, all in semantic, none in instance.

    Args:
        task: The task.
        is_thing: (K,) bool, True for things and False for stuff.

    Returns:
        (K,) bool.
    """
    if task is Task.PANOPTIC:
        return ~is_thing
    return torch.full_like(is_thing, task is Task.SEMANTIC)


def group_proposals(logits: torch.Tensor, mergeable: torch.Tensor) -> Groups:
    """Group the proposals that predict the same mergeable class.

    Args:
        logits: (B, N, K + 1) float, class logits, the background's last.
        mergeable: (K,) bool; the background is never merged.
    """
    classes = logits.detach().argmax(-1)  # (B, N)
    merges = torch.cat([mergeable, mergeable.new_zeros(1)])[classes]
    own = torch.arange(logits.shape[1], device=logits.device)
    alike = classes[:, :, None] == classes[:, None, :]  # (B, N, N)
    first = torch.where(alike, own, logits.shape[1]).amin(-1)
    return Groups(torch.where(merges, first, own))


def merge_logits(logits: torch.Tensor, groups: Groups) -> torch.Tensor:
    """Eq. 2: the mean of the members' class logits; zero in an invalid slot.

    Args:
        logits: (B, N, K + 1) float; of any layer, not only the one that the groups are from.
        groups: Of B * N proposals.

    Returns:
        (B, N, K + 1), differentiable in `logits`.
    """
    rows = _flat(groups.slots)
    ones = torch.ones_like(rows, dtype=logits.dtype)
    sizes = torch.zeros_like(ones).index_add(0, rows, ones)
    flat = logits.flatten(0, 1)
    sums = torch.zeros_like(flat).index_add(0, rows, flat)
    return (sums / sizes.clamp(min=1)[:, None]).view_as(logits)


def merge_masks(masks: torch.Tensor, groups: Groups) -> torch.Tensor:
    """Eq. 1: the maximum of the members' mask logits; `EMPTY_LOGIT` in an invalid slot.

    Args:
        masks: (B, N, h, w) float.
        groups: Of B * N proposals.

    Returns:
        (B, N, h, w), differentiable in `masks`.
    """
    flat = masks.flatten(0, 1)
    empty = torch.full_like(flat, EMPTY_LOGIT)
    merged = empty.index_reduce(0, _flat(groups.slots), flat, "amax", include_self=False)
    return merged.view_as(masks)


def merge(proposals: Proposals, groups: Groups) -> Proposals:
    """Merge class logits by Eq. 2 and masks by Eq. 1; `Groups.valid` says which slots are used."""
    return Proposals(merge_logits(proposals.logits, groups), merge_masks(proposals.masks, groups))


def _flat(slots: torch.Tensor) -> torch.Tensor:
    """(B, N) slots as (B * N,) rows of a flattened batch."""
    batch, count = slots.shape
    return (slots + count * torch.arange(batch, device=slots.device)[:, None]).flatten()
