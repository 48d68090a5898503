"""Symmetries of clauses: permutations of literals that leave the clauses the same, found and checked.

A symmetry permutes the literals, a literal's negation to the negation of its image, such that the images of
the clauses are the clauses. They are the automorphisms of a graph of literals and clauses (Aloul, Ramani,
Markov and Sakallah, DAC 2002). Whoever adds something to the clauses for a symmetry's sake relies on the
check alone (`keeps`), which reads the clauses and no graph.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from turbosat.core import clauses as kernels
from turbosat.core.clauses import DEPTH, FOUND, PAIRS
from turbosat.encodings.matrix import compact
from turbosat.encodings.propagation import EFFORT, Check, propagate, tidied, transpose
from turbosat.formula.formula import Formula

TRIES: Final = 16  # wrong choices for one image of a literal, after which it counts as none
MOST: Final = 1 << 14  # generators
ROOM: Final = 1 << 22  # variables that they move, all together


@dataclass(frozen=True, slots=True)
class Permutation:
    """A permutation of literals: the positive ones it moves, rising, and where they go, (moved,) int32."""

    sources: NDArray[np.int32]
    images: NDArray[np.int32]

    @classmethod
    def of(cls, sources: NDArray[np.int32], images: NDArray[np.int32]) -> Self:
        """Return the permutation that takes literals, one of each variable, to others."""
        signs = sources & 1
        order = np.argsort(sources)
        return cls((sources ^ signs)[order], (images ^ signs)[order])

    def image(self, literals: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return where literals (literals,) go."""
        place = np.minimum(np.searchsorted(self.sources, literals & ~1), self.sources.size - 1)
        moved = self.sources[place] == literals & ~1
        return np.where(moved, self.images[place] ^ (literals & 1), literals).astype(np.int32)


