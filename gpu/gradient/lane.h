// What the kernels of a lane share: clause words, random numbers, turns, the record of the best.
#pragma once
#include "gradient.h"

#define ONE ((int64_t)1 << 32) // one true literal in a clause word
#define LOW (ONE - 1)

// Entries from which on a problem is larger than a core's own cache.
#define LARGE ((int64_t)1 << 17)

// Advance a xorshift64 generator (Marsaglia 2003); its upper half is the random number.
static inline uint64_t step(uint64_t random)
{
    random ^= random << 13;
    random ^= random >> 7;
    return random ^ random << 17;
}

// A number from 0 to bound - 1 out of a generator's upper half (Lemire 2019, without rejection).
static inline int64_t below(uint64_t random, int64_t bound)
{
    return (int64_t)((random >> 32) * (uint64_t)bound >> 32);
}

// A number in [0, 1) out of a generator's state.
static inline double unit(uint64_t random)
{
    return (double)(random >> 11) * (1.0 / 9007199254740992.0);
}

static inline int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

// The false clause whose turn it is, or most probably will be after some flips.
static inline int64_t waiting(const int32_t *false_list, int64_t false_clauses, int64_t turn, int64_t flips)
{
    turn += flips;
    return false_list[turn < false_clauses ? turn : turn - false_clauses];
}

// Count the true literals of a clause: its word, 0 for a false one.
static inline int64_t word_of(const struct problem *problem, const uint8_t *values, int64_t clause)
{
    int64_t word = 0;
    for (int64_t i = problem->offsets[clause]; i < problem->offsets[clause + 1]; i++) {
        int32_t literal = problem->literals[i];
        if (values[literal >> 1] != (literal & 1))
            word = (word + ONE) ^ (literal >> 1);
    }
    return word;
}

// Make the present values the best.
static inline void improve(const struct lane *lane, int64_t false_clauses)
{
    int64_t *counters = lane->counters;
    counters[BEST] = false_clauses;
    if (counters[LOST]) {
        for (int64_t v = 0; v < lane->variables; v++)
            lane->best[v] = lane->values[v];
        counters[LOST] = 0;
        counters[TRAIL] = 0;
    }
    counters[MARK] = counters[TRAIL];
}

// Bring `best` up to the mark of a full trail, and forget the trail.
static inline void fold(const struct lane *lane)
{
    int64_t *counters = lane->counters;
    for (int64_t i = 0; i < counters[MARK]; i++)
        lane->best[lane->trail[i]] ^= 1;
    counters[LOST] = counters[MARK] < counters[TRAIL];
    counters[MARK] = 0;
    counters[TRAIL] = 0;
}

// Note a flip on the trail.
static inline void trace(const struct lane *lane, int64_t variable)
{
    int64_t *counters = lane->counters;
    if (!counters[LOST]) {
        if (counters[TRAIL] == lane->capacity)
            fold(lane);
        if (!counters[LOST])
            lane->trail[counters[TRAIL]++] = (int32_t)variable;
    }
}

// Note a flip, and whether it led to the best values so far.
static inline void record(const struct lane *lane, int64_t variable, int64_t false_clauses)
{
    int64_t *counters = lane->counters;
    trace(lane, variable);
    if (false_clauses < counters[LEAST]) {
        counters[LEAST] = false_clauses;
        if (false_clauses < counters[BEST])
            improve(lane, false_clauses);
    }
}
