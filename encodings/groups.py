"""Variables of many values in clauses: groups of literals of which exactly one is true.

A group is a clause whose literals exclude each other by clauses of two, as in quasigroups and queens; or one
whose literals occur nowhere else (their negations do), as in colourings without at-most-one constraints: of
several true ones all but one can be made false, which makes no other clause false.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core import clauses as kernels
from turbosat.core.clauses import CLAUSES, ENTRIES, KEYS, WRITTEN, Candidates
from turbosat.encodings.exclusion import pairs_of
from turbosat.encodings.matrix import Matrix
from turbosat.encodings.propagation import EFFORT, advance, literal_codes, ranges, transpose
from turbosat.formula.formula import Formula
from turbosat.formula.rows import nothing

LONGEST: Final = 512  # literals of a group at most
PAIRS: Final = 1 << 22  # that are looked up at most, in clauses of two
BUSIEST: Final = 128  # groups at most that a variable could be in: each of them looks at each
VALUES: Final = 3  # of a variable of many: two are one variable's
COVERED: Final = 1 / 3  # of the variables that are in such groups, at least, where groups are worth moving
SAMPLE: Final = 256  # clauses that are looked at to see whether their literals exclude each other
# The least that do, of those that have all their literals to themselves, and in number: none of a circuit's,
# 7 to 100 in 100 elsewhere, where other clauses are of literals with many partners, too.
WHOLE: Final = (1 / 16, 8)


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Groups without common variables, and what else a matrix says where one literal of each is true.

    No clause has literals of a group beside a negated one of it, nor two of these. Clauses that are not in
    `kept` are true; the others are true where those of the matrix are. A model of the clauses with one true
    literal in each group is a model of the matrix, and the matrix has none if there is no such.
    """

    begins: NDArray[np.int64]  # (groups + 1,)
    members: NDArray[np.int32]  # (places,), literals, group by group
    offsets: NDArray[np.int64]  # (kept + 1,), of the clauses as of those of a matrix
    literals: NDArray[np.int32]  # (entries,)
    starts: NDArray[np.int64]  # (2 · variables + 1,)
    occurrences: NDArray[np.int32]  # (entries,)
    kept: NDArray[np.int32]  # (kept,), the matrix's number of each clause, rising

    @property
    def variables(self) -> int:
        """The number of variables of the matrix."""
        return (self.starts.size - 1) // 2

    def numbers(self) -> NDArray[np.int32]:
        """Return the group of each variable, -1 for none, int32 (variables,)."""
        sizes, numbers = np.diff(self.begins), np.full(self.variables, -1, np.int32)
        numbers[self.members >> 1] = np.repeat(np.arange(sizes.size, dtype=np.int32), sizes)
        return numbers

    def covered(self, size: int) -> int:
        """Return how many variables are in groups of `size` literals or more."""
        sizes = np.diff(self.begins)
        return int(sizes[sizes >= size].sum())


def likely(formula: Formula, check: Callable[[], None] = nothing) -> bool:
    """Say from counts and a sample whether groups may cover a formula; 0.1 s for a million literals.

    It needs no compiled code. A literal of a group excludes all others of it by clauses of two, or occurs
    once. `check` is called now and then and may raise to stop.
    """
    sizes, heads, bound = np.diff(formula.offsets), formula.offsets[:-1], 2 * formula.variables
    if len(formula.xors) or not sizes.size or not sizes.all() or bound > 8 * formula.literals.size:
        return False
    codes = literal_codes(formula.literals)
    check()
    pairs, once = pairs_of(codes, formula.offsets), np.bincount(codes, minlength=bound) == 1
    if not (pairs.size or once.any()):
        return False
    check()
    partners = np.minimum(np.bincount(pairs.ravel(), minlength=bound), LONGEST).astype(np.int16)
    check()
    fit = (sizes >= VALUES) & (sizes <= LONGEST)
    alone = fit & np.logical_and.reduceat(once[codes], heads)
    check()
    enough = fit & ~alone & (np.minimum.reduceat(partners[codes], heads) >= sizes - 1)
    check()
    covered = np.zeros(formula.variables, np.bool_)
    covered[codes[np.repeat(alone | enough, sizes)] >> 1] = True
    if not covered.any() or covered.mean() < COVERED:
        return False
    chosen = np.flatnonzero(enough)
    if chosen.size <= int(np.count_nonzero(alone)):
        return True
    return _exclusive(codes, formula.offsets, chosen, pairs)


