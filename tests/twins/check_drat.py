"""Slow twins of turbosat/check/drat: they do not stop at a budget, and need a pool that is large enough."""

from turbosat.check.kernels import (
    ALIVE,
    CANDIDATE,
    CONFLICT,
    CORE,
    CORE_HEAD,
    DELETED,
    DONE,
    FAIL,
    FAILED,
    FALSE_EMPTY,
    KEPT,
    LOW,
    NEED_OCCURRENCES,
    RAT,
    REFUTED,
    REST_HEAD,
    STEP,
    TAUTOLOGY,
    TOP,
    TRAIL,
    WORK,
    State,
)


class Pass:
    """A pass over a state, whose arrays are read as Python integers."""

    def __init__(self, state: State) -> None:
        self.s = state
        self.reg = state.registers
        self.lists = state.lists.reshape(-1, 3)
        self.done = state.done.reshape(2, -1)

    def clause(self, o: int) -> list[int]:
        return [int(l) for l in self.s.arena[o : o + self.size(o)]]

    def size(self, o: int) -> int:
        return int(self.s.arena[o - 1]) >> 3

    def alive(self, o: int) -> bool:
        return bool(self.s.arena[o - 1] & ALIVE)

    def push(self, k: int, watch: int) -> None:
        pool = self.s.pool
        start, n, capacity = (int(x) for x in self.lists[k])
        if n == capacity:
            live = [w for w in pool[start : start + n].tolist() if self.alive(w & LOW)]
            n = len(live)
            pool[start : start + n] = live
            if 4 * n >= 3 * capacity:
                size = max(4, 2 * capacity)
                power = size.bit_length() - 1
                fresh = int(self.s.free[power])
                if fresh >= 0:
                    self.s.free[power] = pool[fresh]
                else:
                    fresh = int(self.reg[TOP])
                    assert fresh + size <= len(pool)
                    self.reg[TOP] = fresh + size
                pool[fresh : fresh + n] = live
                if capacity:
                    pool[start] = self.s.free[power - 1]
                    self.s.free[power - 1] = start
                start = fresh
                self.lists[k] = start, n, size
        pool[start + n] = watch
        self.lists[k, 1] = n + 1

    def assign(self, literal: int, reason: int) -> None:
        n = int(self.reg[TRAIL])
        self.s.value[[literal, literal ^ 1]] = 1, -1
        self.s.reason[literal >> 1] = reason
        self.s.position[literal >> 1] = n
        self.s.trail[n] = literal
        self.reg[TRAIL] = n + 1

    def propagate(self) -> None:
        """Visit the lists of core clauses first; at its first unit, a list of others is left for them."""
        pool, value = self.s.pool, self.s.value
        held: tuple[int, int, int] | None = None
        while not self.reg[CONFLICT]:
            core = int(self.reg[CORE_HEAD] < self.reg[TRAIL])
            head = int(self.reg[CORE_HEAD if core else REST_HEAD])
            if head == self.reg[TRAIL]:
                break
            f = int(self.s.trail[head]) ^ 1
            k = 2 * f + core
            i = j = int(self.lists[k, 0])
            end = i + int(self.lists[k, 1])
            if not core and held:
                (i, j, end), held = held, None
            self.reg[WORK] += 1 + (end - i >> 3)
            stop = False
            while i < end and not stop:
                w = int(pool[i])
                i += 1
                o = w & LOW
                if value[w >> 32] > 0:
                    pool[j] = w
                    j += 1
                    continue
                if not self.alive(o):
                    continue
                other = int(self.s.arena[o]) ^ int(self.s.arena[o + 1]) ^ f
                w = other << 32 | o
                if value[other] <= 0 and self.moved(o, f, other, w):
                    continue
                if value[other] < 0:
                    self.reg[CONFLICT] = o
                    stop = True
                elif value[other] == 0:
                    self.assign(other, o)
                    stop = not core
                if not core and self.s.arena[o - 1] & CORE:
                    self.push(k + 1, w)
                else:
                    pool[j] = w
                    j += 1
            if not self.reg[CONFLICT] and not core and i < end:
                held = i, j, end
                continue
            self.close(k, i, j, end)
            if not self.reg[CONFLICT]:
                self.done[core, head] = self.reg[TRAIL]
                self.reg[CORE_HEAD if core else REST_HEAD] += 1
        if held:
            self.close(2 * (int(self.s.trail[self.reg[REST_HEAD]]) ^ 1), *held)

    def moved(self, o: int, f: int, other: int, w: int) -> bool:
        """Watch another literal than the false f, if there is one that is not false."""
        arena, size = self.s.arena, self.size(o)
        begun = int(arena[o - 3])
        for q in [*range(begun, size), *range(2, begun)]:
            l = int(arena[o + q])
            if self.s.value[l] >= 0:
                arena[[o, o + 1]] = other, l
                arena[o + q] = f
                arena[o - 3] = q + 1
                self.push(2 * l + (int(arena[o - 1]) & CORE), w)
                return True
        return False

    def close(self, k: int, i: int, j: int, end: int) -> None:
        self.s.pool[j : j + end - i] = self.s.pool[i:end].copy()
        self.lists[k, 1] = j + end - i - self.lists[k, 0]

    def attach(self, o: int, settled: bool) -> None:
        arena, value, position = self.s.arena, self.s.value, self.s.position
        if arena[o - 1] & TAUTOLOGY:
            return
        arena[o - 1] |= ALIVE
        size = self.size(o)
        first, second, at_first, at_second = -1, -1, 0, 0  # the two best: not false, or false last
        for q, l in enumerate(self.clause(o)):
            rank = int(position[l >> 1]) if value[l] < 0 else LOW
            if rank > first:
                first, second, at_second, at_first = rank, first, at_first, q
            elif rank > second:
                second, at_second = rank, q
            if second == LOW:
                break
        if first < LOW:
            self.reg[CONFLICT] = o
            if size < 2:
                return
        if size == 1:
            l = int(arena[o])
            arena[o + 1] = self.s.units[l]
            self.s.units[l] = o
            if value[l] == 0:
                self.assign(l, o)
            return
        a, b = int(arena[o + at_first]), int(arena[o + at_second])
        arena[o + at_first] = arena[o]
        arena[o + (at_second or at_first)] = arena[o + 1]
        arena[[o, o + 1]] = a, b
        core = int(arena[o - 1]) & CORE
        self.push(2 * a + core, b << 32 | o)
        self.push(2 * b + core, a << 32 | o)
        if second < LOW:
            if value[a] == 0:
                self.assign(a, o)
            until = int(position[a >> 1]) + 1
            for queue, head in enumerate((REST_HEAD, CORE_HEAD)):
                p = second
                while p < self.reg[head] and self.done[queue, p] < until:
                    self.done[queue, p] = until
                    p = p + 1 if settled else LOW

    def backtrack(self, n: int) -> None:
        for l in self.s.trail[n : self.reg[TRAIL]].tolist():
            self.s.value[[l, l ^ 1]] = 0
            self.s.seen[l >> 1] = 0
        self.reg[[TRAIL, CORE_HEAD, REST_HEAD]] = n

    def cut_root(self, n: int) -> None:
        old = self.s.trail[n : self.reg[TRAIL]].tolist()
        heads = [min(int(self.reg[head]), n) for head in (REST_HEAD, CORE_HEAD)]
        self.backtrack(n)
        for l in old:
            o = int(self.s.units[l])
            while o and not self.alive(o):
                o = int(self.s.arena[o + 1])
            self.s.units[l] = o
            if o:
                self.assign(l, o)
        for queue, register in enumerate((REST_HEAD, CORE_HEAD)):
            head = heads[queue]
            while head > 0 and self.done[queue, head - 1] > n:
                head -= 1
            self.reg[register] = head

    def mark(self, clause: int, literal: int, root: int) -> None:
        seen, stack = self.s.seen, []
        if not clause:
            if seen[literal >> 1]:
                return
            seen[literal >> 1] = 1
            stack = [literal >> 1]
        i = 0
        while clause or i < len(stack):
            if not clause:
                clause = int(self.s.reason[stack[i]])
                i += 1
            if clause:
                self.s.arena[clause - 1] |= CORE
                for l in self.clause(clause):
                    if not seen[l >> 1]:
                        seen[l >> 1] = 1
                        stack.append(l >> 1)
            clause = 0
        self.s.stack[: len(stack)] = stack
        for v in stack:
            if self.s.position[v] >= root:
                seen[v] = 0

    def assume(self, literals: list[int]) -> int:
        """Negate literals up to one that is true, and return that; 0 if there is none."""
        for l in literals:
            if self.s.value[l] > 0:
                return l
            if self.s.value[l] == 0:
                self.assign(l ^ 1, 0)
        return 0

    def rat(self, o: int, root: int) -> int:
        level = int(self.reg[TRAIL])
        pivot = int(self.s.arena[o - 2]) ^ 1
        for i in range(int(self.s.first[pivot]), int(self.s.first[pivot + 1])):
            d = int(self.s.occurrences[i])
            if not self.alive(d):
                continue
            rest = [l for l in self.clause(d) if l != pivot]
            met = next((l for l in rest if self.s.value[l] > 0), 0)
            if met:
                self.mark(0, met, root)
                continue
            self.assume(rest)
            self.propagate()
            if not self.reg[CONFLICT]:
                self.reg[FAILED] = d
                return FAIL
            self.mark(int(self.reg[CONFLICT]), 0, root)
            self.reg[CONFLICT] = 0
            self.backtrack(level)
        self.reg[CANDIDATE] = 0
        self.reg[RAT] += 1
        return DONE

    def check(self, o: int) -> int:
        """Check the core lemma at o."""
        if not self.reg[CONFLICT]:
            self.propagate()
        root = int(self.reg[TRAIL])
        code = DONE
        if self.reg[CONFLICT]:
            self.mark(int(self.reg[CONFLICT]), 0, root)
        elif met := self.assume(self.clause(o)):
            self.mark(0, met, root)
        else:
            self.propagate()
            if self.reg[CONFLICT]:
                self.mark(int(self.reg[CONFLICT]), 0, root)
                self.reg[CONFLICT] = 0
            else:
                code = self.rat(o, root) if len(self.s.first) else NEED_OCCURRENCES
        self.backtrack(root)
        return code

    def take_back(self, o: int) -> None:
        core_or_tautology = int(self.s.arena[o - 1]) & ~ALIVE
        self.s.arena[o - 1] = core_or_tautology
        if self.reg[CONFLICT] == o:
            self.reg[CONFLICT] = 0
        for l in self.clause(o)[:2]:
            if self.s.value[l] > 0 and self.s.reason[l >> 1] == o:
                self.reg[CONFLICT] = 0
                self.cut_root(int(self.s.position[l >> 1]))
                break

    def is_unit(self, o: int) -> bool:
        truths = [int(self.s.value[l]) for l in self.clause(o)]
        return not self.s.arena[o - 1] & TAUTOLOGY and truths.count(1) == 1 and 0 not in truths


