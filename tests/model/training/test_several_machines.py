"""Training on several machines: Slurm's example with two "machines" here, and what must agree."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from small_run import as_toml, small_tables

from model.runtime.checkpoint import load_checkpoint
from model.runtime.distributed import Ranks
from model.training.config import TrainConfig, train_config_from_dict, train_config_to_dict
from model.training.loop import train_run
from model.training.resume import check_processes_agree
from o365seg.errors import InputError

ROOT = Path(__file__).parents[3]

# Two machines that are this one: `srun` starts the command once for each and waits for both.
COMMANDS = {
    "srun": """
shift  # its own option
"$@" --local-addr 127.0.0.1 & one=$!
"$@" --local-addr 127.0.0.1 & two=$!
wait $one && wait $two
""",
    "scontrol": "printf '127.0.0.1\\nother-machine\\n'",
    # Its own options end where the module begins; what a machine adds comes before that.
    "torchrun": """
for last; do :; done; address=("${@: -2}"); set -- "${@:1:$#-2}"
exec "$PYTHON" -m torch.distributed.run "${address[@]}" "$@"
""",
}


@pytest.mark.slow
def test_two_machines_under_slurm_train_as_one(tmp_path: Path) -> None:
    for name, text in COMMANDS.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{text}")
        (tmp_path / name).chmod(0o755)
    tables = small_tables(iterations=2)
    tables["model"]["backbone"]["drop_path"] = 0.0  # drawn for each process
    (tmp_path / "config.toml").write_text(as_toml(tables))
    environment = os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", ""))),
        "OMP_NUM_THREADS": "1",
        "SLURM_JOB_ID": str(os.getpid()),
        "SLURM_JOB_NODELIST": "machine[1-2]",
        "SLURM_NNODES": "2",
    }
    command = [
        "bash",
        str(ROOT / "examples" / "slurm.sbatch"),
        "config.toml",
        "out",
        "--device",
        "cpu",
    ]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, done.stderr[-3000:]
    train_run(train_config_from_dict(tables), Path(), "", tmp_path / "one", "cpu")
    both, alone = (load_checkpoint(tmp_path / f / "model.safetensors") for f in ("out", "one"))
    for (name, ours), theirs in zip(
        both.state_dict().items(), alone.state_dict().values(), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-4, msg=name)


def test_the_example_says_what_is_missing() -> None:
    script = str(ROOT / "examples" / "slurm.sbatch")
    bash = shutil.which("bash")
    assert bash is not None
    done = subprocess.run([bash, script, "config.toml"], capture_output=True, text=True)
    assert done.returncode != 0 and "usage: sbatch --nodes N" in done.stderr


@dataclass(frozen=True)
class Second(Ranks):
    """The second of two processes; what the first one has is given."""

    first: Any = None

    def from_first(self, value: Any) -> Any:
        return self.first


def second(start: int, config: TrainConfig) -> Second:
    return Second(1, 2, torch.device("cpu"), (start, train_config_to_dict(config)))


def test_processes_must_see_the_same_run() -> None:
    config = train_config_from_dict(small_tables())
    other = train_config_from_dict(small_tables(workers=3))
    check_processes_agree(second(4, other), 4, config, "a.toml", Path("out"))
    with pytest.raises(InputError, match="iteration 0 here, but 4 for the first process") as caught:
        check_processes_agree(second(4, config), 0, config, "a.toml", Path("out"))
    assert caught.value.file == "out"
    longer = train_config_from_dict(small_tables(batch_size=8))
    with pytest.raises(InputError, match="is 4 here, but 8 for the first process") as caught:
        check_processes_agree(second(4, longer), 4, config, "a.toml", Path("out"))
    assert (caught.value.file, caught.value.field) == ("a.toml", "batch_size")
