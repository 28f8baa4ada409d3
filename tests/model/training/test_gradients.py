"""The gradient of an iteration: the same however the batch is cut up, and none is missing."""

import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import small_run
import torch
from small_run import KINDS, alone, first_batches, gradients, prepare, small_tables, without_chance
from torch.utils._python_dispatch import TorchDispatchMode

from model.data.loader import Batch
from model.objective.targets import BatchTargets
from model.runtime.distributed import Ranks
from model.training import loop
from model.training.config import train_config_from_dict
from model.training.loop import add_gradients, parallel

ROOT = Path(__file__).parents[3]


def assert_same(got: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Within 1e-6 of the largest of a parameter's own gradient, or of all where that is tiny."""
    largest = max(gradient.abs().max().item() for gradient in wanted.values())
    assert largest > 1e-3
    for name, gradient in wanted.items():
        own = gradient.abs().max().item()
        torch.testing.assert_close(
            got[name], gradient, rtol=1e-5, atol=2e-6 * max(own, 1e-2 * largest), msg=name
        )


@pytest.mark.parametrize("dataset", range(3), ids=KINDS)
def test_accumulated_parts_have_the_gradient_of_the_whole(dataset: int) -> None:
    whole = gradients(without_chance(batch_size=4), dataset, alone())
    parts = gradients(without_chance(batch_size=4, accumulate=4), dataset, alone())
    assert_same(parts, whole)


@pytest.mark.slow
@pytest.mark.parametrize("accumulate", [1, 2])
def test_two_processes_have_the_gradient_of_the_joined_batch(
    tmp_path: Path, accumulate: int
) -> None:
    dataset = accumulate  # panoptic, boxes
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2"]
    torchrun += ["--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0"]
    out = tmp_path / "gradients.pt"
    arguments = [small_run.__file__, str(out), "4", str(accumulate), str(dataset)]
    paths = os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))
    environment = os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*torchrun, *arguments], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    wanted = gradients(without_chance(batch_size=4), dataset, alone())
    assert_same(torch.load(out), wanted)


@pytest.mark.parametrize("dataset", range(3), ids=KINDS)
def test_every_parameter_has_a_gradient(dataset: int) -> None:
    """Or data parallelism would wait for ever for the one that has none."""
    for config in (without_chance(), train_config_from_dict(small_tables(model="tiny"))):
        found = gradients(config, dataset, alone())
        assert [name for name, gradient in found.items() if gradient is None] == []


@pytest.mark.parametrize("dataset", range(3), ids=KINDS)
def test_every_parameter_has_a_gradient_where_there_is_no_ground_truth(dataset: int) -> None:
    config = without_chance()
    network, parts = prepare(config)
    (batch,) = first_batches(config, dataset)
    joined = batch.targets.joined
    nothing = type(joined)(*(tensor[:0] for tensor in vars(joined).values()))
    targets = BatchTargets(nothing, (0,) * len(batch.targets.counts))
    empty = Batch(dataset, batch.images, batch.sizes, targets, batch.files)
    add_gradients(network, network, parts[dataset], [empty], "fp32", torch.device("cpu"))
    assert [n for n, parameter in network.named_parameters() if parameter.grad is None] == []


@pytest.mark.parametrize(
    "backbone", ["test_efficientnet", "mobilenetv3_small_050", "regnety_002", "test_resnet"]
)
def test_joined_on_gpus_a_network_computes_the_same(
    backbone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some of timm's norms contain the activation."""
    tables = small_tables()
    tables["model"] |= {"preset": "tiny", "backbone": {"name": backbone}}
    config = train_config_from_dict(tables)
    network, parts = prepare(config)
    (batch,) = first_batches(config, 0)
    network.eval()
    wanted = network(batch.images, parts[0].text_embeddings, batch.sizes).final
    monkeypatch.setattr(loop, "DistributedDataParallel", lambda network, **_: network)
    joined = parallel(network, Ranks(0, 2, torch.device("cuda", 0)), compiled=False)
    found = joined(batch.images, parts[0].text_embeddings, batch.sizes).final
    assert any(isinstance(module, torch.nn.SyncBatchNorm) for module in joined.modules())
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in joined.modules())
    for name, tensor in vars(wanted).items():
        assert torch.equal(getattr(found, name), tensor), name


