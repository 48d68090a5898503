"""XOR constraints in flat arrays, and their translation to clauses."""

from collections.abc import Iterable, Iterator
from typing import Final, NoReturn, final

import numpy as np
from numpy.typing import NDArray

from turbosat.errors import UsageError
from turbosat.rows import MAX_VARIABLE, check_literals, flatten, frozen, frozen_offsets, row_of

XOR_WIDTH: Final = 6  # the longest XOR written as clauses without a fresh variable: 32 clauses


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
        flat = frozen(variables, np.int32, "variables of the XORs")
        check_literals(flat, "XORs")
        if flat.size and flat.min() < 0:
            raise UsageError(f"expected positive variables in the XORs, found {int(flat.min())}")
        rows = frozen_offsets(offsets, flat.size, "XORs")
        values = frozen(parities, np.bool_, "parities of the XORs")
        if values.size != rows.size - 1:
            raise UsageError(f"expected {rows.size - 1} parities, one for each XOR, found {values.size}")
        keys = np.sort(row_of(rows) << 32 | flat)
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
        flat = frozen(literals, np.int32, "literals of the XORs")
        check_literals(flat, "XORs")
        ends = frozen_offsets(offsets, flat.size, "XORs")
        rows = row_of(ends)
        negative = np.bincount(rows, weights=flat < 0, minlength=ends.size - 1)
        parities = negative.astype(np.int64) % 2 == 0
        keys = rows << 32 | np.abs(flat)
        _, first, counts = np.unique(keys, return_index=True, return_counts=True)
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

    def literals(self, *, filler: bool) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return signed literals (flat,) and offsets (rows + 1,) for x lines.

        The first literal of a row is negative where the parity is 0. A row of no variables and parity 0,
        which always holds, becomes 1 -1, or without `filler` is left out.
        """
        sizes = np.diff(self.offsets)
        flat = self.variables.copy()
        flat[self.offsets[:-1][~self.parities & (sizes > 0)]] *= -1
        trivial = ~self.parities & (sizes == 0)
        if filler:
            places = np.repeat(self.offsets[:-1][trivial], 2)
            flat = np.insert(flat, places, np.tile([1, -1], places.size // 2))
            sizes[trivial] = 2
        else:
            sizes = sizes[~trivial]
        return flat, np.append(0, np.cumsum(sizes))

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
