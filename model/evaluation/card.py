"""The model card of a checkpoint: its header and its evaluation in the template of `data_cards`."""

import hashlib
import json
import shlex
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

import data_cards
from model.datasets.names_0_1 import current_names
from model.network.config import config_to_dict
from model.network.describe import describe
from model.runtime.checkpoint import read_header
from o365seg.errors import InputError
from o365seg.formats.json_files import read_json
from o365seg.formats.task import Task
from o365seg.release.licences import licence as read_licence
from o365seg.terminal.percent import percent


class EvaluatedSet(msgspec.Struct):
    """What `dataseg evaluate --json` says of one data set."""

    task: Task
    metrics: dict[str, float | None]
    images: int
    repeat: list[str]


class Evaluation(msgspec.Struct):
    """What `dataseg evaluate --json` writes, as far as a card tells of it."""

    checkpoint: str
    data: dict[str, EvaluatedSet]


def read_evaluations(paths: list[Path], checkpoint: Path) -> list[Evaluation]:
    """Evaluations of one checkpoint.

    Raises:
        InputError: not written by `dataseg evaluate --json`, or of a file of another name.
    """
    found = []
    for path in paths:
        evaluation = read_json(path, Evaluation)
        if Path(evaluation.checkpoint).name != checkpoint.name:
            raise InputError(
                f"belongs to {evaluation.checkpoint!r}, not to {checkpoint.name!r}",
                file=path,
                field="checkpoint",
            )
        found.append(evaluation)
    return found


def model_card(
    checkpoint: Path,
    evaluations: list[Evaluation],
    *,
    name: str | None = None,
    licence: str | None = None,
    contact: str | None = None,
    citation: str | None = None,
    command: list[str] | None = None,
) -> str:
    """The card as Markdown. Equal files give equal text.

    Args:
        checkpoint: As `model.runtime.checkpoint` writes it.
        evaluations: Of it; none for a card that says so.
        name: The model's name; the file's by default.
        licence: Of the weights: an identifier (`o365seg.release.licences`) or words; None for a
            card that says that none is stated.
        contact: Whom to ask.
        citation: How to cite the model.
        command: What made the card, to be told on it.

    Raises:
        InputError: not a checkpoint of this program.
    """
    config, about = read_header(checkpoint)
    trained = _trained(about)
    sets = {name: one for evaluation in evaluations for name, one in evaluation.data.items()}
    return data_cards.render(
        "model_card.md.jinja",
        {
            "name": name or checkpoint.stem,
            "file_name": checkpoint.name,
            "sha256": _sha256(checkpoint),
            "megabytes": checkpoint.stat().st_size / 1e6,
            "network": config_to_dict(config),
            "parts": describe(config, size=64, classes=2).parts,
            "backbone_weights": _without_folder(about.get("backbone_weights")),
            "trained": trained,
            "start": _without_folder(_setting(trained, "start")),
            "frozen": _setting(trained, "freeze"),
            "average": _setting(trained, "average"),
            "first_backbone": _without_folder(_setting(trained, "backbone_weights")),
            "data": [] if trained is None else _data(trained),
            "text": "" if trained is None else _text(trained["config"]["text"]),
            "evaluation": _tables(sets),
            "evaluated": ", ".join(dict.fromkeys(one.checkpoint for one in evaluations)),
            "commands": data_cards.verbatim(
                "\n".join(
                    _one_line(shlex.join(map(_without_folder, one.repeat))) for one in sets.values()
                )
            ),
            "licence": licence and read_licence(licence),
            "licence_json": data_cards.verbatim(json.dumps(licence)),
            "contact": contact,
            "citation": citation,
            "tool_version": version("o365seg"),
            "command": data_cards.verbatim(
                _one_line(shlex.join(command or ["dataseg", "card", checkpoint.name]))
            ),
        },
    )


def _trained(about: dict[str, Any]) -> dict[str, Any] | None:
    """What training wrote into the header; None where it did not."""
    trained = about.get("trained")
    return trained if isinstance(trained, dict) and "config" in trained else None


def _setting(trained: dict[str, Any] | None, name: str) -> Any:
    """A value of the configuration that the model was trained with; None if it has none."""
    return None if trained is None else trained["config"].get(name)


def _data(trained: dict[str, Any]) -> list[dict[str, Any]]:
    """The mixture: a row a data set, with the images that were drawn of it."""
    return [
        {
            "name": name,
            "source": ", ".join(
                f"{key} {_without_folder(value)}" for key, value in entry["source"].items()
            ),
            "images": images,
            "share": entry["sampling_ratio"],
            "lr": entry["lr"],
        }
        for (name, images), entry in zip(
            trained["images"].items(), current_names(trained["config"])[0]["data"], strict=True
        )
    ]


def _text(text: dict[str, Any]) -> str:
    """Source of the text embeddings, in a few words."""
    if text.get("synthetic"):
        return "synthetic embeddings"
    file = text.get("file")
    return (
        _without_folder(file) if file else f"{text['model']} {_without_folder(text['pretrained'])}"
    )


def _without_folder(value: Any) -> Any:
    """The name alone of an absolute path: where somebody keeps their data is not for the card."""
    return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value


def _tables(sets: dict[str, EvaluatedSet]) -> list[dict[str, Any]]:
    """A table for each task and set of metrics."""
    tables: dict[tuple[Task, tuple[str, ...]], list[dict[str, Any]]] = {}
    for name, one in sets.items():
        values = [percent(value) for value in one.metrics.values()]
        row = {"data": name, "values": values, "images": one.images}
        tables.setdefault((one.task, tuple(one.metrics)), []).append(row)
    return [
        {"title": f"{task.capitalize()} segmentation", "names": names, "rows": rows}
        for (task, names), rows in tables.items()
    ]


def _one_line(text: str) -> str:
    """A command that cannot end the code that it stands in."""
    return " ".join(text.split()).replace("```", "'''")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
