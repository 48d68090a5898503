"""Slow twins of encodings/gates."""

from typing import NamedTuple

from turbosat.core.declare import ConstFlags, ConstInts, ConstLongs, ConstLongWords, Flags, Ints, Longs
from turbosat.core.gates import (
    ANY,
    CYCLES,
    DEFINITIONS,
    GATES,
    HEAD,
    INPUTS,
    LEAVES,
    LISTED,
    OUTPUTS,
    ROWS,
    STORED,
    TAIL,
    WEAK,
    WORK,
    Cuts,
    Definitions,
    Pairs,
)

WORD = 2**64 - 1


def _slot(key: int, mask: int) -> int:
    word = key * 0x9E3779B97F4A7C15 & WORD
    word = (word ^ word >> 32) * 0xBF58476D1CE4E5B9 & WORD
    return word >> 24 & mask


def _place(pairs: Pairs, key: int) -> int:
    """Return the slot of a key, or the empty one where it would be."""
    mask = pairs.slots.size - 1
    slot = _slot(key, mask)
    while pairs.slots[slot] >= 0 and pairs.slots[slot] != key:
        slot = slot + 1 & mask
    return slot


def _key(a: int, b: int) -> int:
    return min(a, b) << 32 | max(a, b)


def enter_pairs(codes: ConstInts, offsets: ConstLongs, first: int, last: int, pairs: Pairs) -> None:
    for i in range(first, last):
        clause = codes[offsets[i] : offsets[i + 1]].tolist()
        if len(clause) == 2:
            key = _key(*clause)
            slot = _place(pairs, key)
            if pairs.slots[slot] < 0:
                pairs.slots[slot] = key
                pairs.degrees[clause[0]] += 1
                pairs.degrees[clause[1]] += 1


def _is_gate(clause: list[int], output: int, pairs: Pairs, counters: Longs) -> bool:
    inputs = [code for code in clause if code != output]
    if any(pairs.degrees[code ^ 1] == 0 for code in inputs):
        return False
    for code in inputs:
        counters[WORK] += 1
        key = _key(output ^ 1, code ^ 1)
        if pairs.slots[_place(pairs, key)] != key:
            return False
    return True


def conjunctions(
    codes: ConstInts,
    offsets: ConstLongs,
    repeated: ConstFlags,
    pairs: Pairs,
    first: int,
    last: int,
    effort: int,
    most: int,
    outputs: Ints,
    inputs: Ints,
    ends: Longs,
    counters: Longs,
) -> int:
    i = first
    while i < last and effort > 0:
        clause = codes[offsets[i] : offsets[i + 1]].tolist()
        effort -= 1
        if len(clause) >= 3 and not repeated[i]:
            effort -= len(clause)
            left = OUTPUTS
            for output in reversed(clause):
                if pairs.degrees[output ^ 1] < len(clause) - 1:
                    continue
                effort -= len(clause)
                if not _is_gate(clause, output, pairs, counters):
                    if counters[WORK] > most:
                        return offsets.size - 1
                    continue
                outputs[counters[GATES]] = output
                for code in clause:
                    if code != output:
                        inputs[counters[INPUTS]] = code ^ 1
                        counters[INPUTS] += 1
                ends[counters[GATES]] = counters[INPUTS]
                counters[GATES] += 1
                left -= 1
                if left == 0:
                    break
        i += 1
    return i


def conditional(
    codes: ConstInts,
    offsets: ConstLongs,
    heads: ConstInts,
    patterns: ConstLongWords,
    first: int,
    last: int,
    rows: Ints,
    counters: Longs,
) -> None:
    for s in range(first, last):
        clause = codes[offsets[heads[s]] : offsets[heads[s] + 1]].tolist()
        there = int(patterns[s])
        xors = [there & odd == odd for odd in (0b01101001, 0b10010110)]
        if len(clause) != 3 or any(xors) or there.bit_count() < 2:
            continue
        for c in range(3):
            u, w = (c + 1) % 3, (c + 2) % 3
            for pattern in range(8):
                other = pattern ^ (1 << u | 1 << w)
                if pattern > other or not there >> pattern & there >> other & 1:
                    continue
                negated = pattern >> c & 1
                opposite = (pattern >> u ^ pattern >> w ^ 1) & 1
                for this, that in ((u, w), (w, u)):
                    equal = clause[that] & -2 | opposite
                    rows[counters[ROWS]] = clause[c] >> 1, clause[this] >> 1, equal, negated
                    counters[ROWS] += 1


