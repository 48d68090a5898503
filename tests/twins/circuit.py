"""Slow twins of encodings/circuit, and of turbosat/verify/encode.c."""

from turbosat.core.circuits.circuit import (
    BOTH,
    CLOSED,
    CYCLE,
    DEPTH,
    LARGEST,
    LEAF,
    MUX,
    NEGATIVE,
    NEXT,
    NONE,
    POSITIVE,
    VARIABLES,
    WAITING,
    WRITTEN,
    Graph,
)
from turbosat.core.declare import Bytes, ConstBytes, ConstInts, ConstLongs, Flags, Ints, Longs, LongWords

WORD = 2**64 - 1


def _slot(graph: Graph, a: int, b: int) -> int:
    """Return the slot of a pair of operands, or the empty one where it would be."""
    word = (a << 32 | b) * 0x9E3779B97F4A7C15 & WORD
    word = (word ^ word >> 32) * 0xBF58476D1CE4E5B9 & WORD
    slot = word >> 20
    while True:
        slot %= len(graph.slots)
        gate = graph.slots[slot]
        if gate == NONE or graph.ands[gate].tolist() == [a, b]:
            return slot
        slot += 1


def _operands(graph: Graph, literal: int) -> list[int]:
    row: list[int] = graph.ands[literal >> 1].tolist()
    return [] if row[0] == LEAF else row


def _others(row: list[int], known: list[int]) -> list[int]:
    """Return what is left of a row behind the first of its literals that is known; all if none is."""
    for place, literal in enumerate(row):
        if literal in known:
            return row[:place] + row[place + 1 :]
    return row


def _conjunction(graph: Graph, a: int, b: int) -> int:
    """Apply the first rule that fits, over and over; make a gate where none does."""
    a, b = max(a, b), min(a, b)
    if b == 0 or a ^ b == 1:
        return 0
    if b == 1 or a == b:
        return a
    first, second = _operands(graph, a), _operands(graph, b)
    for x, y, row in ((a, b, first), (b, a, second)):
        if row and not x & 1:
            if y ^ 1 in row:
                return 0
            if y in row:
                return x
    for x, y, row in ((a, b, first), (b, a, second)):
        if row and x & 1:
            if y ^ 1 in row:
                return y
            if y in row:
                return _conjunction(graph, y, _others(row, [y])[0] ^ 1)
    clash = any(literal ^ 1 in second for literal in first)
    if first and second and not a & 1 and not b & 1 and clash:
        return 0
    if first and second and a & b & 1:
        for literal, other in (first, first[::-1]):
            if literal in second and _others(second, [literal]) == [other ^ 1]:
                return literal ^ 1
    if first and second and (a ^ b) & 1:
        plain, row, rows = (b, first, second) if a & 1 else (a, second, first)
        if clash:
            return plain
        if len(left := _others(row, rows)) == 1:
            return _conjunction(graph, plain, left[0] ^ 1)
    slot = _slot(graph, a, b)
    if graph.slots[slot] == NONE:
        graph.counters[VARIABLES] += 1
        graph.slots[slot] = graph.counters[VARIABLES]
        graph.ands[graph.counters[VARIABLES]] = a, b
    return 2 * int(graph.slots[slot])


def conjoin(graph: Graph, a: int, b: int) -> int:
    return _conjunction(graph, a, b)


def conjoin_pairs(graph: Graph, pairs: ConstInts, results: Ints, first: int, last: int) -> None:
    for i in range(first, last):
        results[i] = _conjunction(graph, *pairs[i].tolist())


def copy_gates(graph: Graph, ands: ConstInts, leaves: int, literals: Ints, first: int, last: int) -> None:
    for i in range(first, last):
        a, b = (int(literals[literal >> 1]) ^ literal & 1 for literal in ands[i].tolist())
        literals[leaves + i] = _conjunction(graph, a, b)


def enter(graph: Graph, first: int, last: int) -> None:
    for gate in range(first, last):
        if graph.ands[gate, 0] != LEAF:
            graph.slots[_slot(graph, *graph.ands[gate].tolist())] = gate


def mark_cone(ands: ConstInts, leaves: int, marked: Flags, last: int, first: int) -> None:
    for i in reversed(range(first, last)):
        if marked[leaves + i]:
            marked[ands[i] >> 1] = True


