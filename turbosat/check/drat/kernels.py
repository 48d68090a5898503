"""Unit propagation with two watched literals, core clauses first, and the two passes of a DRAT check."""

import numpy as np

from turbosat.check.drat import state as st
from turbosat.check.drat.state import Int, Ints, Longs, State
from turbosat.check.jit import kernel


@kernel
def push(s: State, pool: Longs, k: Int, watch: Int) -> Longs:
    """Append a watch to list k, which moves to a block of twice its size when it is full."""
    lists = s.lists
    start, n, capacity = lists[k, 0], lists[k, 1], lists[k, 2]
    if n == capacity:
        kept = 0
        for i in range(start, start + n):  # throw out what is dead before taking more room
            if s.arena[(pool[i] & st.LOW) - 1] & st.ALIVE:
                pool[start + kept] = pool[i]
                kept += 1
        n = kept
        if 4 * n >= 3 * capacity:
            size = max(4, 2 * capacity)
            power = 0
            while (1 << power) < size:
                power += 1
            fresh = np.int64(s.free[power])
            if fresh >= 0:
                s.free[power] = pool[fresh]
            else:
                fresh = s.registers[st.TOP]
                if fresh + size >= 2**31:  # lists hold 32-bit places
                    raise MemoryError
                if fresh + size > len(pool):
                    larger = np.empty(2 * len(pool) + size, np.int64)
                    larger[:fresh] = pool[:fresh]
                    pool = larger
                s.registers[st.TOP] = fresh + size
            for i in range(n):
                pool[fresh + i] = pool[start + i]
            if capacity:
                pool[start] = s.free[power - 1]
                s.free[power - 1] = start
            start = fresh
            lists[k, 0] = start
            lists[k, 2] = size
    pool[start + n] = watch
    lists[k, 1] = n + 1
    return pool


@kernel
def propagate(s: State, pool: Longs) -> Longs:
    """Propagate to a fixpoint or to a conflict: core clauses as long as they have anything to say."""
    arena, value, lists, trail, reg = s.arena, s.value, s.lists, s.trail, s.registers
    reason, position = s.reason, s.position
    n, core_head, rest_head = reg[st.TRAIL], reg[st.CORE_HEAD], reg[st.REST_HEAD]
    visits = np.int64(0)
    conflict = np.int64(0)
    held = False  # a list of other clauses, left at its first unit: held_i is read, held_j written
    held_i, held_j, held_end = np.int64(0), np.int64(0), np.int64(0)
    while conflict == 0:
        if core_head < n:
            core = 1
            f = np.int64(trail[core_head] ^ 1)
            i = np.int64(lists[2 * f + 1, 0])
            j, end = i, i + lists[2 * f + 1, 1]
        elif rest_head < n:
            core = 0
            f = np.int64(trail[rest_head] ^ 1)
            if held:
                i, j, end = held_i, held_j, held_end
                held = False
            else:
                i = np.int64(lists[2 * f, 0])
                j, end = i, i + lists[2 * f, 1]
        else:
            break
        visits += 1 + ((end - i) >> 3)
        stop = False
        while i < end:
            w = pool[i]
            i += 1
            if value[w >> 32] > 0:
                pool[j] = w
                j += 1
                continue
            o = w & st.LOW
            head = arena[o - 1]
            if head & st.ALIVE == 0:
                continue
            other = np.int64(arena[o] ^ arena[o + 1]) ^ f
            w = (other << 32) | o
            if value[other] <= 0:
                moved = False
                # Going on where the last search ended spares a long clause to be read from its start.
                q, last = o + arena[o - 3], o + (head >> 3)
                for _ in range(o + 2, last):
                    if q == last:
                        q = o + 2
                    l = np.int64(arena[q])
                    q += 1
                    if value[l] >= 0:
                        arena[o] = other
                        arena[o + 1] = l
                        arena[q - 1] = f
                        arena[o - 3] = q - o
                        pool = push(s, pool, 2 * l + (head & st.CORE), w)
                        moved = True
                        break
                if moved:
                    continue
                if value[other] < 0:
                    conflict = o
                    stop = True
                else:
                    value[other] = 1
                    value[other ^ 1] = -1
                    reason[other >> 1] = o
                    position[other >> 1] = n
                    trail[n] = other
                    n += 1
                    stop = core == 0
            if core == 0 and head & st.CORE:
                pool = push(s, pool, 2 * f + 1, w)
            else:
                pool[j] = w
                j += 1
            if stop:
                break
        if conflict == 0 and core == 0 and i < end:
            held = True
            held_i, held_j, held_end = i, j, end
            continue
        while i < end:
            pool[j] = pool[i]
            i += 1
            j += 1
        k = 2 * f + core
        lists[k, 1] = j - lists[k, 0]
        if conflict == 0:
            if core:
                s.done[1, core_head] = n
                core_head += 1
            else:
                s.done[0, rest_head] = n
                rest_head += 1
    if held:
        f = np.int64(trail[rest_head] ^ 1)
        while held_i < held_end:
            pool[held_j] = pool[held_i]
            held_i += 1
            held_j += 1
        lists[2 * f, 1] = held_j - lists[2 * f, 0]
    reg[st.TRAIL], reg[st.CORE_HEAD], reg[st.REST_HEAD], reg[st.CONFLICT] = n, core_head, rest_head, conflict
    reg[st.WORK] += visits
    return pool


