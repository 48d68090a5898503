// States made smaller: latches whose values do not matter, found by simulation with a third value.
#include "cones.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { HEAVIEST = 1 << 20 };

void weigh_latches(const struct circuit *c, int32_t *weights, int64_t variables)
{
    (void)variables;
    for (int32_t variable = 0; variable < c->first[1]; variable++)
        weights[variable] = variable >= c->first[0];
    for (int64_t gate = 0; gate < c->gates; gate++) {
        int32_t sum = weights[c->ands[2 * gate] >> 1] + weights[c->ands[2 * gate + 1] >> 1];
        weights[c->first[1] + gate] = sum < HEAVIEST ? sum : HEAVIEST;
    }
}

static inline void set(uint64_t *bits, int32_t variable)
{
    bits[variable >> 6] |= (uint64_t)1 << (variable & 63);
}

static inline bool has(const uint64_t *bits, int32_t variable)
{
    return bits[variable >> 6] >> (variable & 63) & 1;
}

static inline uint8_t literal_value(const uint8_t *values, int32_t literal)
{
    uint8_t value = values[literal >> 1];
    return value == UNKNOWN ? value : value ^ (literal & 1);
}

static inline uint8_t both(uint8_t a, uint8_t b)
{
    return !a || !b ? 0 : a == 1 && b == 1 ? 1 : UNKNOWN;
}

static inline const int32_t *operands(const struct circuit *c, int32_t variable)
{
    return c->ands + 2 * (int64_t)(variable - c->first[1]);
}

// Walk down from the targets: all that they can depend on, and what is enough for their values.
static void justify(const struct circuit *c, const struct lifting *l)
{
    for (int64_t word = l->words - 1; word >= 0; word--) {
        // Operands may fall into the word at hand: take the highest bit that is left each time.
        for (uint64_t below = ~(uint64_t)0, left; (left = l->cone[word] & below);) {
            int bit = 63 - __builtin_clzll(left);
            below = bit ? ~(uint64_t)0 >> (64 - bit) : 0;
            int32_t variable = (int32_t)(word * 64 + bit);
            if (variable < c->first[1])
                continue;
            const int32_t *and = operands(c, variable);
            set(l->cone, and[0] >> 1);
            set(l->cone, and[1] >> 1);
            if (!has(l->needed, variable))
                continue;
            if (l->values[variable]) {
                set(l->needed, and[0] >> 1);
                set(l->needed, and[1] >> 1);
                continue;
            }
            bool first = !literal_value(l->values, and[0]), second = !literal_value(l->values, and[1]);
            if (first && second) {
                if (has(l->needed, and[0] >> 1) || has(l->needed, and[1] >> 1))
                    continue;
                first = l->weights[and[0] >> 1] <= l->weights[and[1] >> 1];
            }
            set(l->needed, and[first ? 0 : 1] >> 1);
        }
    }
}

static void note(const struct lifting *l, int32_t variable)
{
    for (int32_t at = l->starts[variable]; at < l->starts[variable + 1]; at++)
        if (has(l->cone, l->readers[at]))
            set(l->dirty, l->readers[at]);
}

// Change a latch to unknown and follow; take all back where a target would become unknown.
static void forget(const struct circuit *c, const struct lifting *l, int32_t latch)
{
    int32_t count = 0;
    uint8_t *values = l->values;
    bool lost = has(l->fixed, latch);
    if (lost)
        return;
    l->changed[count++] = 2 * latch + values[latch];
    values[latch] = UNKNOWN;
    note(l, latch);
    for (int64_t word = latch >> 6; word < l->words; word++) {
        while (l->dirty[word]) {
            int32_t variable = (int32_t)(word * 64 + __builtin_ctzll(l->dirty[word]));
            l->dirty[word] &= l->dirty[word] - 1;
            const int32_t *and = operands(c, variable);
            if (lost || values[variable] == UNKNOWN ||
                both(literal_value(values, and[0]), literal_value(values, and[1])) != UNKNOWN)
                continue;
            if (has(l->fixed, variable)) {
                lost = true;
                continue;
            }
            l->changed[count++] = 2 * variable + values[variable];
            values[variable] = UNKNOWN;
            note(l, variable);
        }
    }
    while (lost && count--)
        values[l->changed[count] >> 1] = l->changed[count] & 1;
}

static int by_rank(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

int64_t lift(const struct circuit *c, const struct lifting *l, const int32_t *targets, int64_t count,
             int32_t *cube)
{
    uint8_t *values = l->values;
    int64_t found = 0, kept = 0;
    memset(l->cone, 0, (size_t)l->words * sizeof *l->cone);
    memset(l->needed, 0, (size_t)l->words * sizeof *l->needed);
    memset(l->fixed, 0, (size_t)l->words * sizeof *l->fixed);
    values[0] = 0;
    for (int64_t k = 0; k < count; k++) {
        set(l->cone, targets[k] >> 1);
        set(l->needed, targets[k] >> 1);
        set(l->fixed, targets[k] >> 1);
    }
    justify(c, l);
    for (int64_t word = 0; word < l->words; word++) {
        for (uint64_t left = l->cone[word]; left; left &= left - 1) {
            int32_t variable = (int32_t)(word * 64 + __builtin_ctzll(left));
            if (variable >= c->first[1]) {
                const int32_t *and = operands(c, variable);
                values[variable] = both(literal_value(values, and[0]), literal_value(values, and[1]));
            } else if (variable < c->first[0])
                continue;
            else if (has(l->needed, variable))
                l->order[found++] = (int64_t)l->ranks[variable - c->first[0]] << 32 | variable;
            else
                values[variable] = UNKNOWN;
        }
    }
    qsort(l->order, (size_t)found, sizeof *l->order, by_rank);
    for (int64_t k = 0; k < found; k++)
        forget(c, l, (int32_t)(l->order[k] & INT32_MAX));
    for (int64_t k = 0; k < found && kept < l->latches; k++) {
        int32_t latch = (int32_t)(l->order[k] & INT32_MAX);
        if (values[latch] != UNKNOWN)
            cube[kept++] = 2 * latch + !values[latch];
    }
    return kept;
}
