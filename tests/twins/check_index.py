"""Slow twins of turbosat/check/drat/index.c: they do not stop at a budget."""

from turbosat.check.kernels import (
    CLAUSES,
    DELETION,
    DONE,
    ITEM,
    LAID,
    TAUTOLOGY,
    USED,
    Layout,
    Occurrences,
)

WORD = 2**64 - 1


def mixed(literal: int) -> int:
    code = (literal + 1) * 0x9E3779B97F4A7C15 & WORD
    code = (code ^ code >> 32) * 0x9E3779B97F4A7C15 & WORD
    return code ^ code >> 32


def lay_out(layout: Layout, budget: int) -> int:
    arena, stamp, links, offsets = layout.arena, layout.stamp, layout.links, layout.offsets
    top, count, tag = (int(layout.cursor[field]) for field in (USED, CLAUSES, LAID))
    for item in range(int(layout.cursor[ITEM]), len(layout.ends)):
        tag += 1
        start = int(layout.ends[item - 1]) if item else 0
        base = top + 3
        size = flags = code = 0
        for literal in layout.literals[start : layout.ends[item]].tolist():
            e = 2 * literal if literal > 0 else 1 - 2 * literal
            if stamp[e] == tag:
                continue
            stamp[e] = tag
            if stamp[e ^ 1] == tag:
                flags = TAUTOLOGY
            arena[base + size] = e
            size += 1
            code = code + mixed(e) & WORD
        slot = code & len(layout.table) - 1
        if layout.kinds[item] != DELETION:
            arena[top : top + 3] = 2, arena[base] if size else 0, size << 3 | flags
            count += 1
            offsets[count], layout.hashes[count], links[count] = base, code, layout.table[slot]
            layout.table[slot] = count
            layout.steps[tag - 1] = base
            top = base + max(size, 2)
            continue
        before, found = 0, int(layout.table[slot])
        while found:
            o = int(offsets[found])
            alike = int(layout.hashes[found]) == code and arena[o - 1] >> 3 == size
            if alike and all(stamp[arena[q]] == tag for q in range(o, o + size)):
                break
            before, found = found, int(links[found])
        if found and before:
            links[before] = links[found]
        elif found:
            layout.table[slot] = links[found]
        layout.steps[tag - 1] = -offsets[found] if found else 0
    layout.cursor[:] = top, count, tag, len(layout.ends)
    return DONE


def _clauses(lists: Occurrences, step: int) -> list[tuple[int, list[int]]]:
    found = []
    for o in lists.steps[step:].tolist():
        if o > 0 and not lists.arena[o - 1] & TAUTOLOGY:
            found.append((o, lists.arena[o : o + (int(lists.arena[o - 1]) >> 3)].tolist()))
    return found


def count_occurrences(lists: Occurrences, step: int, budget: int) -> int:
    for _, literals in _clauses(lists, step):
        for l in literals:
            lists.first[l] += 1
    return len(lists.steps)


def list_occurrences(lists: Occurrences, step: int, budget: int) -> int:
    for o, literals in _clauses(lists, step):
        for l in literals:
            lists.first[l] -= 1
            lists.occurrences[lists.first[l]] = o
    return len(lists.steps)
