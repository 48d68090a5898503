// Which variables to try as inputs: those in the shortest unknown parts of clauses and XORs.
#include "state.h"

int64_t add_scores(const struct problem *problem, const struct state *state, int64_t first, int64_t effort,
                   double *restrict scores)
{
    int64_t item = first;
    for (; item < problem->clauses + problem->rows && effort > 0; item++, effort--) {
        int64_t row = item - problem->clauses;
        int32_t unknown = row < 0 ? state->unknown[item] : state->row_unknown[row];
        if (unknown <= 1)
            continue;
        double share = halved((unknown < 60 ? unknown : 60) - (row >= 0));
        const int64_t *offsets = row < 0 ? problem->offsets + item : problem->row_offsets + row;
        for (int64_t at = offsets[0]; at < offsets[1]; at++)
            scores[row < 0 ? problem->codes[at] >> 1 : problem->row_variables[at]] += share;
        effort -= offsets[1] - offsets[0];
    }
    return item;
}

int64_t best_scores(const struct state *state, const uint8_t *allowed, const double *scores, int64_t first,
                    int64_t last, int32_t *chosen, int64_t found)
{
    for (int64_t v = first; v < last; v++) {
        if (state->rank[v] >= 0 || !allowed[v])
            continue;
        int64_t place = found;
        while (place > 0 && scores[chosen[place - 1]] < scores[v])
            place--;
        if (place == CANDIDATES)
            continue;
        found += found < CANDIDATES;
        memmove(chosen + place + 1, chosen + place, (found - place - 1) * sizeof *chosen);
        chosen[place] = v;
    }
    return found;
}