def multiplexers(
    rows: ConstInts, order: ConstLongs, first: int, effort: int, most: int, found: Ints, counters: Longs
) -> int:
    begin = first
    while begin < order.size and begin < first + effort:
        head = rows[order[begin]].tolist()
        end = begin + 1
        while end < order.size and rows[order[end]].tolist()[:2] == head[:2]:
            end += 1
        run = [rows[order[i]].tolist() for i in range(begin, end)]
        for then in [row for row in run if row[3] == 1][:most]:
            for other in [row for row in run if row[3] == 0][:most]:
                if then[2] >> 1 != other[2] >> 1:
                    found[counters[GATES]] = 2 * then[1], 2 * then[0], then[2], other[2]
                    counters[GATES] += 1
        begin = end
    return begin


def _find(parents: Ints, code: int) -> int:
    while int(parents[code >> 1]) >> 1 != code >> 1:
        up = int(parents[code >> 1])
        parents[code >> 1] = parents[up >> 1] ^ (up & 1)
        code = up ^ code & 1
    return code


def merge_equal(parents: Ints, pairs: ConstInts, first: int, last: int) -> None:
    for i in range(first, last):
        a, b = _find(parents, int(pairs[i, 0])), _find(parents, int(pairs[i, 1]))
        if a >> 1 < b >> 1:
            parents[b >> 1] = a ^ b & 1
        elif b >> 1 < a >> 1:
            parents[a >> 1] = b ^ a & 1


def flatten(parents: Ints, first: int, last: int) -> None:
    for v in range(first, last):
        parents[v] = _find(parents, 2 * v)


def order_gates(
    outputs: ConstInts,
    waiting: Longs,
    starts: ConstLongs,
    uses: ConstInts,
    strong: ConstLongs,
    queue: Ints,
    queued: Flags,
    progress: Longs,
    effort: int,
) -> int:
    def enter(v: int) -> None:
        queued[v] = True
        queue[progress[TAIL]] = v
        progress[TAIL] += 1

    while effort > 0:
        if progress[HEAD] == progress[TAIL]:
            chosen = _in_a_cycle(strong, queued, progress)
            if chosen < 0:
                return 1
            enter(chosen)
            progress[CYCLES] += 1
        v = int(queue[progress[HEAD]])
        progress[HEAD] += 1
        gates = uses[starts[v] : starts[v + 1]].tolist()
        effort -= 1 + len(gates)
        for gate in gates:
            waiting[gate] -= 1
            if waiting[gate] == 0 and not queued[outputs[gate] >> 1]:
                enter(int(outputs[gate]) >> 1)
    return 0


def _in_a_cycle(strong: ConstLongs, queued: Flags, progress: Longs) -> int:
    for kind in (WEAK, ANY):
        while progress[kind] < strong.size:
            v = int(progress[kind])
            progress[kind] += 1
            if not queued[v] and (kind == ANY or strong[v] == 0):
                return v
    return -1


class _Cut(NamedTuple):
    leaves: tuple[int, ...]
    table: int


def _cuts_of(definitions: Definitions, cuts: Cuts, code: int) -> list[_Cut]:
    """Return the cuts of a literal: itself, and those of its variable; constants where it is fixed."""
    v = code >> 1
    node = int(cuts.nodes[v])
    flip = 0xFF if code & 1 else 0
    if definitions.values[v] >= 0 and node < 0:
        return [_Cut((), (0xFF if definitions.values[v] else 0) ^ flip)]
    result = [_Cut((v,), 0xAA ^ flip)]
    for i in range(int(cuts.counts[node]) if node >= 0 else 0):
        leaves = tuple(leaf for leaf in cuts.leaves[node, i].tolist() if leaf >= 0)
        result.append(_Cut(leaves, int(cuts.tables[node, i]) ^ flip))
    return result


