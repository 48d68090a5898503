import json

import pytest
import torch

from tests.gpu.matrices import random_matrix
from turbosat.benchmarks import steps


@pytest.mark.slow
def test_figures_hang_together(device: str) -> None:
    matrix = random_matrix(1, 12, 40, (3,))
    where = torch.device(device)
    for figures in steps.walk(matrix, 32, 1, where), steps.weighted(matrix, 4, 1, where):
        assert json.loads(json.dumps(figures)) == figures
        assert float(figures["step_seconds"]) > 0
        assert float(figures["flips_per_second"]) >= 0
        assert figures["steps"] == 16
    assert steps.copy_bandwidth(where, 4096) > 0
