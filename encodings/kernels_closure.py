"""Closure kernels: which variables follow from a set of inputs, and how (see turbosat.encodings.closure)."""

import numpy as np

from turbosat.encodings.closure_state import (
    COUNTERS,
    DENSE,
    DENSE_ROWS,
    DONE,
    EXACT,
    GREATEST,
    INPUT,
    KNOWN,
    LEAST,
    ROW,
    UNKNOWN,
)
from turbosat.jit import jit

SUPPORT = 6  # variables of a truth table in one word
TESTS = 12  # tests whether a variable is forced, before they become rare
NONE = np.int64(-1)
CANDIDATES = 12  # variables the look-ahead tries before it chooses one


@jit
def begin(problem, state):
    """Count what is unknown; every array of the state is filled."""
    variables = state.rank.size
    for v in range(variables):
        state.rank[v] = -1
        state.how[v] = UNKNOWN
        state.which[v] = -1
        state.weight[v] = 0.0
        state.tests[v] = 0
        state.disjoint[v] = 0
    for code in range(2 * variables):
        state.open[code] = 0
        state.stamp[code] = -1
    for entry in range(state.used.size):
        state.used[entry] = 0
    for clause in range(state.unknown.size):
        first, end = problem.offsets[clause], problem.offsets[clause + 1]
        state.unknown[clause] = end - first
        last = 0
        for entry in range(first, end):
            last ^= problem.codes[entry]
            state.open[problem.codes[entry]] += 1
        state.last[clause] = last
    for row in range(state.row_unknown.size):
        first, end = problem.row_offsets[row], problem.row_offsets[row + 1]
        state.row_unknown[row] = end - first
        last = 0
        for entry in range(first, end):
            last ^= problem.row_variables[entry]
        state.row_last[row] = last
    for i in range(COUNTERS):
        state.counters[i] = 0
    reduce(state)


@jit
def reduce(state):
    """Bring the matrix to reduced echelon form; a row without a pivot is a sum of others."""
    rows, words = state.matrix.shape[0], state.matrix.shape[1] - 1
    for word in range(words):
        state.hidden[word] = np.uint64(0)
    for row in range(rows):
        for word in range(words):
            state.hidden[word] |= state.matrix[row, word]
    for row in range(rows):
        choose_pivot(state, row)


@jit
def choose_pivot(state, row):
    """Give a row an unknown column as its pivot and take that column out of all others."""
    rows, words = state.matrix.shape[0], state.matrix.shape[1] - 1
    state.pivot[row] = -1
    for word in range(words):
        bits = state.matrix[row, word] & state.hidden[word]
        if bits == 0:
            continue
        bit = 0
        while (bits >> np.uint64(bit)) & np.uint64(1) == 0:
            bit += 1
        state.pivot[row] = 64 * word + bit
        for other in range(rows):
            if other != row and (state.matrix[other, word] >> np.uint64(bit)) & np.uint64(1):
                for w in range(words + 1):
                    state.matrix[other, w] ^= state.matrix[row, w]
        break


@jit
def settle(state, v, how, which):
    """Make a variable known."""
    known = state.counters[KNOWN]
    state.rank[v] = known
    state.order[known] = v
    state.how[v] = how
    state.which[v] = which
    state.counters[KNOWN] = known + 1


@jit
def open_up(problem, state):
    """Settle what is known from the start: variables with no clause for one of their literals."""
    for v in range(state.rank.size):
        if state.rank[v] < 0 and problem.bound[v] == 0:
            if state.open[2 * v] == 0:
                settle(state, np.int64(v), np.int64(LEAST), NONE)
            elif state.open[2 * v + 1] == 0:
                settle(state, np.int64(v), np.int64(GREATEST), NONE)


@jit
def close(problem, state):
    """Find everything that follows from the known variables."""
    while True:
        while state.counters[DONE] < state.counters[KNOWN]:
            v = state.order[state.counters[DONE]]
            state.counters[DONE] += 1
            spread(problem, state, v)
        if state.matrix.shape[0] == 0 or not sums(problem, state):
            return


@jit
def spread(problem, state, v):
    """Look at the XORs and clauses of a variable that has become known."""
    for entry in range(problem.row_starts[v], problem.row_starts[v + 1]):
        row = problem.rows_of[entry]
        state.row_unknown[row] -= 1
        state.row_last[row] ^= v
        if state.row_unknown[row] == 1 and state.rank[state.row_last[row]] < 0:
            settle(state, np.int64(state.row_last[row]), np.int64(ROW), np.int64(row))
    for code in range(2 * v, 2 * v + 2):
        for entry in range(problem.starts[code], problem.starts[code + 1]):
            clause = problem.occurrences[entry]
            state.unknown[clause] -= 1
            state.last[clause] ^= code
            if state.unknown[clause] != 1:
                continue
            literal = state.last[clause]
            y = np.int64(literal >> 1)
            state.open[literal] -= 1
            others = problem.offsets[clause + 1] - problem.offsets[clause] - 1
            state.weight[y] += 0.5 ** min(others, 1000)
            if state.rank[y] >= 0:
                continue
            if state.weight[y] >= 1.0 and may_test(state, y) and forced(problem, state, y):
                settle(state, y, np.int64(EXACT), NONE)
            elif state.open[literal] == 0 and problem.bound[y] == 0:
                settle(state, y, np.int64(GREATEST if literal & 1 else LEAST), NONE)


