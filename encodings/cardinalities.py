"""Cardinality constraints in clauses: at least so many of these literals are true.

A clause asks for one of its literals. All clauses of s literals out of n ask for n - s + 1 of these: the
binomial encoding, in which at-most-one constraints are clauses of two. Others are found as cliques of
literals that exclude each other by chains of clauses of two (see exclusion; A. Biere, D. Le Berre, E. Lonca
and N. Manthey, "Detecting cardinality constraints in CNF", SAT 2014, find more by propagation).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.exclusion import Effort, cliques, closed, neighbours_of, pairs_of
from turbosat.encodings.propagation import ranges
from turbosat.formula.rows import mixed, nothing

LONGEST: Final = 12  # literals of the clauses of a binomial encoding
WIDEST: Final = 512  # literals of a clause of which exactly one may be true
BUCKETS: Final = 22  # bits of the largest table of counts, 32 MB


Clauses = set[tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Cardinalities:
    """What clauses say of how many of some literals are true, and of which it is an equation."""

    offsets: NDArray[np.int64]  # (rows + 1,)
    codes: NDArray[np.int32]  # (entries,), literals, rising within a row, no two of one variable
    least: NDArray[np.int64]  # (rows,), of which at least so many are true
    exact: NDArray[np.bool_]  # (rows,), and no more

    @classmethod
    def none(cls) -> Cardinalities:
        """Return no rows."""
        return cls(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.bool_))

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.least.size

    @property
    def tight(self) -> bool:
        """Whether not all variables may be a half: where they may, no inequalities refute anything."""
        return bool((2 * self.least > np.diff(self.offsets)).any())

    @property
    def bound(self) -> int:
        """A number above those of all variables."""
        return (int(self.codes.max(initial=-2)) >> 1) + 1

    def inequalities(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return coefficients (entries,) of the variables, 1 or -1, and what they sum to at least (rows,)."""
        negative = (self.codes & 1).astype(np.int64)
        before = np.append(0, np.cumsum(negative))
        return 1 - 2 * negative, self.least - (before[self.offsets[1:]] - before[self.offsets[:-1]])

    def chosen(self, kept: NDArray[np.int64]) -> Cardinalities:
        """Return some of the rows."""
        codes = self.codes[ranges(self.offsets, kept)]
        ends = np.append(0, np.cumsum(np.diff(self.offsets)[kept]))
        return Cardinalities(ends, codes, self.least[kept], self.exact[kept])


def likely_binomial(
    codes: NDArray[np.int32], offsets: NDArray[np.int64], check: Callable[[], None] = nothing
) -> bool:
    """Say whether there are binomial encodings in clauses of three literals or more; `check` may raise."""
    return any(len(rows) for rows in _shared(codes, offsets, check))


def find(
    codes: NDArray[np.int32], offsets: NDArray[np.int64], literals: int, effort: Effort, *, chains: bool
) -> Cardinalities:
    """Find cardinality constraints; together they say what the clauses say, or more that follows.

    Each clause has at least two literals, of different variables. With `chains`, literals may exclude each
    other by chains of clauses. Raises Exhausted.
    """
    effort.spend(codes.size)
    sizes = np.diff(offsets)
    direct = neighbours_of(pairs_of(codes, offsets), literals, effort)
    neighbours = closed(direct, effort) if chains else direct
    degrees = np.array([len(each) for each in neighbours], np.int64)
    fewest = np.minimum.reduceat(degrees[codes], offsets[:-1]) if sizes.size else sizes
    candidates = np.flatnonzero((fewest >= sizes - 1) & (sizes > 2) & (sizes <= WIDEST))
    bounds = offsets.tolist()
    seeds = [codes[bounds[row] : bounds[row + 1]].tolist() for row in candidates.tolist()]
    sets, whole = cliques(neighbours, seeds, effort)
    rows: list[tuple[Sequence[int], int]] = [([each ^ 1 for each in one], len(one) - 1) for one in sets]
    exact = [False] * len(rows)
    binomial, covered, known = _binomials(codes, offsets, effort)
    table = dict(binomial)
    rows += binomial
    exact += [_completed(members, least, table, known, effort) for members, least in binomial]
    # The clauses that no row says already; of those of two literals, none that are in a clique.
    equations = np.zeros(sizes.size, np.bool_)
    equations[candidates[whole]] = True
    of_two = np.flatnonzero(sizes == 2)
    pairs = codes[offsets[:-1][of_two, None] + np.arange(2)]  # (clauses of two, 2)
    keys = _keys(pairs ^ 1, literals)
    covered[of_two[np.isin(keys, _pairs_in(sets, literals))]] = True
    equations[of_two[np.isin(keys, _keys(pairs, literals)) & (pairs.min(axis=1) & 1 == 0)]] = True
    kept = np.flatnonzero(~covered | equations)
    rows += [(codes[bounds[row] : bounds[row + 1]].tolist(), 1) for row in kept.tolist()]
    exact += equations[kept].tolist()
    return _packed(rows, exact)


