// Information-set decoding: an information set changed little by little, sums of few rows that meet in a window.
#include "gf2.h"

#include <string.h>

#define RANDOM_MULTIPLIER 0x2545F4914F6CDD1DULL

// A number below `bound`, by xorshift64* (Marsaglia 2003; Vigna 2016).
static int64_t draw(const struct code *c, int64_t bound)
{
    uint64_t state = c->random[0];
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    c->random[0] = state;
    return (int64_t)((state * RANDOM_MULTIPLIER >> 32) * (uint64_t)bound >> 32);
}

static inline uint64_t bit_of(const struct code *c, int64_t row, int64_t column)
{
    return c->matrix[row * c->words + (column >> 6)] >> (column & 63) & 1;
}

// Take a column into the information set for that of a row, if the row has another one.
static void exchange(const struct code *c, int64_t row)
{
    int64_t begin = draw(c, c->columns), column = begin;
    while (c->holder[column] >= 0 || !bit_of(c, row, column)) {
        column = column + 1 < c->columns ? column + 1 : 0;
        if (column == begin)
            return;
    }
    const uint64_t *pivot = c->matrix + row * c->words;
    for (int64_t other = 0; other <= c->dimension; other++) {
        if (other == row || !bit_of(c, other, column))
            continue;
        uint64_t *target = c->matrix + other * c->words;
        for (int64_t word = 0; word < c->words; word++)
            target[word] ^= pivot[word];
    }
    c->holder[c->information[row]] = -1;
    c->holder[column] = (int32_t)row;
    c->information[row] = (int32_t)column;
}

// Read the bits of all rows in a window of columns outside the information set.
static void read_window(const struct code *c, const struct sums *s)
{
    int64_t column = draw(c, c->columns);
    memset(s->keys, 0, (c->dimension + 2) * sizeof *s->keys);
    for (int64_t bit = 1; bit < s->slots; bit <<= 1) {
        while (c->holder[column] >= 0)
            column = column + 1 < c->columns ? column + 1 : 0;
        for (int64_t row = 0; row <= c->dimension; row++)
            if (bit_of(c, row, column))
                s->keys[row] |= (int32_t)bit;
        column = column + 1 < c->columns ? column + 1 : 0;
    }
}

// List a sum of the first half.
static inline int64_t list_sum(const struct sums *s, int64_t entry, int64_t one, int64_t other)
{
    int32_t *head = s->heads + (s->keys[one] ^ s->keys[other]);
    s->pairs[2 * entry] = (int32_t)one;
    s->pairs[2 * entry + 1] = (int32_t)other;
    s->nexts[entry] = *head;
    *head = (int32_t)entry;
    return entry + 1;
}

// Complete a sum of the second half by all of the first that agree with it in the window; return their number.
static int64_t meet(const struct code *c, const struct sums *s, int64_t one, int64_t other, int64_t weight)
{
    const uint64_t *fixed = c->matrix + c->dimension * c->words;
    const uint64_t *left = c->matrix + one * c->words, *right = c->matrix + other * c->words;
    int64_t met = 0;
    for (int64_t word = 0; word < c->words; word++)
        s->total[word] = fixed[word] ^ left[word] ^ right[word];
    int32_t key = s->keys[c->dimension] ^ s->keys[one] ^ s->keys[other];
    for (int32_t entry = s->heads[key]; entry >= 0; entry = s->nexts[entry], met++) {
        const uint64_t *first = c->matrix + s->pairs[2 * entry] * c->words;
        const uint64_t *second = c->matrix + s->pairs[2 * entry + 1] * c->words;
        int64_t ones = 0;
        for (int64_t word = 0; word < c->words && ones <= weight; word++)
            ones += __builtin_popcountll(s->total[word] ^ first[word] ^ second[word]);
        if (ones > weight || c->counters[LIGHT] == c->room)
            continue;
        uint64_t *found = c->found + c->counters[LIGHT]++ * c->words;
        for (int64_t word = 0; word < c->words; word++)
            found[word] = s->total[word] ^ first[word] ^ second[word];
    }
    return met;
}

void decode(const struct code *c, const struct sums *s, int64_t weight, int64_t effort)
{
    int64_t half = c->dimension / 2, none = c->dimension + 1;
    c->counters[LIGHT] = 0;
    while (effort > 0 && !c->counters[LIGHT]) {
        int64_t exchanges = 1 + c->dimension / EXCHANGES, entries = 0, met = 0;
        for (int64_t i = 0; i < exchanges && c->dimension; i++)
            exchange(c, draw(c, c->dimension));
        read_window(c, s);
        memset(s->heads, 0xff, s->slots * sizeof *s->heads);
        entries = list_sum(s, entries, none, none);
        for (int64_t row = 0; row < half; row++) {
            entries = list_sum(s, entries, row, none);
            for (int64_t other = 0; other < row; other++)
                entries = list_sum(s, entries, row, other);
        }
        met += meet(c, s, none, none, weight);
        for (int64_t row = half; row < c->dimension; row++) {
            met += meet(c, s, row, none, weight);
            for (int64_t other = half; other < row; other++)
                met += meet(c, s, row, other, weight);
        }
        c->counters[TRIED]++;
        effort -= (exchanges * c->dimension / 2 + entries + met) * c->words + entries + s->slots;
    }
}
