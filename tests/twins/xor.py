"""Slow twins of encodings/xor."""

from dataclasses import dataclass, field

from turbosat.core.declare import Bytes, ConstInts, Ints, Longs, LongWords
from turbosat.core.xor import INNER, ROWS, SETS, SHORT, WORK, Parts, Table

WORD = 2**64 - 1


def _mixed(variable: int) -> int:
    word = (variable + 1) * 0x9E3779B97F4A7C15 & WORD
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 & WORD
    return word ^ word >> 27


def _signature(variable: int) -> int:
    return 1 << (_mixed(variable) >> 58)


def _slot(word: int, mask: int) -> int:
    word = (word ^ word >> 29) * 0x94D049BB133111EB & WORD
    return word >> 20 & mask


def _clause(table: Table, clause: int) -> list[int]:
    codes: list[int] = table.codes[table.offsets[clause] : table.offsets[clause + 1]].tolist()
    return codes


def _variables(table: Table, clause: int) -> list[int]:
    return [code >> 1 for code in _clause(table, clause)]


def _pattern(table: Table, clause: int) -> int:
    return sum((code & 1) << j for j, code in enumerate(_clause(table, clause)))


def group(table: Table, longest: int, first: int, effort: int, counters: Longs) -> int:
    mask = table.slots.size - 1
    i = first
    while i < table.nexts.size and effort > 0:
        variables = _variables(table, i)
        effort -= 1
        if 2 <= len(variables) <= longest:
            word = sum(map(_mixed, variables)) & WORD
            slot = _slot(word, mask)
            effort -= len(variables)
            while table.slots[slot] >= 0:
                found = int(table.slots[slot])
                if int(table.hashes[found]) == word and _variables(table, table.heads[found]) == variables:
                    break
                slot = slot + 1 & mask
                effort -= 1
            bit = 1 << _pattern(table, i) if len(variables) <= SHORT else 0
            _enter(table, i, slot, word, bit, counters)
        i += 1
    return i


def _enter(table: Table, i: int, slot: int, word: int, bit: int, counters: Longs) -> None:
    found = int(table.slots[slot])
    if found < 0:
        found = int(counters[SETS])
        counters[SETS] += 1
        table.slots[slot], table.hashes[found], table.heads[found] = found, word, i
    elif int(table.patterns[found]) & bit:
        table.repeated[i] = True
        return
    else:
        table.nexts[table.tails[found]] = i
    table.tails[found] = i
    table.counts[found] += 1
    table.patterns[found] = int(table.patterns[found]) | bit


def count_variables(table: Table, first: int, last: int, degrees: Ints) -> None:
    for head in table.heads[first:last].tolist():
        for variable in _variables(table, head):
            degrees[variable] += 1


def watch(
    table: Table,
    first: int,
    last: int,
    degrees: ConstInts,
    signatures: LongWords,
    watches: Ints,
    least: Bytes,
) -> None:
    for s in range(first, last):
        variables = _variables(table, table.heads[s])
        signature = 0
        for variable in variables:
            signature |= _signature(variable)
        signatures[s] = signature
        watches[s] = min(variables, key=lambda variable: int(degrees[variable]))
        least[watches[s]] = min(int(least[watches[s]]), len(variables))


@dataclass
class _Tally:
    """The sign patterns of one set that are covered, each counted once, by its parity."""

    marks: Longs
    set: int
    found: list[int] = field(default_factory=lambda: [0, 0])

    def mark(self, pattern: int) -> None:
        if self.marks[pattern] != self.set:
            self.marks[pattern] = self.set
            self.found[pattern.bit_count() & 1] += 1


def _chain(table: Table, s: int) -> list[int]:
    clauses = [int(table.heads[s])]
    while table.nexts[clauses[-1]] >= 0:
        clauses.append(int(table.nexts[clauses[-1]]))
    return clauses


def _inside(table: Table, parts: Parts, s: int, steps: int) -> tuple[list[tuple[int, list[int]]], int, int]:
    """Return the sets within set s with their places there, what they cover at most, and the steps."""
    variables = _variables(table, table.heads[s])
    found: list[tuple[int, list[int]]] = []
    spent = covered = 0
    for variable in variables:
        if parts.least[variable] >= len(variables):
            continue
        for other in parts.watching[parts.starts[variable] : parts.starts[variable + 1]].tolist():
            spent += 1
            if spent > steps or len(found) == INNER:
                break
            inner = _variables(table, table.heads[other])
            if other != s and set(inner) <= set(variables):
                found.append((other, [variables.index(each) for each in inner]))
                covered += int(table.counts[other]) << len(variables) - len(inner) - 1
    return found, covered, spent


def _cover(table: Table, size: int, other: int, places: list[int], tally: _Tally) -> int:
    """Mark the sign patterns that clauses of the set `other` are parts of; return how many times."""
    work = 0
    for clause in _chain(table, other):
        signs = {place: code & 1 for place, code in zip(places, _clause(table, clause), strict=True)}
        for pattern in range(1 << size):
            if all(pattern >> place & 1 == sign for place, sign in signs.items()):
                tally.mark(pattern)
                work += 1
    return work


def parities(
    table: Table,
    parts: Parts,
    longest: int,
    shortest: int,
    steps: int,
    most: int,
    first: int,
    last: int,
    effort: int,
    marks: Longs,
    rows: Longs,
    counters: Longs,
) -> int:
    s = first
    while s < last and effort > 0:
        effort -= 1
        size = len(_clause(table, table.heads[s]))
        half = 1 << size - 1
        if size <= longest and not (size == shortest and table.counts[s] < half):
            tally = _Tally(marks, s)
            for clause in _chain(table, s):
                tally.mark(_pattern(table, clause))
                effort -= 1
            wanted = [count > 0 for count in tally.found]
            still = [asked and count < half for asked, count in zip(wanted, tally.found, strict=True)]
            if size > shortest and counters[WORK] < most and any(still):
                found, covered, work = _inside(table, parts, s, steps)
                if any(each and tally.found[r] + covered >= half for r, each in enumerate(still)):
                    work += sum(_cover(table, size, other, places, tally) for other, places in found)
                counters[WORK] += work
                effort -= work
            for parity in range(2):
                if wanted[parity] and tally.found[parity] == half:
                    rows[counters[ROWS]] = 2 * s + 1 - parity
                    counters[ROWS] += 1
        s += 1
    return s
