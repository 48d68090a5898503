"""Write down, as instructions, how the closure found each variable, and the checks that remain."""

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.closure_root import Root
from turbosat.encodings.closure_state import (
    DENSE,
    EXACT,
    GREATEST,
    INPUT,
    KNOWN,
    LEAST,
    ROW,
    Problem,
    State,
)
from turbosat.encodings.program import CHECK, CHECK_XOR, DEFINE, XOR, Program

MOST_BASES = 4096  # variables in whose terms XORs are expressed to find those that follow from others


class _Instructions:
    """Instructions in flat lists, sorted by rank in the end."""

    def __init__(self) -> None:
        self.ranks: list[int] = []
        self.kinds: list[int] = []
        self.targets: list[int] = []
        self.counts: list[int] = []
        self.lengths: list[int] = []
        self.codes: list[int] = []

    def add(self, rank: int, kind: int, target: int, terms: list[list[int]]) -> None:
        """Append one; `target` is a literal code, -1 for none; checks come after the definition of a rank."""
        self.ranks.append(2 * rank + (kind >= CHECK))
        self.kinds.append(kind)
        self.targets.append(target)
        self.counts.append(len(terms))
        for term in terms:
            self.lengths.append(len(term))
            self.codes.extend(term)

    def program(
        self, root: Root, inputs: NDArray[np.int32], uncovered: NDArray[np.int32], left: int
    ) -> Program:
        """Return the instructions in the order of their ranks, over the variables of the formula."""
        order = np.argsort(np.array(self.ranks, np.int64), kind="stable")
        counts, lengths = np.array(self.counts, np.int64), np.array(self.lengths, np.int64)
        terms = _gather(counts, order)
        codes = np.array(self.codes, np.int64)[_gather(lengths, terms)]
        targets = np.array(self.targets, np.int64)[order]
        variables = np.where(targets >= 0, root.outer[targets >> 1] + 1, 0) if targets.size else targets
        return Program(
            root.total,
            (root.outer[inputs] + 1).astype(np.int32),
            root.fixed,
            np.array(self.kinds, np.uint8)[order],
            np.where(targets & 1, -variables, variables).astype(np.int32),
            np.append(0, np.cumsum(counts[order])).astype(np.int64),
            np.append(0, np.cumsum(lengths[terms])).astype(np.int64),
            np.where(codes & 1, -1, 1).astype(np.int32) * (root.outer[codes >> 1] + 1).astype(np.int32),
            (root.outer[uncovered] + 1).astype(np.int32),
            left,
        )