def _exclusive(
    codes: NDArray[np.int32],
    offsets: NDArray[np.int64],
    chosen: NDArray[np.int64],
    pairs: NDArray[np.int32],
) -> bool:
    """Say whether the literals of some of the chosen clauses exclude each other by `pairs`, (pairs, 2)."""
    chosen = chosen[np.linspace(0, chosen.size - 1, min(SAMPLE, chosen.size)).astype(np.int64)]
    sizes = np.diff(offsets)[chosen]
    members = codes[ranges(offsets, chosen)]
    numbers = np.repeat(np.arange(chosen.size), sizes)
    owner = np.full(int(max(members.max(), pairs.max())) + 1, -1)  # of a literal, one of them
    owner[members] = numbers
    kept = np.bincount(numbers[owner[members] == numbers], minlength=chosen.size) == sizes
    one, other = owner[pairs].T  # (pairs,)
    same = one[(one >= 0) & (one == other)]
    whole = np.bincount(same, minlength=chosen.size) >= sizes * (sizes - 1) // 2
    least = max(WHOLE[0] * int(np.count_nonzero(kept)), min(WHOLE[1], chosen.size / 4))
    return int(np.count_nonzero(whole & kept)) >= least


def find_groups(matrix: Matrix) -> Groups:
    """Find groups and choose some that share no variable; there may be none."""
    clauses = _candidates(matrix)
    clauses = _quiet(matrix, _told_once(matrix, clauses)) if clauses.size else clauses
    clauses = clauses[_best_choice(matrix, clauses)] if clauses.size else clauses
    sizes = np.diff(matrix.offsets)[clauses]
    begins = np.append(0, np.cumsum(sizes)).astype(np.int64)
    members = matrix.literals[ranges(matrix.offsets, clauses)]
    group = np.full(2 * matrix.variables, -1, np.int32)  # of each literal
    group[members] = np.repeat(np.arange(clauses.size, dtype=np.int32), sizes)
    structural = np.zeros(matrix.clauses, np.bool_)
    structural[clauses] = True
    literals, numbers = np.empty(matrix.entries, np.int32), np.empty(matrix.clauses, np.int32)
    ends, stamps = np.zeros(matrix.clauses + 1, np.int64), np.full(clauses.size, -1, np.int32)
    written = np.zeros(WRITTEN, np.int64)
    advance(
        lambda first: kernels.rewrite_for_groups(
            matrix.literals,
            matrix.offsets,
            group,
            structural,
            first,
            EFFORT,
            stamps,
            literals,
            ends,
            numbers,
            written,
        ),
        matrix.clauses,
    )
    literals, offsets = literals[: written[ENTRIES]].copy(), ends[: written[CLAUSES] + 1].copy()
    starts, occurrences = transpose(literals, offsets, 2 * matrix.variables)
    return Groups(begins, members, offsets, literals, starts, occurrences, numbers[: written[CLAUSES]].copy())


def _candidates(matrix: Matrix) -> NDArray[np.int64]:
    """Return the clauses that are groups, rising."""
    if not matrix.clauses:
        return np.zeros(0, np.int64)
    sizes = np.diff(matrix.offsets)
    alone = np.maximum.reduceat(np.diff(matrix.starts)[matrix.literals], matrix.offsets[:-1]) == 1
    alone &= sizes <= LONGEST
    found = np.flatnonzero(alone), excluding(matrix, ~alone & (sizes <= LONGEST))
    return np.sort(np.concatenate(found))


