"""What all tests of the model share."""

from contextlib import suppress

import pytest


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Several workers test at once, and small networks gain nothing by threads."""
    with suppress(ImportError):  # where there is no torch, tests that need it are skipped
        import torch

        torch.set_num_threads(1)
