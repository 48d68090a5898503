"""Kernels that add up the rows of each connected component of a system over GF(2)."""

from turbosat.jit import inline, jit


@inline
def _root(parent, row):
    while parent[row] != row:
        parent[row] = parent[parent[row]]
        row = parent[row]
    return row


@jit
def join_rows(arena, start, size, active, parent, seen, odd, begin, end):
    """Join rows begin … end - 1 to the components of the rows before them.

    parent (rows,) leads to a component's first row, at first each its own; seen (columns,) is a row of each
    column, at first -1; odd (columns,) is whether it is in an odd number of rows, at first 0.
    """
    for row in range(begin, end):
        if active[row]:
            for entry in range(start[row], start[row] + size[row]):
                column = arena[entry]
                if seen[column] < 0:
                    seen[column] = row
                a = _root(parent, seen[column])
                b = _root(parent, row)
                parent[max(a, b)] = min(a, b)
                odd[column] ^= 1


@jit
def sum_rows(arena, start, size, parity, active, count, log, logged, parent, seen, odd, lengths, longest):
    """Replace one row of each component by the sum of all its rows, where that is shorter.

    The log (capacity, 2) has room for a pair for each row after the first `logged`. parent, seen and odd are
    those of join_rows; lengths and longest (rows,) are room to work in: for a component's first row, the
    length of the sum and the longest row. Returns the new number of pairs and a row that became 0 = 1, or -1.
    """
    for row in range(parent.size):
        parent[row] = _root(parent, row)
        lengths[row] = 0
        longest[row] = row
    for row in range(parent.size):
        if active[row] and size[row] > size[longest[parent[row]]]:
            longest[parent[row]] = row
    for column in range(seen.size):
        if seen[column] >= 0 and odd[column]:
            lengths[parent[seen[column]]] += 1
    for row in range(parent.size):
        target = longest[parent[row]]
        if not active[row] or lengths[parent[row]] >= size[target]:
            continue
        if row != target:
            parity[target] ^= parity[row]
            log[logged, 0] = target
            log[logged, 1] = row
            logged += 1
        else:
            for entry in range(start[row], start[row] + size[row]):
                count[arena[entry]] -= 1
    for row in range(parent.size):
        target = longest[row]
        if active[row] and parent[row] == row and lengths[row] < size[target]:
            size[target] = 0
            lengths[row] = -1  # its sum is to be written
    for column in range(seen.size):
        if seen[column] >= 0 and odd[column] and lengths[parent[seen[column]]] < 0:
            target = longest[parent[seen[column]]]
            arena[start[target] + size[target]] = column
            size[target] += 1
            count[column] += 1
    false = -1
    for row in range(parent.size):
        if lengths[row] < 0 and not size[longest[row]]:
            active[longest[row]] = 0
            if parity[longest[row]]:
                false = longest[row]
    return logged, false
