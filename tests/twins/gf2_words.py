"""Slow twins of encodings/gf2: light words of a code."""

from itertools import combinations

from turbosat.core.gf2 import EXCHANGES, LIGHT, TRIED, Code, Sums


class _Rows:
    """A code's rows as numbers, and its generator."""

    def __init__(self, code: Code) -> None:
        self.code = code
        self.dimension, self.columns = code.information.size, code.holder.size
        self.rows = [sum(int(word) << 64 * i for i, word in enumerate(row)) for row in code.matrix]

    def draw(self, bound: int) -> int:
        state = int(self.code.random[0])
        state ^= state >> 12
        state = (state ^ state << 25) % 2**64
        state ^= state >> 27
        self.code.random[0] = state
        return (state * 0x2545F4914F6CDD1D % 2**64 >> 32) * bound >> 32

    def outside(self, column: int) -> bool:
        return int(self.code.holder[column]) < 0

    def exchange(self, row: int) -> None:
        begin = self.draw(self.columns)
        around = [(begin + step) % self.columns for step in range(self.columns)]
        column = next((each for each in around if self.outside(each) and self.rows[row] >> each & 1), None)
        if column is None:
            return
        for other in range(self.dimension + 1):
            if other != row and self.rows[other] >> column & 1:
                self.rows[other] ^= self.rows[row]
        self.code.holder[self.code.information[row]] = -1
        self.code.holder[column] = row
        self.code.information[row] = column

    def window(self, bits: int) -> list[int]:
        begin = self.draw(self.columns)
        around = [(begin + step) % self.columns for step in range(self.columns)]
        return [column for column in around if self.outside(column)][:bits]

    def store(self) -> None:
        for row, number in zip(self.code.matrix, self.rows, strict=True):
            for i in range(row.size):
                row[i] = number >> 64 * i & 2**64 - 1


def _sums(rows: range, none: int) -> list[tuple[int, int]]:
    """Return the pairs of at most two rows, in the order in which they are listed."""
    pairs = sorted(combinations(rows, 2), key=lambda pair: pair[::-1])
    below = {row: [(row, other) for other, high in pairs if high == row] for row in rows}
    return [(none, none), *(pair for row in rows for pair in [(row, none), *below[row]])]


def decode(code: Code, sums: Sums, weight: int, effort: int) -> None:
    rows = _Rows(code)
    dimension, none, words = rows.dimension, rows.dimension + 1, code.matrix.shape[1]
    code.counters[LIGHT] = 0
    while effort > 0 and not code.counters[LIGHT]:
        exchanges = 1 + dimension // EXCHANGES
        for _ in range(exchanges):
            rows.exchange(rows.draw(dimension))
        window = rows.window(sums.heads.size.bit_length() - 1)
        sums.keys[:] = [
            sum((rows.rows[row] >> column & 1) << bit for bit, column in enumerate(window))
            for row in range(dimension + 1)
        ] + [0]
        sums.heads[:] = -1
        first = _sums(range(dimension // 2), none)
        for entry, (one, other) in enumerate(first):
            key = int(sums.keys[one] ^ sums.keys[other])
            sums.pairs[entry] = one, other
            sums.nexts[entry] = sums.heads[key]
            sums.heads[key] = entry
        met = 0
        for one, other in _sums(range(dimension // 2, dimension), none):
            total = rows.rows[dimension] ^ rows.rows[one] ^ rows.rows[other]
            for i in range(words):
                sums.total[i] = total >> 64 * i & 2**64 - 1
            entry = int(sums.heads[sums.keys[dimension] ^ sums.keys[one] ^ sums.keys[other]])
            while entry >= 0:
                left, right = sums.pairs[entry].tolist()
                word = total ^ rows.rows[left] ^ rows.rows[right]
                if word.bit_count() <= weight and code.counters[LIGHT] < len(code.found):
                    for i in range(words):
                        code.found[code.counters[LIGHT], i] = word >> 64 * i & 2**64 - 1
                    code.counters[LIGHT] += 1
                met += 1
                entry = int(sums.nexts[entry])
        code.counters[TRIED] += 1
        effort -= (exchanges * dimension // 2 + len(first) + met) * words + len(first) + sums.heads.size
    rows.store()
