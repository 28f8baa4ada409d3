"""Text embeddings: the real open_clip code on a tiny model of random weights, the cache, files."""

import json
from pathlib import Path

import numpy as np
import pytest

from model.text.embedding_files import read_embeddings, save_embeddings
from model.text.encoder import TextEncoder, embedding_length, text_embeddings
from model.text.prompts import fill
from model.text.vocabulary import parse_vocabulary, read_vocabulary
from o365seg.errors import InputError

torch = pytest.importorskip("torch")
open_clip = pytest.importorskip("open_clip")
TINY_VISION = {"image_size": 32, "layers": 1, "width": 64, "patch_size": 16}
TEMPLATES = ("{}", "a photo of {a}.")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIP small enough for a test, known to open_clip by the name `tiny-clip`."""
    folder = tmp_path_factory.mktemp("clip")
    config = {
        "embed_dim": 8,
        "vision_cfg": TINY_VISION,
        "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 64, "heads": 1,
                     "layers": 1},
    }  # fmt: skip
    (folder / "tiny-clip.json").write_text(json.dumps(config))
    open_clip.add_model_config(folder / "tiny-clip.json")
    torch.manual_seed(0)
    torch.save(open_clip.create_model("tiny-clip").state_dict(), folder / "weights.pt")
    return folder / "weights.pt"


def test_an_embedding_is_the_normalised_mean_over_the_prompts(weights: Path) -> None:
    encoder = TextEncoder("tiny-clip", str(weights), TEMPLATES)
    found = text_embeddings(["cat", "apple"], encoder)
    model = open_clip.create_model("tiny-clip", pretrained=str(weights)).eval()
    sentences = ["cat", "a photo of a cat.", "apple", "a photo of an apple."]
    with torch.no_grad():
        each = model.encode_text(open_clip.get_tokenizer("tiny-clip")(sentences)).double().numpy()
    each /= np.linalg.norm(each, axis=1, keepdims=True)
    mean = each.reshape(2, 2, 8).mean(1)
    expected = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found.dtype == np.float32


def test_the_cache_answers_without_an_encoder_and_heals(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = TextEncoder("tiny-clip", str(weights), TEMPLATES)
    first = text_embeddings(["cat", "dog"], encoder, cache=tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:100])  # cut short
    np.testing.assert_array_equal(text_embeddings(["cat", "dog"], encoder, cache=tmp_path), first)
    monkeypatch.setattr(
        "model.text.encoder.load_text_encoder", lambda *_: pytest.fail("not cached")
    )
    np.testing.assert_allclose(
        text_embeddings(["cat", "dog"], encoder, cache=tmp_path), first, atol=1e-7
    )
    about = json.loads(str(np.load(file)["about"]))
    assert about["templates"] == list(TEMPLATES)
    monkeypatch.undo()
    for names, other in [
        (["dog", "cat"], encoder),
        (["cat", "dog"], TextEncoder("tiny-clip", str(weights), ("{}",))),
    ]:
        text_embeddings(names, other, cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    ("encoder", "message"),
    [
        (TextEncoder("ViT-L-41"), "open_clip has no model 'ViT-L-41'; did you mean"),
        (
            TextEncoder("ViT-L-14", "nobody"),
            "'nobody' is neither a weights file nor a tag of ViT-L-14",
        ),
        (TextEncoder(), r"ViT-L-14 \(openai\) cannot be loaded from this machine or fetched"),
    ],
)
def test_without_weights_one_sentence(
    encoder: TextEncoder, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: None)
    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", fail)
    with pytest.raises(InputError, match=message) as caught:
        text_embeddings(["cat"], encoder)
    assert "\n" not in str(caught.value)


def test_weights_of_another_model_are_an_error(weights: Path) -> None:
    with pytest.raises(InputError, match=r"ViT-B-32 \(.*weights.pt\) cannot be loaded"):
        text_embeddings(["cat"], TextEncoder("ViT-B-32", str(weights)))


def test_a_custom_text_tower_by_name(weights: Path, tmp_path: Path) -> None:
    """MobileCLIP's form: a text tower of its own in the checkpoint, another width."""
    config = open_clip.get_model_config("MobileCLIP2-S0")
    assert (config["embed_dim"], config["custom_text"]) == (512, True)
    assert embedding_length("MobileCLIP2-S0") == 512
    config |= {"embed_dim": 24, "vision_cfg": TINY_VISION}
    config["text_cfg"] |= {"width": 32, "heads": 2, "layers": 2}
    (tmp_path / "tiny-mobileclip.json").write_text(json.dumps(config))
    open_clip.add_model_config(tmp_path / "tiny-mobileclip.json")
    model = open_clip.create_model("tiny-mobileclip").eval()
    torch.save(model.state_dict(), tmp_path / "mobile.pt")
    encoder = TextEncoder("tiny-mobileclip", str(tmp_path / "mobile.pt"), ("{}",))
    with torch.no_grad():
        tokens = open_clip.get_tokenizer("tiny-mobileclip")(["cat", "dog"])
        expected = model.encode_text(tokens, normalize=True).numpy()
    np.testing.assert_allclose(text_embeddings(["cat", "dog"], encoder), expected, atol=1e-6)
    assert embedding_length("tiny-mobileclip") == 24


