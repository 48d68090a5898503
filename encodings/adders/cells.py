"""Full and half adders found in clauses, and parities that no carry goes with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.gates.recovery import AND, gate_codes
from turbosat.encodings.propagation import ranges

if TYPE_CHECKING:
    from turbosat.encodings.clause_sets import ClauseSets
    from turbosat.encodings.gates.recovery import Gates

Codes = NDArray[np.int32]

NONE: Final = -1  # in place of a literal: there is none
APEXES: Final = 16  # majorities that two variables may be inputs of: in sums they are of one

_PARITY: Final = {  # sign patterns of even parity, as bit sets, for so many variables; the others are odd
    size: sum(1 << pattern for pattern in range(1 << size) if pattern.bit_count() % 2 == 0) for size in (3, 4)
}


@dataclass(frozen=True, slots=True)
class Cells:
    """Adders that follow from clauses: in integers, the inputs of each sum to 2 carry + sum.

    All are literal codes. A half adder has two inputs, the third is NONE. The clauses of a cell are those of
    its sum, a parity, and those of its carry, a majority or a conjunction. `merges` are the carries of two
    half adders, of which one has the other's sum, so that one of them at most is true, and the disjunction of
    both: with it these are a full adder. `parities` are the other parities of three or four variables,
    `sides` what these XOR to.
    """

    inputs: Codes  # (cells, 3)
    sums: Codes  # (cells,), positive or negative literals
    carries: Codes  # (cells,)
    merges: Codes  # (merges, 4), two carries, their disjunction, the sum that one of the half adders hands on
    parities: Codes  # (rows, 4), variables rising, the last of three NONE
    sides: NDArray[np.bool_]  # (rows,)

    def __len__(self) -> int:
        return self.sums.size


def find_cells(sets: ClauseSets, check: Callable[[], None] = lambda: None) -> Cells:
    """Find adders among clauses grouped by their variables, of up to four literals and not propagated.

    A parity of four variables and a majority of three of them make a full adder, one of three variables and a
    conjunction of two of them a half adder (Eén and Sörensson, JSAT 2006, section 4.2). No two cells have a
    parity in common. The time is that of sorting the sets. `check` is called now and then and may raise.
    """
    quads, quad_sides = _parities(sets, 4)
    triples, triple_sides = _parities(sets, 3)
    check()
    full = _full(quads, quad_sides, _majority_parts(sets))
    check()
    gates = gate_codes(sets, check)
    half = _half(triples, triple_sides, gates)
    padded = np.concatenate([triples, np.full((len(triples), 1), NONE, np.int32)], axis=1)
    rest = np.concatenate([np.delete(padded, half[0], axis=0), np.delete(quads, full[0], axis=0)])
    sides = np.concatenate([np.delete(triple_sides, half[0]), np.delete(quad_sides, full[0])])
    inputs, sums, carries = (np.concatenate(pair) for pair in zip(full[1:], half[1:], strict=True))
    return Cells(inputs, sums, carries, _merges(half, gates), rest, sides)


def _variables(sets: ClauseSets, chosen: NDArray[np.int64], size: int) -> Codes:
    """Return the variables of some sets, rising, (sets, size)."""
    starts = sets.table.offsets[sets.table.heads[chosen]]
    codes: Codes = sets.table.codes[starts[:, None] + np.arange(size)]
    return codes >> 1


def _parities(sets: ClauseSets, size: int) -> tuple[Codes, NDArray[np.bool_]]:
    """Return the variables (rows, size) of parities, and what they XOR to (rows,)."""
    chosen = np.flatnonzero(sets.sizes == size)
    patterns = sets.table.patterns[chosen]
    even = np.uint64(_PARITY[size])
    odd = np.uint64((1 << (1 << size)) - 1) ^ even
    # A clause forbids the values that are its signs: with all even ones forbidden, the sum is odd.
    sides = (patterns & even) == even
    found = sides ^ ((patterns & odd) == odd)  # both would be a contradiction
    return _variables(sets, chosen[found], size), sides[found]


@dataclass(frozen=True, slots=True)
class _Parts:
    """Clauses that say that of three literals not all are equal, from the view of each of their variables.

    Sorted by the pair of the two others, then by that variable: `places` is where a pair begins.
    """

    keys: NDArray[np.int64]  # (pairs,), rising
    places: NDArray[np.int64]  # (pairs + 1,)
    apexes: Codes  # (parts,), variables
    signs: NDArray[np.bool_]  # (parts, 2), of the pair's literals where the other's is negative
    width: int  # variables

    def pair(self, first: Codes, second: Codes) -> NDArray[np.int64]:
        """Return the number of each pair of variables, in any order, or -1."""
        return _found(self.keys, _pair_keys(first, second))

    def find(self, first: Codes, second: Codes, apex: Codes) -> NDArray[np.int64]:
        """Return the part of a pair of variables and an apex, -1 where there is none."""
        numbers = np.repeat(np.arange(self.keys.size), np.diff(self.places))
        pair = self.pair(first, second)
        found = _found(numbers * self.width + self.apexes, pair * self.width + apex)
        return np.where(pair < 0, -1, found)


def _pair_keys(first: Codes, second: Codes) -> NDArray[np.int64]:
    low, high = np.minimum(first, second).astype(np.int64), np.maximum(first, second).astype(np.int64)
    return low << 32 | high


def _found(rising: NDArray[np.int64], keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each key is first, -1 where it is not."""
    places = np.searchsorted(rising, keys)
    places[places == rising.size] = 0
    known = rising[places] == keys if rising.size else np.zeros(keys.size, np.bool_)
    return np.where(known, places, -1)


