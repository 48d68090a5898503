"""Clauses over flat arrays: tidied, listed by literal, unit propagation, pure literals."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core import clauses as kernels
from turbosat.core.clauses import CLAUSES, CONFLICT, ENTRIES, PROGRESS, WRITTEN, ZEROS

EFFORT: Final = 1 << 19  # entries a kernel reads between two calls of `check`: a few milliseconds

Check = Callable[[], None]


@dataclass(slots=True)
class Fixed:
    """What propagation settled; after a contradiction, some of it."""

    values: NDArray[np.int8]  # (variables,), 0 or 1, -1 for a free variable
    satisfied: NDArray[np.bool_]  # (clauses,)
    contradiction: bool = False


def blocks(size: int, step: int, check: Check = lambda: None) -> Iterator[tuple[int, int]]:
    """Yield ranges of `step`, or 1, that make up [0, size), with a call of `check` before each."""
    for first in range(0, size, max(step, 1)):
        check()
        yield first, min(first + max(step, 1), size)


def advance(kernel: Callable[[int], int], size: int, check: Check = lambda: None) -> None:
    """Call a kernel that takes a row and returns the next one until all are done; `check` before each."""
    first = 0
    while first < size:
        check()
        first = kernel(first)


def literal_codes(literals: NDArray[np.int32]) -> NDArray[np.int32]:
    """Turn signed literals from 1 into codes: 2v for variable v (from 0), 2v + 1 for its negation."""
    codes = np.abs(literals)
    codes -= 1
    codes <<= 1
    codes |= literals < 0
    return codes.astype(np.int32, copy=False)


def signed_literals(codes: NDArray[np.int32]) -> NDArray[np.int32]:
    """Turn codes into signed literals from 1, the inverse of `literal_codes`."""
    return np.where(codes & 1, -(codes >> 1) - 1, (codes >> 1) + 1).astype(np.int32)


def tidied(
    literals: NDArray[np.int32],
    offsets: NDArray[np.int64],
    variables: int,
    longest: int = 0,
    check: Check = lambda: None,
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return codes and offsets of clauses without repeated literals and tautologies.

    Clauses of up to `longest` literals are sorted.
    """
    codes = np.empty(literals.size, np.int32)
    ends = np.zeros(offsets.size, np.int64)
    stamps = np.full(2 * variables, -1, np.int32)
    written = np.zeros(WRITTEN, np.int64)
    advance(
        lambda first: kernels.tidy(literals, offsets, longest, first, EFFORT, stamps, codes, ends, written),
        offsets.size - 1,
        check,
    )
    return codes[: written[ENTRIES]], ends[: written[CLAUSES] + 1]


