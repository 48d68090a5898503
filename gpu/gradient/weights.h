// Margins and weights: what a flip and a transfer of weight change.
#pragma once
#include "lane.h"

// A descent as it runs.
struct state {
    uint64_t random;
    int64_t false_clauses, good, spent;
    const struct groups *groups; // of the rule that moves them
    int64_t waiting;             // groups whose rival is to be found anew
};

static inline uint64_t draw(struct state *state)
{
    return state->random = step(state->random);
}

// What the including rule does when a margin was another one before: it keeps the list of what is worth doing.
static inline void noted(const struct weights *weights, struct state *state, int64_t variable, int64_t old);

// Put something on the list of what is worth doing.
static inline void enlist(const struct weights *weights, struct state *state, int64_t number)
{
    weights->place[number] = (int32_t)state->good;
    weights->good[state->good++] = (int32_t)number;
}

// Take something off that list: the last one takes its place.
static inline void strike(const struct weights *weights, struct state *state, int64_t number)
{
    int32_t place = weights->place[number], last = weights->good[--state->good];
    weights->good[place] = last;
    weights->place[last] = place;
}

// Add to a margin.
static inline void change(const struct weights *weights, struct state *state, int64_t variable, int64_t amount)
{
    int64_t old = weights->margins[variable];
    weights->margins[variable] = old + amount;
    noted(weights, state, variable, old);
}

// The weight of a clause, or its complement.
static inline int32_t weight_of(const struct problem *problem, const struct weights *weights, int64_t clause)
{
    return weights->weights[weights->slots[problem->offsets[clause]]];
}

// Write the weight of a clause, or its complement, at all its occurrences, and add to the margins of its variables.
static inline void spread(const struct problem *problem, const struct weights *weights, struct state *state,
                          int64_t clause, int32_t weight, int64_t amount)
{
    for (int64_t i = problem->offsets[clause]; i < problem->offsets[clause + 1]; i++) {
        weights->weights[weights->slots[i]] = weight;
        change(weights, state, problem->literals[i] >> 1, amount);
    }
}
