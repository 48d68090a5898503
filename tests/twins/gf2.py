"""Slow twins of encodings/gf2: the sparse rows."""

from collections.abc import Callable

from turbosat.core.declare import (
    Bytes,
    ConstInts,
    Ints,
)
from turbosat.core.gf2 import (
    ADDING,
    ARENA,
    AT,
    CHOOSING,
    COLUMN,
    COLUMNS,
    DENSE,
    DONE,
    ENTRIES,
    FALSE,
    FALSE_ROW,
    FOUND,
    FULL,
    GATHERING,
    GROWN,
    LOG,
    MARK,
    NEED,
    NODE,
    NODES,
    OVERHEAD,
    PAUSED,
    RANK,
    ROW,
    ROWS,
    SETTLED,
    STAGE,
    STUCK,
    TOP,
    WORK,
    Components,
    Sparse,
)


def row_of(s: Sparse, row: int) -> list[int]:
    columns: list[int] = s.arena[s.start[row] : s.start[row] + s.size[row]].tolist()
    return columns


def _link(lists: Ints, item: int, size: int) -> None:
    size = min(size, TOP)
    head = lists.shape[1] - TOP - 1 + size
    after = int(lists[0, head])
    lists[0, head] = item
    lists[:, item] = after, head, size
    if after >= 0:
        lists[1, after] = item


def _unlink(lists: Ints, item: int) -> None:
    after, before = int(lists[0, item]), int(lists[1, item])
    lists[0, before] = after
    if after >= 0:
        lists[1, after] = before


def _relink(lists: Ints, item: int, size: int) -> None:
    if lists[2, item] != min(size, TOP):
        _unlink(lists, item)
        _link(lists, item, size)


def _first(lists: Ints, size: int) -> int:
    return int(lists[0, lists.shape[1] - TOP - 1 + size])


def _add_node(s: Sparse, row: int, column: int) -> None:
    node = int(s.counters[NODES])
    s.counters[NODES] += 1
    s.node_row[node], s.node_next[node], s.head[column] = row, s.head[column], node


def link_columns(system: Sparse, begin: int, end: int) -> None:
    for column in reversed(range(begin, end)):
        if system.counts[column]:
            _link(system.column_list, column, int(system.counts[column]))


def link_rows(system: Sparse, end: int, effort: int) -> int:
    row = end
    while row > 0 and effort > 0:
        row -= 1
        effort -= 1
        if system.active[row]:
            _link(system.row_list, row, int(system.size[row]))
            effort -= int(system.size[row])
            for column in row_of(system, row):
                _add_node(system, row, column)
    return row


def move_rows(system: Sparse, first: int, effort: int, arena: Ints) -> int:
    row = first
    while row < system.size.size and effort > 0:
        columns, end = row_of(system, row), int(system.counters[ARENA])
        arena[end : end + len(columns)] = columns
        system.start[row], system.room[row] = end, len(columns)
        system.counters[ARENA] += len(columns)
        effort -= len(columns) + 1
        row += 1
    return row


def replay(log: ConstInts, begin: int, end: int, wanted: Bytes) -> None:
    for target, source in log[begin:end][::-1].tolist():
        if wanted[target]:
            wanted[source] ^= 1


def _holds(s: Sparse, row: int, column: int) -> bool:
    return bool(s.active[row]) and column in row_of(s, row)


def _shortest_row(s: Sparse, column: int) -> int:
    """Return the shortest row of a column; nodes out of date are dropped on the way."""
    best = before = -1
    node = int(s.head[column])
    while node >= 0:
        row, after = int(s.node_row[node]), int(s.node_next[node])
        if _holds(s, row, column):
            if best < 0 or s.size[row] < s.size[best]:
                best = row
            before = node
        elif before < 0:
            s.head[column] = after
        else:
            s.node_next[before] = after
        node = after
    return best


def _pivot_of(s: Sparse, row: int) -> int:
    """Choose a column of a row: in few rows; of those in at most twice as many, the most preferred pivot."""
    columns = row_of(s, row)
    least = min(int(s.counts[column]) for column in columns)
    most = 2 * least if least > 1 else 1
    few = [column for column in columns if s.counts[column] <= most]
    return min(few, key=lambda column: (-int(s.prefer[column]), int(s.counts[column])))


