"""XOR constraints in flat arrays, and their translation to clauses."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, Final, NoReturn, final

import numpy as np
from numpy.typing import NDArray

from turbosat.errors import UsageError
from turbosat.formula.rows import blocks, check_literals, flatten, frozen, frozen_offsets, nothing, row_of
from turbosat.validation import MAX_VARIABLE

XOR_WIDTH: Final = 6  # the longest XOR written as clauses without a fresh variable: 32 clauses
_STEP: Final = XOR_WIDTH - 2  # each cut takes five literals and gives one back
_BLOCK: Final = 1 << 16  # literals looked at in one step
_PIECE = 1 << 12  # literals of XORs: some hundred thousand of their clauses
_WHOLE = 1 << (XOR_WIDTH - 1)  # clauses of a full part of a long XOR


@final
class Xors:
    """XOR constraints: row i says that the XOR of its variables equals `parities[i]`.

    Immutable. `variables` (flat,) int32 are positive and distinct within a row, `offsets` (rows + 1,) int64,
    `parities` (rows,) bool. `literals` (flat,) int32 are the same variables signed so that the XOR of a row's
    literals is true, as in an x line; only an empty row of parity 0, which always holds, has no such form.
    """

    __slots__ = ("literals", "offsets", "parities", "variables")
    variables: NDArray[np.int32]
    offsets: NDArray[np.int64]
    parities: NDArray[np.bool_]
    literals: NDArray[np.int32]

    def __init__(
        self,
        literals: NDArray[np.int32],
        offsets: NDArray[np.int64],
        parities: NDArray[np.bool_] | None = None,
    ) -> None:
        """Build from literals, or variables, whose XOR in row i equals `parities[i]`, without parities true.

        Where it is false, the sign of the row's first literal is changed. UsageError for misuse.
        """
        flat = frozen(literals, np.int32, "literals of the XORs")
        check_literals(flat, "XORs")
        rows = frozen_offsets(offsets, flat.size, "XORs")
        if next(_repeating(flat, rows, nothing), None) is not None:
            raise UsageError(
                "expected distinct variables in each XOR: Xors.from_literals cancels repeated ones"
            )
        values = np.ones(rows.size - 1, np.bool_)
        if parities is not None:
            values = frozen(parities, np.bool_, "parities of the XORs")
            if values.size != rows.size - 1:
                raise UsageError(f"expected {rows.size - 1} parities, one for each XOR, found {values.size}")
        self._fill(flat, rows, values)

    def _fill(self, flat: NDArray[np.int32], rows: NDArray[np.int64], values: NDArray[np.bool_]) -> None:
        """Take checked literals, offsets, and the parities of the literals."""
        filled = rows[1:] > rows[:-1]
        if not values[filled].all():
            flat = flat.copy()
            flat[rows[:-1][filled & ~values]] *= -1
        if flat.size:
            # Each negative literal flips the parity of the variables, for empty rows it stays as given.
            odd = np.zeros(filled.size, np.bool_)
            odd[filled] = np.logical_xor.reduceat(flat < 0, rows[:-1][filled])
            values = np.where(filled, ~odd, values)
        self._set(flat, rows, values, np.abs(flat))

    def _set(self, *arrays: NDArray[Any]) -> None:
        for name, array in zip(self.__slots__, arrays, strict=True):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @classmethod
    def empty(cls) -> "Xors":
        """Return no XORs at all."""
        return cls(np.zeros(0, np.int32), np.zeros(1, np.int64))

    @classmethod
    def from_rows(cls, rows: Iterable[Iterable[int]]) -> "Xors":
        """Build from rows of signed literals, the XOR of each row being true, as in an `x` line."""
        return cls.from_literals(*flatten(rows, "XOR"))

    @classmethod
    def from_literals(
        cls,
        literals: NDArray[np.int32],
        offsets: NDArray[np.int64],
        check: Callable[[], None] = nothing,
    ) -> "Xors":
        """Build from flat signed literals, the XOR of each row being true; repeated variables cancel.

        A variable that occurs an odd number of times stays where it occurs last, with the sign it has there;
        the signs of the others, taken together, go to the row's first literal. `check` may raise to stop.
        """
        flat = frozen(literals, np.int32, "literals of the XORs")
        check_literals(flat, "XORs")
        ends = frozen_offsets(offsets, flat.size, "XORs")
        kept = np.ones(flat.size, np.bool_)
        sizes, parities = np.diff(ends), np.ones(ends.size - 1, np.bool_)
        for low, high, keys in _repeating(flat, ends, check):
            _, places, counts = np.unique(keys[::-1], return_index=True, return_counts=True)
            stays = np.zeros(keys.size, np.bool_)
            stays[keys.size - 1 - places[counts % 2 == 1]] = True
            inside, rows = slice(ends[low], ends[high]), keys >> 32
            kept[inside] = stays
            sizes[low:high] = np.bincount(rows[stays], minlength=high - low)
            flips = np.bincount(rows[~stays & (flat[inside] < 0)], minlength=high - low)
            parities[low:high] = flips % 2 == 0
        if not kept.all():
            flat, ends = flat[kept], np.append(0, np.cumsum(sizes))
        made = cls.__new__(cls)
        made._fill(flat, ends, parities)
        return made

    def part(self, low: int, high: int) -> "Xors":
        """Return the XORs from `low` to `high`, without copying them."""
        inside = slice(self.offsets[low], self.offsets[high])
        offsets = self.offsets[low : high + 1] - self.offsets[low]
        made = Xors.__new__(Xors)
        made._set(self.literals[inside], offsets, self.parities[low:high], self.variables[inside])
        return made

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("Xors are immutable")

    def __reduce__(self) -> tuple[object, ...]:
        filled = np.diff(self.offsets) > 0
        return Xors, (self.literals, self.offsets, filled | self.parities)

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
            and np.array_equal(self.literals, other.literals)
            and np.array_equal(self.parities, other.parities)
        )

    __hash__ = None  # type: ignore[assignment]  # arrays are not hashed

    def __repr__(self) -> str:
        return f"Xors({len(self)} XORs, {self.variables.size} variables)"

    @property
    def contradictory(self) -> bool:
        """Whether the sum of all rows is 0 = 1."""
        _, counts = np.unique(self.variables, return_counts=True)
        return not (counts % 2).any() and bool(self.parities.sum() % 2)

    def rows(self, indices: NDArray[np.int64]) -> "Xors":
        """Return the XORs of these rows, int64 (k,), in this order."""
        sizes = np.diff(self.offsets)[indices]
        bounds = np.append(0, np.cumsum(sizes))
        places = np.repeat(self.offsets[indices] - bounds[:-1], sizes) + np.arange(bounds[-1])
        return Xors(self.variables[places], bounds, self.parities[indices])

    def written(self, *, filler: bool) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return signed literals (flat,) and offsets (rows + 1,) for x lines.

        A row of no variables and parity 0, which always holds, becomes 1 -1, or without `filler` is left out.
        """
        sizes = np.diff(self.offsets)
        trivial = ~self.parities & (sizes == 0)
        if not filler:
            return self.literals, np.append(0, np.cumsum(sizes[~trivial]))
        places = np.repeat(self.offsets[:-1][trivial], 2)
        sizes[trivial] = 2
        return np.insert(self.literals, places, np.tile([1, -1], places.size // 2)), np.append(
            0, np.cumsum(sizes)
        )

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
        """Cut XORs of more than six literals; return the parts and the new number of variables.

        The first five literals l1 to l5 and a fresh variable y make an XOR that says y = l1 ^ ... ^ l5; y
        takes the place of these five at the front of the rest, until at most six remain. Fresh variables are
        numbered from `variables` + 1 in order of the rows.
        """
        sizes = np.diff(self.offsets)
        cut = cuts(sizes)
        if not cut.any():
            return self, variables
        total = variables + int(cut.sum())
        if total > MAX_VARIABLE:
            raise UsageError(f"expected at most {MAX_VARIABLE} variables, found {total} after cutting XORs")
        first_cut = np.cumsum(cut) - cut  # (rows,)
        first_part = first_cut + np.arange(len(self))  # (rows,)
        part_sizes = np.full(total - variables + len(self), XOR_WIDTH, dtype=np.int64)
        part_sizes[first_part + cut] = sizes - _STEP * cut
        bounds = np.append(0, np.cumsum(part_sizes))
        parities = np.ones(part_sizes.size, dtype=np.bool_)
        parities[first_part + cut] = (sizes > 0) | self.parities
        # Cut c comes after element 4 + 4c of its row and moves what follows by two: y there, y in front.
        place = np.arange(self.literals.size) - np.repeat(self.offsets[:-1], sizes)  # (flat,)
        before = np.minimum(np.maximum(place - 1, 0) // _STEP, np.repeat(cut, sizes))  # (flat,) cuts
        flat = np.empty(bounds[-1], dtype=np.int32)
        flat[np.repeat(bounds[first_part], sizes) + place + 2 * before] = self.literals
        number = np.arange(total - variables)  # (cuts,)
        part = number + np.repeat(np.arange(len(self)), cut)  # (cuts,) that the cut ends
        flat[bounds[part + 1] - 1] = -(variables + 1 + number)
        flat[bounds[part + 1]] = variables + 1 + number
        return Xors(flat, bounds, parities), total

    def clauses(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Write XORs of at most six literals as clauses: literals (flat,) and lengths (clauses,).

        A row of k literals gives 2**(k-1) clauses, those with an even number of signs changed; an empty row
        gives the empty clause, or nothing if its parity is 0.
        """
        sizes = np.diff(self.offsets)
        counts = np.where(sizes > 0, 1 << np.maximum(sizes - 1, 0), self.parities)  # (rows,)
        starts = np.append(0, np.cumsum(sizes * counts))  # (rows + 1,)
        flat = np.empty(starts[-1], dtype=np.int32)
        for size in range(1, XOR_WIDTH + 1):
            rows = np.flatnonzero(sizes == size)
            if not rows.size:
                continue
            signs = _signs(size)  # (clauses, size)
            chosen = self.literals[self.offsets[rows][:, None] + np.arange(size)]  # (rows, size)
            block = (chosen[:, None, :] * signs).reshape(rows.size, signs.size)  # (rows, clauses * size)
            if rows.size == len(self):
                flat = block.reshape(-1)
            else:
                flat[starts[rows][:, None] + np.arange(signs.size)] = block
        return flat, np.repeat(sizes, counts)


def cuts(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how often rows of these sizes are cut, (rows,)."""
    found: NDArray[np.int64] = np.maximum(0, -((XOR_WIDTH - sizes) // _STEP))
    return found


@cache
def _signs(size: int) -> NDArray[np.int32]:
    """Return the signs of the clauses of an XOR, (2 ** (size - 1), size): an even number changed in each."""
    changed = np.arange(1 << size)[:, None] >> np.arange(size) & 1  # (2**size, size)
    signs: NDArray[np.int32] = (1 - 2 * changed[changed.sum(axis=1) % 2 == 0]).astype(np.int32)
    return signs


def _repeating(
    flat: NDArray[np.int32], offsets: NDArray[np.int64], check: Callable[[], None]
) -> Iterator[tuple[int, int, NDArray[np.int64]]]:
    """Yield ranges of rows with a variable more than once, and a key of each literal: row, variable."""
    for low, high in blocks(offsets, _BLOCK):
        check()
        bounds = offsets[low : high + 1]
        keys = row_of(bounds - bounds[0]) << 32 | np.abs(flat[bounds[0] : bounds[-1]])
        ordered = np.sort(keys)
        if (ordered[1:] == ordered[:-1]).any():
            yield low, high, keys


def expand(
    variables: int,
    own: NDArray[np.int32],
    own_offsets: NDArray[np.int64],
    xors: Xors,
    check: Callable[[], None],
) -> tuple[NDArray[np.int32], NDArray[np.int64], int]:
    """Return the clauses of a formula and then those of its XORs, flat, and how many variables they have.

    `own` (literals,) with `own_offsets` are the formula's clauses; Xors.split cuts long XORs. `check` may
    raise to stop. UsageError where that takes too many variables.
    """
    sizes = np.diff(xors.offsets)
    cut = cuts(sizes)
    total = variables + int(cut.sum())
    if total > MAX_VARIABLE:
        raise UsageError(f"expected at most {MAX_VARIABLE} variables, found {total} after cutting XORs")
    rest = sizes - (XOR_WIDTH - 2) * cut  # (rows,) literals of the last part of each
    ended = np.where(rest > 0, 1 << np.maximum(rest - 1, 0), xors.parities)  # (rows,) its clauses
    clauses = own_offsets.size - 1 + _WHOLE * int(cut.sum()) + int(ended.sum())
    size = own.size + XOR_WIDTH * _WHOLE * int(cut.sum()) + int((rest * ended).sum())
    literals, offsets = np.empty(size, np.int32), np.empty(clauses + 1, np.int64)
    row, end = own_offsets.size - 1, own.size
    literals[:end], offsets[: row + 1] = own, own_offsets
    for low, high in blocks(xors.offsets, _PIECE):
        parts, variables = xors.part(low, high).split(variables)
        for first, last in blocks(parts.offsets, _PIECE):
            check()
            flat, lengths = parts.part(first, last).clauses()
            literals[end : end + flat.size] = flat
            offsets[row + 1 : row + 1 + lengths.size] = end + np.cumsum(lengths)
            row, end = row + lengths.size, end + flat.size
    literals.setflags(write=False)
    offsets.setflags(write=False)
    check()
    return literals, offsets, total
