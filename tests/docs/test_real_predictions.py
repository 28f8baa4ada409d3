"""The example that makes predictions with a real network, with a stand-in for the network."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from evaluation_cases import HEIGHT, WIDTH, Case, Thing, rectangle
from PIL import Image

from benchmark import evaluate

pytest.importorskip("onnxruntime")
EXAMPLE = Path(__file__).resolve().parents[2] / "examples/real_predictions.py"


def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("real_predictions", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class BrightIsSalient:
    """A network that finds what is bright."""

    def __init__(self, *_: Any, **__: Any) -> None: ...

    def get_inputs(self) -> list[Any]:
        return [type("Input", (), {"name": "picture"})]

    def run(self, _: None, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        return [inputs["picture"].mean(axis=1, keepdims=True)]


def test_bright_objects_in_their_boxes_become_predictions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mask = rectangle(20, 30, 40, 25)
    case = Case([Thing(mask), Thing(rectangle(0, 0, 9, 9), crowd=True)], [], images=[1])
    truth, _ = case.write(tmp_path)
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[mask] = 250
    Image.fromarray(picture).save(tmp_path / "1.jpg", quality=95)
    module = example()
    monkeypatch.setattr(module.onnxruntime, "InferenceSession", BrightIsSalient)
    module.main(str(truth), str(tmp_path), "network.onnx", str(tmp_path / "preds.json"))
    (record,) = json.loads((tmp_path / "preds.json").read_text())
    assert 0.5 < record["score"] <= 1
    assert evaluate(tmp_path / "preds.json", truth).metrics["AP"] > 0.85
