// What follows from the known variables (the rules and their proof are in turbosat.encodings.support.compilation).
#include "state.h"

int64_t count_unknown(const struct problem *problem, const struct state *state, int64_t first, int64_t effort)
{
    int64_t item = first;
    for (; item < problem->clauses + problem->rows && effort > 0; item++) {
        int64_t row = item - problem->clauses;
        const int64_t *offsets = row < 0 ? problem->offsets + item : problem->row_offsets + row;
        int32_t last = 0;
        for (int64_t entry = offsets[0]; entry < offsets[1]; entry++)
            if (row < 0) {
                last ^= problem->codes[entry];
                state->open[problem->codes[entry]]++;
            } else
                last ^= problem->row_variables[entry];
        *(row < 0 ? state->unknown + item : state->row_unknown + row) = offsets[1] - offsets[0];
        *(row < 0 ? state->last + item : state->row_last + row) = last;
        effort -= offsets[1] - offsets[0] + 1;
    }
    return item;
}

void open_up(const struct problem *problem, const struct state *state, int64_t first, int64_t last)
{
    for (int64_t v = first; v < last; v++)
        if (state->rank[v] < 0 && !problem->bound[v]) {
            if (state->open[2 * v] == 0)
                settle(state, v, LEAST, NONE);
            else if (state->open[2 * v + 1] == 0)
                settle(state, v, GREATEST, NONE);
        }
}

// Count a test; after the first few only those at powers of two are made.
static inline int may_test(const struct state *state, int32_t y)
{
    int32_t tests = ++state->tests[y];
    return tests <= TESTS || (tests & (tests - 1)) == 0;
}

static inline void spread_to_row(const struct state *state, int32_t v, int64_t row)
{
    state->row_unknown[row]--;
    state->row_last[row] ^= v;
    if (state->row_unknown[row] == 1 && state->rank[state->row_last[row]] < 0)
        settle(state, state->row_last[row], ROW, row);
}

// Look at a clause of a literal whose variable has become known; return what that took.
static inline int64_t spread_to_clause(const struct problem *problem, const struct state *state, int32_t code,
                                       int64_t clause)
{
    state->last[clause] ^= code;
    if (--state->unknown[clause] != 1)
        return 1;
    int32_t literal = state->last[clause], y = literal >> 1;
    int64_t others = problem->offsets[clause + 1] - problem->offsets[clause] - 1, work = 1;
    state->open[literal]--;
    state->weight[y] += halved(others < 1000 ? others : 1000);
    if (state->rank[y] >= 0)
        return work;
    if (state->weight[y] >= 1.0 && may_test(state, y)) {
        work += 4 * (problem->starts[2 * y + 2] - problem->starts[2 * y]);
        if (forced(problem, state, y)) {
            settle(state, y, EXACT, NONE);
            return work;
        }
    }
    if (state->open[literal] == 0 && !problem->bound[y])
        settle(state, y, literal & 1 ? GREATEST : LEAST, NONE);
    return work;
}

// Look at the XORs and clauses of variables that have become known; whether that is done.
static int spread(const struct problem *problem, const struct state *state, int64_t *effort)
{
    int64_t *counters = state->counters;
    while (counters[DONE] < counters[KNOWN]) {
        int32_t v = state->order[counters[DONE]];
        int64_t rows = problem->row_starts[v + 1] - problem->row_starts[v];
        const int32_t *clauses = problem->occurrences + problem->starts[2 * v] - rows;
        int64_t middle = rows + problem->starts[2 * v + 1] - problem->starts[2 * v];
        int64_t end = rows + problem->starts[2 * v + 2] - problem->starts[2 * v], at = counters[AT];
        for (; at < end && *effort > 0; at++)
            if (at < rows) {
                spread_to_row(state, v, problem->rows_of[problem->row_starts[v] + at]);
                --*effort;
            } else
                *effort -= spread_to_clause(problem, state, 2 * v + (at >= middle), clauses[at]);
        counters[AT] = at;
        if (at < end)
            return 0;
        counters[AT] = 0;
        counters[DONE]++;
        --*effort;
    }
    return 1;
}

// Give new pivots to the rows whose pivots have become known; whether that is done.
static int renew_pivots(const struct problem *problem, const struct state *state, int64_t *effort)
{
    int64_t *counters = state->counters;
    for (; counters[HIDDEN] < counters[KNOWN]; counters[HIDDEN]++) {
        int32_t column = problem->column[state->order[counters[HIDDEN]]];
        if (column >= 0)
            state->hidden[column >> 6] &= ~((uint64_t)1 << (column & 63));
    }
    for (; counters[AT] < state->sums; counters[AT]++) {
        int32_t pivot = state->pivot[counters[AT]];
        if (pivot < 0 || state->rank[problem->variable[pivot]] < 0)
            continue;
        if (*effort <= 0)
            return 0;
        choose_pivot(state, counters[AT]);
        *effort -= state->sums * (state->words + 1) / 4;
    }
    counters[AT] = 0;
    return 1;
}

// Settle a variable that is alone unknown in a sum of XORs; whether there is one.
static int settle_sum(const struct problem *problem, const struct state *state, int64_t *effort)
{
    for (int64_t row = 0; row < state->sums; row++) {
        const uint64_t *sum = state->matrix + row * (state->words + 1);
        int32_t pivot = state->pivot[row];
        int left = 0;
        if (pivot < 0)
            continue;
        for (int64_t word = 0; word < state->words && left < 2; word++) {
            uint64_t bits = sum[word] & state->hidden[word];
            left += bits != 0;
            if (bits & (bits - 1))
                left = 2;
            --*effort;
        }
        if (left != 1)
            continue;
        int64_t number = state->counters[DENSE_ROWS]++;
        memcpy(state->dense + number * (state->words + 1), sum, (state->words + 1) * sizeof *sum);
        settle(state, problem->variable[pivot], DENSE, number);
        return 1; // what follows from sparse XORs is cheaper to compute
    }
    return 0;
}

// As close_over, with what is left of the effort.
static int closed(const struct problem *problem, const struct state *state, int64_t *effort)
{
    int64_t *counters = state->counters;
    for (;;) {
        if (counters[STAGE] == SPREADING) {
            if (!spread(problem, state, effort))
                return 0;
            if (state->sums == 0)
                return 1;
            counters[STAGE] = PIVOTING;
        }
        if (!renew_pivots(problem, state, effort))
            return 0;
        counters[STAGE] = SPREADING;
        if (!settle_sum(problem, state, effort))
            return 1;
    }
}

int64_t close_over(const struct problem *problem, const struct state *state, int64_t effort)
{
    return closed(problem, state, &effort);
}

int64_t try_input(const struct problem *problem, const struct state *state, const struct state *trial,
                  int64_t variable, int64_t effort)
{
    copy_state(state, trial);
    settle(trial, variable, INPUT, NONE);
    return closed(problem, trial, &effort);
}

int64_t cover(const struct problem *problem, const struct state *state, const int32_t *order, int64_t candidates,
              int64_t limit, int64_t effort)
{
    int64_t *counters = state->counters;
    for (;;) {
        if (!closed(problem, state, &effort))
            return 0;
        while (counters[PLACE] < candidates && state->rank[order[counters[PLACE]]] >= 0)
            counters[PLACE]++;
        if (counters[PLACE] == candidates || ++counters[TAKEN] > limit)
            return 1;
        settle(state, order[counters[PLACE]++], INPUT, NONE);
    }
}
