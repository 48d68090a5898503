"""Slow twin of turbosat/verify/encode.c."""

from turbosat.core.declare import ConstInts, Flags, Ints, Longs
from turbosat.core.unrolling import LARGEST, WAITING, WRITTEN


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
