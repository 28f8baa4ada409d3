"""The command `dataseg`: all of its commands, with an example of each."""

from model.commands.card import card
from model.commands.data import app as data_app
from model.commands.demo import demo
from model.commands.evaluate import evaluate
from model.commands.network import describe, export, init
from model.commands.predict import embed, predict
from model.commands.table import table
from model.commands.train import train
from model.runtime.allocator import keep_freed_memory
from o365seg.terminal import command_line

app = command_line.make_app("Train, evaluate, run, describe and export DaTaSeg.")

app.command(
    epilog='Example: `dataseg predict street.jpg --task panoptic --vocabulary "person, car, '
    'road:stuff" --checkpoint dataseg.safetensors --out results`'
)(predict)
app.command(
    epilog="Example: `dataseg embed panoptic_coco_categories.json --out coco_text.npz`, then "
    "`dataseg predict … --embeddings coco_text.npz`"
)(embed)
app.command(epilog="Example: `dataseg init tiny untrained.safetensors --text-dim 512`")(init)
app.command(epilog="Example: `dataseg describe dataseg_r50 --size 1024`")(describe)
app.command(
    epilog="Examples: `dataseg export dataseg.safetensors --onnx dataseg.onnx --size 1024`, "
    "`dataseg export dataseg.safetensors --program dataseg.pt2`"
)(export)
app.command(epilog="Example: `dataseg train synthetic --out runs/synthetic`")(train)
app.command(
    epilog="Examples: `dataseg evaluate dataseg.safetensors --data coco_panoptic=coco --data "
    "ade20k_semantic=ADEChallengeData2016 --json numbers.json`; "
    "`torchrun --nproc-per-node 4 -m model evaluate dataseg.safetensors --config data.toml`"
)(evaluate)
app.command(
    epilog="Examples: `dataseg table 1 --recipe small --seeds 3`, "
    "`dataseg table 2 --recipe paper --data-root /data --list`"
)(table)
app.command(epilog="Example: `dataseg card dataseg.safetensors --evaluation numbers.json`")(card)
app.command(epilog="Example: `dataseg demo dataseg.safetensors --embeddings coco_text.npz`")(demo)
app.add_typer(data_app, name="data")


def main() -> None:
    """Run the command."""
    keep_freed_memory()
    command_line.run(app)
