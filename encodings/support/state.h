// What the kernels that find out what follows share.
#pragma once
#include "support.h"

#include <string.h>

#define NONE ((int32_t)-1)

// 2 to the power of minus n, exactly, for n up to 1000.
static inline double halved(int64_t n)
{
    uint64_t bits = (uint64_t)(1023 - n) << 52;
    double result;
    memcpy(&result, &bits, sizeof result);
    return result;
}

// Make a variable known.
static inline void settle(const struct state *state, int32_t v, int8_t how, int32_t which)
{
    int64_t known = state->counters[KNOWN]++;
    state->rank[v] = known;
    state->order[known] = v;
    state->how[v] = how;
    state->which[v] = which;
}

// Whether known clauses force y in each assignment; those that do are marked in `used`.
int forced(const struct problem *problem, const struct state *state, int32_t y) __attribute__((visibility("hidden")));

// Give a row of the matrix an unknown column as its pivot and take that column out of all others.
void choose_pivot(const struct state *state, int64_t row) __attribute__((visibility("hidden")));