def shortened(
    codes: NDArray[np.int32],
    offsets: NDArray[np.int64],
    dropped: NDArray[np.bool_],
    values: NDArray[np.int8],
    longest: int = 0,
    check: Check = lambda: None,
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the clauses that are not dropped (clauses,), without literals of variables with a value.

    Clauses of up to `longest` literals are sorted.
    """
    kept = np.empty(codes.size, np.int32)
    ends = np.zeros(offsets.size, np.int64)
    written = np.zeros(WRITTEN, np.int64)
    advance(
        lambda first: kernels.compact(
            codes, offsets, dropped, values, longest, first, EFFORT, kept, ends, written
        ),
        offsets.size - 1,
        check,
    )
    return kept[: written[ENTRIES]], ends[: written[CLAUSES] + 1]


def renumber(codes: NDArray[np.int32], numbers: NDArray[np.int32], check: Check = lambda: None) -> None:
    """Give the variables of codes, in place, the numbers (variables,)."""
    for first, last in blocks(codes.size, EFFORT, check):
        kernels.rename(codes, first, last, numbers)


def transpose(
    codes: NDArray[np.int32], offsets: NDArray[np.int64], literals: int, check: Check = lambda: None
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return starts (literals + 1,) and the clauses of each literal, rising; or rows of other keys."""
    starts = np.zeros(literals + 1, np.int64)
    counts = starts[1:]
    for first, last in blocks(codes.size, EFFORT, check):
        kernels.count_keys(codes, first, last, counts)
    np.cumsum(counts, out=counts)
    places, lists = starts[:-1].copy(), np.empty(codes.size, np.int32)
    advance(
        lambda first: kernels.list_rows(codes, offsets, first, EFFORT, places, lists),
        offsets.size - 1,
        check,
    )
    return starts, lists


class Parities:
    """The XORs of a propagation: how many free variables each has, their sum, and what they must XOR to."""

    def __init__(
        self,
        members: NDArray[np.int32],
        offsets: NDArray[np.int64],
        parities: NDArray[np.bool_],
        variables: int,
        check: Check = lambda: None,
    ) -> None:
        """Take variables from 0 by row, distinct in each, and what they must XOR to."""
        self.starts, self.occurrences = transpose(members, offsets, variables, check)
        self.left = np.diff(offsets).astype(np.int32)  # (rows,), free variables
        sums = np.append(np.int32(0), np.bitwise_xor.accumulate(members))
        self.sums = sums[offsets[1:]] ^ sums[offsets[:-1]]  # (rows,), of the free variables' numbers
        self.odd = parities.copy()  # (rows,), the XOR of the free variables

    @classmethod
    def none(cls, variables: int) -> "Parities":
        """Return no XORs."""
        return cls(np.zeros(0, np.int32), np.zeros(1, np.int64), np.zeros(0, np.bool_), variables)

    @property
    def settled(self) -> bool:
        """Whether no row has less than two free variables."""
        return bool((self.left > 1).all())


def propagate(
    codes: NDArray[np.int32],
    offsets: NDArray[np.int64],
    variables: int,
    assumed: NDArray[np.int32],
    parities: Parities | None = None,
    check: Check = lambda: None,
) -> Fixed:
    """Set assumed literals, unit clauses and XORs of one variable true, and all that follows.

    Only the occurrences of the literals that are set are touched, so the time is linear. A clause counts its
    literals that are not false and knows their sum: when one is left, the sum is that literal.
    """
    lengths = np.diff(offsets)
    fixed = Fixed(np.full(variables, -1, np.int8), np.zeros(lengths.size, np.bool_))
    if parities is None:
        parities = Parities.none(variables)
    if not assumed.size and parities.settled and lengths.min(initial=2) > 1:
        return fixed
    starts, occurrences = transpose(codes, offsets, 2 * variables, check)
    progress = np.zeros(PROGRESS, np.int64)
    state = kernels.Propagation(
        codes=codes,
        offsets=offsets,
        starts=starts,
        occurrences=occurrences,
        row_starts=parities.starts,
        row_occurrences=parities.occurrences,
        values=fixed.values,
        satisfied=fixed.satisfied,
        left=np.empty(lengths.size, np.int32),
        sums=np.empty(lengths.size, np.int32),
        row_left=parities.left,
        row_sums=parities.sums,
        row_odd=parities.odd,
        queue=np.empty(variables, np.int32),
        progress=progress,
    )
    advance(lambda first: kernels.begin_propagation(state, first, EFFORT), lengths.size, check)
    kernels.assume(state, assumed)
    while not kernels.propagate(state, EFFORT):
        check()
    fixed.contradiction = bool(progress[CONFLICT])
    return fixed


def fix_pure_literals(codes: NDArray[np.int32], offsets: NDArray[np.int64], fixed: Fixed) -> None:
    """Set literals true whose negation is in no clause left, until there are none."""
    variables = fixed.values.size
    starts, occurrences = transpose(codes, offsets, 2 * variables)
    counts = np.zeros(2 * variables, np.int32)
    progress = np.zeros(PROGRESS, np.int64)
    state = kernels.Pure(
        codes=codes,
        offsets=offsets,
        starts=starts,
        occurrences=occurrences,
        values=fixed.values,
        satisfied=fixed.satisfied,
        counts=counts,
        zeros=np.empty(2 * variables, np.int32),
        queue=np.empty(variables, np.int32),
        progress=progress,
    )
    advance(lambda first: kernels.count_left(state, first, EFFORT), offsets.size - 1)
    absent = np.flatnonzero(counts == 0)
    state.zeros[: absent.size] = absent
    progress[ZEROS] = absent.size
    while not kernels.fix_pure(state, EFFORT):
        pass


def distinct(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the keys once each, rising. numpy.unique hashes, which takes far longer for many."""
    keys = np.sort(keys)
    first = np.ones(keys.size, np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    return keys[first]


def ranges(starts: NDArray[np.int64], rows: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the positions starts[r] … starts[r + 1] - 1 of all rows r, one after the other."""
    lengths = starts[rows + 1] - starts[rows]
    ends = np.cumsum(lengths)
    positions = np.repeat(starts[rows] - ends + lengths, lengths)
    positions += np.arange(positions.size)
    return positions