def _completed(
    members: tuple[int, ...], least: int, table: dict[tuple[int, ...], int], known: Clauses, effort: Effort
) -> bool:
    """Say whether no more of the literals are true by clauses; of two rows that say the same, one says so."""
    opposite = tuple(sorted(each ^ 1 for each in members))
    if table.get(opposite) == len(members) - least:
        return members < opposite
    for part in combinations(opposite, least + 1):
        effort.spend(4)
        if part not in known:
            return False
    return True


def follow(rows: Cardinalities, codes: NDArray[np.int32], offsets: NDArray[np.int64]) -> bool:
    """Say whether the rows follow: by clauses that are there, or literals that exclude all others by chains.

    This looks at the clauses anew, without what `find` took for known.
    """
    flat, bounds = codes.tolist(), offsets.tolist()
    clauses = {tuple(sorted(flat[a:b])) for a, b in pairwise(bounds)}
    excluded: dict[int, list[int]] = {}
    for clause in clauses:
        if len(clause) == 2:
            for one, other in (clause, clause[::-1]):
                excluded.setdefault(one ^ 1, []).append(other ^ 1)
    members, ends = rows.codes.tolist(), rows.offsets.tolist()
    for (a, b), least, exact in zip(pairwise(ends), rows.least.tolist(), rows.exact.tolist(), strict=True):
        if not _given(members[a:b], least, clauses, excluded):
            return False
        if exact and not _given([each ^ 1 for each in members[a:b]], b - a - least, clauses, excluded):
            return False
    return True


def _given(members: list[int], least: int, clauses: Clauses, excluded: dict[int, list[int]]) -> bool:
    """Say whether clauses ask for so many of the literals."""
    if least == len(members) - 1:
        return _exclusive([each ^ 1 for each in members], excluded)
    return all(part in clauses for part in combinations(sorted(members), len(members) - least + 1))


def _exclusive(members: Sequence[int], excluded: dict[int, list[int]]) -> bool:
    """Say whether each of the literals makes all others false, by chains of clauses of two."""
    for number, literal in enumerate(members):
        reached, fresh = {literal}, [literal]
        wanted = {each ^ 1 for each in members[number + 1 :]}
        while fresh and wanted:
            for other in excluded.get(fresh.pop(), ()):
                if other ^ 1 not in reached:
                    reached.add(other ^ 1)
                    wanted.discard(other ^ 1)
                    fresh.append(other ^ 1)
        if wanted:
            return False
    return True


def _shared(
    codes: NDArray[np.int32], offsets: NDArray[np.int64], check: Callable[[], None] = nothing
) -> Iterator[NDArray[np.int32]]:
    """Yield the clauses, by size, that may be parts of binomial encodings of more literals.

    Of such a clause every part without one literal is in another such clause of its size, too.
    """
    sizes = np.diff(offsets)
    words = mixed(codes)
    for size in range(3, LONGEST + 1):
        check()
        rows = np.flatnonzero(sizes == size)
        if rows.size > size:  # a literal is in as many of them as there are sets of size - 1 others
            table = codes[offsets[rows][:, None] + np.arange(size)]
            rows = rows[(np.bincount(table.ravel())[table] >= size).all(axis=1)]
        before = -1
        while rows.size > size and rows.size != before:
            check()
            before = rows.size
            parts = words[offsets[rows][:, None] + np.arange(size)]
            parts = parts.sum(axis=1, keepdims=True) - parts  # (rows, size), hashes
            bits = min(int(4 * parts.size).bit_length(), BUCKETS)
            buckets = (parts >> np.uint64(64 - bits)).astype(np.int32)
            kept = (np.bincount(buckets.ravel())[buckets] > 1).all(axis=1)
            rows = rows[kept]
            if 8 * rows.size > 7 * before:  # few more are alone in a bucket: now without chance
                parts = parts[kept]
                shown, counts = np.unique(parts, return_counts=True)
                rows = rows[(counts[np.searchsorted(shown, parts)] > 1).all(axis=1)]
        if rows.size > size:
            yield np.sort(codes[offsets[rows][:, None] + np.arange(size)], axis=1)