def make_siglip(folder: Path) -> Path:
    """A folder as the hub has it for SigLIP 2: configuration, random weights, own tokenizer."""
    from safetensors.torch import save_file
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = {w: i for i, w in enumerate(("<pad>", "<eos>", "<unk>", "cat", "dog"))}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        "$A <eos>", special_tokens=[("<eos>", 1)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>"
    ).save_pretrained(folder)
    config = open_clip.get_model_config("ViT-B-16-SigLIP2")
    config |= {"embed_dim": 32, "vision_cfg": TINY_VISION}
    config["text_cfg"] |= {"vocab_size": 5, "width": 32, "heads": 2, "layers": 2}
    preprocess = {"mean": [0.5] * 3, "std": [0.5] * 3}
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": config, "preprocess_cfg": preprocess})
    )
    model = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    return folder


def test_siglip_2_has_its_own_tokenizer(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    name = f"local-dir:{make_siglip(tmp_path)}"
    found = text_embeddings(["cat", "dog", "Cat"], TextEncoder(name, templates=("{}",)))
    assert found.shape == (3, embedding_length(name)) == (3, 32)
    assert np.abs(found[0] - found[1]).max() > 1e-3
    np.testing.assert_allclose(found[2], found[0], atol=1e-6)  # its tokenizer lowers the case


def test_without_transformers_one_sentence(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise ModuleNotFoundError("No module named 'transformers'", name="transformers")

    monkeypatch.setattr("open_clip.get_tokenizer", missing)
    with pytest.raises(InputError, match=r"pip install 'o365seg\[siglip\]'"):
        text_embeddings(["cat"], TextEncoder("tiny-clip", str(weights)))


def test_the_length_of_no_encoder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no model 'ViT-L-41'; did you mean"):
        embedding_length("ViT-L-41")
    with pytest.raises(InputError, match="cannot be loaded"):
        embedding_length(f"local-dir:{tmp_path}")


def test_templates() -> None:
    assert fill("a photo of {a}.", "apple") == "a photo of an apple."
    assert fill("{}", "{a}") == "{a}"
    with pytest.raises(InputError, match=r"'a photo' has no \{\}"):
        TextEncoder(templates=("a photo",))


def test_ready_embeddings_are_found_by_name_or_by_place(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    rows = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    names = ["Cat", "wall-other-merged", "dog"]
    save_embeddings(tmp_path / "e.npz", names, rows, {})
    np.save(tmp_path / "e.npy", rows.astype(np.float16))
    save_file({"embeddings": rows}, tmp_path / "e.safetensors", {"names": json.dumps(names)})
    for file in ("e.npz", "e.safetensors"):
        found = read_embeddings(tmp_path / file, parse_vocabulary("dog, wall:stuff, cat"))
        np.testing.assert_allclose(found, units[[2, 1, 0]], atol=1e-6)
        with pytest.raises(InputError, match="has no embedding of 'sofa' among its 3"):
            read_embeddings(tmp_path / file, parse_vocabulary("dog, sofa"))
    found = read_embeddings(tmp_path / "e.npy", parse_vocabulary("a, b, c"))
    np.testing.assert_allclose(found, units, atol=2e-3)
    with pytest.raises(InputError, match="3 rows and no names, the vocabulary 1 classes"):
        read_embeddings(tmp_path / "e.npy", parse_vocabulary("a"))


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".safetensors", ".pt"])
def test_damaged_files_are_named(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"e{suffix}"
    path.write_bytes(b"nothing of the kind, but long enough for a header")
    with pytest.raises(InputError, match=f"e{suffix}: "):
        read_embeddings(path, parse_vocabulary("cat"))


def test_a_row_without_direction_is_named(tmp_path: Path) -> None:
    np.save(tmp_path / "e.npy", np.array([[1.0, 0], [0, 0]]))
    with pytest.raises(InputError, match="the embedding of 'dog' is zero"):
        read_embeddings(tmp_path / "e.npy", parse_vocabulary("cat, dog"))


def test_real_embeddings_know_what_is_alike(real_data: Path) -> None:
    file = real_data / "clip_text_embeddings" / "o365_clip_a+cnamefix.npy"
    if not file.is_file():
        pytest.skip(f"no {file}")
    objects = read_vocabulary(real_data / "objects365" / "categories_v2.json")
    found = read_embeddings(file, objects)
    likest = np.argsort(-(found @ found[objects.names.index("Cat")]))
    assert found.shape == (365, 512)
    assert [objects.names[row] for row in likest[:2]] == ["Cat", "Dog"]