@jit
def may_test(state, y):
    """Count a test; after the first few only those at powers of two are made."""
    state.tests[y] += 1
    tests = state.tests[y]
    return tests <= TESTS or tests & (tests - 1) == 0


@jit
def forced(problem, state, y):
    """Tell whether known clauses force y in each assignment, and mark those that do.

    First a wide AND or OR, one long clause and its binary ones; then a truth table over all the variables,
    and where these are too many, over those of one clause.
    """
    for sign in range(2):
        for entry in range(problem.starts[2 * y + sign], problem.starts[2 * y + sign + 1]):
            clause = problem.occurrences[entry]
            if state.unknown[clause] == 1 and wide(problem, state, y, sign, entry):
                return True
    if table(problem, state, y, NONE):
        return True
    for code in range(2 * y, 2 * y + 2):
        for entry in range(problem.starts[code], min(problem.starts[code + 1], problem.starts[code] + 16)):
            clause = problem.occurrences[entry]
            size = problem.offsets[clause + 1] - problem.offsets[clause]
            if (
                state.unknown[clause] == 1
                and size <= SUPPORT + 1
                and table(problem, state, y, np.int64(clause))
            ):
                return True
    return False


@jit
def wide(problem, state, y, sign, entry):
    """Tell whether a clause (y or -a or -b ...) comes with (-y or a), (-y or b) ..."""
    clause = problem.occurrences[entry]
    first, end = problem.offsets[clause], problem.offsets[clause + 1]
    left = end - first - 1
    if left == 0 or problem.starts[2 * y + 2 - sign] - problem.starts[2 * y + 1 - sign] < left:
        return False
    for at in range(first, end):
        state.stamp[problem.codes[at]] = -2
    state.stamp[2 * y + sign] = -1
    opposite = 2 * y + 1 - sign
    for other in range(problem.starts[opposite], problem.starts[opposite + 1]):
        pair = problem.occurrences[other]
        start = problem.offsets[pair]
        if state.unknown[pair] == 1 and problem.offsets[pair + 1] - start == 2:
            literal = problem.codes[start] ^ problem.codes[start + 1] ^ opposite
            if state.stamp[literal ^ 1] == -2:
                state.stamp[literal ^ 1] = -1
                left -= 1
                state.used[other] = 1
    for at in range(first, end):
        state.stamp[problem.codes[at]] = -1
    if left == 0:
        state.used[entry] = 1
        state.disjoint[y] = 1
        return True
    for other in range(problem.starts[opposite], problem.starts[opposite + 1]):
        state.used[other] = 0
    return False


@jit
def column_table(place):
    """Return the truth table of variable `place` of six."""
    if place == 0:
        return np.uint64(0xAAAAAAAAAAAAAAAA)
    if place == 1:
        return np.uint64(0xCCCCCCCCCCCCCCCC)
    if place == 2:
        return np.uint64(0xF0F0F0F0F0F0F0F0)
    if place == 3:
        return np.uint64(0xFF00FF00FF00FF00)
    if place == 4:
        return np.uint64(0xFFFF0000FFFF0000)
    return np.uint64(0xFFFFFFFF00000000)


@jit
def table(problem, state, y, base):
    """Tell by truth table whether known clauses always force y, those inside clause `base` if given."""
    size = 0
    if base >= 0:
        for at in range(problem.offsets[base], problem.offsets[base + 1]):
            v = problem.codes[at] >> 1
            if v != y:
                state.stamp[2 * v] = size
                size += 1
    ones = np.uint64(0)
    zeros = np.uint64(0)
    full = np.uint64(0xFFFFFFFFFFFFFFFF)
    fits = True
    for code in range(2 * y, 2 * y + 2):
        for entry in range(problem.starts[code], problem.starts[code + 1]):
            clause = problem.occurrences[entry]
            if state.unknown[clause] != 1 or not fits:
                continue
            false = full
            inside = True
            for at in range(problem.offsets[clause], problem.offsets[clause + 1]):
                literal = problem.codes[at]
                v = literal >> 1
                if v == y or not inside:
                    continue
                if state.stamp[2 * v] < 0:
                    if base >= 0:
                        inside = False
                        continue
                    if size == SUPPORT:
                        fits = False
                        inside = False
                        continue
                    state.stamp[2 * v] = size
                    size += 1
                column = column_table(state.stamp[2 * v])
                false &= column if literal & 1 else ~column
            if inside:
                state.used[entry] = 1
                if code & 1:
                    zeros |= false
                else:
                    ones |= false
    for code in range(2 * y, 2 * y + 2):
        for entry in range(problem.starts[code], problem.starts[code + 1]):
            clause = problem.occurrences[entry]
            for at in range(problem.offsets[clause], problem.offsets[clause + 1]):
                state.stamp[2 * (problem.codes[at] >> 1)] = -1
    if fits and ones | zeros == full:
        state.disjoint[y] = ones & zeros == 0
        return True
    for code in range(2 * y, 2 * y + 2):
        for entry in range(problem.starts[code], problem.starts[code + 1]):
            state.used[entry] = 0
    return False


