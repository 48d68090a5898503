"""XOR constraints in flat arrays, and their translation to clauses."""

import itertools
from collections.abc import Iterable, Iterator
from typing import Final, NoReturn, final

import numpy as np
from numpy.typing import NDArray

from turbosat.errors import UsageError

MAX_VARIABLE: Final = 2**29 - 1  # Kissat's and CaDiCaL's proofs go no further
XOR_WIDTH: Final = 6  # the longest XOR written as clauses without a fresh variable: 32 clauses


def frozen(array: NDArray[np.generic], dtype: type[np.generic], what: str) -> NDArray[np.generic]:
    """Return a one-dimensional array as a read-only array of `dtype`; copied if the caller could write it."""
    if not isinstance(array, np.ndarray) or array.ndim != 1:
        raise UsageError(f"expected {what} as a one-dimensional numpy array, found {_kind(array)}")
    if array.dtype != dtype:
        if dtype is np.bool_ or array.dtype.kind not in "iu":
            raise UsageError(f"expected {what} of type {np.dtype(dtype)}, found {array.dtype}")
        limits = np.iinfo(dtype)
        if array.size and (array.min() < limits.min or array.max() > limits.max):
            raise UsageError(f"expected {what} that fit {np.dtype(dtype)}, found {_extreme(array)}")
    result = np.array(array, dtype=dtype, copy=True if array.flags.writeable else None, order="C")
    result.setflags(write=False)
    return result


def frozen_offsets(offsets: NDArray[np.generic], size: int, what: str) -> NDArray[np.int64]:
    """Check offsets (rows + 1,) into a flat array of `size` elements and return them read-only."""
    result: NDArray[np.int64] = frozen(offsets, np.int64, f"offsets of the {what}").astype(
        np.int64, copy=False
    )
    if result.size == 0 or result[0] != 0 or result[-1] != size or (result[1:] < result[:-1]).any():
        raise UsageError(f"expected offsets of the {what} that rise from 0 to {size}")
    return result


