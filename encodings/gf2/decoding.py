"""Light words among the solutions of XORs, as some variables see them: information-set decoding.

A word of low weight is likely to be zero, or nearly so, on a random information set, columns whose values
decide the word (E. Prange, "The use of information sets in decoding cyclic codes", IRE Transactions IT-8,
1962). Here at most two ones in each half of the set are allowed for, and sums of rows of the two halves meet
in a window where the word is taken to be what they have in common (J. Stern, "A method for finding codewords
of small weight", Coding Theory and Applications 1988). From iteration to iteration few columns of the set
change (A. Canteaut and F. Chabaud, IEEE Transactions on Information Theory 44(1), 1998).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import comb
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core import gf2 as kernels
from turbosat.core.gf2 import EXCHANGES, LIGHT, TRIED
from turbosat.encodings.gf2.dense import HostBits, reduce
from turbosat.encodings.gf2.elimination import Elimination
from turbosat.errors import UsageError

ONES: Final = 2  # ones in each half of the information set, at most
ROOM: Final = 16  # words found by one iteration, at most
LARGEST: Final = 1 << 23  # bits of a matrix that is projected: a tenth of a second


class Decoder:
    """The search for words of at most `weight` ones: `offset` plus any sum of `rows`.

    rows bool (dimension, columns) have the identity matrix in the columns `information` (dimension,), in that
    order; offset is bool (columns,). UsageError for other rows, or where they leave nothing to be light. What
    is found is a function of the seed and of the calls.
    """

    def __init__(
        self,
        rows: NDArray[np.bool_],
        offset: NDArray[np.bool_],
        information: NDArray[np.int32],
        weight: int,
        seed: int = 0,
    ) -> None:
        dimension, columns = map(int, rows.shape)
        if not 0 < dimension < columns or not (rows[:, information] == np.eye(dimension, dtype=bool)).all():
            raise UsageError("expected fewer rows than columns, and those of an identity matrix among these")
        self.dimension, self.columns, self.weight = dimension, columns, weight
        self._words = -(-columns // 64)
        self._entries = _sums(dimension // 2)
        varying = rows.any(axis=0)  # the others are as in the offset in every word: no place for a window
        self._varying = int(np.count_nonzero(varying))
        # Ones of a word there, at most: more than half of them are allowed where nearly every word is light.
        common = int(np.count_nonzero(offset[~varying]))
        self._ones = min(max(0, weight - common), self._varying // 2)
        # A window leaves half of these out: one that always had the same column might never be all zeros.
        windows = range(1 + min(self._entries.bit_length(), (self._varying - dimension) // 2))
        self.window = max(windows, key=lambda bits: self._chance(bits) / self._cost(bits))
        fixed = offset ^ np.logical_xor.reduce(rows[offset[information]], axis=0)
        matrix = packed(np.concatenate([rows, fixed[None], np.zeros((1, columns), np.bool_)]))
        holder = np.where(varying, -1, dimension).astype(np.int32)
        holder[information] = np.arange(dimension, dtype=np.int32)
        state = np.random.default_rng(seed).integers(1, 1 << 63, 1, np.uint64)
        self._code = kernels.Code(
            matrix=matrix,
            information=information.astype(np.int32),
            holder=holder,
            random=state,
            counters=np.zeros(2, np.int64),
            found=np.zeros((ROOM, self._words), np.uint64),
        )
        self._sums = kernels.Sums(
            keys=np.zeros(dimension + 2, np.int32),
            heads=np.zeros(1 << self.window, np.int32),
            nexts=np.zeros(self._entries, np.int32),
            pairs=np.zeros((self._entries, 2), np.int32),
            total=np.zeros(self._words, np.uint64),
        )

    @property
    def iterations(self) -> int:
        """The information sets that were tried."""
        return int(self._code.counters[TRIED])

    @property
    def cost(self) -> int:
        """The words that an iteration reads, about."""
        return self._cost(self.window)

    @property
    def chance(self) -> float:
        """With what probability an iteration finds a given word of the weight."""
        return self._chance(self.window)

    def _cost(self, window: int) -> int:
        exchanged = (1 + self.dimension // EXCHANGES) * self.dimension // 2
        met = self._entries * _sums(self.dimension - self.dimension // 2) >> window
        return (exchanged + self._entries + met) * self._words + self._entries + (1 << window)

    def _chance(self, window: int) -> float:
        """Count the words with zeros in the window and few ones in each half, among all of the weight.

        What all words have in common is no part of them here.
        """
        half, rest, ones = self.dimension // 2, self._varying - self.dimension - window, self._ones
        ways = sum(
            comb(half, left) * comb(self.dimension - half, right) * comb(rest, ones - left - right)
            for left in range(ONES + 1)
            for right in range(ONES + 1)
            if left + right <= ones
        )
        return ways / comb(self._varying, ones)

    def search(self, effort: int) -> NDArray[np.bool_]:
        """Return words that are light enough, bool (found, columns), from one iteration that finds some.

        None are found if about `effort` words were read before that.
        """
        kernels.decode(self._code, self._sums, self.weight, effort)
        found = self._code.found[: self._code.counters[LIGHT]]
        return np.unique(unpacked(found, self.columns), axis=0)


def _sums(rows: int) -> int:
    """Return how many sums there are of so few rows of a half."""
    return sum(map(comb, [rows] * (ONES + 1), range(ONES + 1)))


@dataclass(frozen=True, slots=True)
class Projection:
    """The values of some variables in all solutions of XORs: `constants` plus any sum of `rows`.

    Whether another variable follows from these is told for `determined` (others,).
    """

    elimination: Elimination
    rows: NDArray[np.bool_]  # (dimension, seeing)
    information: NDArray[np.int32]  # (dimension,), columns in which the rows are the identity matrix
    constants: NDArray[np.bool_]  # (seeing,)
    determined: NDArray[np.bool_]
    free: NDArray[np.uint64]  # (dimension, ceil(kernel / 64)), the free variables that are true in a row

    def solution(self, point: NDArray[np.bool_]) -> NDArray[np.int32]:
        """Return all variables of the XORs in a solution with a point (seeing,), signed literals."""
        chosen = (point ^ self.constants)[self.information]
        words = np.bitwise_xor.reduce(self.free[chosen], axis=0)
        sums = np.bitwise_xor.reduce(self.elimination.masks & words, axis=1)  # (rank,)
        for shift in (32, 16, 8, 4, 2, 1):
            sums ^= sums >> np.uint64(shift)
        pivots = self.elimination.constants ^ (sums & np.uint64(1) == 1)
        free = unpacked(words[None], self.elimination.free.size)[0]
        variables = np.concatenate([self.elimination.pivots, self.elimination.free])
        return np.where(np.concatenate([pivots, free]), variables, -variables).astype(np.int32)


def project(
    elimination: Elimination,
    seeing: NDArray[np.int32],
    others: NDArray[np.int32],
    check: Callable[[], None] = lambda: None,
) -> Projection | None:
    """Project the solutions onto variables `seeing`, and tell which of the others follow from these.

    All are variables of the XORs, from 1, distinct. None if that takes too much memory.
    """
    variables = np.concatenate([seeing, others]).astype(np.int32)
    kernel = elimination.free.size
    if kernel * (variables.size + kernel) > LARGEST or not kernel * seeing.size:
        return None
    matrix = np.zeros((variables.size, kernel), np.bool_)
    constants = np.zeros(variables.size, np.bool_)
    pivots, free = _places(elimination.pivots, variables), _places(elimination.free, variables)
    dependent = pivots >= 0
    matrix[dependent] = unpacked(elimination.masks[pivots[dependent]], kernel)
    constants[dependent] = elimination.constants[pivots[dependent]]
    matrix[~dependent, free[~dependent]] = True
    # Behind the columns stands what they are sums of. The last bit, the parity of an equation, is 0 here.
    whole = np.concatenate([matrix.T, np.eye(kernel, kernel + 1, dtype=np.bool_)], axis=1)
    reduced = reduce(HostBits(packed(whole)), whole.shape[1] - 1, check)
    rows = unpacked(reduced.matrix, whole.shape[1])[reduced.rows]
    telling = reduced.columns < seeing.size
    hidden: NDArray[np.bool_] = np.logical_or.reduce(rows[~telling], axis=0)
    return Projection(
        elimination=elimination,
        rows=rows[telling, : seeing.size],
        information=reduced.columns[telling].astype(np.int32),
        constants=constants[: seeing.size],
        determined=~hidden[seeing.size : variables.size],
        free=packed(rows[telling, variables.size : -1]),
    )


def _places(rising: NDArray[np.int32], wanted: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return where each of the wanted (n,) is in a rising array, -1 where it is not."""
    if not rising.size:
        return np.full(wanted.size, -1)
    places = np.minimum(np.searchsorted(rising, wanted), rising.size - 1)
    return np.where(rising[places] == wanted, places, -1)


def packed(rows: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Return bits (rows, columns) as words (rows, ceil(columns / 64)), bit j of word i is column 64 i + j."""
    words = -(-rows.shape[1] // 64)
    filled = np.zeros((rows.shape[0], 64 * words), np.bool_)
    filled[:, : rows.shape[1]] = rows
    return np.packbits(filled, axis=1, bitorder="little").view(np.uint64)


def unpacked(words: NDArray[np.uint64], columns: int) -> NDArray[np.bool_]:
    """Return the first columns of words (rows, words) as bits (rows, columns)."""
    bytes_of = np.ascontiguousarray(words).view(np.uint8)
    return np.unpackbits(bytes_of, axis=1, count=columns, bitorder="little").view(np.bool_)
