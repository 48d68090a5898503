// Dependent columns as sums of free ones: back-substitution, and what it says without masks.
#include "gf2.h"

void copy_masks(const uint64_t *restrict matrix, int64_t height, int64_t words, const int64_t *restrict rows,
                int64_t reduced, const int64_t *restrict frees, int64_t parity, const int64_t *restrict targets,
                const struct masks *m, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++) {
        const uint64_t *row = matrix + rows[i] * words;
        uint64_t *restrict mask = m->masks + targets[i] * m->width, total = 0;
        for (int64_t word = 0; word < words; word++)
            for (uint64_t left = row[word]; left; left &= left - 1) {
                int64_t bit = 64 * word + __builtin_ctzll(left);
                if (bit >= parity || frees[bit] < 0)
                    continue;
                mask[frees[bit] >> 6] |= (uint64_t)1 << (frees[bit] & 63);
                total ^= m->words[frees[bit]];
            }
        m->constants[targets[i]] = row[parity >> 6] >> (parity & 63) & 1;
        m->hashes[targets[i]] = total;
    }
}

int64_t substitute_back(const struct sparse *s, const int64_t *restrict place, const struct masks *m,
                        int64_t *restrict progress, int64_t effort)
{
    for (; progress[END] > 0; progress[END]--, progress[ENTRY] = 0) {
        int32_t pivot = s->pivots[progress[END] - 1], row = s->pivot_rows[progress[END] - 1];
        const int32_t *held = s->arena + s->start[row];
        int64_t own = place[pivot];
        uint64_t *restrict target = m->masks + own * m->width;
        if (effort <= 0)
            return 0;
        if (progress[ENTRY] == 0) {
            m->constants[own] = s->parity[row];
            m->hashes[own] = 0;
        }
        for (; progress[ENTRY] < s->size[row] && effort > 0; progress[ENTRY]++) {
            int32_t column = held[progress[ENTRY]];
            if (column == pivot)
                continue;
            int64_t other = place[column], bit = -1 - other;
            effort -= 16;
            if (other < 0) {
                target[bit >> 6] ^= (uint64_t)1 << (bit & 63);
                m->hashes[own] ^= m->words[bit];
                continue;
            }
            const uint64_t *restrict source = m->masks + other * m->width;
            for (int64_t word = 0; word < m->width; word++)
                target[word] ^= source[word];
            m->constants[own] ^= m->constants[other];
            m->hashes[own] ^= m->hashes[other];
            effort -= m->width;
        }
        if (progress[ENTRY] < s->size[row])
            return 0;
        effort -= 32;
    }
    return 1;
}

// Find out what the row of a pivot says when what is known of its columns is put in.
static void represent_pivot(const struct sparse *s, int64_t i, const uint8_t *touched, uint8_t *restrict odd,
                            int64_t *restrict leader, uint8_t *restrict sign, int64_t *restrict shorts,
                            int64_t *restrict facts)
{
    int32_t row = s->pivot_rows[i], pivot = s->pivots[i], size = s->size[row];
    const int32_t *held = s->arena + s->start[row];
    uint8_t constant = s->parity[row];
    int64_t left = 0, place = 0, lead = pivot, *fact = shorts + 5 * *facts;
    for (int32_t entry = 0; entry < size; entry++) {
        int32_t column = held[entry];
        constant ^= sign[column];
        if (leader[column] >= 0) {
            odd[leader[column]] ^= 1;
            left += odd[leader[column]] ? 1 : -1;
        }
    }
    // Columns that are only in rows of earlier pivots lead themselves, as does this row's pivot.
    int new = touched[row] || left < size;
    for (int32_t entry = 0; entry < size; entry++) {
        int64_t column = leader[held[entry]];
        if (column < 0 || !odd[column])
            continue;
        odd[column] = 0;
        if (left <= 2 && column != pivot)
            lead = column;
        if (new && (left == 3 || left == 4))
            fact[place++] = column;
    }
    leader[pivot] = left == 1 ? -1 : lead;
    if (left <= 2)
        sign[pivot] = constant;
    else if (new && left <= 4) {
        if (left == 3)
            fact[3] = -1;
        fact[4] = constant;
        ++*facts;
    }
}

int64_t represent(const struct sparse *s, const uint8_t *touched, uint8_t *odd, int64_t *leader, uint8_t *sign,
                  int64_t *shorts, int64_t most, int64_t *progress, int64_t effort)
{
    for (; progress[END] > 0 && effort > 0; progress[END]--) {
        effort -= 8 + s->size[s->pivot_rows[progress[END] - 1]];
        represent_pivot(s, progress[END] - 1, touched, odd, leader, sign, shorts, &progress[FACTS]);
    }
    return progress[END] == 0;
}
