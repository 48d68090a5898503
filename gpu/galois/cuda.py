"""The finite-field population on a CUDA device: bit-packed walking lanes that read clauses and XORs."""

import numpy as np
from numpy.typing import NDArray

from turbosat.gpu.cuda.limits import missing as missing
from turbosat.gpu.cuda.population import CudaPopulation
from turbosat.gpu.rules import Rule, Walk


class CudaGaloisPopulation(CudaPopulation):
    """Lanes under rules of the kind Walk; the matrix may be a ParityMatrix."""

    def assign(self, lanes: NDArray[np.int64], rule: Rule) -> None:
        """Let lanes follow a rule of the kind Walk: weighted descent does not read XORs."""
        assert isinstance(rule, Walk)
        super().assign(lanes, rule)
