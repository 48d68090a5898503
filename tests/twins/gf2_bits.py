"""Slow twins of encodings/gf2: bit matrices and masks."""

from tests.twins.gf2 import row_of
from turbosat.core.declare import (
    Bytes,
    ConstFlags,
    ConstLongs,
    ConstLongWords,
    Longs,
    LongWords,
)
from turbosat.core.gf2 import (
    END,
    ENTRY,
    FACTS,
    PLACE,
    STRIP,
    TABLES,
    TRIPLES,
    Basis,
    Bits,
    Masks,
    Sparse,
)


def _number(words: ConstLongWords) -> int:
    """Return a row of words as one number."""
    return sum(int(word) << 64 * i for i, word in enumerate(words))


def _store(words: LongWords, number: int) -> None:
    for i in range(words.size):
        words[i] = number >> 64 * i & 2**64 - 1


def pack_rows(system: Sparse, rows: ConstLongs, place: ConstLongs, last: int, matrix: LongWords) -> None:
    for i, row in enumerate(rows.tolist()):
        number = int(system.parity[row]) << last
        for column in row_of(system, row):
            number |= 1 << int(place[column])
        _store(matrix[i], number)


def choose_rows(strip: ConstLongWords, basis: Basis, columns: int, begin: int, end: int, found: int) -> int:
    for row in range(begin, end):
        if found == STRIP:
            break
        word = int(strip[row]) & (1 << columns) - 1
        for k in range(found):
            if word >> int(basis.places[k]) & 1:
                word ^= int(basis.words[k])
        if word and not basis.used[row]:
            place = (word & -word).bit_length() - 1
            basis.chosen[found], basis.words[found], basis.places[found] = row, word, place
            found += 1
    return found


def reduce_pivots(block: LongWords, columns: int, pivot_of: Longs, transform: LongWords, high: int) -> None:
    rows = [int(word) for word in block[:, 0]]
    sums = [1 << row for row in range(len(rows))]
    taken: set[int] = set()
    pivot_of[:] = -1
    for column in range(columns):
        candidates = [row for row, word in enumerate(rows) if word >> column & 1 and row not in taken]
        if candidates:
            pivot = pivot_of[column] = candidates[0]
            taken.add(pivot)
            for row in range(len(rows)):
                if row != pivot and rows[row] >> column & 1:
                    rows[row] ^= rows[pivot]
                    sums[row] ^= sums[pivot]
    for row, total in enumerate(sums):
        transform[row] = total
    add_up(block, transform, 0, high)


def add_up(block: LongWords, transform: ConstLongWords, low: int, high: int) -> None:
    before = [_number(row[low:high]) for row in block]
    for row, wanted in enumerate(transform.tolist()):
        total = 0
        for other, number in enumerate(before):
            total ^= number if wanted >> other & 1 else 0
        _store(block[row, low:high], total)


def _fill_tables(block: ConstLongWords, pivot_of: ConstLongs, low: int, part: int, tables: LongWords) -> None:
    """Write all sums of the pivots of each eight columns, `part` words of them."""
    for group in range(TABLES):
        tables[group, 0, :part] = 0
        for bit in range(8):
            half, pivot = 1 << bit, int(pivot_of[8 * group + bit])
            if pivot < 0:
                tables[group, half : 2 * half] = tables[group, :half]
            else:
                sums = tables[group, :half, :part] ^ block[pivot, low : low + part]
                tables[group, half : 2 * half, :part] = sums


def clear_columns(
    bits: Bits, first: int, strip: ConstLongWords, block: ConstLongWords, pivot_of: ConstLongs, effort: int
) -> int:
    low, row = bits.progress.tolist()
    (height, width), span = (strip.size, block.shape[1]), bits.tables.shape[2]
    while low < width:
        part = min(span, width - low)
        if row == 0:
            _fill_tables(block, pivot_of, low, part, bits.tables)
            effort -= TABLES * 256 * part
        while row < height and (effort > 0 or row == 0):
            word = int(strip[row])
            if any(pivot >= 0 and word >> column & 1 for column, pivot in enumerate(pivot_of.tolist())):
                effort -= TABLES * part
                for group in range(TABLES):
                    sums = bits.tables[group, word >> 8 * group & 255, :part]
                    bits.matrix[row, first + low : first + low + part] ^= sums
            row += 1
        if row < height:
            bits.progress[:] = low, row
            return 0
        low, row = low + span, 0
    bits.progress[:] = 0
    return 1


def copy_masks(
    matrix: ConstLongWords,
    rows: ConstLongs,
    frees: ConstLongs,
    targets: ConstLongs,
    masks: Masks,
    begin: int,
    end: int,
) -> None:
    for row, target in zip(rows[begin:end].tolist(), targets[begin:end].tolist(), strict=True):
        number, mask, total = _number(matrix[row]), _number(masks.masks[target]), 0
        for bit, free in enumerate(frees.tolist()):
            if number >> bit & 1 and free >= 0:
                mask |= 1 << free
                total ^= int(masks.words[free])
        _store(masks.masks[target], mask)
        masks.constants[target], masks.hashes[target] = number >> frees.size & 1, total


