"""An order in which XORs are summed up so that few variables are in the sum at a time."""

import heapq
from collections.abc import Callable, Collection, Sequence
from typing import Final

_INTERVAL: Final = 1000  # rows between two calls of `check`


def arrange(
    rows: Sequence[Collection[int]], check: Callable[[], None] = lambda: None
) -> tuple[list[int], list[int]]:
    """Return the rows' indices (rows,) in order, and how many variables the sum holds after each (rows,).

    Greedy: next comes the row that makes the sum shortest, among equals the one that has been so for
    longest: the sum grows in all directions alike and stays a fraction of what it is with the latest first.
    A row that shares no variable with the sum comes only when none shares any. Time O(n log n) in the
    variables of all rows.
    """
    occurrences: dict[int, list[int]] = {}
    for index, variables in enumerate(rows):
        for variable in variables:
            occurrences.setdefault(variable, []).append(index)
    sizes = [len(variables) for variables in rows]
    shared = [0] * len(rows)  # variables of the row that are in the sum; -1 once it is used
    members: set[int] = set()
    queue: list[tuple[int, int, int]] = []  # growth, time, row
    order: list[int] = []
    lengths: list[int] = []
    unseen = iter(range(len(rows)))
    time = 0
    while len(order) < len(rows):
        if len(order) % _INTERVAL == 0:
            check()
        chosen = -1
        while queue and chosen < 0:
            growth, _, row = heapq.heappop(queue)
            if shared[row] > 0 and growth == sizes[row] - 2 * shared[row]:
                chosen = row
        while chosen < 0:
            row = next(unseen)
            if shared[row] == 0:
                chosen = row
        shared[chosen] = -1
        for variable in rows[chosen]:
            change = -1 if variable in members else 1
            members ^= {variable}
            for row in occurrences[variable]:
                if shared[row] >= 0:
                    shared[row] += change
                    if shared[row]:
                        time += 1
                        heapq.heappush(queue, (sizes[row] - 2 * shared[row], time, row))
        order.append(chosen)
        lengths.append(len(members))
    return order, lengths
