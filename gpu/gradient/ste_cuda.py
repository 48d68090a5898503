"""The paper's optimiser on a CUDA device."""

from turbosat.encodings.matrix import Matrix
from turbosat.gpu.cuda.limits import missing as missing
from turbosat.gpu.gradient.ste import StePopulation


class CudaStePopulation(StePopulation):
    """Candidates on the GPU that share one optimiser."""

    def __init__(self, matrix: Matrix, lanes: int, seed: int, workers: int = 1) -> None:
        super().__init__(matrix, lanes, seed, workers, device="cuda")
