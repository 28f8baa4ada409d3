"""Text embeddings of class names by a frozen CLIP text encoder, with a cache on disk.

"We feed the category names into a frozen pre-trained text encoder to set the per-category
classifier w_k" (paper, section 3.4); CLIP-L/14 (section 4). open_clip provides the encoder. It
is not needed if the embeddings are in the cache or in a file (`model.text.embedding_files`).
"""

import hashlib
import json
import logging
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from model.text.embedding_files import read_cached, save_embeddings, unit_rows
from model.text.prompts import DEFAULT_TEMPLATES, check_templates, fill
from o365seg.errors import InputError

_BATCH = 64  # sentences per pass: enough to keep a processor busy, in little memory
_ASIDE = "; give a weights file or precomputed embeddings"

Progress = Callable[[Sequence[Any], str], Iterable[Any]]


@dataclass(frozen=True)
class TextEncoder:
    """A text encoder with its prompts.

    Attributes:
        model: Name of an open_clip model, or its `local-dir:` and `hf-hub:` forms.
        pretrained: A tag of that model, or a weights file; unused with `local-dir:` and `hf-hub:`.
            OpenAI's weights in a file need a model whose name ends in `-quickgelu`; with the tag,
            this is automatic.
        templates: Prompt templates with `{}` for the name (`model.text.prompts`).
    """

    model: str = "ViT-L-14"
    pretrained: str = "openai"
    templates: tuple[str, ...] = DEFAULT_TEMPLATES

    def __post_init__(self) -> None:
        check_templates(self.templates)

    @property
    def name(self) -> str:
        """The model, as open_clip spells it, and its weights."""
        if self.is_self_contained:
            return self.model
        return f"{self.model.replace('/', '-')} {self.pretrained}"

    @property
    def is_self_contained(self) -> bool:
        """Whether the model's name includes the weights, so that `pretrained` is unused."""
        return self.model.startswith(("local-dir:", "hf-hub:"))


def default_cache() -> Path:
    """The folder of cached embeddings: `o365seg/text` in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "o365seg" / "text"


def text_embeddings(
    names: Sequence[str],
    encoder: TextEncoder | None = None,
    *,
    cache: Path | None = None,
    device: str = "cpu",
    progress: Progress = lambda items, _: items,
) -> np.ndarray:
    """Text embeddings of K classes: the normalised mean of the prompts' normalised embeddings.

    Args:
        names: Clean class names (`Vocabulary.prompt_names`).
        encoder: The encoder; None for CLIP-L/14 with our prompts.
        cache: Folder of cached embeddings; None for no cache.
        device: Device of the encoder.
        progress: Wraps the loop over the batches of sentences.

    Returns:
        float32[K, D], rows of length 1.

    Raises:
        InputError: the model is unknown, or its weights are not available.
    """
    encoder = encoder or TextEncoder()
    path = None if cache is None else cache / f"{_key(names, encoder)}.npz"
    if path is not None:
        found = read_cached(path, names)  # also None if it is invalid; it is then replaced
        if found is not None:
            return found
    embeddings = _encode(names, encoder, device, progress)
    if path is not None:
        about = {"model": encoder.model, "pretrained": encoder.pretrained}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            save_embeddings(path, names, embeddings, about | {"templates": encoder.templates})
        except (InputError, OSError) as error:
            # A full or read-only disk must not lose this result.
            warnings.warn(f"text embeddings are not cached: {error}", stacklevel=2)
    return embeddings


def _key(names: Sequence[str], encoder: TextEncoder) -> str:
    """The cache file's name: a readable name of the encoder, and a hash of all inputs."""
    said = json.dumps([encoder.model, _weights_id(encoder), encoder.templates, list(names)])
    pretrained = "" if encoder.is_self_contained else f"-{Path(encoder.pretrained).stem}"
    label = "".join(c if c.isalnum() or c in "-_." else "_" for c in encoder.model + pretrained)
    return f"{label[-80:]}-{hashlib.sha256(said.encode()).hexdigest()[:16]}"


def _weights_id(encoder: TextEncoder) -> object:
    """The tag of the weights, or hashes of files, as their content may change."""
    if encoder.model.startswith("local-dir:"):
        folder = Path(encoder.model.removeprefix("local-dir:"))
        files = sorted(path for path in folder.glob("*") if path.is_file())
    else:
        files = [Path(encoder.pretrained)] if Path(encoder.pretrained).is_file() else []
    digests = []
    for path in files:
        with path.open("rb") as file:
            digests.append([path.name, hashlib.file_digest(file, "sha256").hexdigest()])
    return digests or encoder.pretrained


def _encode(
    names: Sequence[str], encoder: TextEncoder, device: str, progress: Progress
) -> np.ndarray:
    """`text_embeddings` without the cache."""
    import torch

    model, tokenizer = load_text_encoder(encoder, device)
    sentences = [fill(template, name) for name in names for template in encoder.templates]
    batches = [sentences[start : start + _BATCH] for start in range(0, len(sentences), _BATCH)]
    rows = []
    with torch.inference_mode():
        for batch in progress(batches, "text embeddings"):
            # (b, D)
            rows.append(model.encode_text(tokenizer(batch).to(device), normalize=True).float())
    # (K, T, D) -> (K, D)
    mean = torch.cat(rows).reshape(len(names), len(encoder.templates), -1).mean(1)
    return unit_rows(mean.cpu().numpy(), names, encoder.model)