def excluding(matrix: Matrix, likely: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return those of the likely clauses (clauses,) whose literals exclude each other by clauses of two.

    Shorter ones are looked at first, and longer ones not if that took long.
    """
    if not likely.any():
        return np.zeros(0, np.int64)
    sizes, bound = np.diff(matrix.offsets), 2 * matrix.variables
    pairs = np.flatnonzero(sizes == 2)
    first, second = (matrix.literals[matrix.offsets[pairs] + place] ^ 1 for place in (0, 1))  # (pairs,)
    keys = np.minimum(first, second).astype(np.int64) * bound + np.maximum(first, second)
    keys.sort()
    others = np.bincount(first, minlength=bound)  # (literals,), how many each excludes, at least
    others += np.bincount(second, minlength=bound)
    heads = matrix.offsets[:-1]
    likely = likely & (np.minimum.reduceat(others[matrix.literals], heads) >= sizes - 1)
    found, looked_up = [np.zeros(0, np.int64)], 0
    for size in np.flatnonzero(np.bincount(sizes[likely])).tolist():
        clauses = np.flatnonzero(likely & (sizes == size))
        looked_up += clauses.size * size * (size - 1) // 2
        if looked_up > PAIRS:
            break
        rows = np.sort(matrix.literals[heads[clauses, None] + np.arange(size)], axis=1)  # (rows, size)
        one, other = np.triu_indices(size, 1)
        wanted = rows[:, one].astype(np.int64) * bound + rows[:, other]  # (rows, pairs)
        place = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
        found.append(clauses[(keys[place] == wanted).all(axis=1)])
    return np.sort(np.concatenate(found))


def _told_once(matrix: Matrix, clauses: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the clauses without all but one of those that are about the same two variables.

    x or y, and not both, are two groups that say the same. What is left is the one whose literals are in more
    clauses.
    """
    sizes, used = np.diff(matrix.offsets)[clauses], np.diff(matrix.starts)
    two = np.flatnonzero(sizes == 2)
    ends = matrix.literals[matrix.offsets[clauses[two]][:, None] + np.arange(2)]  # (clauses of two, 2)
    variables = np.sort(ends >> 1, axis=1).astype(np.int64)
    order = np.lexsort((-used[ends].sum(axis=1), variables[:, 1], variables[:, 0]))
    same = (variables[order[1:]] == variables[order[:-1]]).all(axis=1)
    return np.delete(clauses, two[order[1:][same]])


def _quiet(matrix: Matrix, clauses: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the clauses without variables that are in too many of them."""
    sizes = np.diff(matrix.offsets)[clauses]
    members = matrix.literals[ranges(matrix.offsets, clauses)] >> 1
    busy = np.bincount(members)[members]  # (members,)
    return clauses[np.maximum.reduceat(busy, np.cumsum(sizes) - sizes) <= BUSIEST]


def _best_choice(matrix: Matrix, clauses: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Choose clauses without common variables, bool (clauses,), in the better one of two ways.

    That is the one that covers more by groups of three and more, then by all.
    """
    sizes = np.diff(matrix.offsets)[clauses]
    ways = [_choice(matrix, clauses, ranked=ranked) for ranked in (True, False)]
    return max(ways, key=lambda chosen: (int(sizes[chosen & (sizes > 2)].sum()), int(sizes[chosen].sum())))


def _choice(matrix: Matrix, clauses: NDArray[np.int64], *, ranked: bool) -> NDArray[np.bool_]:
    """Choose clauses without common variables, bool (clauses,); see choose_groups."""
    begins = np.append(0, np.cumsum(np.diff(matrix.offsets)[clauses])).astype(np.int64)
    members = matrix.literals[ranges(matrix.offsets, clauses)] >> 1
    starts, occurrences = transpose(members, begins, matrix.variables)
    rank, conflicts, following, previous = np.zeros((4, clauses.size), np.int32)
    state = Candidates(
        begins=begins,
        members=members,
        starts=starts,
        occurrences=occurrences,
        rank=rank,
        conflicts=conflicts,
        next=following,
        previous=previous,
        heads=np.full(KEYS, -1, np.int32),
        chosen=np.zeros(clauses.size, np.bool_),
    )
    kernels.choose_groups(state, ranked)
    return state.chosen