def flatten(rows: Iterable[Iterable[int]], what: str) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Join rows of nonzero literals into int32 literals (literals,) and int64 offsets (rows + 1,)."""
    try:
        lists = [list(row) for row in rows]
    except TypeError as error:
        raise UsageError(f"expected {what} as an iterable of iterables of integers: {error}") from None
    offsets = np.zeros(len(lists) + 1, dtype=np.int64)
    np.cumsum([len(row) for row in lists], out=offsets[1:])
    flat = list(itertools.chain.from_iterable(lists))
    try:
        array = np.array(flat) if flat else np.zeros(0, dtype=np.int32)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"expected integers in the {what}: {error}") from None
    if array.ndim != 1 or array.dtype.kind not in "iu":
        odd = next((x for x in flat if isinstance(x, bool) or not isinstance(x, (int, np.integer))), None)
        if odd is None:
            odd = max(flat, key=abs)
        raise UsageError(f"expected integers between -{MAX_VARIABLE} and {MAX_VARIABLE}, found {odd!r:.80}")
    check_literals(array, what)
    return array.astype(np.int32), offsets


def check_literals(array: NDArray[np.generic], what: str) -> None:
    """Refuse literals that are 0 or beyond the largest variable."""
    if not array.size:
        return
    if array.min() < -MAX_VARIABLE or array.max() > MAX_VARIABLE:
        raise UsageError(f"expected variables up to {MAX_VARIABLE} in the {what}, found {_extreme(array)}")
    if (array == 0).any():
        raise UsageError(f"expected nonzero literals in the {what}, found 0")


def _extreme(array: NDArray[np.generic]) -> int:
    low, high = int(array.min()), int(array.max())
    return low if -low > high else high


def _kind(array: object) -> str:
    return f"shape {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__


@final
class Xors:
    """XOR constraints: row i says that the XOR of its variables equals `parities[i]`.

    Immutable. `variables` (flat,) int32 are positive and distinct within a row, `offsets` (rows + 1,) int64,
    `parities` (rows,) bool.
    """

    __slots__ = ("offsets", "parities", "variables")
    variables: NDArray[np.int32]
    offsets: NDArray[np.int64]
    parities: NDArray[np.bool_]

    def __init__(
        self, variables: NDArray[np.int32], offsets: NDArray[np.int64], parities: NDArray[np.bool_]
    ) -> None:
        flat = frozen(variables, np.int32, "variables of the XORs").astype(np.int32, copy=False)
        check_literals(flat, "XORs")
        if flat.size and flat.min() < 0:
            raise UsageError(f"expected positive variables in the XORs, found {int(flat.min())}")
        rows = frozen_offsets(offsets, flat.size, "XORs")
        values = frozen(parities, np.bool_, "parities of the XORs").astype(np.bool_, copy=False)
        if values.size != rows.size - 1:
            raise UsageError(f"expected {rows.size - 1} parities, one for each XOR, found {values.size}")
        keys = np.sort(_row_keys(rows) << 32 | flat)
        if (keys[1:] == keys[:-1]).any():
            raise UsageError(
                "expected distinct variables in each XOR: Xors.from_literals cancels repeated ones"
            )
        object.__setattr__(self, "variables", flat)
        object.__setattr__(self, "offsets", rows)
        object.__setattr__(self, "parities", values)

    @classmethod
    def empty(cls) -> "Xors":
        """Return no XORs at all."""
        return cls(np.zeros(0, np.int32), np.zeros(1, np.int64), np.zeros(0, np.bool_))

    @classmethod
    def from_rows(cls, rows: Iterable[Iterable[int]]) -> "Xors":
        """Build from rows of signed literals, the XOR of each row being true, as in an `x` line."""
        return cls.from_literals(*flatten(rows, "XORs"))

    @classmethod
    def from_literals(cls, literals: NDArray[np.int32], offsets: NDArray[np.int64]) -> "Xors":
        """Build from flat signed literals: a negative one flips its row's parity, repeated variables cancel.

        A variable that occurs an odd number of times stays where it occurs first.
        """
        flat = frozen(literals, np.int32, "literals of the XORs").astype(np.int32, copy=False)
        check_literals(flat, "XORs")
        ends = frozen_offsets(offsets, flat.size, "XORs")
        rows = _row_keys(ends)
        negative = np.bincount(rows, weights=flat < 0, minlength=ends.size - 1)
        parities = negative.astype(np.int64) % 2 == 0
        keys, first, counts = np.unique(rows << 32 | np.abs(flat), return_index=True, return_counts=True)
        kept = np.sort(first[counts % 2 == 1])
        sizes = np.bincount(rows[kept], minlength=ends.size - 1)
        return cls(np.abs(flat[kept]), np.concatenate([[0], np.cumsum(sizes)]), parities)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("Xors are immutable")

    def __reduce__(self) -> tuple[object, ...]:
        return Xors, (self.variables, self.offsets, self.parities)

    def __len__(self) -> int:
        return self.parities.size

    def __iter__(self) -> Iterator[tuple[tuple[int, ...], bool]]:
        bounds = self.offsets.tolist()
        for i, parity in enumerate(self.parities.tolist()):
            yield tuple(self.variables[bounds[i] : bounds[i + 1]].tolist()), parity

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Xors):
            return NotImplemented
        return (
            np.array_equal(self.offsets, other.offsets)
            and np.array_equal(self.variables, other.variables)
            and np.array_equal(self.parities, other.parities)
        )

    __hash__ = None  # type: ignore[assignment]  # arrays are not hashed

    def __repr__(self) -> str:
        return f"Xors({len(self)} XORs, {self.variables.size} variables)"

    def literals(self) -> NDArray[np.int32]:
        """Return signed literals (flat,) for `x` lines: the first of a row is negative where the parity is 0.

        Undefined for rows that are empty with parity 0, which hold always: drop them before.
        """
        result = self.variables.copy()
        first = self.offsets[:-1][~self.parities & (np.diff(self.offsets) > 0)]
        result[first] *= -1
        return result

    def violated(self, values: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Tell which XORs are false: values (..., variables) to (..., rows)."""
        sizes = np.diff(self.offsets)
        result = np.broadcast_to(self.parities, (*values.shape[:-1], len(self))).copy()
        filled = np.flatnonzero(sizes)
        if filled.size:
            chosen = values[..., self.variables - 1]  # (..., flat)
            result[..., filled] ^= np.logical_xor.reduceat(chosen, self.offsets[filled], axis=-1)
        return result

    def split(self, variables: int) -> tuple["Xors", int]:
        """Cut XORs of more than six variables and return the parts and the new number of variables.

        The first five variables and a fresh one y make an XOR of parity 0; y takes the place of these five
        at the front of the rest, which keeps the parity, until at most six remain. Fresh variables are
        numbered from `variables` + 1 in order of the rows.
        """
        sizes = np.diff(self.offsets)
        cuts = np.maximum(0, -(-(sizes - XOR_WIDTH) // (XOR_WIDTH - 2)))  # (rows,)
        if not cuts.any():
            return self, variables
        total = variables + int(cuts.sum())
        if total > MAX_VARIABLE:
            raise UsageError(
                f"expected at most {MAX_VARIABLE} variables, found {total} after cutting long XORs"
            )
        fresh = variables + 1 + np.cumsum(cuts) - cuts  # (rows,) the first fresh variable of each row
        row_part = np.cumsum(cuts + 1) - cuts - 1  # (rows,) the first part of each row
        # Each cut adds two elements: y at its own end and y at the front of the rest.
        part_sizes = np.full(int(cuts.sum()) + len(self), XOR_WIDTH, dtype=np.int64)
        part_sizes[row_part + cuts] = sizes - (XOR_WIDTH - 2) * cuts
        bounds = np.concatenate([[0], np.cumsum(part_sizes)])
        parities = np.zeros(part_sizes.size, dtype=np.bool_)
        parities[row_part + cuts] = self.parities
        # Element j of a row moves right by two for every cut before it: cut c ends after element 4 + 4c.
        place = np.arange(self.variables.size) - np.repeat(self.offsets[:-1], sizes)  # (flat,)
        before = np.minimum(np.maximum(place - 1, 0) // (XOR_WIDTH - 2), np.repeat(cuts, sizes))
        flat = np.empty(bounds[-1], dtype=np.int32)
        flat[np.repeat(bounds[row_part], sizes) + place + 2 * before] = self.variables
        number = np.arange(cuts.sum()) - np.repeat(
            np.cumsum(cuts) - cuts, cuts
        )  # (cuts,) 0, 1, ... in its row
        part = np.repeat(row_part, cuts) + number
        y = np.repeat(fresh, cuts) + number
        flat[bounds[part + 1] - 1] = y
        flat[bounds[part + 1]] = y
        return Xors(flat, bounds, parities), total

    def clauses(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Write XORs of at most six variables as clauses: literals (flat,) and lengths (clauses,).

        A row of k variables gives 2**(k-1) clauses, one for each assignment of the wrong parity; an empty row
        of parity 1 gives the empty clause, of parity 0 nothing.
        """
        sizes = np.diff(self.offsets)
        counts = np.where(sizes > 0, 1 << np.maximum(sizes - 1, 0), self.parities)  # (rows,)
        lengths = np.repeat(sizes, counts)
        starts = np.concatenate([[0], np.cumsum(sizes * counts)])  # (rows + 1,)
        flat = np.empty(starts[-1], dtype=np.int32)
        for size in range(1, XOR_WIDTH + 1):
            patterns = np.arange(1 << size)[:, None] >> np.arange(size) & 1  # (patterns, size), 1: negative
            for parity in (False, True):
                rows = np.flatnonzero((sizes == size) & (self.parities == parity))
                if rows.size:
                    signs = 1 - 2 * patterns[patterns.sum(axis=1) % 2 != parity]  # (clauses, size)
                    chosen = self.variables[self.offsets[rows][:, None] + np.arange(size)]  # (rows, size)
                    block = (chosen[:, None, :] * signs).reshape(rows.size, -1)  # (rows, clauses * size)
                    flat[starts[rows][:, None] + np.arange(block.shape[1])] = block
        return flat, lengths


def _row_keys(offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the row of every element: offsets (rows + 1,) to int64 (flat,)."""
    return np.repeat(np.arange(offsets.size - 1, dtype=np.int64), np.diff(offsets))
