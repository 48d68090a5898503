"""A cycle through all vertices of a graph, by a random walk among covers by one path and cycles.

A step adds an edge at the end of the path, and takes one away where it leads: the path takes in a cycle,
turns round behind one of its vertices (L. Posa: Hamiltonian Circuits in Random Graphs, Discrete Mathematics
14, 1976), or leaves a cycle behind. In random cubic graphs about one in sqrt(n) covers by cycles is one cycle
(A. Frieze, M. Jerrum, M. Molloy, R. Robinson, N. Wormald: Generating and Counting Hamilton Cycles in Random
Regular Graphs, Journal of Algorithms 21, 1996), and the walk prefers those of few.
"""

import random
from typing import Final

import numpy as np

SPLIT: Final = 0.2  # of the turns that leave a cycle behind instead,
TURN: Final = 0.1  # and of the steps that go on at the other end of the path
STEP: Final = 64  # entries that are moved in the time of a step, which is about a microsecond

Graph = list[set[int]]


def contract(graph: Graph, partner: list[int]) -> dict[int, list[int]] | None:
    """Contract chains of edges that each cycle must use, in place; None if there is no such cycle.

    Of `partner`, -1 or a vertex, each is joined by such an edge, which is not in the graph. Vertices inside
    of chains lose their edges, the ends of one become partners. Returns the chains by each end, its vertices
    in order from there.
    """
    chains = {v: [v, partner[v]] for v in range(len(graph)) if partner[v] >= 0}
    inside = 0
    waiting = list(range(len(graph)))
    over = [False] * len(graph)

    def drop(a: int, b: int) -> None:
        graph[a].discard(b)
        graph[b].discard(a)
        waiting.extend((a, b))

    def force(a: int, b: int) -> None:
        nonlocal inside
        drop(a, b)
        row = chains[a][::-1] if partner[a] >= 0 else [a]
        row += chains[b] if partner[b] >= 0 else [b]
        for each in (a, b):
            if partner[each] >= 0:
                over[each] = True
                inside += 1
                chains.pop(each)
                for other in list(graph[each]):
                    drop(each, other)
        first, last = row[0], row[-1]
        partner[first], partner[last] = last, first
        chains[first], chains[last] = row, row[::-1]
        waiting.extend((first, last))
        if inside < len(graph) - 2:
            drop(first, last)

    while waiting:
        v = waiting.pop()
        if over[v]:
            continue
        need = 2 if partner[v] < 0 else 1
        if len(graph[v]) < need:
            return None
        if len(graph[v]) == need and inside < len(graph) - 2:
            force(v, next(iter(graph[v])))
            waiting.append(v)
    return chains


def expanded(cycle: list[int], chains: dict[int, list[int]]) -> list[int]:
    """Put the chains into a cycle of their ends, which are beside each other in it."""
    if cycle[0] in chains and chains[cycle[0]][-1] != cycle[1]:
        cycle = cycle[1:] + cycle[:1]
    row: list[int] = []
    for vertex in cycle:
        if vertex not in chains:
            row.append(vertex)
        elif not row or row[-1] != vertex:
            row += chains[vertex]
    return row


class Walk:
    """A random walk on one graph; vertices without edges and partner are left out."""

    def __init__(self, graph: Graph, partner: list[int], seed: int) -> None:
        vertices = [v for v in range(len(graph)) if graph[v]]
        self._size = len(vertices)
        self._around = [sorted(each) for each in graph]
        self._partner = partner
        self._dice = random.Random(seed)
        self._parts: dict[int, list[int]] = {}  # vertices and cycles beside the path
        self._fresh = 1
        self._part = [0] * len(graph)  # that each vertex is in, 0 for the path
        self._place = np.zeros(len(graph), np.int64)  # of each vertex, in its part or in the path
        self._counted = np.arange(len(graph))
        self._path = np.zeros(len(graph), np.int64)
        self._length = 0  # of the path
        for vertex in vertices:
            if partner[vertex] < 0:
                self._leave([vertex])
            elif vertex < partner[vertex]:
                self._leave([vertex, partner[vertex]])
        if vertices:
            self._take(self._dice.choice(vertices))

    def search(self, effort: int) -> list[int] | None:
        """Walk until there is a cycle: its vertices in order; None after so many microseconds or so.

        It goes on where it was at the next call.
        """
        path, place, part, partner, around = self._path, self._place, self._part, self._partner, self._around
        chance = self._dice.random
        left = effort * STEP
        while left > 0 and self._length:
            left -= STEP
            length = self._length
            end, first = int(path[length - 1]), int(path[0])
            before = int(path[length - 2]) if length > 1 else -1
            near = around[end]
            if length == self._size and first in near and (length > 2 or partner[end] == first):
                return path[:length].tolist()  # type: ignore[no-any-return] # untyped
            if outside := [v for v in near if part[v]]:
                left -= self._take(outside[int(chance() * len(outside))])
                continue
            vertex = near[int(chance() * len(near))]
            if vertex == before or chance() < TURN:
                self._turn(0)
                left -= length
                continue
            at = int(place[vertex])
            following = int(path[at + 1])
            bound = at == 0 or partner[vertex] == path[at - 1]
            if partner[vertex] == following or (not bound and chance() < SPLIT):
                if not bound:
                    left -= self._split(at)
            else:
                self._turn(at + 1)
                left -= length - at
        return None

    def _turn(self, first: int) -> None:
        """Reverse the path from a place on."""
        rest = self._path[first : self._length]
        rest[:] = rest[::-1].copy()
        self._place[rest] = self._counted[first : self._length]

    def _split(self, first: int) -> int:
        """Leave the path from a place on as a cycle."""
        rest: list[int] = self._path[first : self._length].tolist()
        self._length = first
        self._leave(rest)
        return STEP * len(rest) // 8

    def _leave(self, row: list[int]) -> None:
        self._parts[self._fresh] = row
        for vertex in row:
            self._part[vertex] = self._fresh
        self._place[row] = self._counted[: len(row)]
        self._fresh += 1

    def _take(self, vertex: int) -> int:
        """Go on with a part from a vertex of it round to a neighbour: to the one that need not stay one."""
        row = self._parts.pop(self._part[vertex])
        at = int(self._place[vertex])
        partner = self._partner[vertex]
        onward = self._dice.random() < 0.5 if partner < 0 else row[(at + 1) % len(row)] == partner
        row = row[at:] + row[:at] if onward else row[at::-1] + row[:at:-1]
        for each in row:
            self._part[each] = 0
        end = self._length + len(row)
        self._path[self._length : end] = row
        self._place[row] = self._counted[self._length : end]
        self._length = end
        return STEP * len(row) // 8
