"""An immutable CNF formula with XOR constraints, in flat arrays."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn, final

import numpy as np
from numpy.typing import NDArray

from turbosat.errors import UsageError
from turbosat.formula.rows import blocks, check_literals, flatten, frozen, frozen_offsets, nothing
from turbosat.formula.xors import Xors
from turbosat.validation import MAX_VARIABLE, integer, kind, shown

if TYPE_CHECKING:
    from turbosat.dimacs.parser import Content
    from turbosat.dimacs.reader import Strictness

# What the formulas of python-sat may hold besides clauses that must hold.
_MORE_THAN_CLAUSES: Final = {
    "atmosts": "native cardinality constraints",
    "atms": "native cardinality constraints",
    "hard": "hard and soft clauses",
    "soft": "hard and soft clauses",
}
_BLOCK: Final = 1 << 20  # literals times lanes that are looked at in one step: bounds the memory


@final
class Formula:
    """A conjunction of clauses and XORs over the variables 1 to `variables`.

    Immutable. `literals` (literals,) int32 are signed as in DIMACS, clause after clause as written, with
    duplicates and tautologies kept; clause i is `literals[offsets[i]:offsets[i + 1]]`, with `offsets`
    (clauses + 1,) int64; `xors` are the XOR constraints.
    """

    __slots__ = ("_expanded", "literals", "offsets", "variables", "xors")
    variables: int
    literals: NDArray[np.int32]
    offsets: NDArray[np.int64]
    xors: Xors
    _expanded: Formula | None

    def __init__(
        self,
        literals: NDArray[np.int32],
        offsets: NDArray[np.int64],
        variables: int | None = None,
        xors: Xors | None = None,
    ) -> None:
        """Build from flat arrays; without `variables`, the largest one used counts. UsageError for misuse."""
        flat = frozen(literals, np.int32, "literals")
        check_literals(flat, "clauses")
        xors = Xors.empty() if xors is None else xors
        if not isinstance(xors, Xors):
            raise UsageError(f"expected xors of type Xors, found {type(xors).__name__}")
        largest = max(_largest(flat), _largest(xors.variables))
        variables = largest if variables is None else integer(variables, "variables")
        if not largest <= variables <= MAX_VARIABLE:
            raise UsageError(f"expected {largest} to {MAX_VARIABLE} variables, found {shown(variables)}")
        object.__setattr__(self, "variables", variables)
        object.__setattr__(self, "literals", flat)
        object.__setattr__(self, "offsets", frozen_offsets(offsets, flat.size, "clauses"))
        object.__setattr__(self, "xors", xors)
        object.__setattr__(self, "_expanded", None)

    @classmethod
    def from_clauses(
        cls,
        clauses: Iterable[Iterable[int]],
        variables: int | None = None,
        xors: Xors | Iterable[Iterable[int]] = (),
    ) -> Formula:
        """Build from clauses of signed literals; `xors` are rows of literals whose XOR is true."""
        literals, offsets = flatten(clauses, "clause")
        return cls(literals, offsets, variables, xors if isinstance(xors, Xors) else Xors.from_rows(xors))

    @classmethod
    def from_dimacs_array(cls, flat: NDArray[np.int32], variables: int | None = None) -> Formula:
        """Build from one flat integer array in which 0 ends every clause, without a Python loop."""
        array = frozen(flat, np.int32, "literals")
        if array.size and array[-1] != 0:
            raise UsageError(f"expected 0 after the last clause, found {int(array[-1])}")
        ends = np.flatnonzero(array == 0)  # (clauses,)
        offsets = np.zeros(ends.size + 1, dtype=np.int64)
        np.subtract(ends, np.arange(ends.size), out=offsets[1:])
        return cls(array[array != 0], offsets, variables)

    @classmethod
    def from_pysat(cls, cnf: Any) -> Formula:
        """Build from a `pysat.formula.CNF`. UsageError for what holds more than clauses."""
        for name, what in _MORE_THAN_CLAUSES.items():
            if getattr(cnf, name, None):
                raise UsageError(f"expected clauses only, found a {kind(cnf)} with {what} ({name})")
        if not hasattr(cnf, "clauses") or not hasattr(cnf, "nv"):
            raise UsageError(f"expected a pysat.formula.CNF, found {kind(cnf)}")
        formula = cls.from_clauses(cnf.clauses)
        return cls(
            formula.literals, formula.offsets, max(formula.variables, integer(cnf.nv, "nv, the variables,"))
        )

    @classmethod
    def from_content(cls, content: Content, check: Callable[[], None] | None = None) -> Formula:
        """Build from what a DIMACS file says; `check` may raise to stop."""
        xors = None if content.xors is None else Xors.from_literals(*content.xors, check or nothing)
        return cls(content.literals, content.offsets, content.variables, xors)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], strictness: Strictness | str = "normal") -> Formula:
        """Read a DIMACS file, plain or compressed. InputError says FILE:LINE and what is wrong."""
        from turbosat.dimacs.reader import read

        return cls.from_content(read(path, strictness=strictness))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a Formula is immutable")

    def __reduce__(self) -> tuple[object, ...]:
        return Formula, (self.literals, self.offsets, self.variables, self.xors)

    def __len__(self) -> int:
        return self.offsets.size - 1

    @property
    def clauses(self) -> int:
        """The number of clauses, XORs not counted."""
        return self.offsets.size - 1

    def clause(self, index: int) -> tuple[int, ...]:
        """Return one clause as signed literals; negative indices count from the end."""
        index = integer(index, "the index of a clause")
        if not -len(self) <= index < len(self):
            raise UsageError(f"expected a clause index below {len(self)}, found {shown(index)}")
        index %= len(self)
        return tuple(self.literals[self.offsets[index] : self.offsets[index + 1]].tolist())

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        for low, high in blocks(self.offsets, _BLOCK):
            bounds = self.offsets[low : high + 1]
            flat = self.literals[bounds[0] : bounds[-1]].tolist()
            for start, end in itertools.pairwise((bounds - bounds[0]).tolist()):
                yield tuple(flat[start:end])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Formula):
            return NotImplemented
        return (
            self.variables == other.variables
            and np.array_equal(self.offsets, other.offsets)
            and np.array_equal(self.literals, other.literals)
            and self.xors == other.xors
        )

    __hash__ = None  # type: ignore[assignment]  # arrays are not hashed

    def __repr__(self) -> str:
        xors = f", {len(self.xors)} XORs" if len(self.xors) else ""
        size = f"{self.clauses} clauses, {self.literals.size} literals"
        return f"Formula({self.variables} variables, {size}{xors})"

    @property
    def has_empty_clause(self) -> bool:
        """Whether a clause is empty, which makes the formula unsatisfiable."""
        return bool((self.offsets[1:] == self.offsets[:-1]).any())

    def satisfied(
        self, values: NDArray[np.bool_], check: Callable[[], None] = nothing
    ) -> bool | NDArray[np.bool_]:
        """Tell whether an assignment satisfies all clauses and XORs.

        `values` bool (variables,) gives a bool, (lanes, variables) gives bool (lanes,); element v is the
        value of variable v + 1. UsageError for other shapes and types. `check` may raise to stop.
        """
        self._check_values(values, (1, 2))
        lanes = values if values.ndim == 2 else values[None]  # (lanes, variables)
        result = np.empty(lanes.shape[0], dtype=np.bool_)
        step = max(1, _BLOCK // max(1, max(np.diff(self.offsets).max(initial=0), self.xors.variables.size)))
        for start in range(0, result.size, step):
            block = lanes[start : start + step]
            good = ~self.xors.violated(block).any(axis=1)  # (block,)
            for _, false in self._false_blocks(block):
                check()
                good &= ~false.any(axis=1)
                if not good.any():
                    break
            result[start : start + step] = good
        return result if values.ndim == 2 else bool(result[0])

    def false_clauses(self, values: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the indices int64 of the clauses that values bool (variables,) make false, rising."""
        self._check_values(values, (1,))
        found = [first + np.flatnonzero(false[0]) for first, false in self._false_blocks(values[None])]
        return np.concatenate([*found, np.zeros(0, np.int64)]).astype(np.int64, copy=False)

    def false_xors(self, values: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the indices int64 of the XORs that values bool (variables,) make false, rising."""
        self._check_values(values, (1,))
        return np.flatnonzero(self.xors.violated(values)).astype(np.int64, copy=False)

    def normalised(self) -> Formula:
        """Return the formula without repeated literals and tautologies; the same object if there are none."""
        sizes = np.diff(self.offsets)
        doubled = np.zeros(len(self), dtype=np.bool_)  # holds a literal twice
        tautology = np.zeros(len(self), dtype=np.bool_)
        for low, high in blocks(self.offsets, _BLOCK):
            part = slice(self.offsets[low], self.offsets[high])
            rows = np.repeat(np.arange(low, high, dtype=np.int64), sizes[low:high])
            # The literals of one variable become neighbours, its two signs differ in the lowest bit.
            keys = np.sort(rows << 31 | _codes(self.literals[part]))
            equal = keys[1:] == keys[:-1]
            opposite = (keys[1:] ^ keys[:-1]) == 1
            doubled[keys[1:][equal] >> 31] = True
            tautology[keys[1:][opposite] >> 31] = True
        if not doubled.any() and not tautology.any():
            return self
        kept = np.repeat(~tautology, sizes)  # (literals,)
        suspects = np.flatnonzero(np.repeat(doubled & ~tautology, sizes))
        rows = np.repeat(np.arange(len(self), dtype=np.int64), sizes)
        keys = rows[suspects] << 31 | _codes(self.literals[suspects])
        order = np.argsort(keys, kind="stable")
        again = np.flatnonzero(keys[order][1:] == keys[order][:-1]) + 1
        kept[suspects[order[again]]] = False
        lengths = np.bincount(rows[kept], minlength=len(self))[~tautology]
        return Formula(
            self.literals[kept], np.concatenate([[0], np.cumsum(lengths)]), self.variables, self.xors
        )

    def expanded(self, check: Callable[[], None] = nothing) -> Formula:
        """Return the formula with its XORs written as clauses after the others; Xors.split cuts long ones.

        Made once. `check` is called now and then and may raise to stop.
        """
        if not len(self.xors):
            return self
        if self._expanded is None:
            from turbosat.formula.xors import expand

            arrays = expand(self.variables, self.literals, self.offsets, self.xors, check)
            object.__setattr__(self, "_expanded", Formula(*arrays))
            assert self._expanded is not None
        return self._expanded

    def with_clauses(self, literals: NDArray[np.int32], offsets: NDArray[np.int64]) -> Formula:
        """Return the formula with more clauses over its variables, in flat arrays, behind its own."""
        more = frozen(literals, np.int32, "literals")
        bounds = frozen_offsets(offsets, more.size, "clauses")
        return Formula(
            np.concatenate([self.literals, more]),
            np.concatenate([self.offsets, self.offsets[-1] + bounds[1:]]),
            self.variables,
            self.xors,
        )

    def _check_values(self, values: NDArray[np.bool_], dimensions: tuple[int, ...]) -> None:
        if not isinstance(values, np.ndarray) or values.dtype != np.bool_:
            kind = values.dtype if isinstance(values, np.ndarray) else type(values).__name__
            raise UsageError(f"expected values as a numpy array of bool, found {kind}")
        if values.ndim not in dimensions or values.shape[-1] != self.variables:
            lanes = " or (lanes, variables)" if 2 in dimensions else ""
            shapes = f"(variables,){lanes} with {self.variables} variables"
            raise UsageError(f"expected values of shape {shapes}, found {values.shape}")

    def _false_blocks(self, lanes: NDArray[np.bool_]) -> Iterator[tuple[int, NDArray[np.bool_]]]:
        """Yield the first clause of each block and which clauses are false, bool (lanes, clauses)."""
        for low, high in blocks(self.offsets, _BLOCK // max(1, lanes.shape[0])):
            bounds = self.offsets[low : high + 1] - self.offsets[low]
            flat = self.literals[self.offsets[low] : self.offsets[high]]
            true = lanes[:, np.abs(flat) - 1] ^ (flat < 0)  # (lanes, literals)
            false = np.ones((lanes.shape[0], high - low), dtype=np.bool_)
            filled = np.flatnonzero(np.diff(bounds))
            if filled.size:
                false[:, filled] = ~np.logical_or.reduceat(true, bounds[filled], axis=1)
            yield low, false


def _largest(literals: NDArray[np.int32]) -> int:
    return max(int(literals.max()), -int(literals.min())) if literals.size else 0


def _codes(literals: NDArray[np.int32]) -> NDArray[np.int64]:
    """Give each literal a number so that the two of a variable are 2v and 2v + 1."""
    return (np.abs(literals).astype(np.int64) << 1) | (literals < 0)


Arrays = tuple[NDArray[Any], ...]


def pack(formula: Formula) -> Arrays:
    """Return literals, offsets, literals and offsets of the XORs, and the XORs' parities as int8.

    The literals of XORs keep their signs, which say what the variables mean that cut long ones; so a parity
    is that of a row's literals, not of its variables: false for an empty row that holds, else true.
    """
    xors = formula.xors
    parities = ((np.diff(xors.offsets) > 0) | xors.parities).astype(np.int8)
    return formula.literals, formula.offsets, xors.literals, xors.offsets, parities


def unpack(arrays: Sequence[Any], variables: int) -> Formula:
    """Return the formula whose arrays, or views of their memory, these are."""
    literals, offsets, xor_literals, xor_offsets, parities = (np.asarray(array) for array in arrays)
    return Formula(literals, offsets, variables, Xors(xor_literals, xor_offsets, parities.astype(np.bool_)))
