"""Kernels of sparse elimination over GF(2): rows as sorted lists, the cheapest pivot next.

Rows live in one arena; a row that outgrows its room moves to the end. The rows of a column are a list of
nodes which may be out of date: a node counts only if its row still holds the column. Rows and columns that
are left hang in doubly linked lists by their number of entries, so that the smallest is at hand.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from turbosat.jit import inline, jit

# What is counted, int64 (COUNTERS,).
ARENA, NODES, LOG, RANK, ROWS, COLUMNS, ENTRIES, MARK, FALSE_ROW, SETTLED, NEED, COUNTERS = range(12)
# ARENA, NODES, LOG   entries in use
# RANK                pivots found
# ROWS, COLUMNS       that are left, and their ENTRIES
# MARK                the newest stamp
# FALSE_ROW           the row that became 0 = 1, or -1
# SETTLED             1 once sums over components have been tried
# NEED                entries for which there was no room

DONE, PAUSED, FULL, STUCK, DENSE, FALSE = range(6)  # why a slice ended
# FULL    the arena, the nodes or the log must grow
# STUCK   no row or column of the shortest kinds is left, and components have not been tried
# DENSE   the next pivot costs less in the bit matrix

TOP = 32  # longer rows and columns share a list
OVERHEAD = 30  # of a row addition, in entries


class Sparse(NamedTuple):
    """Rows and columns of a system."""

    arena: NDArray[np.int32]  # (capacity,), columns, rising in each row
    start: NDArray[np.int64]  # (rows,)
    size: NDArray[np.int32]  # (rows,)
    room: NDArray[np.int32]  # (rows,)
    parity: NDArray[np.uint8]  # (rows,)
    active: NDArray[np.uint8]  # (rows,), 0 for pivots' rows and empty ones
    row_list: NDArray[np.int32]  # (3, rows + TOP + 1), see _link
    head: NDArray[np.int32]  # (columns,), first node or -1
    node_row: NDArray[np.int32]  # (nodes,)
    node_next: NDArray[np.int32]  # (nodes,), or -1
    counts: NDArray[np.int32]  # (columns,), rows left that hold the column
    column_list: NDArray[np.int32]  # (3, columns + TOP + 1)
    prefer: NDArray[np.int32]  # (columns,), lower = rather free
    pivots: NDArray[np.int32]  # (columns,), the first RANK are the pivots' columns
    pivot_rows: NDArray[np.int32]  # (columns,)
    log: NDArray[np.int32]  # (capacity, 2), a row and the row that was added to it
    stamp: NDArray[np.int64]  # (rows,)
    targets: NDArray[np.int32]  # (rows,)
    scratch: NDArray[np.int32]  # (columns,)
    counters: NDArray[np.int64]  # (COUNTERS,)


@inline
def _link(lists, item, size):
    """Put an item at the front of the list of its size.

    lists (3, items + TOP + 1) hold next, previous and size; the last TOP + 1 items are the lists' heads.
    """
    size = min(size, TOP)
    head = lists.shape[1] - TOP - 1 + size
    after = lists[0, head]
    lists[0, head] = item
    lists[0, item] = after
    lists[1, item] = head
    lists[2, item] = size
    if after >= 0:
        lists[1, after] = item


@inline
def _unlink(lists, item):
    after = lists[0, item]
    before = lists[1, item]
    lists[0, before] = after
    if after >= 0:
        lists[1, after] = before


@inline
def _relink(lists, item, size):
    if lists[2, item] != min(size, TOP):
        _unlink(lists, item)
        _link(lists, item, size)


@inline
def _first(lists, size):
    return lists[0, lists.shape[1] - TOP - 1 + size]


@inline
def _holds(s, row, column):
    """Tell whether a row is left and holds a column."""
    if not s.active[row]:
        return False
    low = s.start[row]
    high = low + s.size[row]
    while low < high:
        middle = (low + high) >> 1
        if s.arena[middle] < column:
            low = middle + 1
        else:
            high = middle
    return low < s.start[row] + s.size[row] and s.arena[low] == column


@inline
def _shortest_row(s, column):
    """Return the shortest row of a column; nodes out of date are dropped on the way."""
    best = -1
    before = -1
    node = s.head[column]
    while node >= 0:
        row = s.node_row[node]
        after = s.node_next[node]
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


@inline
def _pivot_of(s, row):
    """Choose a column of a row: in few rows; of those in at most twice as many, the most preferred pivot."""
    begin = s.start[row]
    end = begin + s.size[row]
    least = s.counts[s.arena[begin]]
    for entry in range(begin, end):
        least = min(least, s.counts[s.arena[entry]])
    most = 2 * least if least > 1 else 1
    best = -1
    for entry in range(begin, end):
        column = s.arena[entry]
        if s.counts[column] <= most and (
            best < 0
            or s.prefer[column] > s.prefer[best]
            or (s.prefer[column] == s.prefer[best] and s.counts[column] < s.counts[best])
        ):
            best = column
    return best


@inline
def _add(s, target, source):
    """Add a row to a row; counts follow, but columns stay in the lists of their old counts."""
    arena = s.arena
    left = s.start[target]
    left_end = left + s.size[target]
    right = s.start[source]
    right_end = right + s.size[source]
    size = 0
    while left < left_end or right < right_end:
        if right == right_end or (left < left_end and arena[left] < arena[right]):
            s.scratch[size] = arena[left]
            size += 1
            left += 1
        elif left == left_end or arena[right] < arena[left]:
            column = arena[right]
            s.scratch[size] = column
            size += 1
            right += 1
            s.counts[column] += 1
            node = s.counters[NODES]
            s.counters[NODES] = node + 1
            s.node_row[node] = target
            s.node_next[node] = s.head[column]
            s.head[column] = node
        else:
            s.counts[arena[left]] -= 1
            left += 1
            right += 1
    if size > s.room[target]:
        s.start[target] = s.counters[ARENA]
        s.room[target] = size + size // 2
        s.counters[ARENA] += s.room[target]
    begin = s.start[target]
    for entry in range(size):
        arena[begin + entry] = s.scratch[entry]
    s.counters[ENTRIES] += size - s.size[target]
    s.size[target] = size
    s.parity[target] ^= s.parity[source]
    s.log[s.counters[LOG], 0] = target
    s.log[s.counters[LOG], 1] = source
    s.counters[LOG] += 1
    if size:
        _relink(s.row_list, target, size)
    else:
        _drop_row(s, target)


@inline
def _drop_row(s, row):
    _unlink(s.row_list, row)
    s.active[row] = 0
    s.counters[ROWS] -= 1


@inline
def _recount(s, column):
    """Move a column to the list of its count."""
    if s.counts[column]:
        _relink(s.column_list, column, s.counts[column])
    else:
        _unlink(s.column_list, column)
        s.counters[COLUMNS] -= 1


@inline
def _retire(s, row, column):
    """Record a pivot and take its row away."""
    s.pivots[s.counters[RANK]] = column
    s.pivot_rows[s.counters[RANK]] = row
    s.counters[RANK] += 1
    s.counters[ENTRIES] -= s.size[row]
    _drop_row(s, row)
    for entry in range(s.start[row], s.start[row] + s.size[row]):
        other = s.arena[entry]
        s.counts[other] -= 1
        _recount(s, other)


@inline
def _gather(s, row, column):
    """Collect the other rows of a column in `targets`; return how many, entries to read, arena to write."""
    s.counters[MARK] += 1
    mark = s.counters[MARK]
    found = 0
    work = 0
    grown = 0
    node = s.head[column]
    while node >= 0:
        target = s.node_row[node]
        node = s.node_next[node]
        if target != row and s.stamp[target] != mark and _holds(s, target, column):
            s.stamp[target] = mark
            s.targets[found] = target
            found += 1
            longest = s.size[target] + s.size[row] - 2
            work += longest + OVERHEAD
            if longest > s.room[target]:
                grown += longest + longest // 2
    return found, work, grown


@inline
def _cheapest(s):
    """Choose a row and a column of it with few entries besides (Markowitz 1957).

    Two candidates: the rarest column with the shortest of its rows, the shortest row with its rarest column.
    """
    size = 2
    while _first(s.row_list, size) < 0:
        size += 1
    row = _first(s.row_list, size)
    column = _pivot_of(s, row)
    count = 2
    while _first(s.column_list, count) < 0:
        count += 1
    rare = _first(s.column_list, count)
    short = _shortest_row(s, rare)
    cost = np.int64(s.size[row] - 1) * np.int64(s.counts[column] - 1)
    if np.int64(s.size[short] - 1) * np.int64(s.counts[rare] - 1) < cost:
        return short, _pivot_of(s, short)
    return row, column


@jit
def clear_lists(s):
    """Empty the lists of rows; make those of columns, of which counts is right."""
    s.row_list[:] = -1
    s.column_list[:] = -1
    s.head[:] = -1
    s.counters[NODES] = 0
    for column in range(s.counts.size - 1, -1, -1):
        if s.counts[column]:
            _link(s.column_list, column, s.counts[column])


@jit
def fill_lists(s, begin, end):
    """List the rows begin … end - 1, of which start, size and active are right; last ones first."""
    for row in range(end - 1, begin - 1, -1):
        if not s.active[row]:
            continue
        _link(s.row_list, row, s.size[row])
        for entry in range(s.start[row], s.start[row] + s.size[row]):
            column = s.arena[entry]
            node = s.counters[NODES]
            s.counters[NODES] = node + 1
            s.node_row[node] = row
            s.node_next[node] = s.head[column]
            s.head[column] = node


@jit
def compact(s, arena):
    """Move all rows into another arena without gaps."""
    end = 0
    for row in range(s.size.size):
        begin = s.start[row]
        s.start[row] = end
        s.room[row] = s.size[row]
        for entry in range(begin, begin + s.size[row]):
            arena[end] = s.arena[entry]
            end += 1
    s.counters[ARENA] = end


@jit
def eliminate(s, effort, density):
    """Eliminate until about `effort` entries were read or something is to be done; return why it ended.

    A pivot is left to the bit matrix if it reads more than density · rows · columns entries.
    """
    counters = s.counters
    spent = 0
    while spent < effort:
        column = _first(s.column_list, 1)
        if column >= 0:  # in one row only: the row defines it and concerns nothing else
            row = _shortest_row(s, column)
            column = _pivot_of(s, row)
            spent += s.size[row] + OVERHEAD
            _retire(s, row, column)
            continue
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
        found, work, grown = _gather(s, row, column)
        if work > density * counters[ROWS] * counters[COLUMNS]:
            return DENSE
        if (
            counters[ARENA] + grown > s.arena.size
            or counters[NODES] + found * (s.size[row] - 1) > s.node_row.size
            or counters[LOG] + found > s.log.shape[0]
        ):
            counters[NEED] = max(grown, found * s.size[row])
            return FULL
        spent += work
        for k in range(found):
            target = s.targets[k]
            _add(s, target, row)
            if not s.size[target] and s.parity[target]:
                counters[FALSE_ROW] = target
                return FALSE
        _retire(s, row, column)
    return PAUSED


@jit
def replay(log, additions, wanted):
    """Walk the additions backwards: turn wanted rows (rows,) into the given rows they are sums of."""
    for entry in range(additions - 1, -1, -1):
        if wanted[log[entry, 0]]:
            wanted[log[entry, 1]] ^= 1
