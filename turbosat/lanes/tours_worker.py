"""The child side of the tours lane: a circuit in the clauses, a cycle for it, a model with that cycle.

In a process of its own: whatever it does, it can be ended at any time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from turbosat import system
from turbosat.cdcl.process.channel import Channel, serve
from turbosat.encodings.cycles import Walk, contract, expanded
from turbosat.encodings.matrix import Matrix, encode
from turbosat.encodings.propagation import propagate
from turbosat.encodings.roads import Covers, Roads
from turbosat.encodings.tours import Tours, recognise
from turbosat.formula.formula import Formula
from turbosat.lanes.single_task import received
from turbosat.lanes.tours import LARGE, countable

QUICK: Final = 10.0  # CPU seconds after which the search gives way: most walks are over by then,
MANY: Final = 4_000_000  # literals of which on the lane gives way before there is a graph,
NICE: Final = 7  # so far
SECONDS: Final = 40.0  # CPU seconds of all
WALK: Final = 100_000, 1_000, 0.5  # microseconds of a walk at most: in all, by vertices, by their square
WALKED: Final = 100_000  # of a part of it, before limits are looked at
WALKS: Final = 3  # after which covers are asked for
REFUSALS: Final = 40  # of all cycles
LARGEST: Final = 20_000  # vertices at most: walks among more take minutes
COVERED: Final = 2_000  # vertices at most: covers of more take CaDiCaL minutes
COVERING: Final = 5.0  # CPU seconds in which covers are asked for, each time
CONFLICTS: Final = 2_000  # of the search for a cover, before limits are looked at
COMPLETING: Final = 20_000  # conflicts of the search for a model with one cycle

Values = NDArray[np.bool_]


def main(descriptor: int) -> None:
    """Serve the lane at the other end of a socket."""
    serve(descriptor, run)


def run(channel: Channel) -> None:
    """Take a formula, say what circuit it has, and answer with a model, or without."""
    formula, _ = received(channel)

    @cache
    def give_way() -> None:
        system.give_way(0, NICE)

    def tell(figures: dict[str, Any]) -> None:
        channel.send("tours", figures)

    model = solved(formula, tell, give_way)
    if model is None:
        channel.send("answer", {"status": 0, "why": "no cycle that makes a model"})
    else:
        channel.send("answer", {"status": 10}, [memoryview(model.view(np.uint8))])  # type: ignore[arg-type] # untyped


def solved(
    formula: Formula,
    tell: Callable[[dict[str, Any]], None] = lambda figures: None,
    give_way: Callable[[], None] = lambda: None,
    seconds: float = SECONDS,
) -> Values | None:
    """Return a model of the clauses by way of a circuit, None if there is no circuit or none was found.

    `tell` is called with figures where there is a circuit, and `give_way` before what takes long.
    """
    began = time.process_time()
    if formula.literals.size > LARGE and not countable(formula):
        return None
    if formula.literals.size > MANY:
        give_way()
    matrix = encode(Formula(formula.literals, formula.offsets, formula.variables))
    tours = recognise(matrix)
    if tours is None or tours.vertices > LARGEST:
        return None
    search = _Search(matrix, tours, began, give_way, seconds)
    values = search.model()
    spent = round(time.process_time() - began, 4)
    tell({"vertices": tours.vertices, "arcs": tours.arcs.size, "refused": search.refused, "seconds": spent})
    return None if values is None else matrix.extend(values)


class _Search:
    """Walks, then covers, in turns, until a cycle is part of a model, or all effort is spent."""

    def __init__(
        self, matrix: Matrix, tours: Tours, began: float, give_way: Callable[[], None], seconds: float
    ) -> None:
        self.refused = 0  # cycles
        self._matrix, self._tours = matrix, tours
        self._began, self._give_way, self._seconds = began, give_way, seconds
        self._roads = Roads(tours)
        self._completion = _Completion(matrix)
        self._cores: list[list[int]] = []  # arcs of which no model has all
        self._covers: Covers | None = None

    def model(self) -> Values | None:
        """Return the values of a model of the matrix, None if none was found."""
        for cycle in self._cycles():
            values = self._completion.values(self._tours.arcs[cycle])
            if values is not None:
                return values
            self.refused += 1
            core = set(self._completion.core)
            self._cores.append([arc for arc in cycle if int(self._tours.arcs[arc]) in core])
            if not self._cores[-1] or self.refused >= REFUSALS:
                return None
        return None

    def _spent(self) -> bool:
        spent = time.process_time() - self._began
        if spent > QUICK:
            self._give_way()
        return spent > self._seconds

    def _cycles(self) -> Iterator[list[int]]:
        """Yield the arcs of cycles through all vertices."""
        graph, partner = self._roads.graph()
        chains = contract(graph, partner)
        if chains is None:
            return
        seed, conflicts = 0, CONFLICTS
        vertices = self._tours.vertices
        parts = 1 + int(WALK[0] + vertices * (WALK[1] + WALK[2] * vertices)) // WALKED
        while not self._spent():
            for _ in range(WALKS):
                walk, seed = Walk(graph, partner, seed), seed + 1
                row = None
                for _ in range(parts):
                    row = walk.search(WALKED)
                    if row is not None or self._spent():
                        break
                if row is None or self._spent():
                    break
                yield from self._roads.along(expanded(row, chains))
            if vertices <= COVERED and (yield from self._covered(conflicts)):
                return
            conflicts *= 2

    def _covered(self, conflicts: int) -> Generator[list[int], None, bool]:
        """Yield cycles from covers for a while; return whether there are no more."""
        if self._covers is None:
            self._covers = Covers(self._matrix, self._tours)
        end = time.process_time() + COVERING
        while self._covers.usable and time.process_time() < end and not self._spent():
            while self._cores:
                self._covers.refuse(self._cores.pop())
            cycles = self._covers.next(conflicts)
            if cycles is None:
                continue
            if not cycles:
                return True
            if len(cycles) == 1:
                yield cycles[0]
        return False


class _Completion:
    """Models of a matrix under assumptions: by unit propagation where that is enough, else by CaDiCaL."""

    def __init__(self, matrix: Matrix) -> None:
        self.core: list[int] = []  # assumed literals that no model has, if known
        self._matrix = matrix
        self._solver: Any = None

    def values(self, assumed: NDArray[np.int32]) -> Values | None:
        """Return values bool (variables,) of a model in which these literals are true, None without one."""
        matrix = self._matrix
        fixed = propagate(matrix.literals, matrix.offsets, matrix.variables, assumed)
        if not fixed.contradiction and fixed.satisfied.all():
            values: Values = fixed.values == 1
            return values
        self.core = []
        if self._solver is None:
            from pysat.solvers import Cadical300

            signed = ((matrix.literals >> 1) + 1) * (1 - 2 * (matrix.literals & 1))
            rows = np.split(signed, matrix.offsets[1:-1])
            self._solver = Cadical300(bootstrap_with=(each.tolist() for each in rows))
        self._solver.conf_budget(COMPLETING)
        wanted = (((assumed >> 1) + 1) * (1 - 2 * (assumed & 1))).tolist()
        answer = self._solver.solve_limited(assumptions=wanted)
        if answer:
            return np.array(self._solver.get_model()[: matrix.variables], np.int32) > 0
        if answer is False:
            self.core = [2 * abs(each) - 2 + (each < 0) for each in self._solver.get_core() or []]
        return None
