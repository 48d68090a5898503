"""Slow twins of encodings/symmetries/colouring: the colours of literals and clauses."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from itertools import groupby, pairwise
from typing import Any, Self

from turbosat.core.border import Record
from turbosat.core.clauses import (
    QUEUE_HEAD,
    QUEUE_SIZE,
    SPLITS,
    SUM,
    TOUCHED,
    Colouring,
    Indexed,
    Refinement,
)

WORD = 1 << 64


def hashed(x: int) -> int:
    """Return SplitMix64's scramble of a word."""
    x = (x + 1) * 0x9E3779B97F4A7C15 % WORD
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 % WORD
    x = (x ^ x >> 27) * 0x94D049BB133111EB % WORD
    return x ^ x >> 31


def signed(x: int) -> int:
    """Return what 64 bits are as a signed number."""
    return (x + WORD // 2) % WORD - WORD // 2


@dataclass
class Lists:
    """The arrays of a record as lists, to be written back."""

    record: Any

    @classmethod
    def of(cls, record: Record) -> Self:
        """Read the arrays that the class names."""
        names = [each.name for each in fields(cls) if each.name not in ("record", "effort")]
        return cls(record, **{name: getattr(record, name).tolist() for name in names})

    def write(self) -> None:
        """Write them back."""
        for name in self.record.declared()[0]:
            getattr(self.record, name)[:] = getattr(self, name)


@dataclass
class Cells(Lists):
    """A colouring."""

    order: list[int]
    place: list[int]
    cell: list[int]
    size: list[int]
    splits: list[int]
    colours: list[int]

    def members(self, cell: int) -> list[int]:
        """Return the vertices of a cell, in their order."""
        return self.order[cell : cell + self.size[cell]]

    def put(self, vertices: Iterable[int], place: int) -> None:
        """Let vertices come from a place on."""
        for at, vertex in enumerate(vertices, place):
            self.order[at], self.place[vertex] = vertex, at

    def swap(self, vertex: int, place: int) -> None:
        """Let a vertex change places with another."""
        other = self.order[place]
        self.put([other], self.place[vertex])
        self.put([vertex], place)

    def split(self, cell: int, at: int) -> None:
        """Let what comes at a place in a cell be a cell of its own, and note it."""
        noted, end = self.colours[SPLITS], cell + self.size[cell]
        self.splits[2 * noted : 2 * noted + 2] = [cell, at]
        self.colours[SPLITS] += 1
        self.size[cell], self.size[at] = at - cell, end - at
        for vertex in self.members(at):
            self.cell[vertex] = at

    def undo(self, mark: int) -> None:
        """Take back all splits but the first `mark`."""
        while self.colours[SPLITS] > mark:
            self.colours[SPLITS] -= 1
            cell, at = self.splits[2 * self.colours[SPLITS] :][:2]
            for vertex in self.members(at):
                self.cell[vertex] = cell
            self.size[cell] += self.size[at]

    def see(self, word: int) -> None:
        """Add what was seen to the sum."""
        self.colours[SUM] = signed(self.colours[SUM] + hashed(word))

    def noted_since(self, mark: int) -> list[int]:
        """Return the cells that were split after the first `mark` splits."""
        return self.splits[2 * mark : 2 * self.colours[SPLITS]]


class Graph:
    """Clauses, as a graph too."""

    def __init__(self, indexed: Indexed, vertices: int = 0) -> None:
        """Read the clauses."""
        bounds, starts = indexed.offsets.tolist(), indexed.starts.tolist()
        self.clauses: list[list[int]] = [indexed.codes[a:b].tolist() for a, b in pairwise(bounds)]
        self.of: list[list[int]] = [indexed.occurrences[a:b].tolist() for a, b in pairwise(starts)]
        self.literals, self.sums, self.slots = len(self.of), indexed.sums, indexed.slots
        self.longer = vertices - self.literals

    def neighbours(self, vertex: int) -> list[int]:
        """Return the other ends of a vertex's edges, in the order of the clauses."""
        if vertex >= self.literals:
            return list(self.clauses[vertex - self.literals])
        return [
            self.literals + c if c < self.longer else next(x for x in self.clauses[c] if x != vertex)
            for c in self.of[vertex]
        ]

    def find(self, clause: Iterable[int]) -> tuple[int, int]:
        """Return the clause of these literals, -1 if there is none, and its slot or the one that is free."""
        clause = sorted(clause)
        slot = sum(map(hashed, clause)) & (self.slots.size - 1)
        while (c := int(self.slots[slot])) >= 0 and sorted(self.clauses[c]) != clause:
            slot = (slot + 1) & (self.slots.size - 1)
        return c, slot


@dataclass
class Scratch(Lists):
    """A refinement, and the effort left for it."""

    counts: list[int]
    touches: list[int]
    cells: list[int]
    queue: list[int]
    queued: list[bool]
    splitter: list[int]
    spare: list[int]
    frequencies: list[int]
    steps: list[int]
    effort: int = field(default=0)

    def push(self, cell: int) -> None:
        """Let a cell split others, later."""
        if not self.queued[cell]:
            self.queued[cell] = True
            self.queue[(self.steps[QUEUE_HEAD] + self.steps[QUEUE_SIZE]) % len(self.queue)] = cell
            self.steps[QUEUE_SIZE] += 1

    def pop(self) -> int:
        """Return the next cell that splits others."""
        cell = self.queue[self.steps[QUEUE_HEAD]]
        self.steps[QUEUE_HEAD] = (self.steps[QUEUE_HEAD] + 1) % len(self.queue)
        self.steps[QUEUE_SIZE] -= 1
        self.queued[cell] = False
        return cell

    def single_out(self, cells: Cells, vertex: int) -> None:
        """Let a vertex be a cell of its own."""
        cell = cells.cell[vertex]
        last = cell + cells.size[cell] - 1
        cells.swap(vertex, last)
        cells.split(cell, last)
        self.push(last)

    def touch(self, cells: Cells, vertex: int) -> None:
        """Count an edge to a vertex; those with any go to the end of their cells."""
        cell = cells.cell[vertex]
        if cells.size[cell] == 1:
            cells.see(cell)
            return
        self.counts[vertex] += 1
        if self.counts[vertex] > 1:
            return
        if not self.touches[cell]:
            self.cells[self.steps[TOUCHED]] = cell
            self.steps[TOUCHED] += 1
        self.touches[cell] += 1
        cells.swap(vertex, cell + cells.size[cell] - self.touches[cell])

    def split_touched(self, cells: Cells, leader: Cells | None) -> bool:
        """Split all touched cells by their counts, while the leader did so, too."""
        number, same = self.steps[TOUCHED], True
        self.cells[:number] = sorted(self.cells[:number])
        for cell in self.cells[:number]:
            touched = cells.members(cell)[cells.size[cell] - self.touches[cell] :]
            if same:
                same = self.split_one(cells, leader, cell, touched)
            for vertex in touched:
                self.counts[vertex] = 0
            self.touches[cell] = 0
        self.steps[TOUCHED] = 0
        return same

    def split_one(self, cells: Cells, leader: Cells | None, cell: int, touched: list[int]) -> bool:
        """Split one cell: what was not touched, then the least counts, then higher ones."""
        end, place = cell + cells.size[cell], cell + cells.size[cell] - len(touched)
        counts = [self.counts[vertex] for vertex in touched]
        least, most = min(counts), max(counts)
        cells.see((cell << 32 | least) ^ hashed(len(touched)))
        if least != most:
            ends = [place + sum(other <= count for other in counts) for count in range(most + 1)]
            self.frequencies[: most + 1] = ends
            self.spare[: len(touched)] = touched
            cells.put(sorted(touched, key=lambda vertex: self.counts[vertex]), place)
        parts = [place - cell] if place > cell else []
        parts += [len(list(equal)) for _, equal in groupby(sorted(counts))]
        begins = [cell + sum(parts[:i]) for i in range(len(parts))]
        queued, whole = self.queued[cell], cells.size[cell]
        same = True
        for at in reversed(begins[1:]):
            if same:
                noted = cells.colours[SPLITS]
                cells.split(cell, at)
                same = leader is None or (
                    noted < leader.colours[SPLITS] and leader.splits[2 * noted : 2 * noted + 2] == [cell, at]
                )
        if cells.size[cell] < whole:
            # All parts but the first of the largest, or but that which waits already.
            kept = cell if queued else begins[parts.index(max(parts))]
            at = cell
            while at < end:
                if at != kept:
                    self.push(at)
                at += cells.size[at]
        return same

    def refine(self, graph: Graph, cells: Cells, leader: Cells | None = None) -> bool:
        """Split until nothing is to be split."""
        same = True
        while self.steps[QUEUE_SIZE] > 0 and same and self.effort > 0:
            cell = self.pop()
            cells.colours[SUM] = signed(hashed((cells.colours[SUM] + cell) % WORD))
            splitter = cells.members(cell)
            self.splitter[: len(splitter)] = splitter
            self.effort -= len(splitter)
            if splitter[0] < graph.literals:
                for literal in splitter:
                    self.touch(cells, literal ^ 1)
                same = self.split_touched(cells, leader)
            for vertex in splitter if same else ():
                neighbours = graph.neighbours(vertex)
                self.effort -= len(neighbours)
                for other in neighbours:
                    self.touch(cells, other)
            same = same and self.split_touched(cells, leader)
        if same and self.steps[QUEUE_SIZE] == 0:
            return leader is None or cells.colours == leader.colours
        while leader is not None and self.steps[QUEUE_SIZE] > 0:
            self.pop()
        return False

    def tell_apart(self, graph: Graph, cells: Cells, vertex: int, leader: Cells | None = None) -> bool:
        """Single a vertex out, and refine."""
        cells.colours[SUM] = 0
        self.single_out(cells, vertex)
        return self.refine(graph, cells, leader)


def begin_colouring(clauses: Indexed, colouring: Colouring, refinement: Refinement) -> None:
    cells, scratch = Cells.of(colouring), Scratch.of(refinement)
    vertices = range(len(cells.order))
    cells.put(vertices, 0)
    graph = Graph(clauses, len(vertices))
    for _, alike in groupby(
        vertices, lambda v: 0 if v < graph.literals else len(graph.clauses[v - graph.literals])
    ):
        members = list(alike)
        cells.size[members[0]] = len(members)
        for vertex in members:
            cells.cell[vertex] = members[0]
        scratch.push(members[0])
    cells.write()
    scratch.write()


def refine_colouring(clauses: Indexed, colouring: Colouring, refinement: Refinement, effort: int) -> int:
    cells, scratch = Cells.of(colouring), Scratch.of(refinement)
    scratch.effort = effort
    ended = scratch.refine(Graph(clauses, len(cells.order)), cells)
    cells.write()
    scratch.write()
    return ended
