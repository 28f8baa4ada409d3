"""MERGE: proposals that predict the same class become one (paper, section 3.2, Eq. 1 and 2).

N proposals go in and N slots come out, so that no shape depends on the data: a group's slot is
that of its first member, and the slots of its other members are left invalid. A proposal that
predicts the background, or a class that the task does not merge, is a group of its own. Every
group therefore has a member, and a class that nobody predicts has no slot: Eq. 1's -100 is what
an invalid slot holds, and neither the matching nor a loss looks at it.

Eq. 1 as printed multiplies the logits of the proposals that take no part by zero and then takes
the maximum over all N, which would lift every merged logit to zero or more. What its text says
is meant here: the maximum over the members alone.
"""

import warnings
from dataclasses import dataclass
from typing import Literal, get_args

import torch

from model.network.outputs import Proposals
from o365seg.errors import InputError

# index_reduce says once a process that it is in beta; nothing the user could do about it.
warnings.filterwarnings("ignore", message="index_reduce", category=UserWarning)

Task = Literal["panoptic", "semantic", "instance"]

TASKS: tuple[Task, ...] = get_args(Task)

EMPTY_LOGIT = -100.0
"""The mask logit of a slot without members (section 3.2)."""


@dataclass(frozen=True)
class Groups:
    """Which slot each of N proposals goes to.

    Attributes:
        slots: (B, N) int64, the first member of the proposal's group: its own number where it is
            alone or first.
    """

    slots: torch.Tensor

    @property
    def valid(self) -> torch.Tensor:
        """(B, N) bool, the slots that hold a group."""
        return self.slots == torch.arange(self.slots.shape[1], device=self.slots.device)


def mergeable_classes(task: Task, is_thing: torch.Tensor) -> torch.Tensor:
    """Which of K classes a task merges: stuff in panoptic, all in semantic, none in instance.

    Args:
        task: One of `TASKS`.
        is_thing: (K,) bool, the things of the vocabulary; the rest is stuff.

    Returns:
        (K,) bool.

    Raises:
        InputError: no such task.
    """
    if task == "panoptic":
        return ~is_thing
    if task == "semantic":
        return torch.ones_like(is_thing)
    if task == "instance":
        return torch.zeros_like(is_thing)
    raise InputError(f"{task!r} is no task; there are {', '.join(TASKS)}")


def group_proposals(logits: torch.Tensor, mergeable: torch.Tensor) -> Groups:
    """Put proposals together whose largest logit is that of the same mergeable class.

    Args:
        logits: (B, N, K + 1) float, class logits, the background's last.
        mergeable: (K,) bool; the background never is.
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
        logits: (B, N, K + 1) float; of any layer, not only the one that made the groups.
        groups: Of B times N proposals.

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
        groups: Of B times N proposals.

    Returns:
        (B, N, h, w), differentiable in `masks`.
    """
    flat = masks.flatten(0, 1)
    empty = torch.full_like(flat, EMPTY_LOGIT)
    merged = empty.index_reduce(0, _flat(groups.slots), flat, "amax", include_self=False)
    return merged.view_as(masks)


def merge(proposals: Proposals, groups: Groups) -> Proposals:
    """Both at once: class logits by Eq. 2 and masks by Eq. 1. See `Groups.valid` for the slots."""
    return Proposals(merge_logits(proposals.logits, groups), merge_masks(proposals.masks, groups))


def _flat(slots: torch.Tensor) -> torch.Tensor:
    """(B, N) slots as (B * N,) rows of a flattened batch."""
    batch, count = slots.shape
    return (slots + count * torch.arange(batch, device=slots.device)[:, None]).flatten()
