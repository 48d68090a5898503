"""Slow twins of encodings/support."""

from itertools import product

from turbosat.core.declare import ConstDoubles, ConstFlags, ConstInts, Doubles, Flags, Ints
from turbosat.core.support import (
    AT,
    BASES,
    CANDIDATES,
    DENSE,
    DENSE_ROWS,
    DONE,
    EXACT,
    GREATEST,
    HIDDEN,
    INPUT,
    KNOWN,
    LEAST,
    PIVOTING,
    PLACE,
    ROW,
    SPREADING,
    STAGE,
    SUPPORT,
    TAKEN,
    TESTS,
    Problem,
    State,
)


def _codes(problem: Problem, clause: int) -> list[int]:
    codes: list[int] = problem.codes[problem.offsets[clause] : problem.offsets[clause + 1]].tolist()
    return codes


def _row(problem: Problem, row: int) -> list[int]:
    members: list[int] = problem.row_variables[
        problem.row_offsets[row] : problem.row_offsets[row + 1]
    ].tolist()
    return members


def _settle(state: State, v: int, how: int, which: int = -1) -> None:
    known = int(state.counters[KNOWN])
    state.rank[v], state.order[known], state.how[v], state.which[v] = known, v, how, which
    state.counters[KNOWN] += 1


def count_unknown(problem: Problem, state: State, first: int, effort: int) -> int:
    item, clauses = first, state.unknown.size
    while item < clauses + state.row_unknown.size and effort > 0:
        members = _codes(problem, item) if item < clauses else _row(problem, item - clauses)
        last = 0
        for member in members:
            last ^= member
        if item < clauses:
            state.unknown[item], state.last[item] = len(members), last
            for code in members:
                state.open[code] += 1
        else:
            state.row_unknown[item - clauses], state.row_last[item - clauses] = len(members), last
        effort -= len(members) + 1
        item += 1
    return item


def _choose_pivot(state: State, row: int) -> None:
    state.pivot[row] = -1
    for word in range(state.hidden.size):
        bits = int(state.matrix[row, word] & state.hidden[word])
        if bits:
            bit = (bits & -bits).bit_length() - 1
            state.pivot[row] = 64 * word + bit
            for other in range(state.pivot.size):
                if other != row and int(state.matrix[other, word]) >> bit & 1:
                    state.matrix[other] ^= state.matrix[row]
            return


def choose_pivots(state: State, first: int, effort: int) -> int:
    row = first
    while row < state.pivot.size and effort > 0:
        _choose_pivot(state, row)
        effort -= state.matrix.size // 4 + 1
        row += 1
    return row


def open_up(problem: Problem, state: State, first: int, last: int) -> None:
    for v in range(first, last):
        if state.rank[v] < 0 and not problem.bound[v]:
            if state.open[2 * v] == 0:
                _settle(state, v, LEAST)
            elif state.open[2 * v + 1] == 0:
                _settle(state, v, GREATEST)


def copy_state(source: State, target: State) -> None:
    known, dense = int(source.counters[KNOWN]), int(source.counters[DENSE_ROWS])
    for name in State.declared()[0]:
        array = getattr(source, name)
        part = slice({"order": known, "dense": dense, "stamp": 0}.get(name, len(array)))
        getattr(target, name)[part] = array[part]


def _entries(problem: Problem, code: int) -> range:
    return range(int(problem.starts[code]), int(problem.starts[code + 1]))


def _wide(problem: Problem, state: State, code: int) -> bool:
    """A clause (y or -a or -b ...), y = code, with (-y or a), (-y or b) ..., all but y known."""
    partners: dict[int, int] = {}  # the first entry of each
    for entry in _entries(problem, code ^ 1):
        clause = int(problem.occurrences[entry])
        codes = _codes(problem, clause)
        if state.unknown[clause] == 1 and len(codes) == 2:
            partners.setdefault(codes[0] ^ codes[1] ^ code, entry)
    for entry in _entries(problem, code):
        clause = int(problem.occurrences[entry])
        others = [each for each in _codes(problem, clause) if each != code]
        if state.unknown[clause] == 1 and others and all(each in partners for each in others):
            for each in others:
                state.used[partners[each]] = 1
            state.used[entry] = 1
            state.disjoint[code >> 1] = 1
            return True
    return False


