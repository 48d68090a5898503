// The weighted rule: descent on weighted clauses, weight transfer in local minima.
//
// A variable of positive margin is always in a false clause, so the list of these is all that a choice has to
// look at.
#include "weighted.h"
#include "transfer.h"

#define SAMPLES 64 // with more candidates than these, the best of a random sample is taken

static inline void noted(const struct weights *weights, struct state *state, int64_t variable, int64_t old)
{
    int64_t margin = weights->margins[variable];
    if ((old > 0) == (margin > 0))
        return;
    if (margin > 0)
        enlist(weights, state, variable);
    else
        strike(weights, state, variable);
}

void weigh(const struct problem *problem, const struct lane *lane, const struct weights *weights, int64_t first,
           int64_t last)
{
    count_weighted(problem, lane, weights, first, last);
    if (last < problem->clauses)
        return;
    int64_t *counters = lane->counters;
    counters[GOOD] = 0;
    for (int64_t v = 0; v < lane->variables; v++)
        if (weights->margins[v] > 0) {
            weights->place[v] = (int32_t)counters[GOOD];
            weights->good[counters[GOOD]++] = (int32_t)v;
        }
}

// Return a variable of the largest margin, ties broken at random.
static inline int64_t best_variable(const struct weights *weights, struct state *state)
{
    int64_t chosen = -1, most = 0, good = state->good, place = 0;
    if (good <= SAMPLES) // the round begins anywhere, so that the first of equals is a fair one
        place = below(draw(state), good);
    for (int64_t turn = 0; turn < least(good, SAMPLES); turn++) {
        if (good > SAMPLES)
            place = below(draw(state), good);
        int32_t variable = weights->good[place];
        if (weights->margins[variable] > most) {
            most = weights->margins[variable];
            chosen = variable;
        }
        if (++place == good)
            place = 0;
    }
    return chosen;
}

// Return a variable of margin 0 in a false clause, or -1.
static inline int64_t level_variable(const struct problem *problem, const struct lane *lane,
                                     const struct weights *weights, struct state *state)
{
    for (int64_t turn = least(state->false_clauses, SAMPLES); turn > 0; turn--) {
        int32_t clause = lane->false[below(draw(state), state->false_clauses)];
        int64_t begin = problem->offsets[clause], end = problem->offsets[clause + 1];
        int64_t entry = begin + below(draw(state), end - begin);
        for (int64_t i = 0; i < least(end - begin, SAMPLES); i++) {
            int32_t variable = problem->literals[entry] >> 1;
            if (weights->margins[variable] == 0)
                return variable;
            if (++entry == end)
                entry = begin;
        }
    }
    return -1;
}

int64_t descend(const struct problem *problem, const struct lane *lane, const struct weights *weights,
                const int64_t *rule, int64_t effort, int64_t until)
{
    int64_t *counters = lane->counters;
    struct state state = {lane->random[0], counters[FALSE], counters[GOOD], 0, 0, 0};
    int64_t flips = counters[FLIPS], given = counters[GIVEN];
    while (state.spent < effort && state.false_clauses > 0 && flips < until) {
        int64_t variable = -1;
        if (given == 0 && state.good > 0) {
            variable = best_variable(weights, &state);
            state.spent += least(state.good, SAMPLES);
        } else if (given == 0 && below(draw(&state), 1024) < rule[SIDEWAYS])
            variable = level_variable(problem, lane, weights, &state);
        if (variable >= 0) {
            flip(problem, lane, weights, &state, variable);
            flips++;
            record(lane, variable, state.false_clauses);
            continue;
        }
        give(problem, weights, rule, &state, lane->false[given]);
        if (++given == state.false_clauses) {
            given = 0;
            state.spent += FLIP;
        }
    }
    lane->random[0] = state.random;
    counters[FALSE] = state.false_clauses;
    counters[GOOD] = state.good;
    counters[FLIPS] = flips;
    counters[GIVEN] = given;
    return state.spent;
}
