// The GPU's kernel as a core runs it: one lane after the other, by no clock.
#pragma once
#include "team_run.h"

FN int64_t team_run_all(const struct team_problem *problem, const uint32_t *rule, const uint32_t *orders, int64_t active,
                        uint32_t *heads, uint32_t *states, int64_t stride, int kind)
{
    const struct team_problem_view view = {problem->offsets,     problem->literals, problem->starts,
                                           problem->occurrences, problem->others,   problem->shape};
    int64_t solved = 0;
    for (int64_t i = 0; i < active; i++) {
        const uint32_t *order = orders + ORDER * i;
        uint32_t *head = heads + HEAD * order[ORDER_LANE], *state = states + stride * order[ORDER_LANE];
        // Three copies, each for its kind.
        if (kind == SHORT)
            team_slice(&view, head, state, 0, rule, order, SHORT, 0, 0);
        else if (kind == WALK)
            team_slice(&view, head, state, 0, rule, order, WALK, 0, 0);
        else
            team_slice(&view, head, state, 0, rule, order, WEIGHTED, 0, 0);
        solved += head[HEAD_FALSE] == 0;
    }
    return solved;
}
