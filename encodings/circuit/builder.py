"""And-inverter graphs in the making: structural hashing, gates of other kinds, graphs copied into one."""

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core.circuits import circuit as kernels
from turbosat.encodings.circuit.aig import FALSE, TRUE, Aig, Literals, no_literals
from turbosat.encodings.circuit.cone import cone
from turbosat.encodings.propagation import blocks
from turbosat.errors import UsageError
from turbosat.validation import MAX_VARIABLE, shown

BLOCK: Final = 1 << 16  # gates between two calls of `check`: some milliseconds
_SMALLEST: Final = 1 << 8  # rows at the start


class AigBuilder:
    """A graph that grows. Its literals are twice a variable, plus one where negated, as those of an Aig.

    Variables are numbered as they come; gates are made by `and_` and what is built on it. Equal gates are
    one, and local rules of two levels find some that are equal to a constant, an operand or a smaller gate
    (R. Brummayer and A. Biere, "Local Two-Level And-Inverter Graph Minimization without Blowup", MEMICS
    2006). UsageError for literals that are none of this graph's, and where there are too many variables.
    """

    def __init__(self) -> None:
        self._inputs = array("i")  # variables, compact: there may be many millions
        self._latches: list[int] = []
        self._resets: list[int] = []
        self._next: list[int | None] = []
        self._latch_at: dict[int, int] = {}
        ands = np.full((_SMALLEST, 2), kernels.LEAF, np.int32)
        slots = np.zeros(2 * _SMALLEST, np.int32)
        self._counters = np.zeros(kernels.COUNTERS, np.int64)
        self._graph = kernels.Graph(ands=ands, slots=slots, counters=self._counters)

    @property
    def variables(self) -> int:
        """Return how many variables there are, the constant not counted; the largest one's number."""
        return int(self._counters[kernels.VARIABLES])

    @property
    def gates(self) -> int:
        """Return how many of them are AND gates."""
        return self.variables - len(self._inputs) - len(self._latches)

    def add_input(self) -> int:
        """Add an input; return its literal."""
        variable = self._add_leaf()
        self._inputs.append(variable)
        return 2 * variable

    def add_inputs(self, number: int, check: Callable[[], None] = lambda: None) -> Literals:
        """Add inputs; return their literals, shape (number,)."""
        self._reserve(number, check)
        first = 1 + self.variables
        self._counters[kernels.VARIABLES] += number
        variables = np.arange(first, first + number, dtype=np.int32)
        self._inputs.frombytes(variables.tobytes())
        return 2 * variables

    def add_latch(self, reset: int | None = 0) -> int:
        """Add a latch that begins with 0, 1, or None for either; return its literal."""
        if reset not in (0, 1, None):
            raise UsageError(f"expected a reset value of 0, 1 or None, found {shown(reset)}")
        variable = self._add_leaf()
        self._latch_at[variable] = len(self._latches)
        self._latches.append(variable)
        self._resets.append(2 * variable if reset is None else reset)
        self._next.append(None)
        return 2 * variable

    def set_next(self, latch: int, literal: int) -> None:
        """Say what a latch's next value is."""
        place = self._latch_at.get(latch >> 1)
        if place is None or latch & 1:
            raise UsageError(f"expected the literal of a latch, found {shown(latch)}")
        self._require(literal)
        self._next[place] = literal

    def and_(self, a: int, b: int) -> int:
        """Return a & b."""
        self._require(a)
        self._require(b)
        self._reserve(1)
        return kernels.conjoin(self._graph, a, b)

    def or_(self, a: int, b: int) -> int:
        """Return a | b."""
        return self.and_(a ^ 1, b ^ 1) ^ 1

    def xor(self, a: int, b: int) -> int:
        """Return a ^ b, at most three gates."""
        return self.or_(self.and_(a, b ^ 1), self.and_(a ^ 1, b))

    def mux(self, c: int, t: int, e: int) -> int:
        """Return c ? t : e, at most three gates."""
        if t == e ^ 1:
            return self.xor(c, e)
        return self.or_(self.and_(c, t), self.and_(c ^ 1, e))

    def and_all(self, literals: Iterable[int]) -> int:
        """Return the conjunction of literals, of logarithmic depth; TRUE for none."""
        level = [int(literal) for literal in literals]
        while len(level) > 1:
            paired = [self.and_(a, b) for a, b in zip(level[::2], level[1::2], strict=False)]
            level = paired + level[len(level) & ~1 :]
        if level:
            self._require(level[0])
        return level[0] if level else TRUE

    def or_all(self, literals: Iterable[int]) -> int:
        """Return the disjunction of literals, of logarithmic depth; FALSE for none."""
        return self.and_all(int(literal) ^ 1 for literal in literals) ^ 1

    def and_pairs(self, pairs: NDArray[np.int32], check: Callable[[], None] = lambda: None) -> Literals:
        """Return the conjunctions (pairs,) of literals (pairs, 2)."""
        pairs = np.ascontiguousarray(pairs, np.int32)
        self._require_all(pairs)
        results = np.empty(len(pairs), np.int32)
        for first, last in blocks(len(pairs), BLOCK, check):
            self._reserve(last - first, check)
            kernels.conjoin_pairs(self._graph, pairs, results, first, last)
        return results

    def xor_pairs(self, pairs: NDArray[np.int32], check: Callable[[], None] = lambda: None) -> Literals:
        """Return the exclusive disjunctions (pairs,) of literals (pairs, 2)."""
        sides = [self.and_pairs(pairs ^ np.array(signs, np.int32), check) for signs in ((0, 1), (1, 0))]
        return self.and_pairs(np.column_stack(sides) ^ 1, check) ^ 1

    def copy(
        self,
        aig: Aig,
        inputs: Literals,
        latches: Literals | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> Literals:
        """Copy a graph's gates onto literals for its inputs (inputs,) and latches (latches,).

        Return the literal of each of its variables here, (1 + variables,). Its latches become nothing of
        their own: what they are is what is given for them. `check` is called between blocks and may raise.
        """
        leaves = [inputs, no_literals() if latches is None else latches]
        for given, number, what in zip(leaves, (aig.inputs, aig.latches), ("inputs", "latches"), strict=True):
            if np.shape(given) != (number,):
                raise UsageError(f"expected literals for {number} {what}, found the shape {np.shape(given)}")
            self._require_all(np.asarray(given))
        literals = np.empty(1 + aig.variables, np.int32)
        literals[0] = FALSE
        np.concatenate(leaves, out=literals[1 : aig.first_and], casting="unsafe")
        for first, last in blocks(len(aig.ands), BLOCK, check):
            self._reserve(last - first, check)
            kernels.copy_gates(self._graph, aig.ands, aig.first_and, literals, first, last)
        return literals

    @property
    def ands(self) -> NDArray[np.int32]:
        """Return the operands of all variables so far, (1 + variables, 2); leaves begin with -1."""
        return self._graph.ands[: 1 + self.variables]

    def operands(self, literal: int) -> tuple[int, int] | None:
        """Return the operands of a literal's gate, the larger first; None where there is no gate."""
        self._require(literal)
        a, b = self._graph.ands[literal >> 1].tolist()
        return None if a == kernels.LEAF else (a, b)

    def build(
        self,
        *,
        outputs: Sequence[int] | Literals = (),
        bad: Sequence[int] | Literals = (),
        constraints: Sequence[int] | Literals = (),
        justice: Sequence[Sequence[int] | Literals] = (),
        fairness: Sequence[int] | Literals = (),
        symbols: Mapping[tuple[str, int], bytes] | None = None,
        comments: bytes = b"",
        trim: bool = False,
    ) -> Aig:
        """Return the graph as it is now, with these roots. Input i and latch j are the i-th and j-th added.

        With `trim`, gates that neither a root nor a latch's next value depends on are left out; inputs and
        latches never are. UsageError for a latch without a next value.
        """
        roots = [outputs, bad, constraints, fairness, *justice]
        return self.built(roots, symbols=symbols, comments=comments, trim=trim)[0]

    def built(
        self,
        roots: Sequence[Sequence[int] | Literals],
        *,
        symbols: Mapping[tuple[str, int], bytes] | None = None,
        comments: bytes = b"",
        trim: bool = False,
    ) -> tuple[Aig, Literals]:
        """Build from outputs, bad states, constraints, fairness, then justice properties: all of `roots`.

        As `build`; also return the literal that each variable of this graph has in the one built,
        (1 + variables,), -1 where it was left out.
        """
        if None in self._next:
            raise UsageError(f"expected a next value for latch {self._next.index(None)}, found none")
        parts = [np.asarray(part, np.int32).reshape(-1) for part in (self._next, *roots)]
        for part in parts:
            self._require_all(part)
        leaves = np.concatenate([[0], self._inputs, self._latches]).astype(np.int64)
        ands = self._graph.ands[: 1 + self.variables]
        is_gate = ands[:, 0] != kernels.LEAF
        if trim:
            is_gate &= self._needed(np.concatenate(parts))
        gates = np.flatnonzero(is_gate)
        literals = np.full(1 + self.variables, -1, np.int32)
        literals[leaves] = 2 * np.arange(leaves.size)
        literals[gates] = 2 * np.arange(leaves.size, leaves.size + gates.size)
        # Gates keep their order, but leaves may have been added between them: the larger operand is another.
        operands = renamed(ands[gates], literals)
        operands.sort(axis=1)
        following, out, bad, constraints, fairness, *justice = [renamed(part, literals) for part in parts]
        resets = np.array(self._resets, np.int32)
        aig = Aig(
            inputs=len(self._inputs),
            ands=np.ascontiguousarray(operands[:, ::-1]),
            next_state=following,
            reset=np.where(resets > 1, literals[resets >> 1], resets).astype(np.int32),
            outputs=out,
            bad=bad,
            constraints=constraints,
            justice=tuple(justice),
            fairness=fairness,
            symbols=dict(symbols or {}),
            comments=comments,
        )
        return aig, literals

    def _needed(self, roots: Literals) -> NDArray[np.bool_]:
        """Return which variables roots depend on, (1 + variables,)."""
        ands = np.maximum(self._graph.ands[1 : 1 + self.variables], 0)  # leaves need the constant
        return cone(ands, 1, roots)

    def _add_leaf(self) -> int:
        self._reserve(1)
        self._counters[kernels.VARIABLES] += 1
        return self.variables

    def _require(self, literal: int) -> None:
        if not 0 <= literal < 2 * (1 + self.variables):
            raise UsageError(f"expected a literal of this graph, found {shown(literal)}")

    def _require_all(self, literals: Literals) -> None:
        if literals.size:
            self._require(int(literals.min()))
            self._require(int(literals.max()))

    def _reserve(self, more: int, check: Callable[[], None] = lambda: None) -> None:
        """Make room for more variables."""
        needed = 1 + self.variables + more
        room = len(self._graph.ands)
        if needed <= room:
            return
        if needed > MAX_VARIABLE:
            raise UsageError(f"expected at most {MAX_VARIABLE} variables, found more")
        while room < needed:
            room *= 2
        ands = np.full((room, 2), kernels.LEAF, np.int32)
        ands[: 1 + self.variables] = self._graph.ands[: 1 + self.variables]
        self._graph = kernels.Graph(ands=ands, slots=np.zeros(2 * room, np.int32), counters=self._counters)
        for first, last in blocks(1 + self.variables, BLOCK, check):
            kernels.enter(self._graph, first, last)


def renamed(literals: NDArray[np.int32], names: Literals) -> NDArray[np.int32]:
    """Return literals by what their variables are called, (1 + variables,) literals; any shape."""
    return np.asarray(names[literals >> 1] ^ (literals & 1))
