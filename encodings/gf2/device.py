"""The bit matrix on a torch device: the same passes as on the processor, bit for bit.

The host chooses the pivots of 64 columns with the compiled kernels, so that every device gives the same
reduced form; the device adds them to all other rows. Words are int64 there: torch has no shifts of
uint64.
The speed on a GPU is unmeasured; tests run it on the processor.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from turbosat.encodings.gf2.dense import Pass

CHUNK: Final = 1 << 25  # words written at a time: 256 MiB of scratch


def suitable(matrix: NDArray[np.uint64]) -> bool:
    """Tell whether a CUDA device has room for the matrix and the scratch."""
    if not torch.cuda.is_available():
        return False
    free, _ = torch.cuda.mem_get_info()
    return bool(matrix.nbytes + 3 * 8 * CHUNK < free)


class TorchBits:
    """A bit matrix (m, words) as int64 on a torch device; see dense.Bits."""

    def __init__(self, matrix: NDArray[np.uint64], device: str) -> None:
        self._device = torch.device(device)
        self._host = matrix
        self._bits = torch.from_numpy(matrix.view(np.int64)).to(self._device, copy=True)  # (m, words)

    def strip(self, word: int) -> NDArray[np.uint64]:
        """Return one word of each row, (m,)."""
        return self._numpy(self._bits[:, word])

    def rows(self, rows: NDArray[np.int64], word: int) -> NDArray[np.uint64]:
        """Return words `word` and up of some rows, (k, words - word)."""
        return self._numpy(self._bits[torch.from_numpy(rows).to(self._device), word:])

    def clear(
        self, word: int, block: NDArray[np.uint64], done: Pass, mask: np.uint64, check: Callable[[], None]
    ) -> None:
        """Add the pivots (k, words - word) where `done.strip` has their columns; write them to their rows."""
        pivots = self._tensor(block)  # (k, width)
        strip = self._tensor(done.strip & mask)  # (m,)
        width = pivots.shape[1]
        step = max(1, CHUNK // width)
        for group in range(8):
            table = torch.zeros((256, width), dtype=torch.int64, device=self._device)
            for bit, pivot in enumerate(done.pivot_of[8 * group : 8 * group + 8].tolist()):
                half = 1 << bit
                table[half : 2 * half] = table[:half]
                if pivot >= 0:
                    table[half : 2 * half] ^= pivots[pivot]
            for begin in range(0, strip.shape[0], step):
                sums = strip[begin : begin + step] >> (8 * group) & 255  # (rows,)
                self._bits[begin : begin + step, word:] ^= table[sums]
                check()
        self._bits[torch.from_numpy(done.rows).to(self._device), word:] = pivots

    def matrix(self) -> NDArray[np.uint64]:
        """Copy the matrix back to where it came from."""
        self._host[:] = self._numpy(self._bits)
        return self._host

    def _tensor(self, words: NDArray[np.uint64]) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(words).view(np.int64)).to(self._device)

    @staticmethod
    def _numpy(words: torch.Tensor) -> NDArray[np.uint64]:
        array: NDArray[np.uint64] = words.contiguous().cpu().numpy().copy().view(np.uint64)
        return array
