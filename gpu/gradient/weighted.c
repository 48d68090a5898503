// The weighted rule: descent on weighted clauses, weight transfer in local minima.
//
// A variable of positive margin is always in a false clause, so the list of these is all that a choice has to
// look at.
#include "weighted.h"
#include "transfer.h"

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

static inline int64_t gain_of(const struct weights *weights, const struct state *state, int64_t number)
{
    (void)state;
    return weights->margins[number];
}

static inline int64_t level_change(const struct weights *weights, const struct state *state, int64_t variable)
{
    (void)state;
    return weights->margins[variable] == 0 ? variable : -1;
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
            variable = best_of(weights, &state);
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
