"""The graph of a circuit as engines search it: undirected for the walk, clauses on arcs for CaDiCaL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.cycles import Graph
from turbosat.encodings.matrix import Matrix
from turbosat.encodings.tours import Tours

FEW: Final = 6  # vertices that arcs pass in one direction only, beside others: a cycle may pass them wrongly
PAIRS: Final = 2_000_000  # clauses of two that say that only one arc leaves a vertex, and only one enters it


class Roads:
    """An undirected graph: a vertex that arcs pass in one direction only is two, joined by an edge.

    The edge that joins them is one that each cycle must use (R. Karp: Reducibility among Combinatorial
    Problems, 1972, has three vertices instead).
    """

    def __init__(self, tours: Tours) -> None:
        count = tours.vertices
        self._arcs = {pair: number for number, pair in enumerate(_pairs(tours))}
        single = [0] * count
        degree = [0] * count
        for tail, head in self._arcs:
            for each in (tail, head):
                degree[each] += 1
                single[each] += (head, tail) not in self._arcs
        split = [v for v in range(count) if 2 * single[v] > degree[v]]
        if len(split) > FEW or (not split and any(single)):
            split = list(range(count))
        self._exit = list(range(count))  # where arcs that leave a vertex begin
        for number, vertex in enumerate(split):
            self._exit[vertex] = count + number
        self._owner = list(range(count)) + split
        self._graph: Graph = [set() for _ in self._owner]
        for tail, head in self._arcs:
            self._graph[self._exit[tail]].add(head)
            self._graph[head].add(self._exit[tail])

    def graph(self) -> tuple[Graph, list[int]]:
        """Return the graph, and for each vertex the other half of what it is a half of, -1 for whole ones."""
        partner = [-1] * len(self._owner)
        for vertex, leaving in enumerate(self._exit):
            if leaving != vertex:
                partner[vertex], partner[leaving] = leaving, vertex
        return [set(each) for each in self._graph], partner

    def along(self, cycle: list[int]) -> list[list[int]]:
        """Return the arcs along a cycle in each direction in which all of it can be passed."""
        found = []
        for row in (cycle, cycle[::-1]):
            steps = zip(row, row[1:] + row[:1], strict=True)
            pairs = [(self._owner[one], self._owner[other]) for one, other in steps]
            arcs = [self._arcs.get(pair, -1) for pair in pairs if pair[0] != pair[1]]
            if min(arcs) >= 0:
                found.append(arcs)
        return found


class Covers:
    """CaDiCaL on the arcs: covers of the graph by cycles, those that were refused left out."""

    def __init__(self, matrix: Matrix, tours: Tours) -> None:
        from pysat.solvers import Cadical300

        self._tours = tours
        self._solver = Cadical300()
        self.usable = True
        pairs = 0
        self._leaving = _rows(tours.tails, tours.vertices)
        self._entering = _rows(tours.heads, tours.vertices)
        for row in (*self._leaving, *self._entering):
            pairs += len(row) ** 2 // 2
            if pairs > PAIRS:
                self.usable = False
                return
            self._solver.add_clause(row)
            for place, one in enumerate(row):
                self._solver.append_formula([[-one, -other] for other in row[:place]])
        numbers = {pair: number for number, pair in enumerate(_pairs(tours), 1)}
        for (tail, head), arc in numbers.items():
            back = numbers.get((head, tail))
            if back is not None and tail < head and tours.vertices > 2:
                self._solver.add_clause([-arc, -back])
        self._solver.append_formula(_of_arcs(matrix, tours))

    def refuse(self, arcs: Iterable[int]) -> None:
        """Leave out all covers with these arcs together."""
        self._solver.add_clause([-arc - 1 for arc in arcs])

    def next(self, conflicts: int) -> list[list[int]] | None:
        """Return the arcs of each cycle of a cover, none if there is no cover, None after so many conflicts.

        Of several cycles, each is left out of what comes next, by arcs that leave it and enter it.
        """
        self._solver.conf_budget(conflicts)
        answer = self._solver.solve_limited()
        if answer is None:
            return None
        if not answer:
            return []
        taken = np.flatnonzero(np.array(self._solver.get_model()[: self._tours.arcs.size]) > 0)
        leaving = np.zeros(self._tours.vertices, np.int64)
        leaving[self._tours.tails[taken]] = taken
        following = self._tours.heads[leaving].tolist()
        cycles = _cycles(following)
        if len(cycles) > 1:
            for cycle in cycles:
                self._cut(cycle)
        return [leaving[cycle].tolist() for cycle in cycles]

    def _cut(self, cycle: list[int]) -> None:
        if 2 * len(cycle) > self._tours.vertices:
            return  # the others say as much
        inside = np.zeros(self._tours.vertices, np.bool_)
        inside[cycle] = True
        tails, heads = inside[self._tours.tails], inside[self._tours.heads]
        for crossing in (tails & ~heads, ~tails & heads):
            self._solver.add_clause((np.flatnonzero(crossing) + 1).tolist())


def _pairs(tours: Tours) -> Iterator[tuple[int, int]]:
    """Return the tail and the head of each arc."""
    return zip(tours.tails.tolist(), tours.heads.tolist(), strict=True)


def _rows(ends: NDArray[np.int64], vertices: int) -> list[list[int]]:
    """Return the arcs, from 1, of each vertex."""
    order = np.argsort(ends, kind="stable")
    cuts = np.searchsorted(ends[order], np.arange(1, vertices))
    return [each.tolist() for each in np.split(order + 1, cuts)]


def _of_arcs(matrix: Matrix, tours: Tours) -> list[list[int]]:
    """Return the clauses of a matrix that speak of arcs only, with arc k as the variable k + 1."""
    number = np.zeros(2 * matrix.variables, np.int64)  # of each literal
    number[tours.arcs] = np.arange(1, tours.arcs.size + 1)
    number[tours.arcs ^ 1] = -number[tours.arcs]
    of_arcs = np.logical_and.reduceat(number[matrix.literals] != 0, matrix.offsets[:-1])
    bounds, ends = matrix.offsets[:-1][of_arcs].tolist(), matrix.offsets[1:][of_arcs].tolist()
    literals = number[matrix.literals]
    return [literals[one:other].tolist() for one, other in zip(bounds, ends, strict=True)]


def _cycles(following: list[int]) -> list[list[int]]:
    """Return the vertices of each cycle in order."""
    seen = [False] * len(following)
    found = []
    for vertex in range(len(following)):
        row = []
        while not seen[vertex]:
            seen[vertex] = True
            row.append(vertex)
            vertex = following[vertex]
        if row:
            found.append(row)
    return found