def _drop_row(s: Sparse, row: int) -> None:
    _unlink(s.row_list, row)
    s.active[row] = 0
    s.counters[ROWS] -= 1


def _add(s: Sparse, target: int, source: int) -> None:
    """Add a row to a row; counts follow, but columns stay in the lists of their old counts."""
    before, added = row_of(s, target), row_of(s, source)
    for column in added:
        if column in before:
            s.counts[column] -= 1
        else:
            s.counts[column] += 1
            _add_node(s, target, column)
    result = sorted(set(before) ^ set(added))
    s.scratch[: len(result)] = result
    if len(result) > s.room[target]:
        s.start[target] = s.counters[ARENA]
        s.room[target] = len(result) + len(result) // 2
        s.counters[ARENA] += s.room[target]
    s.arena[s.start[target] : s.start[target] + len(result)] = result
    s.counters[ENTRIES] += len(result) - len(before)
    s.size[target] = len(result)
    s.parity[target] ^= s.parity[source]
    s.log[s.counters[LOG]] = target, source
    s.counters[LOG] += 1
    if result:
        _relink(s.row_list, target, len(result))
    else:
        _drop_row(s, target)


def _retire(s: Sparse, row: int, column: int) -> None:
    """Record a pivot and take its row away."""
    rank = int(s.counters[RANK])
    s.pivots[rank], s.pivot_rows[rank] = column, row
    s.counters[RANK] += 1
    s.counters[ENTRIES] -= int(s.size[row])
    _drop_row(s, row)
    for other in row_of(s, row):
        s.counts[other] -= 1
        if s.counts[other]:
            _relink(s.column_list, other, int(s.counts[other]))
        else:
            _unlink(s.column_list, other)
            s.counters[COLUMNS] -= 1


def _cheapest(s: Sparse) -> tuple[int, int]:
    """Choose a row and a column of it with few entries besides (Markowitz 1957)."""
    row = next(row for size in range(2, TOP + 1) if (row := _first(s.row_list, size)) >= 0)
    column = _pivot_of(s, row)
    rare = next(each for count in range(2, TOP + 1) if (each := _first(s.column_list, count)) >= 0)
    short = _shortest_row(s, rare)

    def cost(row: int, column: int) -> int:
        return (int(s.size[row]) - 1) * (int(s.counts[column]) - 1)

    return (short, _pivot_of(s, short)) if cost(short, rare) < cost(row, column) else (row, column)


class _Slice:
    """A slice of an elimination, with what is left of the effort."""

    def __init__(self, s: Sparse, effort: int, density: float) -> None:
        self.s, self.effort, self.density = s, effort, density

    def run(self) -> int:
        status = PAUSED
        stages = {CHOOSING: self._choose, GATHERING: self._gather, ADDING: self._add_to_targets}
        while self.effort > 0 and status == PAUSED:
            status = stages[int(self.s.counters[STAGE])]()
        return status

    def _choose(self) -> int:
        s, counters = self.s, self.s.counters
        while (column := _first(s.column_list, 1)) >= 0:
            if self.effort <= 0:
                return PAUSED
            row = _shortest_row(s, column)
            self.effort -= int(s.size[row]) + OVERHEAD
            _retire(s, row, _pivot_of(s, row))
        if not counters[ROWS]:
            return DONE
        row = _first(s.row_list, 1)
        if row < 0:
            row = _first(s.row_list, 2)
        if row >= 0:
            column = _pivot_of(s, row)
        elif not counters[SETTLED]:
            return STUCK
        else:
            row, column = _cheapest(s)
        counters[ROW], counters[COLUMN], counters[NODE] = row, column, s.head[column]
        counters[[FOUND, AT, WORK, GROWN]] = 0
        counters[MARK] += 1
        counters[STAGE] = GATHERING
        return PAUSED

    def _gather(self) -> int:
        s, counters = self.s, self.s.counters
        row, column, node = int(counters[ROW]), int(counters[COLUMN]), int(counters[NODE])
        while node >= 0 and self.effort > 0:
            target = int(s.node_row[node])
            if target != row and s.stamp[target] != counters[MARK] and _holds(s, target, column):
                s.stamp[target] = counters[MARK]
                s.targets[counters[FOUND]] = target
                counters[FOUND] += 1
                longest = int(s.size[target]) + int(s.size[row]) - 2
                counters[WORK] += longest + OVERHEAD
                if longest > s.room[target]:
                    counters[GROWN] += longest + longest // 2
            node = int(s.node_next[node])
            self.effort -= 8
        counters[NODE] = node
        if node >= 0:
            return PAUSED
        counters[STAGE] = CHOOSING
        found, grown, size = int(counters[FOUND]), int(counters[GROWN]), int(s.size[row])
        if counters[WORK] > self.density * int(counters[ROWS]) * int(counters[COLUMNS]):
            return DENSE
        if (
            counters[ARENA] + grown > s.arena.size
            or counters[NODES] + found * (size - 1) > s.node_row.size
            or counters[LOG] + found > s.log.shape[0]
        ):
            counters[NEED] = max(grown, found * size)
            return FULL
        counters[STAGE] = ADDING
        return PAUSED

    def _add_to_targets(self) -> int:
        s, counters = self.s, self.s.counters
        row = int(counters[ROW])
        while counters[AT] < counters[FOUND]:
            if self.effort <= 0:
                return PAUSED
            target = int(s.targets[counters[AT]])
            counters[AT] += 1
            self.effort -= int(s.size[target]) + int(s.size[row]) + OVERHEAD
            _add(s, target, row)
            if not s.size[target] and s.parity[target]:
                counters[FALSE_ROW] = target
                return FALSE
        _retire(s, row, int(counters[COLUMN]))
        counters[STAGE] = CHOOSING
        return PAUSED