def substitute_back(system: Sparse, place: ConstLongs, masks: Masks, progress: Longs, effort: int) -> int:
    while progress[END] > 0:
        pivot, row = (int(array[progress[END] - 1]) for array in (system.pivots, system.pivot_rows))
        own = int(place[pivot])
        columns = row_of(system, row)
        if effort <= 0:
            return 0
        if progress[ENTRY] == 0:
            masks.constants[own], masks.hashes[own] = system.parity[row], 0
        while progress[ENTRY] < len(columns) and effort > 0:
            column = columns[progress[ENTRY]]
            progress[ENTRY] += 1
            if column == pivot:
                continue
            other = int(place[column])
            effort -= 16
            if other < 0:
                _store(masks.masks[own], _number(masks.masks[own]) ^ 1 << -1 - other)
                masks.hashes[own] ^= masks.words[-1 - other]
            else:
                masks.masks[own] ^= masks.masks[other]
                masks.constants[own] ^= masks.constants[other]
                masks.hashes[own] ^= masks.hashes[other]
                effort -= masks.masks.shape[1]
        if progress[ENTRY] < len(columns):
            return 0
        effort -= 32
        progress[END] -= 1
        progress[ENTRY] = 0
    return 1


def represent(
    system: Sparse,
    touched: ConstFlags,
    odd: Bytes,
    leader: Longs,
    sign: Bytes,
    shorts: Longs,
    progress: Longs,
    effort: int,
) -> int:
    while progress[END] > 0 and effort > 0:
        pivot, row = (int(array[progress[END] - 1]) for array in (system.pivots, system.pivot_rows))
        columns = row_of(system, row)
        effort -= 8 + len(columns)
        constant, left = int(system.parity[row]), dict[int, None]()  # in order
        for column in columns:
            constant ^= int(sign[column])
        for column in columns:
            led = int(leader[column])
            if led >= 0 and sum(leader[each] == led for each in columns) % 2:
                left[led] = None
        facts = list(left)
        if len(facts) <= 2:
            sign[pivot] = constant
            others = [column for column in facts if column != pivot]
            leader[pivot] = others[-1] if others else -1
        elif len(facts) <= 4 and (touched[row] or len(facts) < len(columns)):
            fact = shorts[progress[FACTS]]
            fact[: len(facts)] = facts
            fact[len(facts) : 4] = -1
            fact[4] = constant
            progress[FACTS] += 1
        progress[END] -= 1
    return int(progress[END] == 0)


def few_bits(masks: ConstLongWords, bits: Longs, begin: int, end: int) -> None:
    for row in range(begin, end):
        number = _number(masks[row])
        places = [place for place in range(number.bit_length()) if number >> place & 1]
        bits[row, : min(3, len(places))] = places[:3]
        bits[row, 3] = min(4, len(places))


def equal_masks(
    order: ConstLongs,
    hashes: ConstLongWords,
    masks: ConstLongWords,
    leader: Longs,
    begin: int,
    end: int,
) -> None:
    for i in range(begin, end):
        row = int(order[i])
        leader[row] = row
        for other in order[:i][::-1].tolist():
            if hashes[other] != hashes[row]:
                break
            if (masks[row] == masks[leader[other]]).all():
                leader[row] = leader[other]
                break


def _third(sums: ConstLongWords, order: ConstLongs, numbers: list[int], a: int, b: int, most: int) -> int:
    """Return the greatest c < most, in sorted order of sums, with a + b + c = 0, or -1."""
    found = -1
    for c in order.tolist():
        same = sums[c] == sums[a] ^ sums[b] and numbers[c] == numbers[a] ^ numbers[b]
        if same and found < c < most:
            found = c
    return found


def _numbers(places: ConstLongs, masks: ConstLongWords) -> list[int]:
    return [_number(masks[place]) if place >= 0 else 1 << -1 - place for place in places.tolist()]


def _note(triple: Longs, progress: Longs, a: int, b: int, c: int) -> None:
    if progress[TRIPLES] < triple.shape[0]:
        triple[progress[TRIPLES]] = a, b, c
        progress[TRIPLES] += 1


def triples(
    sums: ConstLongWords,
    order: ConstLongs,
    places: ConstLongs,
    masks: ConstLongWords,
    progress: Longs,
    effort: int,
    triple: Longs,
) -> None:
    numbers = _numbers(places, masks)
    while progress[PLACE] < places.size and effort > 0 and progress[TRIPLES] < triple.shape[0]:
        a = int(progress[PLACE])
        for b in range(1, a):
            c = _third(sums, order, numbers, a, b, b)
            if c >= 0:
                _note(triple, progress, a, b, c)
        effort -= a
        progress[PLACE] += 1


def neighbours(
    sums: ConstLongWords,
    order: ConstLongs,
    places: ConstLongs,
    masks: ConstLongWords,
    progress: Longs,
    effort: int,
    triple: Longs,
) -> None:
    numbers = _numbers(places, masks)
    while progress[PLACE] < places.size and effort > 0 and progress[TRIPLES] < triple.shape[0]:
        a = int(progress[PLACE])
        effort -= 1
        if places[a] >= 0:
            effort -= masks.shape[1]
            for b in range(numbers[a].bit_length()):
                if numbers[a] >> b & 1:
                    effort -= 20
                    c = _third(sums, order, numbers, a, b, places.size)
                    if c >= 0 and places[c] >= 0:
                        _note(triple, progress, a, b, c)
        progress[PLACE] += 1
