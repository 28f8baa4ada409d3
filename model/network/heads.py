"""From query features to class logits and mask embeddings; design notes A9–A13 and A18."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from model.network.config import DaTaSegConfig

_MAX_SCALE = 100.0  # of the cosine classifier, as CLIP clamps its own


class TextClassifier(nn.Module):
    """Class logits by text embeddings and a learned background (section 3.4, A11–A12).

    Args:
        config: `classifier`, `text_dim` and `dataset_modules` are used.
    """

    def __init__(self, config: DaTaSegConfig) -> None:
        super().__init__()
        modules = config.dataset_modules
        own = modules is not None and modules.classification
        backgrounds = len(modules.datasets) if modules is not None and own else 1
        self.background = nn.Parameter(torch.randn(backgrounds, config.text_dim) * 0.01)
        self.context = None
        if modules is not None and modules.context:
            self.context = nn.Parameter(torch.zeros(len(modules.datasets), config.text_dim))
        self.log_scale = None
        if config.classifier == "cosine":
            self.log_scale = nn.Parameter(torch.tensor(1 / 0.07).log())

    def forward(
        self, embeddings: torch.Tensor, text_embeddings: torch.Tensor, dataset_index: int | None
    ) -> torch.Tensor:
        """Compute class logits, always in float32, as logits up to 100 need its precision.

        Args:
            embeddings: (B, N, D) class embeddings.
            text_embeddings: (K, D).
            dataset_index: Index of the data set whose own modules are used; ignored without them.

        Returns:
            (B, N, K + 1) float32 logits, the background's last.
        """
        device = "cpu" if embeddings.is_meta else embeddings.device.type  # autocast has no "meta"
        with torch.autocast(device, enabled=False):
            text_embeddings = text_embeddings.float()
            if self.context is not None:
                text_embeddings = text_embeddings + self.context[dataset_index or 0]
            background = self.background[dataset_index or 0 if len(self.background) > 1 else 0]
            classes = torch.cat((text_embeddings, background[None].float()))  # (K + 1, D)
            embeddings = embeddings.float()
            if self.log_scale is None:
                return embeddings @ classes.T
            scale = self.log_scale.exp().clamp(max=_MAX_SCALE)
            return scale * F.normalize(embeddings, dim=-1) @ F.normalize(classes, dim=-1).T


class Heads(nn.Module):
    """A class head and a mask head for each decoder layer, after one shared layer norm (A9).

    Class head: linear and ReLU, one for each data set where dataset-specific modules are on. Mask
    head: an MLP of three layers.
    """

    def __init__(self, config: DaTaSegConfig) -> None:
        super().__init__()
        modules, hidden_dim = config.dataset_modules, config.hidden_dim
        sets = len(modules.datasets) if modules is not None and modules.classification else 1
        layers = 1 if config.share_heads else config.decoder_layers
        self.norm = nn.LayerNorm(hidden_dim)
        self.classes = nn.ModuleList(
            nn.ModuleList(nn.Linear(hidden_dim, config.text_dim) for _ in range(sets))
            for _ in range(layers)
        )
        self.masks = nn.ModuleList(
            nn.Sequential(
                nn.Linear(hidden_dim, hidden_dim),
                nn.ReLU(inplace=True),
                nn.Linear(hidden_dim, hidden_dim),
                nn.ReLU(inplace=True),
                nn.Linear(hidden_dim, hidden_dim),
            )
            for _ in range(layers)
        )
        self.classifier = TextClassifier(config)

    def mask_embeddings(self, layer: int, queries: torch.Tensor) -> torch.Tensor:
        """(B, N, C) query features -> (B, N, C), to be multiplied with the mask features."""
        return self.masks[layer % len(self.masks)](self.norm(queries))

    def class_logits(
        self,
        layer: int,
        queries: torch.Tensor,
        text_embeddings: torch.Tensor,
        dataset_index: int | None,
    ) -> torch.Tensor:
        """(B, N, C) query features and (K, D) text embeddings -> (B, N, K + 1) float32."""
        heads = self.classes[layer % len(self.classes)]
        assert isinstance(heads, nn.ModuleList)
        head = heads[dataset_index or 0 if len(heads) > 1 else 0]
        return self.classifier(F.relu(head(self.norm(queries))), text_embeddings, dataset_index)
