// A slice of a lane: its state is taken up, it runs until something is spent, its state is put down.
//
// On a GPU the parts that INSIDE names are in shared memory meanwhile; the list is there until it is too long.
#pragma once
#include "team_weighted.h"

#define LOOKS 16 // steps between two looks at the clock
#ifndef INSIDE
#define INSIDE 0
#endif

// Copy words.
FN void team_copy(uint32_t *to, const uint32_t *from, uint32_t words)
{
    for (uint32_t base = 0; base < words; base += W)
        EACH(t)
            if (base + t < words)
                to[base + t] = from[base + t];
}

// Where a part of the state is while the lane runs: `shared` is where the next part in shared memory would be.
FN uint32_t *team_part(const struct team_problem_view *problem, uint32_t *state, uint32_t **shared, int part)
{
    uint32_t *home = state + fixed(problem->shape, FIRST_PART + part), *here = *shared;
    if (!(INSIDE >> part & 1))
        return home;
    *shared += fixed(problem->shape, FIRST_PART + PARTS + part);
    return here;
}

// Copy the parts in shared memory from their home, or back.
FN void team_carry(const struct team_problem_view *problem, struct team_lane *lane, uint32_t *state, int back)
{
    uint32_t *parts[PARTS] = {lane->values, lane->list, (uint32_t *)lane->margins, lane->words,
                              (uint32_t *)lane->weights};
    for (int part = 0; part < PARTS; part++) {
        uint32_t *home = state + fixed(problem->shape, FIRST_PART + part);
        if (!(INSIDE >> part & 1) || parts[part] == home)
            continue;
        uint32_t words = fixed(problem->shape, FIRST_PART + PARTS + part);
        team_copy(back ? home : parts[part], back ? parts[part] : home, words);
    }
    SYNC();
}

FN void team_slice(const struct team_problem_view *problem, uint32_t *head, uint32_t *state, uint32_t *shared,
                   const uint32_t *rule, const uint32_t *order, int kind, uint64_t deadline,
                   const volatile uint32_t *solved)
{
    struct team_limits limits = {order[ORDER_EFFORT], order[ORDER_FLIPS]};
    struct team_lane lane;
    lane.kept = state + fixed(problem->shape, KEPT);
    lane.values = team_part(problem, state, &shared, PART_VALUES);
    lane.list = team_part(problem, state, &shared, PART_LIST);
    lane.margins = (int32_t *)team_part(problem, state, &shared, PART_MARGINS);
    lane.words = team_part(problem, state, &shared, PART_WORDS);
    lane.weights = (uint16_t *)team_part(problem, state, &shared, PART_WEIGHTS);
    lane.outside = state + fixed(problem->shape, FIRST_PART + PART_LIST);
    lane.capacity = fixed(problem->shape, FIRST_PART + PARTS + PART_LIST) / (kind == SHORT ? 2 : 1);
    lane.random = (uint64_t)head[HEAD_RANDOM + 1] << 32 | head[HEAD_RANDOM];
    lane.false_clauses = head[HEAD_FALSE];
    lane.best = head[HEAD_BEST];
    lane.unsaved = head[HEAD_UNSAVED];
    lane.flips = lane.effort = 0;
    lane.deadline = deadline;
    lane.solved = solved;
    uint32_t fresh = head[HEAD_FRESH];
    if (fresh)
        lane.false_clauses = 0;
    if (!(INSIDE >> PART_LIST & 1) || lane.false_clauses > lane.capacity) {
        lane.list = lane.outside;
        lane.capacity = ALL_CLAUSES;
    }
    team_carry(problem, &lane, state, 0);
    if (fresh)
        team_begin(problem, &lane, kind);
    lane.least = lane.false_clauses;
    for (uint32_t step = 1; lane.effort < limits.effort && lane.flips < limits.flips && lane.false_clauses; step++) {
        if (kind == SHORT)
            team_step_short(problem, &lane, rule);
        else if (kind == WALK)
            team_step_walk(problem, &lane, rule);
        else
            team_step_weighted(problem, &lane, rule);
        if (step % LOOKS == 0 && team_over(&lane))
            break;
    }
    SYNC();
    if (lane.unsaved)
        team_keep(problem, &lane, 0, 0u);
    team_carry(problem, &lane, state, 1);
    LEADER {
        head[HEAD_RANDOM] = (uint32_t)lane.random;
        head[HEAD_RANDOM + 1] = (uint32_t)(lane.random >> 32);
        head[HEAD_FALSE] = lane.false_clauses;
        head[HEAD_BEST] = lane.best;
        head[HEAD_UNSAVED] = lane.unsaved;
        head[HEAD_LEAST] = lane.least;
        head[HEAD_FLIPS] = lane.flips;
        head[HEAD_EFFORT] = lane.effort;
        head[HEAD_FRESH] = 0;
    }
}