def _table(problem: Problem, state: State, y: int, base: int) -> bool:
    """Whether known clauses, those inside clause `base` unless it is -1, force y in all assignments."""
    leaves = [] if base < 0 else [code >> 1 for code in _codes(problem, base) if code >> 1 != y]
    chosen: list[tuple[int, list[int]]] = []  # entries, and the literals that must be false
    for code in (2 * y, 2 * y + 1):
        for entry in _entries(problem, code):
            clause = int(problem.occurrences[entry])
            others = [each for each in _codes(problem, clause) if each >> 1 != y]
            if state.unknown[clause] != 1:
                continue
            if base < 0:
                leaves += [each >> 1 for each in others if each >> 1 not in leaves]
                if len(leaves) > SUPPORT:
                    return False
            if all(each >> 1 in leaves for each in others):
                chosen.append((entry, others))
    middle = int(problem.starts[2 * y + 1])
    disjoint = True
    for values in product((0, 1), repeat=len(leaves)):
        value = dict(zip(leaves, values, strict=True))
        forcing = [e for e, others in chosen if all(value[each >> 1] == each & 1 for each in others)]
        if not forcing:
            return False
        disjoint &= len({entry < middle for entry in forcing}) == 1
    for entry, _ in chosen:
        state.used[entry] = 1
    state.disjoint[y] = disjoint
    return True


def _forced(problem: Problem, state: State, y: int) -> bool:
    if _wide(problem, state, 2 * y) or _wide(problem, state, 2 * y + 1) or _table(problem, state, y, -1):
        return True
    for code in (2 * y, 2 * y + 1):
        for entry in _entries(problem, code)[:BASES]:
            clause = int(problem.occurrences[entry])
            short = len(_codes(problem, clause)) <= SUPPORT + 1
            if state.unknown[clause] == 1 and short and _table(problem, state, y, clause):
                return True
    return False


def find_forced(problem: Problem, state: State, first: int, effort: int, result: Flags) -> int:
    v = first
    while v < result.size and effort > 0:
        entries = range(int(problem.starts[2 * v]), int(problem.starts[2 * v + 2]))
        lengths = [len(_codes(problem, int(problem.occurrences[entry]))) for entry in entries]
        effort -= len(entries) + 1
        if sum(0.5 ** (length - 1) for length in lengths) >= 1:
            effort -= 4 * len(entries)
            result[v] = _forced(problem, state, v)
        v += 1
    return v


def _may_test(state: State, y: int) -> bool:
    state.tests[y] += 1
    tests = int(state.tests[y])
    return tests <= TESTS or tests & tests - 1 == 0


def _spread_to_row(state: State, v: int, row: int) -> None:
    state.row_unknown[row] -= 1
    state.row_last[row] ^= v
    if state.row_unknown[row] == 1 and state.rank[state.row_last[row]] < 0:
        _settle(state, int(state.row_last[row]), ROW, row)


def _spread_to_clause(problem: Problem, state: State, code: int, clause: int) -> int:
    """Look at a clause of a literal whose variable has become known; return what that took."""
    state.last[clause] ^= code
    state.unknown[clause] -= 1
    if state.unknown[clause] != 1:
        return 1
    literal = int(state.last[clause])
    y, work = literal >> 1, 1
    state.open[literal] -= 1
    state.weight[y] += 0.5 ** min(len(_codes(problem, clause)) - 1, 1000)
    if state.rank[y] >= 0:
        return work
    if state.weight[y] >= 1.0 and _may_test(state, y):
        work += 4 * (len(_entries(problem, 2 * y)) + len(_entries(problem, 2 * y + 1)))
        if _forced(problem, state, y):
            _settle(state, y, EXACT)
            return work
    if state.open[literal] == 0 and not problem.bound[y]:
        _settle(state, y, GREATEST if literal & 1 else LEAST)
    return work


