"""What an Elimination must say, told slowly: all assignments are tried, rows are Python integers."""

import itertools
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.gf2.elimination import Elimination
from turbosat.formula.xors import Xors

Row = tuple[tuple[int, ...], bool]


def solutions(xors: Xors, variables: int) -> NDArray[np.bool_]:
    """Return all assignments, bool (solutions, variables), that satisfy the XORs."""
    values = np.array(list(itertools.product([False, True], repeat=variables)), np.bool_)
    values = values.reshape(-1, variables)
    good = np.ones(len(values), np.bool_)
    for row, parity in xors:
        total = np.zeros(len(values), np.bool_)
        for variable in row:
            total ^= values[:, variable - 1]
        good &= total == parity
    return values[good]


def basis(rows: Iterable[Row]) -> dict[int, int]:
    """Return reduced rows by their leading bit: v for variable v, 0 for 0 = 1."""
    found: dict[int, int] = {}
    for row, parity in rows:
        word = sum(1 << variable for variable in row) | parity
        for lead, other in found.items():
            if word >> lead & 1:
                word ^= other
        if not word:
            continue
        lead = word.bit_length() - 1
        for key, other in found.items():
            if other >> lead & 1:
                found[key] = other ^ word
        found[lead] = word
    return found


def implied(found: dict[int, int], row: Row) -> bool:
    """Tell whether a row is a sum of the rows."""
    word = sum(1 << variable for variable in row[0]) | row[1]
    for lead, other in found.items():
        if word >> lead & 1:
            word ^= other
    return not word


def masked(elimination: Elimination, pivot: int) -> Row:
    """Return what pivot number `pivot` says as a row."""
    mask = elimination.masks[pivot]
    free = [int(name) for j, name in enumerate(elimination.free) if int(mask[j // 64]) >> j % 64 & 1]
    return (int(elimination.pivots[pivot]), *free), bool(elimination.constants[pivot])


def check_contradiction(xors: Xors, rows: NDArray[np.int64]) -> None:
    """Check that the rows sum to 0 = 1, and that no part of them does."""
    assert rows.dtype == np.int64
    assert (np.diff(rows) > 0).all()
    all_rows = list(xors)
    chosen = [all_rows[i] for i in rows]
    total: set[int] = set()
    for row, _ in chosen:
        total ^= set(row)
    assert not total
    assert sum(parity for _, parity in chosen) % 2 == 1
    # Rows whose only vanishing sum is that of all are independent without any one of them.
    assert len(basis((row, False) for row, _ in chosen)) == len(chosen) - 1


def check(xors: Xors, variables: int, elimination: Elimination) -> None:
    """Check everything an elimination says against slow elimination, and that nothing is missing."""
    found = basis(xors)
    assert elimination.variables == variables
    if elimination.complete:
        assert (elimination.contradiction is not None) == (0 in found)
    if elimination.contradiction is not None:
        check_contradiction(xors, elimination.contradiction)
        assert not len(elimination.pivots) + len(elimination.free) + elimination.masks.size
        assert not len(elimination.units) + len(elimination.equivalences) + len(elimination.short)
        return
    check_facts(xors, elimination, found)
    if not elimination.complete:
        assert not elimination.pivots.size + elimination.free.size + elimination.masks.size
        return
    pivots, free = elimination.pivots.tolist(), elimination.free.tolist()
    assert (np.diff(free) > 0).all()
    assert set(pivots).isdisjoint(free)
    assert sorted(pivots + free) == sorted({v for row, _ in xors for v in row})
    assert elimination.masks.shape == (len(pivots), -(-len(free) // 64))
    assert len(pivots) == len(found)
    # As many rows as the rank, each implied, each with a pivot that no other has: the same solutions.
    assert all(implied(found, masked(elimination, i)) for i in range(len(pivots)))
    if free and len(free) % 64 and pivots:
        assert not (elimination.masks[:, -1] >> np.uint64(len(free) % 64)).any()
    check_completeness(xors, elimination)


def check_facts(xors: Xors, elimination: Elimination, found: dict[int, int]) -> None:
    """Check that units, equivalences and short XORs follow, and their form."""
    assert len(set(np.abs(elimination.units).tolist())) == elimination.units.size
    assert all(implied(found, ((abs(u),), u > 0)) for u in elimination.units.tolist())
    group: dict[int, int] = {}
    for a, b in elimination.equivalences.tolist():
        assert implied(found, ((abs(a), abs(b)), (a > 0) != (b > 0)))
        assert abs(a) != abs(b)
        roots = []
        for name in (abs(a), abs(b)):
            while name in group:
                name = group[name]
            roots.append(name)
        assert roots[0] != roots[1]  # a forest
        group[roots[1]] = roots[0]
    given = {frozenset(row) for row, _ in xors}
    short = list(elimination.short)
    assert all(len(set(row)) == len(row) and len(row) in (3, 4) for row, _ in short)
    assert all(implied(found, row) for row in short)
    assert all(frozenset(row) not in given for row, _ in short)
    assert len({frozenset(row) for row, _ in short}) == len(short) <= max(1000, len(xors))


def check_completeness(xors: Xors, elimination: Elimination) -> None:
    """Check that units and equivalences are all there are, and XORs of three in a small system."""
    pivots, free = elimination.pivots.tolist(), elimination.free.tolist()
    sums = {name: frozenset([name]) for name in free}
    sums |= {name: frozenset(masked(elimination, i)[0][1:]) for i, name in enumerate(pivots)}
    assert {abs(u) for u in elimination.units.tolist()} == {name for name, mask in sums.items() if not mask}
    classes = {mask for mask in sums.values() if mask}
    assert len(elimination.equivalences) == len([1 for mask in sums.values() if mask]) - len(classes)
    led = set(np.abs(elimination.equivalences[:, 1]).tolist())
    leaders = {mask: name for name, mask in sums.items() if mask and name not in led}
    if len(leaders) <= 60 and len(elimination.short) < 1000:
        known = {frozenset(row) for row, _ in itertools.chain(xors, elimination.short)}
        for (a, x), (b, y) in itertools.combinations(leaders.items(), 2):
            third = leaders.get(a ^ b)
            assert third is None or frozenset((x, y, third)) in known