class Symmetry:
    """The clauses that unit propagation leaves of a formula without XORs, and the search for symmetries.

    Variables are those of these clauses, from 0; `names` (variables,) are what the formula calls them, from
    0. What is a symmetry of the clauses that are left keeps the formula's models, too: the variables that
    have a value have the same in all of them, and those in no clause are not moved.
    """

    def __init__(self, formula: Formula, check: Check = lambda: None) -> None:
        """Index the clauses; without any where the formula is refuted already."""
        codes, offsets = tidied(formula.literals, formula.offsets, formula.variables, check=check)
        fixed = propagate(codes, offsets, formula.variables, np.zeros(0, np.int32), check=check)
        dropped = fixed.satisfied | fixed.contradiction
        offsets, codes, self.names = compact(codes, offsets, dropped, fixed.values)
        self.variables = self.names.size
        self._check = check
        codes, offsets = _ordered(codes, offsets)
        self._index(codes, offsets)
        repeated = np.zeros(offsets.size - 1, np.bool_)
        if kernels.hash_clauses(self.clauses, np.full(2 * self.variables, -1, np.int64), repeated):
            kept = np.repeat(~repeated, np.diff(offsets))
            self._index(codes[kept], np.append(0, np.cumsum(np.diff(offsets)[~repeated])))
            repeated = np.zeros(int((~repeated).sum()), np.bool_)
            kernels.hash_clauses(self.clauses, np.full(2 * self.variables, -1, np.int64), repeated)
        self._state: kernels.Symmetries | None = None

    def _index(self, codes: NDArray[np.int32], offsets: NDArray[np.int64]) -> None:
        starts, occurrences = transpose(codes, offsets, 2 * self.variables, self._check)
        clauses = offsets.size - 1
        self.clauses = kernels.Indexed(
            codes=codes,
            offsets=offsets,
            starts=starts,
            occurrences=occurrences,
            sums=np.zeros(clauses, np.uint64),
            slots=np.full(2 << clauses.bit_length(), -1, np.int32),
        )
        self._vertices = 2 * self.variables + int((np.diff(offsets) > 2).sum())

    def coloured(self) -> float:
        """Refine the colours of literals and clauses; return which part of the literals shares its colour.

        0.0 means that there is no symmetry. Literals of other colours are in no orbit together.
        """
        vertices = self._vertices
        self._left = _colouring(vertices)
        self._refinement = kernels.Refinement(
            **{
                name: np.zeros(vertices, np.int32)
                for name in ("counts", "touches", "cells", "queue", "splitter", "spare")
            },
            queued=np.zeros(vertices, np.bool_),
            frequencies=np.zeros(vertices + 1, np.int32),
            steps=np.zeros(3, np.int64),
        )
        if not self.variables:
            return 0.0
        kernels.begin_colouring(self.clauses, self._left, self._refinement)
        while not kernels.refine_colouring(self.clauses, self._left, self._refinement, EFFORT):
            self._check()
        sizes = self._left.size[self._left.cell[: 2 * self.variables]]
        return float((sizes > 1).mean())

    def generators(self, effort: int, tries: int = TRIES) -> tuple[list[Permutation], bool]:
        """Return symmetries, and whether the search for them came to its end; after `coloured`.

        `effort` bounds the edges that it reads, about 20 ns each. The symmetries have been checked.
        """
        state = self._checking
        right = _colouring(self._vertices)
        ended = kernels.find_symmetries(
            self.clauses, self._left, right, self._refinement, state, tries, effort
        )
        bounds = state.bounds[: state.progress[FOUND] + 1].tolist()
        pairs = state.pairs[: 2 * state.progress[PAIRS]].reshape(-1, 2)
        found = [Permutation.of(*pairs[a:b].T.copy()) for a, b in pairwise(bounds)]
        return found, bool(ended)

    @property
    def base(self) -> NDArray[np.int32]:
        """The literals that the search told apart, in order; that found last keep the longest part of it."""
        return self._checking.base[: self._checking.progress[DEPTH]]

    def keeps(self, permutation: Permutation) -> bool:
        """Tell whether a permutation is a symmetry, exactly."""
        sources = np.concatenate([permutation.sources, permutation.sources ^ 1])
        images = np.concatenate([permutation.images, permutation.images ^ 1])
        return bool(kernels.keeps_clauses(self.clauses, self._checking, sources, images))

    @property
    def _checking(self) -> kernels.Symmetries:
        """What a search and a check need, made when it is asked for."""
        if self._state is None:
            literals, clauses = 2 * self.variables, self.clauses.offsets.size - 1
            own = np.arange(literals, dtype=np.int32)
            ints = ("failed", "base", "base_marks", "targets", "step", "step_marks", "step_ends", "stack")
            self._state = kernels.Symmetries(
                image=own,
                parent=own.copy(),
                moved=np.zeros(literals, np.int32),
                **{name: np.zeros(literals, np.int32) for name in ints},
                base_sums=np.zeros(literals, np.int64),
                step_sums=np.zeros(literals, np.int64),
                stamps=np.zeros(clauses, np.int64),
                literal_stamps=np.zeros(literals, np.int64),
                pairs=np.empty(2 * ROOM, np.int32),
                bounds=np.zeros(MOST + 1, np.int64),
                progress=np.zeros(4, np.int64),
            )
        return self._state


def _colouring(vertices: int) -> kernels.Colouring:
    ints = {name: np.zeros(vertices, np.int32) for name in ("order", "place", "cell", "size")}
    return kernels.Colouring(**ints, splits=np.zeros(2 * vertices, np.int32), colours=np.zeros(2, np.int64))


def _ordered(
    codes: NDArray[np.int32], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the clauses with the longest first."""
    sizes = np.diff(offsets)
    if (sizes[1:] <= sizes[:-1]).all():
        return codes, offsets
    order = np.argsort(-sizes, kind="stable")
    ends = np.append(0, np.cumsum(sizes[order]))
    places = np.repeat(offsets[:-1][order] - ends[:-1], sizes[order]) + np.arange(codes.size)
    return codes[places], ends
