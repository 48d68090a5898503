"""Write down, as instructions, how the derivation found each variable, and the checks that remain."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turbosat.core.support import DENSE, EXACT, GREATEST, INPUT, KNOWN, LEAST, ROW, Problem, State
from turbosat.encodings.support.problem import Root
from turbosat.encodings.support.program import CHECK, CHECK_XOR, DEFINE, XOR, Program

MOST_BASES = 4096  # variables in whose terms XORs are expressed to find those that follow from others

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Part:
    """Instructions of one kind."""

    kind: int
    ranks: Ints  # (instructions,), of the last variable known
    targets: Ints  # (instructions,), literal codes, -1 for none
    counts: Ints  # (instructions,), terms
    lengths: Ints  # (terms,), literals
    codes: Ints  # (literals,)


def emit(root: Root, problem: Problem | None, state: State | None) -> Program:
    """Return the program; without a problem, the one that refutes everything."""
    none = np.zeros(0, np.int64)
    if problem is None or state is None:
        one = np.ones(1, np.int64)
        return _program(root, [_Part(CHECK, one, -one, one, 0 * one, none)], none, none, 0)
    order = state.order[: state.counters[KNOWN]].astype(np.int64)
    definitions, satisfied = _definitions(problem, state)
    sparse = np.flatnonzero(state.how == ROW)
    parts = [definitions, _row_sums(root, state, sparse), _dense_sums(problem, state)]
    checks, left = _clause_checks(root, state, satisfied)
    used = np.zeros(root.row_parities.size, np.bool_)
    used[state.which[sparse]] = True
    xors, open_xors = _xor_checks(root, state, used, parts[1:], order)
    inputs = order[state.how[order] == INPUT]
    uncovered = np.flatnonzero(state.rank < 0)
    return _program(root, [*parts, checks, xors], inputs, uncovered, left + open_xors)


def _program(root: Root, parts: list[_Part], inputs: Ints, uncovered: Ints, left: int) -> Program:
    """Sort the instructions by rank, checks after the definition of their rank; name variables as outside."""
    kinds = np.repeat([part.kind for part in parts], [part.ranks.size for part in parts])
    ranks = np.concatenate([part.ranks for part in parts])
    order = np.lexsort((kinds >= CHECK, ranks))
    counts = np.concatenate([part.counts for part in parts])
    lengths = np.concatenate([part.lengths for part in parts])
    terms = gather(counts, order)
    codes = np.concatenate([part.codes for part in parts])[gather(lengths, terms)]
    targets = np.concatenate([part.targets for part in parts])[order]
    literals = _literals(root, codes)
    defined = targets >= 0
    named = np.zeros(targets.size, np.int32)
    named[defined] = _literals(root, targets[defined])
    return Program(
        root.total,
        _literals(root, 2 * inputs),
        root.fixed,
        kinds[order].astype(np.uint8),
        named,
        np.append(0, np.cumsum(counts[order])).astype(np.int64),
        np.append(0, np.cumsum(lengths[terms])).astype(np.int64),
        literals,
        _literals(root, 2 * uncovered),
        left,
    )


def _literals(root: Root, codes: Ints) -> NDArray[np.int32]:
    """Return codes of variables from 0 as signed literals of the formula."""
    variables = root.outer[codes >> 1] + 1
    literals: NDArray[np.int32] = np.where(codes & 1, -variables, variables).astype(np.int32)
    return literals


def gather(sizes: Ints, chosen: Ints) -> Ints:
    """Return the positions of the elements of chosen groups, one group after the other."""
    starts = np.cumsum(sizes) - sizes
    lengths = sizes[chosen]
    ends = np.cumsum(lengths)
    result: Ints = np.repeat(starts[chosen] - ends + lengths, lengths) + np.arange(lengths.sum())
    return result


def _definitions(problem: Problem, state: State) -> tuple[_Part, NDArray[np.bool_]]:
    """Return the definitions by clauses, and which clauses (clauses,) they satisfy."""
    sizes = np.diff(problem.offsets)
    code = np.repeat(np.arange(problem.starts.size - 1), np.diff(problem.starts))  # (entries,)
    how = state.how[code >> 1]
    exact = (how == EXACT) & (state.used > 0)
    chosen = exact | ((how == LEAST) & (code & 1 == 0)) | ((how == GREATEST) & (code & 1 == 1))
    # Of both sides of an exact definition the shorter one serves.
    length = np.bincount(code[exact], sizes[problem.occurrences[exact]], problem.starts.size - 1)
    negative = length[1::2] < length[::2]
    chosen &= ~exact | (code & 1 == negative[code >> 1])
    satisfied = np.zeros(sizes.size, np.bool_)
    satisfied[problem.occurrences[chosen | (exact & (state.disjoint[code >> 1] > 0))]] = True

    defined = np.flatnonzero((state.how == EXACT) | (state.how == LEAST) | (state.how == GREATEST))
    side = np.where(state.how == EXACT, negative, state.how == GREATEST)
    owner = code[chosen] >> 1  # (terms,), rising
    clauses = problem.occurrences[chosen].astype(np.int64)
    counts = np.bincount(owner, minlength=state.how.size)
    codes = problem.codes[gather(sizes, clauses)].astype(np.int64)
    codes = codes[codes >> 1 != np.repeat(owner, sizes[clauses])] ^ 1
    targets = 2 * defined + side[defined]
    ranks = state.rank[defined].astype(np.int64)
    return _Part(DEFINE, ranks, targets, counts[defined], sizes[clauses] - 1, codes), satisfied


def _row_sums(root: Root, state: State, variables: Ints) -> _Part:
    """Return the definitions by XORs."""
    rows = state.which[variables].astype(np.int64)
    sizes = np.diff(root.row_offsets)
    others = root.row_variables[gather(sizes, rows)].astype(np.int64)
    others = others[others != np.repeat(variables, sizes[rows])]
    targets = 2 * variables + root.row_parities[rows]
    one = np.ones(variables.size, np.int64)
    return _Part(XOR, state.rank[variables].astype(np.int64), targets, one, sizes[rows] - 1, 2 * others)


def _dense_sums(problem: Problem, state: State) -> _Part:
    """Return the definitions by sums of XORs."""
    variables = np.flatnonzero(state.how == DENSE)
    matrix = state.dense[state.which[variables]]
    bits = np.unpackbits(np.ascontiguousarray(matrix[:, :-1]).view(np.uint8), axis=1, bitorder="little")
    row, column = np.nonzero(bits)
    others = problem.variable[column].astype(np.int64)
    kept = others != variables[row]
    lengths = np.bincount(row[kept], minlength=variables.size)
    targets = 2 * variables + matrix[:, -1].astype(np.int64)
    one = np.ones(variables.size, np.int64)
    return _Part(XOR, state.rank[variables].astype(np.int64), targets, one, lengths, 2 * others[kept])


def _clause_checks(root: Root, state: State, satisfied: NDArray[np.bool_]) -> tuple[_Part, int]:
    """Return the clauses that no definition satisfies, and how many have an uncovered variable."""
    sizes = np.diff(root.offsets)
    ranks = state.rank[root.codes >> 1].astype(np.int64)
    if sizes.size:
        last = np.maximum.reduceat(ranks, root.offsets[:-1])  # no clause is empty
        is_open = np.minimum.reduceat(ranks, root.offsets[:-1]) < 0
    else:
        last, is_open = np.zeros(0, np.int64), np.zeros(0, np.bool_)
    kept = np.flatnonzero(~is_open & ~satisfied)
    codes = root.codes[gather(sizes, kept)].astype(np.int64)
    one = np.ones(kept.size, np.int64)
    return _Part(CHECK, last[kept], -one, one, sizes[kept], codes), int(np.count_nonzero(is_open))


def _xor_checks(
    root: Root, state: State, used: NDArray[np.bool_], sums: list[_Part], order: Ints
) -> tuple[_Part, int]:
    """Return the XORs that are constraints and no consequence of the definitions, and how many are open."""
    rows = np.flatnonzero(root.row_active & ~used)
    follows = _consequences(root, state, rows, sums, order) if rows.size else np.zeros(0, np.bool_)
    ranks, lengths, codes, left = [], [], [], 0
    for row in rows[~follows].tolist():
        variables = root.row_variables[root.row_offsets[row] : root.row_offsets[row + 1]].astype(np.int64)
        rank = state.rank[variables]
        if rank.min() < 0:
            left += 1
            continue
        literals = 2 * variables
        literals[0] ^= int(not root.row_parities[row])
        ranks.append(int(rank.max()))
        lengths.append(literals.size)
        codes.append(literals)
    one = np.ones(len(ranks), np.int64)
    flat = np.concatenate([np.zeros(0, np.int64), *codes])
    return _Part(CHECK_XOR, np.array(ranks, np.int64), -one, one, np.array(lengths, np.int64), flat), left


def _consequences(root: Root, state: State, rows: Ints, sums: list[_Part], order: Ints) -> NDArray[np.bool_]:
    """Tell which rows (n,) hold by the definitions alone, by expressing all in what no XOR defines."""
    result = np.zeros(rows.size, np.bool_)
    inside = np.zeros(root.variables, np.bool_)
    inside[root.row_variables] = True
    defined: dict[int, tuple[int, list[int]]] = {}  # parity, and the variables that are summed
    for part in sums:
        bounds = np.append(0, np.cumsum(part.lengths)).tolist()
        for i, target in enumerate(part.targets.tolist()):
            defined[target >> 1] = target & 1, (part.codes[bounds[i] : bounds[i + 1]] >> 1).tolist()
    expressions: dict[int, int] = {}  # bit 0 is the constant
    bases = 0
    for v in order[inside[order]].tolist():
        if v in defined:
            total, others = defined[v]
            for u in others:
                total ^= expressions[u]
            expressions[v] = total
        else:
            bases += 1
            expressions[v] = 1 << bases
            if bases > MOST_BASES:
                return result
    for i, row in enumerate(rows.tolist()):
        variables = root.row_variables[root.row_offsets[row] : root.row_offsets[row + 1]].tolist()
        total = int(root.row_parities[row])
        for v in variables:
            total ^= expressions.get(v, -1)  # an uncovered variable: no sum of known ones
        result[i] = total == 0 and all(v in expressions for v in variables)
    return result