def embedding_length(model: str) -> int:
    """Length of a text encoder's embeddings, without its weights.

    Args:
        model: As `TextEncoder.model`; a `hf-hub:` model's configuration is fetched.

    Raises:
        InputError: open_clip is not installed, or the model is unknown or not available.
    """
    open_clip = _import_open_clip()
    encoder = TextEncoder(model)
    if not encoder.is_self_contained:
        _check_model(model)
    try:
        with _quiet():
            config = open_clip.get_model_config(model)
        assert config is not None
        return int(config["embed_dim"])
    except Exception as error:  # open_clip and the hub raise many kinds of errors
        raise _unavailable(encoder, error) from None


def load_text_encoder(encoder: TextEncoder, device: str = "cpu") -> tuple[Any, Any]:
    """open_clip's model, in evaluation mode, and its tokenizer.

    Raises:
        InputError: open_clip is not installed, the model or the tag is unknown, or the weights are
            not available.
    """
    open_clip = _import_open_clip()
    quick_gelu = False
    if not encoder.is_self_contained:
        quick_gelu = _check_known(encoder)
    with _quiet():
        _check_available(encoder)
        try:
            model = open_clip.create_model(
                encoder.model,
                pretrained=None if encoder.is_self_contained else encoder.pretrained,
                device=device,
                # open_clip only warns if the weights are for the other activation.
                force_quick_gelu=quick_gelu,
                require_pretrained=True,
            )
            tokenizer = open_clip.get_tokenizer(encoder.model)
        except ModuleNotFoundError as error:
            if error.name != "transformers":
                raise
            raise InputError(
                f"the tokenizer of {encoder.model} needs transformers: "
                f"pip install 'o365seg[siglip]'{_ASIDE}"
            ) from None
        except Exception as error:  # open_clip, torch and the hub raise many kinds of errors
            raise _unavailable(encoder, error) from None
    return model.eval().requires_grad_(False), tokenizer


def _import_open_clip() -> ModuleType:
    try:
        import open_clip
    except ModuleNotFoundError:
        raise InputError(
            "the text encoder needs open_clip: pip install 'o365seg[model]'" + _ASIDE
        ) from None
    return open_clip


def _check_model(model: str) -> str:
    """Check that open_clip has a model; return open_clip's name of it."""
    import difflib

    import open_clip

    name = model.replace("/", "-")  # as open_clip does
    if name not in open_clip.list_models():
        near = difflib.get_close_matches(name, open_clip.list_models(), 3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise InputError(f"open_clip has no model {model!r}{hint}")
    return name


def _check_known(encoder: TextEncoder) -> bool:
    """Check that open_clip has the model and the tag; return whether they need QuickGELU."""
    import open_clip

    name = _check_model(encoder.model)
    config = open_clip.get_pretrained_cfg(name, encoder.pretrained)
    if not config and not Path(encoder.pretrained).is_file():
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(name)) or "none"
        raise InputError(
            f"{encoder.pretrained!r} is neither a weights file nor a tag of {encoder.model} "
            f"(its tags: {tags})"
        )
    return bool(config.get("quick_gelu", False)) if config else False


def _check_available(encoder: TextEncoder) -> None:
    """Check whether the weights are cached or can be fetched; open_clip would retry for long."""
    import open_clip
    from open_clip.constants import HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME

    if encoder.model.startswith("local-dir:"):
        return
    if encoder.model.startswith("hf-hub:"):
        address = encoder.model.removeprefix("hf-hub:") + "/"
    else:
        name = encoder.model.replace("/", "-")
        address = open_clip.get_pretrained_cfg(name, encoder.pretrained).get("hf_hub", "")
    if not address:  # a file or a plain URL, which open_clip reads without retries
        return
    try:
        import huggingface_hub as hub
    except ModuleNotFoundError:
        return
    folder, file = os.path.split(address)
    files = [file] if file else [HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME]
    if any(isinstance(hub.try_to_load_from_cache(folder, name), str) for name in files):
        return
    try:
        hub.get_hf_file_metadata(hub.hf_hub_url(folder, files[0]), timeout=10)
    except hub.errors.EntryNotFoundError:
        return  # the hub is reachable; open_clip looks for the other file
    except Exception as error:
        raise _unavailable(encoder, error) from None


def _unavailable(encoder: TextEncoder, error: Exception) -> InputError:
    reason = " ".join(str(error).split())[:160] or type(error).__name__
    what = encoder.model if encoder.is_self_contained else f"{encoder.model} ({encoder.pretrained})"
    return InputError(
        f"the text encoder {what} cannot be loaded from this machine or fetched{_ASIDE} ({reason})"
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress log lines and warnings of the libraries; failures become our errors."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