@kernel
def assign(s: State, literal: Int, reason: Int) -> None:
    """Put a literal on the trail."""
    n = s.registers[st.TRAIL]
    s.value[literal] = 1
    s.value[literal ^ 1] = -1
    s.reason[literal >> 1] = reason
    s.position[literal >> 1] = n
    s.trail[n] = literal
    s.registers[st.TRAIL] = n + 1


@kernel
def attach(s: State, pool: Longs, o: Int, settled: bool) -> Longs:
    """Watch the clause at o under the root trail, which may not be at its fixpoint yet.

    `done` is kept ascending once it is `settled`.
    """
    arena, value, position, reg = s.arena, s.value, s.position, s.registers
    head = arena[o - 1]
    if head & st.TAUTOLOGY:
        return pool
    arena[o - 1] = head | st.ALIVE
    size = head >> 3
    first, second = np.int64(-1), np.int64(-1)  # ranks of the two best literals: not false, or false last
    at_first, at_second = 0, 0
    for q in range(size):
        l = arena[o + q]
        rank = np.int64(position[l >> 1]) if value[l] < 0 else np.int64(st.LOW)
        if rank > first:
            first, second, at_second, at_first = rank, first, at_first, q
        elif rank > second:
            second, at_second = rank, q
        if second == st.LOW:
            break
    if first < st.LOW:
        reg[st.CONFLICT] = o
        if size < 2:
            return pool
    if size == 1:
        l = arena[o]
        arena[o + 1] = s.units[l]
        s.units[l] = o
        if value[l] == 0:
            assign(s, l, o)
        return pool
    a, b = arena[o + at_first], arena[o + at_second]
    arena[o + at_first] = arena[o]
    if at_second == 0:
        at_second = at_first
    arena[o] = a
    arena[o + at_second] = arena[o + 1]
    arena[o + 1] = b
    core = head & st.CORE
    pool = push(s, pool, 2 * a + core, np.int64(b) << 32 | o)
    pool = push(s, pool, 2 * b + core, np.int64(a) << 32 | o)
    if second < st.LOW:
        if value[a] == 0:
            assign(s, a, o)
        # Should a be taken back while b stays false, b's lists must be visited again.
        until = position[a >> 1] + 1
        for queue in range(2):
            p = second
            while p < reg[st.REST_HEAD - queue] and s.done[queue, p] < until:
                s.done[queue, p] = until
                p = p + 1 if settled else np.int64(st.LOW)
    return pool