def _insert(cuts: list[_Cut], new: _Cut) -> None:
    """Add a cut unless one in the list has no other leaves; those whose leaves include its own go."""
    if any(set(cut.leaves) <= set(new.leaves) for cut in cuts):
        return
    cuts[:] = [cut for cut in cuts if not set(new.leaves) < set(cut.leaves)]
    if len(cuts) < LISTED:
        cuts.append(new)
        return
    sizes = [len(cut.leaves) for cut in cuts]
    if max(sizes) > len(new.leaves):  # a larger one makes room, the last of them
        cuts[LISTED - 1 - sizes[::-1].index(max(sizes))] = new


def _spread(cut: _Cut, leaves: tuple[int, ...]) -> int:
    """Return the truth table of a cut over more leaves."""
    places = [leaves.index(leaf) for leaf in cut.leaves]
    rows = range(8)
    return sum((cut.table >> sum((i >> p & 1) << j for j, p in enumerate(places)) & 1) << i for i in rows)


def _combine(left: list[_Cut], right: list[_Cut], either: bool) -> list[_Cut]:
    result: list[_Cut] = []
    for a in left:
        for b in right:
            leaves = tuple(sorted({*a.leaves, *b.leaves}))
            if len(leaves) <= LEAVES:
                tables = _spread(a, leaves), _spread(b, leaves)
                table = tables[0] | tables[1] if either else tables[0] & tables[1]
                _insert(result, _Cut(leaves, table))
    return result


def _of_gate(definitions: Definitions, cuts: Cuts, gate: int) -> tuple[list[_Cut], int]:
    """Return the cuts of a gate's output, and how many pairs of cuts that takes."""
    inputs = definitions.inputs[definitions.offsets[gate] : definitions.offsets[gate + 1]].tolist()
    lists = [_cuts_of(definitions, cuts, code) for code in inputs]
    work = len(lists[0]) * len(lists[1])
    found = _combine(lists[0], lists[1], False)
    if definitions.kinds[gate]:
        condition = _cuts_of(definitions, cuts, inputs[0] ^ 1)
        other = _combine(condition, lists[2], False)
        work += len(condition) * len(lists[2]) + len(found) * len(other)
        return _combine(found, other, True), work
    for each in lists[2:]:
        work += len(found) * len(each)
        found = _combine(found, each, False)
    return found, work


def compose(
    definitions: Definitions,
    cuts: Cuts,
    defined: ConstInts,
    first: int,
    last: int,
    effort: int,
    rows: Ints,
    counters: Longs,
) -> int:
    place = first
    while place < last and effort > 0:
        v = int(defined[place])
        effort -= 1
        found: list[_Cut] = []
        begin, end = int(definitions.starts[v]), int(definitions.starts[v + 1])
        for gate in definitions.gates_of[begin : min(end, begin + DEFINITIONS)].tolist():
            flip = 0xFF if definitions.outputs[gate] & 1 else 0
            of_gate, work = _of_gate(definitions, cuts, gate)
            effort -= work
            for cut in of_gate:
                if v not in cut.leaves:
                    _insert(found, _Cut(cut.leaves, cut.table ^ flip))
        linear = _note_parities(found, v, rows, counters)
        kept = sorted(found, key=lambda cut: len(cut.leaves))
        kept = [cut for cut in kept if len(cut.leaves) < 2 or not linear][:STORED]
        node = int(cuts.nodes[v])
        for i, cut in enumerate(kept):
            cuts.leaves[node, i] = (*cut.leaves, -1, -1, -1)[:LEAVES]
            cuts.tables[node, i] = cut.table
        cuts.counts[node] = len(kept)
        place += 1
    return place


def _note_parities(found: list[_Cut], v: int, rows: Ints, counters: Longs) -> bool:
    """Write down the cuts that are parities; tell whether one has several leaves."""
    linear = False
    for cut in found:
        odd = {1: 0xAA, 2: 0x66, 3: 0x96}.get(len(cut.leaves), -1)
        if cut.table in (odd, odd ^ 0xFF):
            rows[counters[ROWS]] = (v, *(*cut.leaves, -1, -1, -1)[:LEAVES], cut.table != odd)
            counters[ROWS] += 1
            linear |= len(cut.leaves) > 1
    return linear
