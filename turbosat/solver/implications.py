"""Unit propagation of assumptions over the clauses as they were added."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from turbosat.core import cadical as kernels

if TYPE_CHECKING:
    from turbosat.solver.store import Store


class Propagator:
    """Clauses listed by their literals, made anew where there are more of them."""

    def __init__(self) -> None:
        self._size = -1
        self._state: kernels.Implications | None = None
        self._holds = True  # no conflict without assumptions
        self._known = 0  # literals that follow without assumptions

    def propagate(self, store: Store, variables: int, assumptions: list[int]) -> tuple[bool, list[int]]:
        """Return whether there is no conflict, and the assumptions with what follows, in order.

        What follows without them is not among it; after a conflict it is what was set before.
        """
        state = self._fitting(store, variables)
        if not self._holds:
            return False, []
        state.positions[:] = self._known
        fine = True
        found: list[int] = []
        for literal in assumptions:
            before = int(state.positions[kernels.TAIL])
            anyway = int(state.values[abs(literal) - 1])
            fine = bool(kernels.imply(state, literal))
            found += state.queue[before : state.positions[kernels.TAIL]].tolist()
            if not fine:
                break
            if anyway and literal not in found:  # it follows without assumptions
                found.append(literal)
        set_now = state.queue[self._known : state.positions[kernels.TAIL]]
        state.values[np.abs(set_now) - 1] = 0
        return fine, found

    def _fitting(self, store: Store, variables: int) -> kernels.Implications:
        size = store.settled()
        if self._state is not None and size == self._size and self._state.values.size >= variables:
            return self._state
        self._size = size
        self._state = state = kernels.Implications(
            literals=store.literals,
            starts=np.zeros(2 * variables + 1, np.int64),
            occurrences=np.zeros(size, np.int64),
            values=np.zeros(variables, np.int8),
            queue=np.zeros(variables, np.int32),
            positions=np.zeros(kernels.POSITIONS, np.int64),
        )
        kernels.list_occurrences(state, size)
        self._holds = bool(kernels.set_units(state, size)) and bool(kernels.imply(state, 0))
        self._known = int(state.positions[kernels.TAIL])
        return state