@kernel
def backtrack(s: State, n: Int) -> None:
    """Take back the literals above a root trail of length n that is at its fixpoint."""
    for p in range(n, s.registers[st.TRAIL]):
        l = s.trail[p]
        s.value[l] = 0
        s.value[l ^ 1] = 0
        s.seen[l >> 1] = 0
    s.registers[st.TRAIL] = s.registers[st.CORE_HEAD] = s.registers[st.REST_HEAD] = n


@kernel
def cut_root(s: State, n: Int) -> None:
    """Cut the root trail to length n, and go back to the lists visited with the help of the rest."""
    reg = s.registers
    old = reg[st.TRAIL]
    heads = (min(reg[st.REST_HEAD], n), min(reg[st.CORE_HEAD], n))
    backtrack(s, n)
    for p in range(n, old):  # a unit clause can stand behind a literal that had another reason
        o = s.units[s.trail[p]]
        while o and s.arena[o - 1] & st.ALIVE == 0:
            o = s.arena[o + 1]
        s.units[s.trail[p]] = o
        if o:
            assign(s, s.trail[p], o)
    for queue in range(2):
        head = heads[queue]
        while head > 0 and s.done[queue, head - 1] > n:
            head -= 1
        reg[st.REST_HEAD - queue] = head


@kernel
def mark(s: State, clause: Int, literal: Int, root: Int) -> None:
    """Mark a clause (or the true literal's reason) and all reasons behind it as core."""
    n = 0
    if clause == 0:
        if s.seen[literal >> 1]:
            return
        s.seen[literal >> 1] = 1
        s.stack[0] = literal >> 1
        n = 1
    i = 0
    while clause or i < n:
        if clause == 0:
            clause = s.reason[s.stack[i]]
            i += 1
            if clause == 0:
                continue
        head = s.arena[clause - 1]
        s.arena[clause - 1] = head | st.CORE
        for q in range(clause, clause + (head >> 3)):
            v = s.arena[q] >> 1
            if s.seen[v] == 0:
                s.seen[v] = 1
                s.stack[n] = v
                n += 1
        clause = 0
    for i in range(n):
        if s.position[s.stack[i]] >= root:
            s.seen[s.stack[i]] = 0


@kernel
def forward(s: State, pool: Longs, steps: Ints, hi: int, eager: bool, budget: int) -> tuple[int, Longs]:
    """Apply the steps from registers[STEP] up to hi and propagate root literals, until they conflict.

    Steps that add a clause count when they are eager; otherwise only living clauses are attached, at once.
    """
    reg = s.registers
    limit = reg[st.WORK] + budget
    t = reg[st.STEP]
    while t < hi:
        o = np.int64(steps[t])
        if o > 0:
            if s.arena[o - 1] >> 3 == 0 and eager:
                reg[st.STEP] = t
                return st.FALSE_EMPTY, pool
            if eager or s.arena[o - 1] & st.ALIVE:
                pool = attach(s, pool, o, False)
        elif o < 0 and eager:
            o = -o
            head = s.arena[o - 1]
            true, open_ = 0, 0
            for q in range(o, o + (head >> 3)):
                x = s.value[s.arena[q]]
                true += x > 0
                open_ += x == 0
                if open_ or true > 1:
                    break
            if head & st.TAUTOLOGY == 0 and true == 1 and open_ == 0:
                steps[t] = 0
                reg[st.KEPT] += 1
            else:
                s.arena[o - 1] = head & ~st.ALIVE
                reg[st.DELETED] += 1
        if reg[st.CONFLICT] == 0 and eager and reg[st.REST_HEAD] < reg[st.TRAIL]:
            pool = propagate(s, pool)
        if reg[st.CONFLICT] and eager:
            reg[st.STEP] = t
            return st.REFUTED, pool
        t += 1
        reg[st.WORK] += 1
        if reg[st.WORK] > limit:
            reg[st.STEP] = t
            return st.MORE, pool
    reg[st.STEP] = t
    if reg[st.CONFLICT] == 0 and reg[st.REST_HEAD] < reg[st.TRAIL]:
        pool = propagate(s, pool)
    return st.REFUTED if reg[st.CONFLICT] else st.DONE, pool


