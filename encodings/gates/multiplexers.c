// Multiplexers from four clauses.
#include "gates.h"

// Write down what two clauses say that differ in the signs of u and w: pattern has one bit each for their signs.
static inline int32_t *note(int32_t *row, const int32_t *set, int pattern, int c, int u, int w)
{
    int opposite = ((pattern >> u) ^ (pattern >> w) ^ 1) & 1;
    int32_t condition = set[c] >> 1, negated = pattern >> c & 1; // they hold where c has not this value
    row[0] = row[4] = condition;
    row[1] = set[u] >> 1;
    row[2] = (set[w] & -2) | opposite;
    row[5] = set[w] >> 1;
    row[6] = (set[u] & -2) | opposite;
    row[3] = row[7] = negated;
    return row + 8;
}

void conditional(const int32_t *restrict codes, int64_t entries, const int64_t *restrict offsets, int64_t clauses,
                 const int32_t *restrict heads, int64_t sets, const uint64_t *restrict patterns, int64_t first,
                 int64_t last, int32_t *restrict rows, int64_t room, int64_t *restrict counters)
{
    int32_t *row = rows + 4 * counters[ROWS];
    for (int64_t s = first; s < last; s++) {
        const int32_t *set = codes + offsets[heads[s]];
        int there = patterns[s] & 0xFF;
        // The clauses of an XOR are all patterns of one parity: 0, 3, 5, 6 or 1, 2, 4, 7.
        if ((there & 0x69) == 0x69 || (there & 0x96) == 0x96 || offsets[heads[s] + 1] - offsets[heads[s]] != 3)
            continue;
        for (int c = 0; c < 3; c++) {
            int u = c == 2 ? 0 : c + 1, w = c == 0 ? 2 : c - 1, flip = 1 << u | 1 << w;
            for (int left = there; left; left &= left - 1) {
                int pattern = __builtin_ctz(left);
                if (pattern < (pattern ^ flip) && there >> (pattern ^ flip) & 1)
                    row = note(row, set, pattern, c, u, w);
            }
        }
    }
    counters[ROWS] = (row - rows) / 4;
}

// Pair the rows of one run, at most `most` of each sign.
static int64_t paired(const int32_t *rows, const int64_t *order, int64_t begin, int64_t end, int64_t most,
                      int32_t *found)
{
    int64_t gates = 0;
    for (int64_t i = begin, positive = 0; i < end; i++) {
        const int32_t *then = rows + 4 * order[i];
        if (then[3] == 0)
            continue;
        if (++positive > most)
            break;
        for (int64_t j = begin, negative = 0; j < end; j++) {
            const int32_t *other = rows + 4 * order[j];
            if (other[3] == 1)
                continue;
            if (++negative > most)
                break;
            if (then[2] >> 1 == other[2] >> 1)
                continue;
            int32_t *gate = found + 4 * gates++;
            gate[0] = 2 * then[1];
            gate[1] = 2 * then[0];
            gate[2] = then[2];
            gate[3] = other[2];
        }
    }
    return gates;
}

int64_t multiplexers(const int32_t *restrict rows, int64_t number, const int64_t *restrict order, int64_t first,
                     int64_t effort, int64_t most, int32_t *restrict found, int64_t gates, int64_t *restrict counters)
{
    int64_t begin = first, stop = first + effort;
    while (begin < number && begin < stop) {
        const int32_t *head = rows + 4 * order[begin];
        int64_t end = begin + 1;
        for (; end < number; end++) {
            const int32_t *row = rows + 4 * order[end];
            if (row[0] != head[0] || row[1] != head[1])
                break;
        }
        counters[GATES] += paired(rows, order, begin, end, most, found + 4 * counters[GATES]);
        begin = end;
    }
    return begin;
}
