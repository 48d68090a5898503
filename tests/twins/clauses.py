"""Slow twins of encodings/clauses."""

from turbosat.core.clauses import (
    AT,
    CLAUSES,
    CONFLICT,
    ENTRIES,
    HEAD,
    LEVEL,
    TAIL,
    ZEROS,
    Propagation,
    Pure,
    choose_groups,
    rewrite_for_groups,
)
from turbosat.core.declare import ConstFlags, ConstInts, ConstLongs, ConstSignedBytes, Flags, Ints, Longs

# What these find is held against brute force, in test_groups; here they do the same twice.
__all__ = [
    "choose_groups",
    "rewrite_for_groups",
]


def tidy(
    literals: ConstInts,
    offsets: ConstLongs,
    longest: int,
    first: int,
    effort: int,
    stamps: Ints,
    codes: Ints,
    ends: Longs,
    written: Longs,
) -> int:
    i = first
    while i < offsets.size - 1 and effort > 0:
        begin, end = int(offsets[i]), int(offsets[i + 1])
        effort -= end - begin + 1
        clause: list[int] = []
        tautology = False
        for literal in literals[begin:end].tolist():
            code = 2 * (abs(literal) - 1) + (literal < 0)
            tautology = stamps[code ^ 1] == i
            if tautology:
                break
            if stamps[code] != i:
                stamps[code] = i
                codes[int(written[ENTRIES]) + len(clause)] = code
                clause.append(code)
        if not tautology:
            _write(clause, longest, codes, ends, written)
        i += 1
    return i


def _write(clause: list[int], longest: int, codes: Ints, ends: Longs, written: Longs) -> None:
    place = int(written[ENTRIES])
    codes[place : place + len(clause)] = sorted(clause) if len(clause) <= longest else clause
    written[ENTRIES] += len(clause)
    written[CLAUSES] += 1
    ends[written[CLAUSES]] = written[ENTRIES]


def compact(
    codes: ConstInts,
    offsets: ConstLongs,
    dropped: ConstFlags,
    values: ConstSignedBytes,
    longest: int,
    first: int,
    effort: int,
    kept: Ints,
    ends: Longs,
    written: Longs,
) -> int:
    i = first
    while i < offsets.size - 1 and effort > 0:
        effort -= 1
        if not dropped[i]:
            clause = codes[offsets[i] : offsets[i + 1]].tolist()
            effort -= len(clause)
            _write([code for code in clause if values[code >> 1] < 0], longest, kept, ends, written)
        i += 1
    return i


def mark(codes: ConstInts, first: int, last: int, used: Flags) -> None:
    used[codes[first:last] >> 1] = True


def rename(codes: Ints, first: int, last: int, numbers: ConstInts) -> None:
    for i in range(first, last):
        codes[i] = numbers[codes[i] >> 1] << 1 | codes[i] & 1


def count_keys(keys: ConstInts, first: int, last: int, counts: Longs) -> None:
    for key in keys[first:last].tolist():
        counts[key] += 1


def list_rows(
    keys: ConstInts, offsets: ConstLongs, first: int, effort: int, places: Longs, lists: Ints
) -> int:
    row = first
    while row < offsets.size - 1 and effort > 0:
        held = keys[offsets[row] : offsets[row + 1]].tolist()
        effort -= len(held) + 1
        for key in held:
            lists[places[key]] = row
            places[key] += 1
        row += 1
    return row


def _set_true(state: Propagation, code: int) -> None:
    if state.values[code >> 1] < 0:
        state.values[code >> 1] = 1 - (code & 1)
        state.queue[state.progress[TAIL]] = code
        state.progress[TAIL] += 1
    elif state.values[code >> 1] == code & 1:
        state.progress[CONFLICT] = 1


def begin_propagation(state: Propagation, first: int, effort: int) -> int:
    clause = first
    while clause < state.left.size and effort > 0:
        codes = state.codes[state.offsets[clause] : state.offsets[clause + 1]].tolist()
        total = 0
        for code in codes:
            total ^= code
        state.left[clause], state.sums[clause] = len(codes), total
        effort -= len(codes) + 1
        if len(codes) == 1:
            _set_true(state, total)
        elif not codes:
            state.progress[CONFLICT] = 1
        clause += 1
    return clause