class _Closing:
    """A derivation in progress, with what is left of the effort."""

    def __init__(self, problem: Problem, state: State, effort: int) -> None:
        self.problem, self.state, self.effort = problem, state, effort

    def closed(self) -> bool:
        counters = self.state.counters
        while True:
            if counters[STAGE] == SPREADING:
                if not self._spread():
                    return False
                if not self.state.pivot.size:
                    return True
                counters[STAGE] = PIVOTING
            if not self._renew_pivots():
                return False
            counters[STAGE] = SPREADING
            if not self._settle_sum():
                return True

    def _spread(self) -> bool:
        problem, state, counters = self.problem, self.state, self.state.counters
        while counters[DONE] < counters[KNOWN]:
            v = int(state.order[counters[DONE]])
            rows = problem.rows_of[problem.row_starts[v] : problem.row_starts[v + 1]].tolist()
            clauses = [
                (code, int(problem.occurrences[entry]))
                for code in (2 * v, 2 * v + 1)
                for entry in _entries(problem, code)
            ]
            while counters[AT] < len(rows) + len(clauses) and self.effort > 0:
                at = int(counters[AT])
                if at < len(rows):
                    _spread_to_row(state, v, rows[at])
                    self.effort -= 1
                else:
                    self.effort -= _spread_to_clause(problem, state, *clauses[at - len(rows)])
                counters[AT] += 1
            if counters[AT] < len(rows) + len(clauses):
                return False
            counters[AT] = 0
            counters[DONE] += 1
            self.effort -= 1
        return True

    def _renew_pivots(self) -> bool:
        problem, state, counters = self.problem, self.state, self.state.counters
        while counters[HIDDEN] < counters[KNOWN]:
            column = int(problem.column[state.order[counters[HIDDEN]]])
            if column >= 0:
                state.hidden[column >> 6] = int(state.hidden[column >> 6]) & ~(1 << (column & 63))
            counters[HIDDEN] += 1
        while counters[AT] < state.pivot.size:
            pivot = int(state.pivot[counters[AT]])
            if pivot >= 0 and state.rank[problem.variable[pivot]] >= 0:
                if self.effort <= 0:
                    return False
                _choose_pivot(state, int(counters[AT]))
                self.effort -= state.matrix.size // 4
            counters[AT] += 1
        counters[AT] = 0
        return True

    def _settle_sum(self) -> bool:
        problem, state = self.problem, self.state
        for row, pivot in enumerate(state.pivot.tolist()):
            left = 0
            for word in range(state.hidden.size if pivot >= 0 else 0):
                self.effort -= 1
                left += int(state.matrix[row, word] & state.hidden[word]).bit_count()
                if left > 1:
                    break
            if left == 1:
                number = int(state.counters[DENSE_ROWS])
                state.counters[DENSE_ROWS] += 1
                state.dense[number] = state.matrix[row]
                _settle(state, int(problem.variable[pivot]), DENSE, number)
                return True
        return False


def close_over(problem: Problem, state: State, effort: int) -> int:
    return int(_Closing(problem, state, effort).closed())


def try_input(problem: Problem, state: State, trial: State, variable: int, effort: int) -> int:
    copy_state(state, trial)
    _settle(trial, variable, INPUT)
    return close_over(problem, trial, effort)


def cover(problem: Problem, state: State, order: ConstInts, limit: int, effort: int) -> int:
    closing, counters = _Closing(problem, state, effort), state.counters
    while True:
        if not closing.closed():
            return 0
        while counters[PLACE] < order.size and state.rank[order[counters[PLACE]]] >= 0:
            counters[PLACE] += 1
        if counters[PLACE] == order.size:
            return 1
        counters[TAKEN] += 1
        if counters[TAKEN] > limit:
            return 1
        _settle(state, int(order[counters[PLACE]]), INPUT)
        counters[PLACE] += 1


def add_scores(problem: Problem, state: State, first: int, effort: int, scores: Doubles) -> int:
    item, clauses = first, state.unknown.size
    while item < clauses + state.row_unknown.size and effort > 0:
        effort -= 1
        if item < clauses:
            unknown, weight = int(state.unknown[item]), 1.0
            members = [code >> 1 for code in _codes(problem, item)]
        else:
            unknown, weight = int(state.row_unknown[item - clauses]), 2.0
            members = _row(problem, item - clauses)
        if unknown > 1:
            for v in members:
                scores[v] += weight * 0.5 ** min(unknown, 60)
            effort -= len(members)
        item += 1
    return item


def best_scores(
    state: State,
    allowed: ConstFlags,
    scores: ConstDoubles,
    first: int,
    last: int,
    chosen: Ints,
    found: int,
) -> int:
    candidates = [*chosen[:found].tolist(), *range(first, last)]
    good = [v for v in candidates if state.rank[v] < 0 and allowed[v]]
    best = sorted(good, key=lambda v: -float(scores[v]))[:CANDIDATES]
    chosen[: len(best)] = best
    return len(best)