@jit
def sums(problem, state):
    """Settle variables that are alone unknown in a sum of XORs; False if there are none."""
    rows, words = state.matrix.shape[0], state.matrix.shape[1] - 1
    changed = False
    for column in range(problem.variable.size):
        if state.rank[problem.variable[column]] >= 0:
            bit = np.uint64(1) << np.uint64(column & 63)
            state.hidden[column >> 6] &= ~bit
    for row in range(rows):
        pivot = state.pivot[row]
        if pivot >= 0 and state.rank[problem.variable[pivot]] >= 0:
            choose_pivot(state, row)
    for row in range(rows):
        pivot = state.pivot[row]
        if pivot < 0:
            continue
        left = 0
        for word in range(words):
            bits = state.matrix[row, word] & state.hidden[word]
            if bits != 0:
                left += 1
                if bits & (bits - np.uint64(1)) != 0:
                    left = 2
                if left > 1:
                    break
        if left == 1:
            number = state.counters[DENSE_ROWS]
            state.counters[DENSE_ROWS] += 1
            for word in range(words + 1):
                state.dense[number, word] = state.matrix[row, word]
            settle(state, np.int64(problem.variable[pivot]), np.int64(DENSE), np.int64(number))
            changed = True
            break  # what follows from sparse XORs is cheaper to compute
    return changed


@jit
def cover(problem, state, order, limit):
    """Take variables (k,) that are still unknown as inputs, in order; return how many, or limit + 1."""
    close(problem, state)
    inputs = 0
    for i in range(order.size):
        v = order[i]
        if state.rank[v] >= 0:
            continue
        inputs += 1
        if inputs > limit:
            return inputs
        settle(state, np.int64(v), np.int64(INPUT), NONE)
        close(problem, state)
    return inputs


@jit
def copied(source, target):
    """Copy what changes while variables become known."""
    for i in range(source.rank.size):
        target.rank[i] = source.rank[i]
        target.how[i] = source.how[i]
        target.which[i] = source.which[i]
        target.order[i] = source.order[i]
        target.weight[i] = source.weight[i]
        target.tests[i] = source.tests[i]
        target.disjoint[i] = source.disjoint[i]
    for i in range(source.open.size):
        target.open[i] = source.open[i]
        target.stamp[i] = source.stamp[i]
    for i in range(source.unknown.size):
        target.unknown[i] = source.unknown[i]
        target.last[i] = source.last[i]
    for i in range(source.used.size):
        target.used[i] = source.used[i]
    for i in range(source.row_unknown.size):
        target.row_unknown[i] = source.row_unknown[i]
        target.row_last[i] = source.row_last[i]
    for i in range(source.matrix.shape[0]):
        target.pivot[i] = source.pivot[i]
        for j in range(source.matrix.shape[1]):
            target.matrix[i, j] = source.matrix[i, j]
            target.dense[i, j] = source.dense[i, j]
    for i in range(source.hidden.size):
        target.hidden[i] = source.hidden[i]
    for i in range(COUNTERS):
        target.counters[i] = source.counters[i]


@jit
def look_ahead(problem, state, trial, allowed, scores):
    """Return the unknown variable among allowed (variables,) from which most follows, -1 if there is none.

    Those in the shortest unknown parts of clauses and XORs are tried. `scores` (variables,) is scratch.
    """
    for v in range(scores.size):
        scores[v] = 0.0
    for clause in range(state.unknown.size):
        if state.unknown[clause] > 1:
            share = 0.5 ** min(state.unknown[clause], 60)
            for at in range(problem.offsets[clause], problem.offsets[clause + 1]):
                scores[problem.codes[at] >> 1] += share
    for row in range(state.row_unknown.size):
        if state.row_unknown[row] > 1:
            share = 2.0 * 0.5 ** min(state.row_unknown[row], 60)
            for at in range(problem.row_offsets[row], problem.row_offsets[row + 1]):
                scores[problem.row_variables[at]] += share
    best, most = -1, -1
    for _ in range(CANDIDATES):
        top, value = -1, -1.0
        for v in range(scores.size):
            if state.rank[v] < 0 and allowed[v] and scores[v] > value:
                top, value = v, scores[v]
        if top < 0:
            break
        scores[top] = -2.0
        copied(state, trial)
        settle(trial, np.int64(top), np.int64(INPUT), NONE)
        close(problem, trial)
        if trial.counters[KNOWN] > most:
            best, most = top, trial.counters[KNOWN]
    return best