def _gather(sizes: NDArray[np.int64], chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the positions of the elements of chosen groups, one group after the other."""
    starts = np.cumsum(sizes) - sizes
    lengths = sizes[chosen]
    ends = np.cumsum(lengths)
    return np.repeat(starts[chosen] - ends + lengths, lengths) + np.arange(lengths.sum())


def emit(root: Root, problem: Problem | None, state: State | None) -> Program:
    """Return the program; without a problem, the one that refutes everything."""
    instructions = _Instructions()
    none = np.zeros(0, np.int32)
    if problem is None or state is None:
        instructions.add(0, CHECK, -1, [[]])
        return instructions.program(root, none, none, 0)
    order = state.order[: state.counters[KNOWN]]
    satisfied = np.zeros(root.offsets.size - 1, np.bool_)  # clauses
    used_rows = np.zeros(root.row_offsets.size - 1, np.bool_)
    offsets, codes = root.offsets.tolist(), root.codes.tolist()
    row_offsets, row_variables = root.row_offsets.tolist(), root.row_variables.tolist()
    parities = root.row_parities.tolist()
    sums: dict[int, tuple[list[int], int]] = {}  # XOR-defined variables: the others, the parity
    for rank, v in enumerate(order.tolist()):
        how = int(state.how[v])
        if how == ROW:
            row = int(state.which[v])
            used_rows[row] = True
            others = [u for u in row_variables[row_offsets[row] : row_offsets[row + 1]] if u != v]
            sums[v] = others, parities[row]
        elif how == DENSE:
            sums[v] = _dense(problem, state.dense[state.which[v]], v)
        if how in (ROW, DENSE):
            instructions.add(rank, XOR, 2 * v + sums[v][1], [[2 * u for u in sums[v][0]]])
        elif how in (EXACT, LEAST, GREATEST):
            literal, clauses = _definition(problem, state, v, how, satisfied)
            terms = [[c ^ 1 for c in codes[offsets[i] : offsets[i + 1]] if c >> 1 != v] for i in clauses]
            instructions.add(rank, DEFINE, literal, terms)
    left = _clause_checks(instructions, root, state, satisfied)
    left += _xor_checks(instructions, root, state, used_rows, sums, order)
    uncovered = np.flatnonzero(state.rank < 0).astype(np.int32)
    return instructions.program(root, order[state.how[order] == INPUT], uncovered, left)


def _dense(problem: Problem, row: NDArray[np.uint64], v: int) -> tuple[list[int], int]:
    bits = np.unpackbits(row[:-1].view(np.uint8), bitorder="little")
    others = problem.variable[np.flatnonzero(bits)]
    return others[others != v].tolist(), int(row[-1])


def _definition(
    problem: Problem, state: State, v: int, how: int, satisfied: NDArray[np.bool_]
) -> tuple[int, list[int]]:
    """Return the literal to define and its clauses, and note the clauses that the definition satisfies."""
    sides = []
    for code in (2 * v, 2 * v + 1):
        part = slice(problem.starts[code], problem.starts[code + 1])
        clauses = problem.occurrences[part]
        sides.append(clauses if how != EXACT else clauses[state.used[part] > 0])
    lengths = [int((problem.offsets[side + 1] - problem.offsets[side]).sum()) for side in sides]
    sign = int(how == GREATEST) if how != EXACT else int(lengths[1] < lengths[0])
    satisfied[sides[sign]] = True
    if how == EXACT and state.disjoint[v]:
        satisfied[sides[1 - sign]] = True
    return 2 * v + sign, sides[sign].tolist()


def _clause_checks(
    instructions: _Instructions, root: Root, state: State, satisfied: NDArray[np.bool_]
) -> int:
    """Add the clauses that no definition satisfies; return how many have an uncovered variable."""
    if not satisfied.size:
        return 0
    ranks = state.rank[root.codes >> 1]
    starts = root.offsets[:-1]  # no clause is empty
    last = np.maximum.reduceat(ranks, starts)
    is_open = np.minimum.reduceat(ranks, starts) < 0
    codes = root.codes.tolist()
    for i in np.flatnonzero(~is_open & ~satisfied).tolist():
        instructions.add(int(last[i]), CHECK, -1, [codes[root.offsets[i] : root.offsets[i + 1]]])
    return int(np.count_nonzero(is_open))


def _xor_checks(
    instructions: _Instructions,
    root: Root,
    state: State,
    used: NDArray[np.bool_],
    sums: dict[int, tuple[list[int], int]],
    order: NDArray[np.int32],
) -> int:
    """Add the XORs that are constraints and do not follow from the definitions; return how many are open."""
    rows = np.flatnonzero(root.row_active & ~used).tolist()
    if not rows:
        return 0
    expressions: dict[int, int] = {}  # sums of variables that no XOR defines; bit 0 is the constant
    bases = 0
    inside = np.zeros(root.variables, np.bool_)
    inside[root.row_variables] = True
    for v in order.tolist():
        if v in sums:
            total = sums[v][1]
            for u in sums[v][0]:
                total ^= expressions[u]
            expressions[v] = total
        elif inside[v]:
            bases += 1
            expressions[v] = 1 << bases
        if bases > MOST_BASES:
            break
    left = 0
    for row in rows:
        variables = root.row_variables[root.row_offsets[row] : root.row_offsets[row + 1]]
        ranks = state.rank[variables]
        if ranks.min() < 0:
            left += 1
            continue
        total = int(root.row_parities[row])
        if bases <= MOST_BASES:
            for v in variables.tolist():
                total ^= expressions[v]
        if total or bases > MOST_BASES:
            literals = (2 * variables).tolist()
            literals[0] ^= int(not root.row_parities[row])
            instructions.add(int(ranks.max()), CHECK_XOR, -1, [literals])
    return left