def _majority_parts(sets: ClauseSets) -> _Parts:
    """Find what majorities are made of: two clauses of three literals with all signs changed."""
    chosen = np.flatnonzero(sets.sizes == 3)
    patterns = sets.table.patterns[chosen].astype(np.int64)
    pairs = np.stack([(patterns >> low) & (patterns >> (7 - low)) & 1 for low in range(4)], axis=1)
    single = pairs.sum(axis=1) == 1
    chosen, lows = chosen[single], pairs[single].argmax(axis=1)
    variables = _variables(sets, chosen, 3)
    bits = (lows[:, None] >> np.arange(3) & 1).astype(np.bool_)  # (sets, 3)
    keys, apexes, signs = [], [], []
    for apex, first, second in ((0, 1, 2), (1, 0, 2), (2, 0, 1)):
        keys.append(_pair_keys(variables[:, first], variables[:, second]))
        apexes.append(variables[:, apex])
        signs.append(bits[:, [first, second]] ^ ~bits[:, [apex]])
    every, tops = np.concatenate(keys), np.concatenate(apexes)
    order = np.lexsort((tops, every))
    rising, places = np.unique(every[order], return_index=True)
    return _Parts(
        rising, np.append(places, every.size), tops[order], np.concatenate(signs)[order], sets.variables
    )


Found = tuple[NDArray[np.int64], Codes, Codes, Codes]  # which parities; inputs, sums, carries of their cells


