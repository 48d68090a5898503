"""Symmetries that auxiliary variables hide, and folds along them.

Which conjunctions share an indicator is up to who wrote the clauses: in a Costas array the pairs of dots of
two rows do, those of two columns do not, and no symmetry of the clauses exchanges rows and columns. Without
indicators there are the resolvents alone, which are the same for both (Davis and Putnam, 1960). Their
symmetries are sought in few of them, of kinds that no symmetry takes to others, and tried on a sample of all.

A model that is the same under such a symmetry is easier to find, where there is one, as along a partial
symmetry (`folding`). Nothing here follows from the formula.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.exclusion import pairs_of
from turbosat.encodings.propagation import distinct, ranges, signed_literals, transpose
from turbosat.encodings.symmetries.automorphisms import Symmetry
from turbosat.encodings.symmetries.folding import LEAST, MOST, Fold, fold, hopeless
from turbosat.encodings.symmetries.indicators import Codes, Indicators, find_indicators
from turbosat.encodings.symmetries.likeness import mixed
from turbosat.formula.formula import Formula

ENTRIES: Final = 24_000_000  # of resolvents, at most
LARGEST: Final = 62  # bits of a clause's number
BLOCK: Final = 1 << 19  # resolvents made at once: the memory
NAMED: Final = 4096  # literals that conjunctions are of, at most
SPREAD, WIDEST = (
    64,
    1024,
)  # entries of the clauses that symmetries are sought in, by literal, about and at most
EFFORT: Final = 50_000_000  # edges that the search reads
SAMPLE: Final = 4096  # resolvents that a symmetry is tried on
ELEMENTS: Final = 64  # of the group that symmetries generate


@dataclass(frozen=True, slots=True)
class Resolvents:
    """Clauses that no indicator is in, each as one number.

    `names` (literals,) are 1 and more for the literals that conjunctions are of, else 0; the names of a
    clause's literals, rising, with 0 before the first where there are few, are its digits.
    """

    keys: NDArray[np.int64]  # (resolvents,), rising
    codes: Codes  # (named,), rising, the literal of each name
    names: Codes
    width: int

    def rows(self, keys: NDArray[np.int64]) -> Codes:
        """Return the names of the literals of clauses, (clauses, width)."""
        base = self.codes.size + 1
        powers = base ** np.arange(self.width - 1, -1, -1, dtype=np.int64)
        return (keys[:, None] // powers % base).astype(np.int32)

    def numbers(self, rows: Codes) -> NDArray[np.int64]:
        """Return the number of each clause, given by names (clauses, width) in any order."""
        base, keys = self.codes.size + 1, np.zeros(len(rows), np.int64)
        for digit in np.sort(rows, axis=1).T:
            keys = keys * base + digit
        return keys


def resolve(codes: Codes, offsets: NDArray[np.int64], indicators: Indicators) -> Resolvents | None:
    """Return what clauses say of conjunctions, less what clauses of two say; None where that is too much."""
    literals = indicators.literals.size
    starts, occurrences = transpose(codes, offsets, literals)
    counts = np.diff(starts)[indicators.pairs]  # (pairs, 2), conjunctions of each
    shown = ~indicators.variables
    first = np.unique(indicators.pairs)
    own = occurrences[ranges(starts, first)]  # the clauses of conjunctions
    entries = ranges(offsets, own)
    entries = entries[shown[codes[entries]]]
    named = np.unique(codes[entries])
    width = int((np.diff(offsets)[own] - 1).max(initial=0))
    total = int((counts[:, 0] * counts[:, 1]).sum())
    if not named.size or named.size > NAMED or 2 * width * total > ENTRIES:
        return None
    if 2 * width * (named.size + 1).bit_length() > LARGEST:
        return None
    names = np.zeros(literals, np.int32)
    names[named] = np.arange(1, named.size + 1)
    rest = np.zeros((offsets.size - 1, width), np.int32)  # (clauses, width), names of conjunctions' literals
    lengths = np.diff(offsets)[own] - 1
    columns = np.arange(entries.size) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    rest[np.repeat(own, lengths), columns] = names[codes[entries]]
    made = Resolvents(np.zeros(0, np.int64), named, names, 2 * width)
    exclusive = _exclusive(codes, offsets, made)
    opposite = np.append(0, names[named ^ 1])  # (names,), 0 where it has none
    parts = [made.keys]
    for one, other in _blocks(indicators.pairs, counts, starts, occurrences):
        rows = np.concatenate([rest[one], rest[other]], axis=1)  # (block, width)
        said = np.zeros(len(rows), np.bool_)
        for place, left in enumerate(rows.T):
            for right in rows.T[place + 1 :]:
                said |= exclusive[left, right] | ((opposite[left] == right) & (right > 0))
        parts.append(made.numbers(rows[~said]))
    return Resolvents(distinct(np.concatenate(parts)), named, names, 2 * width)


def _blocks(
    pairs: Codes, counts: NDArray[np.int64], starts: NDArray[np.int64], occurrences: Codes
) -> Iterator[tuple[Codes, Codes]]:
    """Yield the clauses that are resolved with each other, some at once."""
    products = counts[:, 0] * counts[:, 1]
    ends = np.cumsum(products)
    for begin in range(0, int(ends[-1]), BLOCK):
        number = np.arange(begin, min(begin + BLOCK, int(ends[-1])))
        pair = np.searchsorted(ends, number, side="right")
        number -= ends[pair] - products[pair]
        one, other = starts[pairs[pair]].T + np.divmod(number, counts[pair, 1])
        yield occurrences[one], occurrences[other]


def _exclusive(codes: Codes, offsets: NDArray[np.int64], made: Resolvents) -> NDArray[np.bool_]:
    """Return whether a clause of two has two names, (names, names)."""
    size = made.codes.size + 1
    found = np.zeros((size, size), np.bool_)
    one, other = made.names[pairs_of(codes, offsets) ^ 1].T
    found[one, other] = found[other, one] = True
    found[0, :] = found[:, 0] = False
    return found


def characteristic(made: Resolvents) -> NDArray[np.int64]:
    """Return few resolvents that every symmetry of all takes to each other; none where there are too many.

    These are whole classes of resolvents whose literals are in equally many, the rarest first.
    """
    rows = made.rows(made.keys)
    often = np.bincount(rows.ravel(), minlength=made.codes.size + 1).astype(np.uint64)
    kinds = mixed(often, 0)[rows].sum(axis=1)
    _, kind, sizes = np.unique(kinds, return_inverse=True, return_counts=True)
    order = np.argsort(sizes, kind="stable")
    ends = np.cumsum(sizes[order]) * made.width
    few = order[: int(np.searchsorted(ends, SPREAD * made.codes.size, side="right")) + 1]
    if ends[few.size - 1] > WIDEST * made.codes.size:
        few = few[:-1]
    chosen = np.zeros(sizes.size, np.bool_)
    chosen[few] = True
    return made.keys[chosen[kind]]


def revealed(symmetry: Symmetry, most: int = MOST) -> list[Fold]:
    """Return folds along symmetries that the clauses of `symmetry` have without their indicators.

    Those of the fewest pairs first. Unit propagation refutes none of them, nor forces much.
    """
    codes, offsets, literals = symmetry.clauses.codes, symmetry.clauses.offsets, 2 * symmetry.variables
    indicators = find_indicators(codes, offsets, literals) if codes.size else None
    made = None if indicators is None else resolve(codes, offsets, indicators)
    if indicators is None or made is None or not made.keys.size:
        return []
    least = LEAST * np.count_nonzero(~indicators.variables) / 2
    # By the roots of the literals that have names: the folds, all at once, would be many times the formula.
    sizes = dict[bytes, tuple[int, Codes]]()
    for image in elements(generators(symmetry, indicators, made)):
        folded = _along(made, image, symmetry.variables) if _kept(made, image) else None
        if folded is not None and folded.sources.size >= least:
            sizes.setdefault(folded.roots[made.codes].tobytes(), (folded.sources.size, image))
    found = list[Fold]()
    for _, image in sorted(sizes.values(), key=lambda each: each[0]):
        folded = _along(made, image, symmetry.variables) if len(found) < most else None
        if folded is not None and not hopeless(codes, offsets, folded):
            found.append(folded)
    return found


def _along(made: Resolvents, image: Codes, variables: int) -> Fold | None:
    """Return the fold along a permutation of names, None where a literal would equal its negation."""
    moved = np.flatnonzero(image != np.arange(image.size))
    return fold(made.codes[moved - 1], made.codes[image[moved] - 1], variables)


def generators(symmetry: Symmetry, indicators: Indicators, made: Resolvents) -> list[Codes]:
    """Return permutations of names, (names + 1,) each, that keep what characterises the resolvents."""
    codes, offsets = symmetry.clauses.codes, symmetry.clauses.offsets
    rows = made.rows(characteristic(made))
    if not rows.any(axis=1).all():
        return []  # two conjunctions of nothing: the clauses are refuted
    rows = np.where(rows == 0, rows.max(axis=1, initial=0, keepdims=True), rows)  # one literal more than once
    plain = ~np.logical_or.reduceat(indicators.variables[codes], offsets[:-1])
    sizes = np.diff(offsets)
    both = np.concatenate([codes[np.repeat(plain, sizes)], made.codes[rows - 1].reshape(-1)])
    ends = np.append(0, np.cumsum(np.append(sizes[plain], np.full(len(rows), made.width))))
    without = Symmetry(Formula(signed_literals(both), ends, symmetry.variables))
    if not without.coloured():
        return []
    found = list[Codes]()
    for each in without.generators(EFFORT)[0]:
        image = np.arange(made.codes.size + 1, dtype=np.int32)
        for sign in (0, 1):
            one, other = (
                made.names[2 * without.names[side >> 1] + (side & 1 ^ sign)]
                for side in (each.sources, each.images)
            )
            image[one[one > 0]] = other[one > 0]
        whole = image[1:].all() and (np.bincount(image, minlength=image.size) == 1).all()
        if whole and (image != np.arange(image.size)).any() and len(found) < ELEMENTS:
            found.append(image)
    return found


def elements(given: list[Codes]) -> list[Codes]:
    """Return permutations that others generate, those of few factors, without the one that moves nothing."""
    if not given:
        return []
    own = np.arange(given[0].size, dtype=np.int32)
    seen, found, fresh = {own.tobytes()}, list[Codes](), deque([own])
    while fresh:
        one = fresh.popleft()
        for each in given:
            product = each[one]
            if len(found) < ELEMENTS and product.tobytes() not in seen:
                seen.add(product.tobytes())
                found.append(product)
                fresh.append(product)
    return found


def _kept(made: Resolvents, image: Codes) -> bool:
    """Whether a permutation of names takes the resolvents of a sample to resolvents."""
    chosen = np.linspace(0, made.keys.size - 1, min(SAMPLE, made.keys.size)).astype(np.int64)
    wanted = made.numbers(image[made.rows(made.keys[chosen])])
    place = np.minimum(np.searchsorted(made.keys, wanted), made.keys.size - 1)
    return bool((made.keys[place] == wanted).all())
