"""What the tests of kernels share: Triton's interpreter where there is no GPU, and poisoned memory."""

import os
from typing import Any

import pytest

from turbosat.gpu.cuda.limits import driver_missing

# Read once, when Triton is imported: without a GPU its interpreter runs the kernels.
if driver_missing():
    os.environ.setdefault("TRITON_INTERPRET", "1")


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let uninitialised memory hold what no program could make sense of."""
    import torch

    plain = torch.empty

    def empty(*shape: Any, **options: Any) -> torch.Tensor:
        result = plain(*shape, **options)
        return result.fill_(float("nan") if result.is_floating_point() else -77)

    monkeypatch.setattr(torch, "empty", empty)


@pytest.fixture(scope="session")
def device() -> str:
    """Return where kernels run: on a GPU if there is one."""
    return "cpu" if os.environ.get("TRITON_INTERPRET") == "1" else "cuda"
