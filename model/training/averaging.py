"""The moving average of a network's weights, often better than the weights of any one iteration."""

import copy

import torch
from torch.optim.swa_utils import get_ema_multi_avg_fn

from model.network.dataseg import DaTaSeg

_START = 10  # the average forgets the first iterations, or it would keep the random start for long


class AveragedNetwork:
    """A copy of a network whose weights follow the trained ones.

    After iteration t, each weight becomes d × average + (1 − d) × weight with
    d = min(decay, (1 + t) / (10 + t)), as in TensorFlow's ExponentialMovingAverage. So do the
    statistics of batch norm.

    Attributes:
        network: The copy, in evaluation mode.

    Args:
        network: The trained network; call `update` after each of its iterations.
        decay: The largest d, 0 to below 1.
    """

    def __init__(self, network: DaTaSeg, decay: float) -> None:
        self.network = copy.deepcopy(network).requires_grad_(False).eval()
        self._decay = decay

    @torch.no_grad()
    def update(self, network: DaTaSeg, done: int) -> None:
        """Follow the network's weights after `done` iterations."""
        decay = min(self._decay, (1 + done) / (_START + done))
        averages, values = [], []
        for own, trained in zip(
            self.network.state_dict().values(), network.state_dict().values(), strict=True
        ):
            if own.is_floating_point():
                averages.append(own)
                values.append(trained)
            else:  # the number of batches that a batch norm has seen
                own.copy_(trained)
        get_ema_multi_avg_fn(decay)(averages, values, 0)