def _look_at_row(state: Propagation, row: int) -> None:
    if state.row_left[row] == 1:
        _set_true(state, 2 * int(state.row_sums[row]) + (not state.row_odd[row]))
    elif state.row_left[row] == 0 and state.row_odd[row]:
        state.progress[CONFLICT] = 1


def assume(state: Propagation, literals: ConstInts) -> None:
    for literal in literals.tolist():
        _set_true(state, literal)
    for row in range(state.row_left.size):
        _look_at_row(state, row)


def propagate(state: Propagation, effort: int) -> int:
    progress = state.progress
    while progress[HEAD] < progress[TAIL] and not progress[CONFLICT]:
        code = int(state.queue[progress[HEAD]])
        v = code >> 1
        clauses = state.occurrences[state.starts[2 * v] : state.starts[2 * v + 2]].tolist()
        rows = state.row_occurrences[state.row_starts[v] : state.row_starts[v + 1]].tolist()
        positive = int(state.starts[2 * v + 1] - state.starts[2 * v])
        at, end = int(progress[AT]), len(clauses) + len(rows)
        stop = min(end, at + effort)
        effort -= stop - at + 1
        while at < stop and not progress[CONFLICT]:
            if at >= len(clauses):
                row = rows[at - len(clauses)]
                state.row_left[row] -= 1
                state.row_sums[row] ^= v
                state.row_odd[row] ^= code & 1 == 0
                _look_at_row(state, row)
            elif (at >= positive) == (code & 1):
                state.satisfied[clauses[at]] = True
            else:
                _falsify(state, clauses[at], code ^ 1)
            at += 1
        progress[AT] = at
        if at < end:
            return int(progress[CONFLICT])
        progress[AT] = 0
        progress[HEAD] += 1
        if effort <= 0:
            break
    return int(progress[CONFLICT] or progress[HEAD] == progress[TAIL])


def _falsify(state: Propagation, clause: int, code: int) -> None:
    state.left[clause] -= 1
    state.sums[clause] ^= code
    if state.satisfied[clause]:
        return
    if state.left[clause] == 1:
        _set_true(state, int(state.sums[clause]))
    elif state.left[clause] == 0:
        state.progress[CONFLICT] = 1


def count_left(state: Pure, first: int, effort: int) -> int:
    clause = first
    while clause < state.satisfied.size and effort > 0:
        effort -= 1
        if not state.satisfied[clause]:
            for code in state.codes[state.offsets[clause] : state.offsets[clause + 1]].tolist():
                state.counts[code] += 1
                effort -= 1
        clause += 1
    return clause


def fix_pure(state: Pure, effort: int) -> int:
    progress = state.progress
    while effort > 0:
        if progress[HEAD] == progress[LEVEL]:
            effort -= int(progress[ZEROS])
            for zero in state.zeros[: progress[ZEROS]].tolist():
                code = zero ^ 1
                if state.counts[code] > 0 and state.values[code >> 1] < 0:
                    state.values[code >> 1] = 1 - (code & 1)
                    state.queue[progress[TAIL]] = code
                    progress[TAIL] += 1
            progress[ZEROS], progress[LEVEL] = 0, progress[TAIL]
            if progress[HEAD] == progress[LEVEL]:
                return 1
        code = int(state.queue[progress[HEAD]])
        at, end = int(state.starts[code] + progress[AT]), int(state.starts[code + 1])
        effort -= 1
        first = at
        while at < end and (at == first or effort > 0):
            effort -= _satisfy(state, int(state.occurrences[at])) + 1
            at += 1
        progress[AT] = at - state.starts[code]
        if at == end:
            progress[AT] = 0
            progress[HEAD] += 1
    return 0


def _satisfy(state: Pure, clause: int) -> int:
    if state.satisfied[clause]:
        return 0
    state.satisfied[clause] = True
    codes = state.codes[state.offsets[clause] : state.offsets[clause + 1]].tolist()
    for code in codes:
        state.counts[code] -= 1
        if state.counts[code] == 0:
            state.zeros[state.progress[ZEROS]] = code
            state.progress[ZEROS] += 1
    return len(codes)
