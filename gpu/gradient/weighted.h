// What the weighted rules share: counts and margins from the values, and what a flip changes in them.
#pragma once
#include "weights.h"

#define SAMPLES 64 // with more candidates than these, the best of a random sample is taken

// What the including rule says: what is gained by something on the list of what is worth doing, and the variable
// whose change gains nothing and makes a literal of this one's true, or -1.
static inline int64_t gain_of(const struct weights *weights, const struct state *state, int64_t number);
static inline int64_t level_change(const struct weights *weights, const struct state *state, int64_t variable);

// Return what gains most of that list, ties broken at random.
static inline int64_t best_of(const struct weights *weights, struct state *state)
{
    int64_t chosen = -1, most = 0, good = state->good, place = 0;
    if (good <= SAMPLES) // the round begins anywhere, so that the first of equals is a fair one
        place = below(draw(state), good);
    for (int64_t turn = 0; turn < least(good, SAMPLES); turn++) {
        if (good > SAMPLES)
            place = below(draw(state), good);
        int32_t number = weights->good[place];
        int64_t gain = gain_of(weights, state, number);
        if (gain > most) {
            most = gain;
            chosen = number;
        }
        if (++place == good)
            place = 0;
    }
    return chosen;
}

// Return a variable whose change gains nothing and makes a false clause true, or -1.
static inline int64_t level_variable(const struct problem *problem, const struct lane *lane,
                                     const struct weights *weights, struct state *state)
{
    for (int64_t turn = least(state->false_clauses, SAMPLES); turn > 0; turn--) {
        int32_t clause = lane->false[below(draw(state), state->false_clauses)];
        int64_t begin = problem->offsets[clause], end = problem->offsets[clause + 1];
        int64_t entry = begin + below(draw(state), end - begin);
        for (int64_t i = 0; i < least(end - begin, SAMPLES); i++) {
            int64_t variable = level_change(weights, state, problem->literals[entry] >> 1);
            if (variable >= 0)
                return variable;
            if (++entry == end)
                entry = begin;
        }
    }
    return -1;
}

// Count the clauses first ... last - 1 and sum up margins from the values; with `first` 0, anew.
static inline void count_weighted(const struct problem *problem, const struct lane *lane,
                                  const struct weights *weights, int64_t first, int64_t last)
{
    int64_t *counters = lane->counters, *margins = weights->margins;
    if (first == 0) {
        for (int64_t v = 0; v < lane->variables; v++)
            margins[v] = 0;
        counters[FALSE] = counters[GIVEN] = 0;
    }
    for (int64_t clause = first; clause < last; clause++) {
        int64_t word = word_of(problem, lane->values, clause);
        int32_t weight = weight_of(problem, weights, clause);
        weight = weight < 0 ? ~weight : weight;
        for (int64_t i = problem->offsets[clause]; i < problem->offsets[clause + 1]; i++) {
            weights->weights[weights->slots[i]] = word < ONE ? ~weight : weight;
            margins[problem->literals[i] >> 1] += word < ONE ? weight : 0;
        }
        if (word < ONE) {
            word = counters[FALSE]++;
            lane->false[word] = (int32_t)clause;
        } else if (word < 2 * ONE)
            margins[word & LOW] -= weight;
        weights->words[clause] = word;
    }
}

// A clause that was false becomes true: nobody can make it any more, the variable alone can break it.
static inline void make_true(const struct problem *problem, const struct lane *lane, const struct weights *weights,
                             struct state *state, int32_t clause, int64_t variable)
{
    int64_t place = weights->words[clause];
    int32_t last = lane->false[--state->false_clauses], weight = ~weight_of(problem, weights, clause);
    lane->false[place] = last;
    weights->words[last] = place;
    weights->words[clause] = ONE | variable;
    spread(problem, weights, state, clause, weight, -(int64_t)weight);
    change(weights, state, variable, -(int64_t)weight);
    state->spent += problem->offsets[clause + 1] - problem->offsets[clause];
}

// A clause that the variable alone kept true becomes false.
static inline void make_false(const struct problem *problem, const struct lane *lane, const struct weights *weights,
                              struct state *state, int32_t clause, int64_t variable)
{
    int32_t weight = weight_of(problem, weights, clause);
    weights->words[clause] = state->false_clauses;
    lane->false[state->false_clauses++] = clause;
    spread(problem, weights, state, clause, ~weight, weight);
    change(weights, state, variable, weight);
    state->spent += problem->offsets[clause + 1] - problem->offsets[clause];
}

// Flip a variable. First all its clauses are counted, without branches, which processors would mispredict, and
// those collected that change a margin.
static inline void flip(const struct problem *problem, const struct lane *lane, const struct weights *weights,
                        struct state *state, int64_t variable)
{
    const int64_t *starts = problem->starts;
    const int32_t *occurrences = problem->occurrences;
    int64_t *words = weights->words;
    int32_t *changed = weights->changed;
    lane->values[variable] ^= 1;
    const int64_t made = 2 * variable + 1 - lane->values[variable]; // the literal that becomes true
    const int64_t lost = made ^ 1;
    state->spent += FLIP + starts[2 * variable + 2] - starts[2 * variable];
    int64_t count = 0;
    for (int64_t i = starts[made]; i < starts[made + 1]; i++) {
        int32_t clause = occurrences[i];
        int64_t word = words[clause];
        words[clause] = word < ONE ? word : (word + ONE) ^ variable;
        changed[count] = (int32_t)i;
        count += word < 2 * ONE;
    }
    for (int64_t i = 0; i < count; i++) {
        int32_t clause = occurrences[changed[i]];
        int64_t word = words[clause];
        if (word < ONE)
            make_true(problem, lane, weights, state, clause, variable);
        else
            change(weights, state, (word ^ variable) & LOW, weights->weights[changed[i]]);
    }
    count = 0;
    for (int64_t i = starts[lost]; i < starts[lost + 1]; i++) {
        int32_t clause = occurrences[i];
        int64_t word = (words[clause] - ONE) ^ variable;
        words[clause] = word;
        changed[count] = (int32_t)i;
        count += word < 2 * ONE;
    }
    for (int64_t i = 0; i < count; i++) {
        int32_t clause = occurrences[changed[i]];
        int64_t word = words[clause];
        if (word < ONE)
            make_false(problem, lane, weights, state, clause, variable);
        else
            change(weights, state, word & LOW, -(int64_t)weights->weights[changed[i]]);
    }
}