def _full(quads: Codes, sides: NDArray[np.bool_], parts: _Parts) -> Found:
    """Find the parities of four variables with a majority of three of them."""
    rows, outputs = np.divmod(np.arange(4 * len(quads)), 4)
    others = np.array([[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]])[outputs]
    inputs = quads[rows[:, None], others]
    x, y, z = inputs.T
    pairs = np.stack([parts.pair(x, y), parts.pair(x, z), parts.pair(y, z)])  # (3, tries)
    widths = np.where(pairs < 0, 0, parts.places[pairs + 1] - parts.places[pairs])
    rarest = widths.argmin(axis=0)
    lengths = widths.min(axis=0)
    lengths[lengths > APEXES] = 0
    known = np.repeat(np.arange(lengths.size), lengths)
    apex = parts.apexes[ranges(parts.places, pairs[rarest, np.arange(lengths.size)][lengths > 0])]
    x, y, z = inputs[known].T
    first, second, third = parts.find(x, y, apex), parts.find(x, z, apex), parts.find(y, z, apex)
    signs = np.stack([parts.signs[first], parts.signs[second], parts.signs[third]], axis=1)  # (tries, 3, 2)
    fits = (first >= 0) & (second >= 0) & (third >= 0)
    fits &= (signs[:, 0, 0] == signs[:, 1, 0]) & (signs[:, 0, 1] == signs[:, 2, 0])
    fits &= signs[:, 1, 1] == signs[:, 2, 1]
    fits &= apex != quads[rows[known], outputs[known]]
    kept = np.flatnonzero(fits)
    _, once = np.unique(rows[known[kept]], return_index=True)
    kept = kept[once]
    chosen = known[kept]
    negative = np.stack([signs[kept, 0, 0], signs[kept, 0, 1], signs[kept, 1, 1]], axis=1)
    literals = 2 * inputs[chosen] + negative
    side = sides[rows[chosen]] ^ (negative.sum(axis=1) % 2 == 1)
    sums = 2 * quads[rows[chosen], outputs[chosen]] + side
    return rows[chosen], literals.astype(np.int32), sums.astype(np.int32), (2 * apex[kept]).astype(np.int32)


def _conjunctions(gates: Gates) -> tuple[Codes, Codes]:
    """Return the inputs (gates, 2) and outputs (gates,) of those with two inputs."""
    chosen = np.flatnonzero((gates.kinds == AND) & (np.diff(gates.offsets) == 2))
    places = gates.offsets[chosen]
    return np.stack([gates.inputs[places], gates.inputs[places + 1]], axis=1), gates.outputs[chosen]


def _half(triples: Codes, sides: NDArray[np.bool_], gates: Gates) -> Found:
    """Find the parities of three variables with a conjunction of two of them."""
    operands, results = _conjunctions(gates)
    keys = _pair_keys(*(operands >> 1).T)
    order = np.argsort(keys, kind="stable")
    rows, outputs = np.divmod(np.arange(3 * len(triples)), 3)
    others = np.array([[1, 2], [0, 2], [0, 1]])[outputs]
    inputs = triples[rows[:, None], others]
    place = _found(keys[order], _pair_keys(*inputs.T))
    tried = np.flatnonzero(place >= 0)
    gate = order[place[tried]]
    totals = triples[rows[tried], outputs[tried]]
    fits = np.flatnonzero(results[gate] >> 1 != totals)
    _, once = np.unique(rows[tried[fits]], return_index=True)
    kept = fits[once]
    row, literals = rows[tried[kept]], operands[gate[kept]]
    negated = sides[row] ^ ((literals & 1).sum(axis=1) % 2 == 1)
    padded = np.concatenate([literals, np.full((kept.size, 1), NONE, np.int32)], axis=1)
    return row, padded, (2 * totals[kept] + negated).astype(np.int32), results[gate[kept]]


def _merges(half: Found, gates: Gates) -> Codes:
    """Find disjunctions of the carries of two half adders, one of which adds the other's sum."""
    _, inputs, totals, carries = half
    operands, results = _conjunctions(gates)
    order = np.argsort(carries, kind="stable")
    both = _found(carries[order].astype(np.int64), (operands ^ 1).ravel().astype(np.int64)).reshape(-1, 2)
    known = np.flatnonzero((both >= 0).all(axis=1))
    first, second = order[both[known]].T if known.size else (known, known)
    on = (inputs[second] == totals[first, None]).any(axis=1)
    back = (inputs[first] == totals[second, None]).any(axis=1)
    kept = (on | back) & (first != second)
    found, passed = known[kept], np.where(on, totals[first], totals[second])[kept]
    return np.column_stack([operands[found] ^ 1, results[found] ^ 1, passed]).astype(np.int32)
