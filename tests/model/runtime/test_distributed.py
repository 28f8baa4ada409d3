"""Joining the processes: which device each one uses."""

import pytest
import torch

from model.runtime import distributed
from model.runtime.distributed import join_ranks
from o365seg.errors import InputError


@pytest.fixture
def current(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The devices made current, on a machine that seems to have two GPUs."""
    chosen: list[str] = []
    monkeypatch.setattr(distributed, "chosen_device", lambda name: name or "cuda")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 1)
    return chosen


@pytest.mark.parametrize(
    ("given", "wanted"), [("cuda:1", ["cuda:1"]), (None, []), ("cuda", []), ("cpu", [])]
)
def test_one_process_makes_the_gpu_it_was_given_the_current_one(
    given: str | None, wanted: list[str], current: list[str]
) -> None:
    """Or `torch.cuda.synchronize()` would wait for another one."""
    with join_ranks(given) as ranks:
        assert ranks.device == torch.device(given or "cuda")
    assert current == wanted


def test_each_of_several_processes_has_a_gpu(
    current: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_RANK", "1")
    with join_ranks(None) as ranks:
        assert (ranks.rank, ranks.count, ranks.device) == (1, 2, torch.device("cuda:1"))
    assert current == ["cuda:1"]
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(InputError, match="3 processes on this machine, but only 2 GPUs"):
        join_ranks(None).__enter__()


def test_where_another_process_ended_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    for name in ("init_process_group", "destroy_process_group"):
        monkeypatch.setattr(torch.distributed, name, lambda *_: None)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 0)
    with pytest.raises(InputError, match="another process stopped"), join_ranks("cpu"):
        raise RuntimeError("[/gloo/transport/tcp/pair.cc:547] Connection closed by peer")
    with pytest.raises(RuntimeError, match="a fault of ours"), join_ranks("cpu"):
        raise RuntimeError("a fault of ours")


def test_one_gpu_is_not_for_several_processes(
    current: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    with pytest.raises(InputError, match="cuda:1 is one GPU for several processes"):
        join_ranks("cuda:1").__enter__()
    assert current == []