def spread_needs(
    outputs: ConstInts,
    kinds: ConstBytes,
    offsets: ConstLongs,
    inputs: ConstInts,
    needs: Bytes,
    last: int,
    first: int,
) -> None:
    turned = {0: 0, POSITIVE: NEGATIVE, NEGATIVE: POSITIVE, BOTH: BOTH}
    for gate in reversed(range(first, last)):
        own = int(needs[outputs[gate]])
        parts = inputs[offsets[gate] : offsets[gate + 1]].tolist()
        both = own and kinds[gate] == MUX
        xor = both and parts[1] == parts[2] ^ 1
        for place, literal in enumerate(parts):
            need = turned[own] if literal & 1 else own
            needs[literal >> 1] |= BOTH if xor or (both and place == 0) else need


def order_ands(
    operands: ConstInts, states: Bytes, stack: Ints, order: Ints, progress: Longs, effort: int
) -> int:
    for _ in range(effort):
        if progress[CLOSED] == len(operands) and not progress[DEPTH] and progress[NEXT] == len(operands):
            break
        if not progress[DEPTH]:
            if states[progress[NEXT]] == 0:
                states[progress[NEXT]] = 1
                stack[0] = progress[NEXT]
                progress[DEPTH] = 1
            progress[NEXT] += 1
            continue
        gate = stack[progress[DEPTH] - 1]
        for below in operands[gate].tolist():
            if below >= 0 and states[below] == 1:
                progress[CYCLE] = below
                return -1
            if below >= 0 and states[below] == 0:
                states[below] = 1
                stack[progress[DEPTH]] = below
                progress[DEPTH] += 1
                break
        else:
            states[gate] = 2
            order[progress[CLOSED]] = gate
            progress[CLOSED] += 1
            progress[DEPTH] -= 1
    progress[CYCLE] = -1
    return int(progress[CLOSED] == len(operands))


def simulate_gates(ands: ConstInts, leaves: int, values: LongWords, first: int, last: int) -> None:
    for i in range(first, last):
        a, b = (values[literal >> 1] ^ (WORD if literal & 1 else 0) for literal in ands[i].tolist())
        values[leaves + i] = a & b


def _signed(literal: int) -> int:
    return -(literal >> 1) if literal & 1 else literal >> 1


def _choice(ands: ConstInts, gate: list[int]) -> tuple[int, int, int] | None:
    """Return c, t, e where a gate is c ? t : e, c not negated."""
    if not (gate[0] & 1 and gate[1] & 1):
        return None
    a, b = ands[gate[0] >> 1].tolist(), ands[gate[1] >> 1].tolist()
    if a[0] < 0 or b[0] < 0:
        return None
    for i in range(2):
        for j in range(2):
            if a[i] == b[j] ^ 1:
                branches = [a[1 - i] ^ 1, b[1 - j] ^ 1]
                if a[i] & 1:
                    branches.reverse()
                return a[i] & ~1, branches[0], branches[1]
    return None


def encode_cone(
    ands: ConstInts, known: Flags, stack: Ints, clauses: Ints, progress: Longs, effort: int
) -> int:
    def write(*clause: int) -> None:
        start = int(progress[WRITTEN])
        clauses[start : start + len(clause) + 1] = [*clause, 0]
        progress[WRITTEN] += len(clause) + 1

    while progress[WAITING] and effort and len(clauses) - progress[WRITTEN] >= LARGEST:
        effort -= 1
        progress[WAITING] -= 1
        own = int(stack[progress[WAITING]])
        gate = ands[own].tolist()
        if gate[0] < 0:
            continue
        choice = _choice(ands, gate)
        if choice is None:
            a, b = map(_signed, gate)
            write(-own, a)
            write(-own, b)
            write(own, -a, -b)
            needs = gate
        else:
            c, t, e = map(_signed, choice)
            write(-c, -t, own)
            write(-c, t, -own)
            write(c, -e, own)
            write(c, e, -own)
            needs = [*choice[:2]]
            if t != -e:
                write(-t, -e, own)
                write(t, e, -own)
                needs = [*choice]
        for literal in needs:
            if not known[literal >> 1]:
                known[literal >> 1] = True
                stack[progress[WAITING]] = literal >> 1
                progress[WAITING] += 1
    return int(progress[WAITING] == 0)