def _binomials(
    codes: NDArray[np.int32], offsets: NDArray[np.int64], effort: Effort
) -> tuple[list[tuple[tuple[int, ...], int]], NDArray[np.bool_], Clauses]:
    """Return binomial encodings as literals and how many are true at least, and which clauses they cover.

    All clauses that may be parts of some come with them.
    """
    covered = np.zeros(offsets.size - 1, np.bool_)
    found: list[tuple[tuple[int, ...], int]] = []
    every: Clauses = set()
    sizes = np.diff(offsets)
    for table in _shared(codes, offsets):
        size = table.shape[1]
        effort.spend(table.size * 4)
        clauses = [tuple(row) for row in table.tolist()]
        every.update(clauses)
        extensions: dict[tuple[int, ...], set[int]] = {}
        for clause in clauses:
            for place, literal in enumerate(clause):
                extensions.setdefault(clause[:place] + clause[place + 1 :], set()).add(literal)
        known: Clauses = set()
        for clause in clauses:
            if clause not in known:
                members = _widened(clause, extensions, effort)
                if len(members) > size:
                    found.append((members, len(members) - size + 1))
                    known.update(combinations(members, size))
        rows = np.flatnonzero(sizes == size)
        shown = np.sort(codes[offsets[rows][:, None] + np.arange(size)], axis=1)
        covered[rows[[tuple(row) in known for row in shown.tolist()]]] = True
    return found, covered, every


def _widened(
    clause: tuple[int, ...], extensions: dict[tuple[int, ...], set[int]], effort: Effort
) -> tuple[int, ...]:
    """Add literals to a clause's, all of whose parts of its size are clauses, until there are none."""
    members, size = list(clause), len(clause)
    parts = combinations(clause, size - 1)
    common: set[int] | None = None
    while True:
        for part in parts:
            effort.spend(8)
            more = extensions.get(part, set())
            common = set(more) if common is None else common & more
            if not common:
                return tuple(sorted(members))
        assert common
        fresh = min(common)
        parts = (tuple(sorted((*part, fresh))) for part in list(combinations(members, size - 2)))  # type: ignore[assignment]
        members.append(fresh)
        common.discard(fresh)


def _pairs_in(sets: list[list[int]], literals: int) -> NDArray[np.int64]:
    """Return keys of all pairs of literals in a set."""
    parts = [np.zeros(0, np.int64)]
    for each in sets:
        members = np.array(each, np.int32)
        one, other = np.triu_indices(members.size, 1)
        parts.append(_keys(np.stack([members[one], members[other]], axis=1), literals))
    return np.concatenate(parts)


def _keys(pairs: NDArray[np.int32], literals: int) -> NDArray[np.int64]:
    """Return one number for each pair (pairs, 2), whatever its order."""
    low, high = np.sort(pairs.astype(np.int64), axis=1).T
    keys: NDArray[np.int64] = low * literals + high
    return keys


def _packed(rows: list[tuple[Sequence[int], int]], exact: list[bool]) -> Cardinalities:
    lengths = [len(members) for members, _ in rows]
    flat = np.array([each for members, _ in rows for each in sorted(members)], np.int32)
    least = np.array([each for _, each in rows], np.int64)
    return Cardinalities(
        np.append(0, np.cumsum(lengths)).astype(np.int64), flat, least, np.array(exact, np.bool_)
    )
