// Dense elimination: 64 columns a word, eight tables of 256 sums (M4RI: Albrecht, Bard and Hart, ACM TOMS 2010).
#include "gf2.h"

#include <string.h>

void pack_rows(const struct sparse *s, const int64_t *rows, int64_t height, const int64_t *place, int64_t last,
               uint64_t *matrix, int64_t words)
{
    for (int64_t i = 0; i < height; i++, matrix += words) {
        int64_t row = rows[i];
        const int32_t *held = s->arena + s->start[row];
        for (int32_t entry = 0; entry < s->size[row]; entry++) {
            int64_t bit = place[held[entry]];
            matrix[bit >> 6] |= (uint64_t)1 << (bit & 63);
        }
        if (s->parity[row])
            matrix[last >> 6] |= (uint64_t)1 << (last & 63);
    }
}

// A mask of so many columns.
static inline uint64_t lowest(int64_t columns)
{
    return columns < STRIP ? ((uint64_t)1 << columns) - 1 : ~(uint64_t)0;
}

int64_t choose_rows(const uint64_t *restrict strip, const struct basis *basis, int64_t columns,
                    int64_t begin, int64_t end, int64_t found)
{
    uint64_t valid = lowest(columns), *restrict words = basis->words;
    int64_t *restrict places = basis->places;
    for (int64_t row = begin; row < end && found < STRIP; row++) {
        if (basis->used[row])
            continue;
        uint64_t word = strip[row] & valid;
        // A word's lowest bit is in none of the later words, so one pass in this order is enough.
        for (int64_t k = 0; k < found; k++)
            word ^= words[k] & -(word >> places[k] & 1);
        if (!word)
            continue;
        words[found] = word;
        places[found] = __builtin_ctzll(word);
        basis->chosen[found++] = row;
    }
    return found;
}

enum { LINE = 8 }; // words of a cache line

// Replace one line of each row by a sum of lines.
static void add_up_lines(uint64_t *block, int64_t count, int64_t words, const uint64_t *transform, int64_t width)
{
    uint64_t before[STRIP][LINE] = {{0}};
    for (int64_t row = 0; row < count; row++)
        memcpy(before[row], block + row * words, width * sizeof *block);
    for (int64_t row = 0; row < count; row++) {
        uint64_t total[LINE] = {0};
        for (uint64_t left = transform[row]; left; left &= left - 1) {
            const uint64_t *other = before[__builtin_ctzll(left)];
            for (int w = 0; w < LINE; w++)
                total[w] ^= other[w];
        }
        memcpy(block + row * words, total, width * sizeof *block);
    }
}

void add_up(uint64_t *block, int64_t count, int64_t words, const uint64_t *transform, int64_t low, int64_t high)
{
    for (int64_t word = low; word < high; word += LINE)
        add_up_lines(block + word, count, words, transform, high - word < LINE ? high - word : LINE);
}

void reduce_pivots(uint64_t *block, int64_t count, int64_t words, int64_t columns, int64_t *pivot_of,
                   uint64_t *transform, int64_t high)
{
    uint64_t valid = lowest(columns), taken = 0, strip[STRIP];
    for (int64_t row = 0; row < count; row++) {
        strip[row] = block[row * words];
        transform[row] = (uint64_t)1 << row;
    }
    for (int64_t column = 0; column < STRIP; column++) {
        int64_t pivot = -1;
        if (valid >> column & 1)
            for (int64_t row = 0; row < count && pivot < 0; row++)
                if (!(taken >> row & 1) && strip[row] >> column & 1)
                    pivot = row;
        pivot_of[column] = pivot;
        if (pivot < 0)
            continue;
        taken |= (uint64_t)1 << pivot;
        for (int64_t row = 0; row < count; row++)
            if (row != pivot && strip[row] >> column & 1) {
                transform[row] ^= transform[pivot];
                strip[row] ^= strip[pivot];
            }
    }
    add_up(block, count, words, transform, 0, high);
}

// Write all sums of the pivots of each eight columns, of `width` words from `block` on: entry (g, x) is the sum
// over the bits b of x for which column 8g + b has a pivot.
static void fill_tables(const uint64_t *restrict block, int64_t words, const int64_t *restrict pivot_of, int64_t width,
                        uint64_t *restrict tables, int64_t span)
{
    for (int64_t group = 0; group < TABLES; group++, tables += 256 * span) {
        memset(tables, 0, width * sizeof *tables);
        for (int64_t bit = 0; bit < 8; bit++) {
            int64_t half = 1 << bit, pivot = pivot_of[8 * group + bit];
            if (pivot < 0) {
                memcpy(tables + half * span, tables, half * span * sizeof *tables);
                continue;
            }
            const uint64_t *restrict added = block + pivot * words;
            for (int64_t x = 0; x < half; x++) {
                const uint64_t *restrict given = tables + x * span;
                uint64_t *restrict made = tables + (half + x) * span;
                for (int64_t w = 0; w < width; w++)
                    made[w] = given[w] ^ added[w];
            }
        }
    }
}

// Add the sums that a row's word of the strip says to `width` words of the row.
static inline void add_sums(uint64_t *restrict target, uint64_t word, int64_t width, const uint64_t *restrict tables,
                            int64_t span)
{
    const uint64_t *t[TABLES];
    for (int group = 0; group < TABLES; group++)
        t[group] = tables + (256 * group + (word >> 8 * group & 255)) * span;
    const uint64_t *restrict a = t[0], *restrict b = t[1], *restrict c = t[2], *restrict d = t[3];
    const uint64_t *restrict e = t[4], *restrict f = t[5], *restrict g = t[6], *restrict h = t[7];
    for (int64_t w = 0; w < width; w++)
        target[w] ^= (a[w] ^ b[w] ^ c[w] ^ d[w]) ^ (e[w] ^ f[w] ^ g[w] ^ h[w]);
}

int64_t clear_columns(const struct bits *bits, int64_t first, const uint64_t *restrict strip, const uint64_t *block,
                      int64_t count, int64_t width, const int64_t *pivot_of, int64_t effort)
{
    uint64_t pivots = 0;
    for (int64_t column = 0; column < STRIP; column++)
        pivots |= (uint64_t)(pivot_of[column] >= 0) << column;
    int64_t low = bits->progress[0], row = bits->progress[1];
    for (; low < width; low += bits->span, row = 0) {
        int64_t part = width - low < bits->span ? width - low : bits->span;
        if (row == 0) {
            fill_tables(block + low, width, pivot_of, part, bits->tables, bits->span);
            effort -= TABLES * 256 * part;
        }
        for (; row < bits->height && (effort > 0 || row == 0); row++)
            if (strip[row] & pivots) {
                add_sums(bits->matrix + row * bits->words + first + low, strip[row], part, bits->tables, bits->span);
                effort -= TABLES * part;
            }
        if (row < bits->height)
            break;
    }
    bits->progress[0] = low < width ? low : 0;
    bits->progress[1] = low < width ? row : 0;
    return low >= width;
}