def forward(state: State, until: int, eager: int, budget: int) -> int:
    p, reg = Pass(state), state.registers
    while reg[STEP] < until:
        o = int(state.steps[reg[STEP]])
        if o > 0:
            if eager and p.size(o) == 0:
                return FALSE_EMPTY
            if eager or p.alive(o):
                p.attach(o, False)
        elif o < 0 and eager:
            if p.is_unit(-o):
                state.steps[reg[STEP]] = 0
                reg[KEPT] += 1
            else:
                state.arena[-o - 1] &= ~ALIVE
                reg[DELETED] += 1
        if eager:
            p.propagate()
            if reg[CONFLICT]:
                return REFUTED
        reg[STEP] += 1
        reg[WORK] += 1
    p.propagate()
    return REFUTED if reg[CONFLICT] else DONE


def mark(state: State, budget: int) -> int:
    Pass(state).mark(int(state.registers[CONFLICT]), 0, int(state.registers[TRAIL]))
    return DONE


def backward(state: State, until: int, budget: int) -> int:
    p, reg = Pass(state), state.registers
    while reg[STEP] >= until:
        o = int(state.steps[reg[STEP]])
        if o < 0:
            p.attach(-o, True)
        elif o > 0:
            p.take_back(o)
            if state.arena[o - 1] & CORE:
                code = p.check(o)
                if code != DONE:
                    return code
        reg[STEP] -= 1
        reg[WORK] += 1
    return DONE
