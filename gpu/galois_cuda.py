"""Walking lanes that read clauses and XORs, on a CUDA device."""

from turbosat.gpu.cuda import CudaPopulation
from turbosat.gpu.cuda_limits import missing as missing


class CudaGaloisPopulation(CudaPopulation):
    """Bit-packed lanes under rules of the kind Walk; the matrix may be a ParityMatrix."""
