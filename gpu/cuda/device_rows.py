"""The sorted matrix as tensors on a device, and the shape of the tiles that kernels cut it into."""

from dataclasses import dataclass

import torch

from turbosat.encodings.matrix import Matrix
from turbosat.encodings.parity_matrix import ParityMatrix
from turbosat.gpu.cuda.rows import Rows, arrange

# Launch options of every kernel. Integers only, so fusing multiplications with additions changes nothing;
# saying so keeps Triton 3.9 from warning about its default.
OPTIONS = {"num_warps": 4, "num_stages": 1, "enable_fp_fusion": False}


@dataclass(frozen=True, slots=True)
class DeviceXors:
    """The XORs of a matrix on a device; all tensors int32."""

    offsets: torch.Tensor  # (xors + 1,)
    variables: torch.Tensor  # (xor entries,)
    parities: torch.Tensor  # (xors,)
    starts: torch.Tensor  # (variables + 1,)
    occurrences: torch.Tensor  # (xor entries,), XORs from 0


@dataclass(frozen=True, slots=True)
class DeviceRows:
    """Rows of a matrix on a device; all tensors int32."""

    rows: Rows
    device: torch.device
    offsets: torch.Tensor  # (clauses + 1,)
    literals: torch.Tensor  # (entries,)
    starts: torch.Tensor  # (2 · variables + 1,)
    occurrences: torch.Tensor  # (entries,)
    xors: DeviceXors | None  # None if there are none

    @property
    def variables(self) -> int:
        """The number of variables."""
        return self.rows.matrix.variables

    @property
    def clauses(self) -> int:
        """The number of clauses."""
        return self.rows.matrix.clauses


def upload(matrix: Matrix, device: torch.device) -> DeviceRows:
    """Sort a matrix and copy it to a device."""
    rows = arrange(matrix)
    ordered = rows.matrix

    def tensor(array: object) -> torch.Tensor:
        return torch.as_tensor(array, dtype=torch.int32).to(device)

    xors = None
    if isinstance(ordered, ParityMatrix) and ordered.xors:
        arrays = ordered.xor_offsets, ordered.xor_variables, ordered.parities
        xors = DeviceXors(*map(tensor, (*arrays, ordered.xor_starts, ordered.xor_occurrences)))
    return DeviceRows(
        rows,
        device,
        tensor(ordered.offsets),
        tensor(ordered.literals),
        tensor(ordered.starts),
        tensor(ordered.occurrences),
        xors,
    )


def tile(width: int, most: int, size: int) -> tuple[int, int]:
    """Return rows and columns, powers of two, of a tile of `size` places that is as wide as is of use."""
    block = min(most, 1 << max(width - 1, 0).bit_length())
    return size // block, block
