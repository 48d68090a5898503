// The weighted rule on groups of literals of which exactly one is true: a move makes another one true.
//
// What moves is a unit: a group, from its current literal to its rival, the one of the largest margin among the
// others; or a variable that is in no group, which flips. A unit's gain is the sum of the margins of what flips.
// No clause has literals of a group and a negated one, nor two of these (turbosat.encodings.groups), so a move
// gains that much at least.
#include "weighted.h"
#include "transfer.h"
#include "units.h"

static inline int64_t gain_of(const struct weights *weights, const struct state *state, int64_t unit)
{
    const struct groups *groups = state->groups;
    int64_t gain = weights->margins[groups->current[unit]];
    return unit < groups->groups ? gain + weights->margins[groups->rivals[unit]] : gain;
}

// Put a unit on the list of those that gain, or take it off.
static inline void enrol(const struct weights *weights, struct state *state, int64_t unit)
{
    int32_t gains = gain_of(weights, state, unit) > 0;
    if (gains == state->groups->gains[unit])
        return;
    state->groups->gains[unit] = (uint8_t)gains;
    if (gains)
        enlist(weights, state, unit);
    else
        strike(weights, state, unit);
}

// Let a group wait until its rival is found anew.
static inline void wait_for(struct state *state, int64_t unit)
{
    const struct groups *groups = state->groups;
    if (!groups->waits[unit]) {
        groups->waits[unit] = 1;
        groups->queue[state->waiting++] = (int32_t)unit;
    }
}

static inline void noted(const struct weights *weights, struct state *state, int64_t variable, int64_t old)
{
    const struct groups *groups = state->groups;
    int64_t unit = groups->unit[variable], margin = weights->margins[variable];
    if (unit < groups->groups) {
        if (groups->waits[unit])
            return;
        if (variable != groups->current[unit]) {
            int32_t rival = groups->rivals[unit];
            if (variable == rival && margin < old) {
                wait_for(state, unit);
                return;
            }
            if (variable != rival && margin <= weights->margins[rival])
                return;
            groups->rivals[unit] = (int32_t)variable;
        }
    }
    enrol(weights, state, unit);
}

// Find the rivals of the groups that wait, ties broken at random.
static inline void find_rivals(const struct weights *weights, struct state *state)
{
    const struct groups *groups = state->groups;
    for (int64_t i = 0; i < state->waiting; i++) {
        int64_t unit = groups->queue[i], begin = groups->begins[unit], end = groups->begins[unit + 1];
        int64_t place = begin + below(draw(state), end - begin), rival = -1;
        for (int64_t turn = begin; turn < end; turn++) {
            int32_t variable = groups->members[place] >> 1;
            if (variable != groups->current[unit] &&
                (rival < 0 || weights->margins[variable] > weights->margins[rival]))
                rival = variable;
            if (++place == end)
                place = begin;
        }
        state->spent += end - begin;
        groups->waits[unit] = 0;
        groups->rivals[unit] = (int32_t)rival;
        enrol(weights, state, unit);
    }
    state->waiting = 0;
}

void weigh_groups(const struct problem *problem, const struct lane *lane, const struct weights *weights,
                  const struct groups *groups, int64_t first, int64_t last)
{
    if (first == 0) {
        conform(lane, groups->begins, groups->members, groups->groups, groups->current);
        for (int64_t unit = 0; unit < groups->groups; unit++)
            groups->current[unit] = groups->members[groups->current[unit]] >> 1;
    }
    count_weighted(problem, lane, weights, first, last);
    if (last < problem->clauses)
        return;
    struct state state = {lane->random[0], 0, 0, 0, groups, 0};
    for (int64_t unit = 0; unit < groups->units; unit++)
        groups->gains[unit] = 0;
    for (int64_t unit = 0; unit < groups->groups; unit++) {
        groups->waits[unit] = 0;
        wait_for(&state, unit);
    }
    find_rivals(weights, &state);
    for (int64_t v = 0; v < lane->variables; v++)
        if (groups->unit[v] >= groups->groups) {
            groups->current[groups->unit[v]] = (int32_t)v;
            enrol(weights, &state, groups->unit[v]);
        }
    lane->counters[GOOD] = state.good;
    lane->random[0] = state.random;
}

// Flip what a unit's move flips; return how many flips that were.
static inline int64_t move(const struct problem *problem, const struct lane *lane, const struct weights *weights,
                           struct state *state, int64_t unit, int64_t variable)
{
    const struct groups *groups = state->groups;
    int64_t flips = 1;
    if (unit < groups->groups) {
        int32_t left = groups->current[unit];
        wait_for(state, unit);
        groups->current[unit] = (int32_t)variable;
        flip(problem, lane, weights, state, left);
        trace(lane, left);
        flips = 2;
    }
    flip(problem, lane, weights, state, variable);
    record(lane, variable, state->false_clauses);
    return flips;
}

// Return the variable to become true, or to flip, for a literal of a false clause, if that gains 0; else -1.
static inline int64_t level_change(const struct weights *weights, const struct state *state, int64_t variable)
{
    const struct groups *groups = state->groups;
    int64_t unit = groups->unit[variable], current = groups->current[unit];
    if (variable == current)
        return gain_of(weights, state, unit) == 0 ? (unit < groups->groups ? groups->rivals[unit] : current) : -1;
    return weights->margins[variable] + weights->margins[current] == 0 ? variable : -1;
}

int64_t descend_groups(const struct problem *problem, const struct lane *lane, const struct weights *weights,
                       const struct groups *groups, const int64_t *rule, int64_t effort, int64_t until)
{
    int64_t *counters = lane->counters;
    struct state state = {lane->random[0], counters[FALSE], counters[GOOD], 0, groups, 0};
    int64_t flips = counters[FLIPS], given = counters[GIVEN];
    while (state.spent < effort && state.false_clauses > 0 && flips < until) {
        int64_t variable = -1;
        if (given == 0 && state.good > 0) {
            state.spent += least(state.good, SAMPLES);
            int64_t unit = best_of(weights, &state);
            variable = unit < groups->groups ? groups->rivals[unit] : groups->current[unit];
        } else if (given == 0 && below(draw(&state), 1024) < rule[SIDEWAYS])
            variable = level_variable(problem, lane, weights, &state);
        if (variable >= 0)
            flips += move(problem, lane, weights, &state, groups->unit[variable], variable);
        else {
            give(problem, weights, rule, &state, lane->false[given]);
            if (++given == state.false_clauses) {
                given = 0;
                state.spent += FLIP;
            }
        }
        find_rivals(weights, &state);
    }
    lane->random[0] = state.random;
    counters[FALSE] = state.false_clauses;
    counters[GOOD] = state.good;
    counters[FLIPS] = flips;
    counters[GIVEN] = given;
    return state.spent;
}