def eliminate(system: Sparse, effort: int, density: float) -> int:
    return _Slice(system, effort, density).run()


def _root(parent: Ints, row: int) -> int:
    while parent[row] != row:
        parent[row] = parent[parent[row]]
        row = int(parent[row])
    return row


def join_rows(system: Sparse, components: Components, first: int, effort: int) -> int:
    row = first
    while row < system.size.size and effort > 0:
        effort -= 1
        if system.active[row]:
            effort -= int(system.size[row])
            for column in row_of(system, row):
                if components.seen[column] < 0:
                    components.seen[column] = row
                roots = (
                    _root(components.parent, int(components.seen[column])),
                    _root(components.parent, row),
                )
                components.parent[max(roots)] = min(roots)
                components.odd[column] ^= 1
        row += 1
    return row


def sum_rows(system: Sparse, components: Components, stage: int, first: int, last: int) -> None:
    s, c = system, components

    def roots(row: int) -> None:
        c.parent[row], c.lengths[row], c.longest[row] = _root(c.parent, row), 0, row

    def longest(row: int) -> None:
        best = int(c.longest[c.parent[row]])
        if s.active[row] and s.size[row] > s.size[best]:
            c.longest[c.parent[row]] = row

    def count(column: int) -> None:
        if c.seen[column] >= 0 and c.odd[column]:
            c.lengths[c.parent[c.seen[column]]] += 1

    def add(row: int) -> None:
        target = int(c.longest[c.parent[row]])
        if not s.active[row] or c.lengths[c.parent[row]] >= s.size[target]:
            return
        if row != target:
            s.parity[target] ^= s.parity[row]
            s.log[s.counters[LOG]] = target, row
            s.counters[LOG] += 1
        else:
            s.counts[row_of(s, row)] -= 1

    def empty(row: int) -> None:
        target = int(c.longest[row])
        if s.active[row] and c.parent[row] == row and c.lengths[row] < s.size[target]:
            s.size[target], c.lengths[row] = 0, -1

    def write(column: int) -> None:
        if c.seen[column] < 0 or not c.odd[column]:
            return
        first = int(c.parent[c.seen[column]])
        target = int(c.longest[first])
        if c.lengths[first] < 0:
            s.arena[s.start[target] + s.size[target]] = column
            s.size[target] += 1
            s.counts[column] += 1

    def drop(row: int) -> None:
        target = int(c.longest[row])
        if c.lengths[row] < 0 and not s.size[target]:
            s.active[target] = 0
            if s.parity[target]:
                s.counters[FALSE_ROW] = target

    stages: tuple[Callable[[int], None], ...] = (roots, longest, count, add, empty, write, drop)
    for item in range(first, last):
        stages[stage](item)