def test_a_data_sets_own_modules_learn_from_it_alone() -> None:
    names = [f"synthetic_{which}" for which in KINDS]
    tables = small_tables()
    tables["model"]["dataset_modules"] = {"datasets": names, "num_queries": 2}
    found = gradients(train_config_from_dict(tables), 1, alone())
    without = {name for name, gradient in found.items() if gradient is None}
    heads = {f"decoder.heads.classes.{i}.{d}" for i in range(2) for d in (0, 2)}
    assert {name.rpartition(".")[0] for name in without} == heads
    own = found["decoder.own_queries"]
    assert own is not None
    assert own[1].abs().sum() > 0
    assert (own[[0, 2]] == 0).all()


# A ViTDet, and a network of convolutions with batch norm and a pixel decoder of its own.
NETWORKS = [{}, {"model": {"preset": "tiny", "text_dim": 32}}]


@pytest.mark.parametrize("changes", NETWORKS, ids=["vitdet", "convolutions"])
@pytest.mark.parametrize("dataset", range(3), ids=KINDS)
def test_bfloat16_goes_the_same_way(dataset: int, changes: dict[str, Any]) -> None:
    full, half = (
        gradients(
            train_config_from_dict(small_tables(precision=precision, **changes))
            if changes else without_chance(precision=precision),
            dataset, alone(),
        )
        for precision in ("fp32", "bf16")
    )  # fmt: skip
    both = [
        torch.cat([g.flatten() for g in found.values() if g is not None]) for found in (full, half)
    ]
    assert both[1].dtype == torch.float32  # weights and their gradients stay in single precision
    assert torch.nn.functional.cosine_similarity(*both, dim=0) > 0.8


@pytest.mark.slow
def test_compiled_it_has_the_same_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Traced forward and backward; what generates the machine's code takes minutes, and is not
    ours."""
    plain = gradients(without_chance(), 1, alone())
    traced = functools.partial(torch.compile, backend="aot_eager")
    monkeypatch.setattr(torch, "compile", traced)
    assert_same(gradients(without_chance(compile=True), 1, alone()), plain)


class HostWaits(TorchDispatchMode):
    """Lists what would make the host wait for a GPU: values read, and shapes that depend on them.

    What copies to the host does not show on a CPU, where there is nothing to copy.
    """

    NAMES = frozenset(
        {"_local_scalar_dense", "nonzero", "masked_select", "unique2", "_unique2", "is_nonzero",
         "equal", "unique_dim", "unique_consecutive"}
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.__name__.split(".")[0]
        if name in self.NAMES:
            self.found.append(name)
        if name in ("index", "index_put", "index_put_"):
            masks = [i for i in args[1] if i is not None and i.dtype in (torch.bool, torch.uint8)]
            self.found += ["index by a mask"] * len(masks)
        if name == "repeat_interleave" and (kwargs or {}).get("output_size") is None:
            self.found.append(name)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("dataset", range(3), ids=KINDS)
def test_nothing_in_a_step_waits_for_the_device_but_the_matcher(
    dataset: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The matcher's one wait is its copy of all costs to the host, which is counted apart."""
    from model.objective import matching
    from model.training.optimizer import make_optimizer, trained

    copies = []
    assign = matching._assign
    monkeypatch.setattr(matching, "_assign", lambda *a: copies.append(1) or assign(*a))
    config = without_chance()
    network, parts = prepare(config)
    optimizer = make_optimizer(network, config.optimizer)
    batches = first_batches(config, dataset)
    with HostWaits() as waits:
        add_gradients(network, network, parts[dataset], batches, "fp32", torch.device("cpu"))
        torch.nn.utils.clip_grad_norm_(trained(network), 0.1)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    assert waits.found == []
    assert copies == [1]


def test_the_count_of_waits_sees_them() -> None:
    with HostWaits() as waits:
        torch.ones(2).sum().item()
        torch.ones(2)[torch.tensor([True, False])]
        torch.ones(2).nonzero()
    assert "_local_scalar_dense" in waits.found
    assert "index by a mask" in waits.found
    assert "nonzero" in waits.found