@kernel
def rat(
    s: State, pool: Longs, o: Int, root: Int, first: Ints, occurrences: Ints, limit: int
) -> tuple[int, Longs]:
    """Check the resolvents of a clause whose negation is propagated; registers[st.CANDIDATE] is the next.

    All clauses there at that time are candidates, core or not. Only what their refutations use is marked:
    a candidate that never becomes core is no part of the proof that remains.
    """
    reg = s.registers
    level = reg[st.TRAIL]
    pivot = s.arena[o - 2] ^ 1
    i = first[pivot] + reg[st.CANDIDATE]
    while i < first[pivot + 1]:
        d = np.int64(occurrences[i])
        head = s.arena[d - 1]
        if head & st.ALIVE:
            met = np.int64(0)
            for q in range(d, d + (head >> 3)):
                l = s.arena[q]
                if l != pivot and s.value[l] > 0:
                    met = l
                    break
            if met:
                mark(s, 0, met, root)
            else:
                for q in range(d, d + (head >> 3)):
                    l = s.arena[q]
                    if l != pivot and s.value[l] == 0:
                        assign(s, l ^ 1, 0)
                pool = propagate(s, pool)
                if reg[st.CONFLICT] == 0:
                    reg[st.FAILED] = d
                    return st.FAIL, pool
                mark(s, reg[st.CONFLICT], 0, root)
                reg[st.CONFLICT] = 0
                backtrack(s, level)
            if reg[st.WORK] > limit:
                reg[st.CANDIDATE] = i + 1 - first[pivot]
                return st.MORE, pool
        i += 1
    reg[st.CANDIDATE] = 0
    reg[st.RAT] += 1
    return st.DONE, pool


@kernel
def backward(
    s: State, pool: Longs, steps: Ints, lo: int, first: Ints, occurrences: Ints, budget: int
) -> tuple[int, Longs]:
    """Take the steps from registers[STEP] down to lo back, and check the lemmas that are core by then."""
    reg = s.registers
    limit = reg[st.WORK] + budget
    while reg[st.STEP] >= lo:
        o = np.int64(steps[reg[st.STEP]])
        if o < 0:
            pool = attach(s, pool, -o, True)
        elif o > 0:
            head = s.arena[o - 1]
            s.arena[o - 1] = head & ~st.ALIVE
            if reg[st.CONFLICT] == o:
                reg[st.CONFLICT] = 0
            for q in range(min(2, head >> 3)):
                l = s.arena[o + q]
                if s.value[l] > 0 and s.reason[l >> 1] == o:
                    reg[st.CONFLICT] = 0
                    cut_root(s, np.int64(s.position[l >> 1]))
                    break
            if head & st.CORE:
                if reg[st.CONFLICT] == 0:
                    pool = propagate(s, pool)
                root = reg[st.TRAIL]
                if reg[st.CONFLICT]:  # cannot be while the forward pass is right; then anything follows
                    mark(s, reg[st.CONFLICT], 0, root)
                else:
                    met = np.int64(0)
                    for q in range(o, o + (head >> 3)):
                        l = s.arena[q]
                        if s.value[l] > 0:
                            met = l
                            break
                        if s.value[l] == 0:
                            assign(s, l ^ 1, 0)
                    if met:
                        mark(s, 0, met, root)
                    else:
                        pool = propagate(s, pool)
                        if reg[st.CONFLICT]:
                            mark(s, reg[st.CONFLICT], 0, root)
                            reg[st.CONFLICT] = 0
                        else:
                            status = st.NEED_OCCURRENCES
                            if len(first) > 1:
                                status, pool = rat(s, pool, o, root, first, occurrences, limit)
                            if status != st.DONE:
                                backtrack(s, root)
                                return status, pool
                    backtrack(s, root)
        reg[st.STEP] -= 1
        reg[st.WORK] += 1
        if reg[st.WORK] > limit:
            return st.MORE, pool
    return st.DONE, pool
