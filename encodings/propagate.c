// Unit propagation through clauses and XORs, and pure literals.
#include "clauses.h"

static inline void set_true(const struct propagation *state, int32_t code)
{
    int8_t *value = &state->values[code >> 1];
    if (*value < 0) {
        *value = !(code & 1);
        state->queue[state->progress[TAIL]++] = code;
    } else if (*value == (code & 1))
        state->progress[CONFLICT] = 1;
}

int64_t begin_propagation(const struct propagation *state, int64_t first, int64_t effort)
{
    int64_t clause = first;
    for (; clause < state->clauses && effort > 0; clause++) {
        int64_t begin = state->offsets[clause], end = state->offsets[clause + 1];
        int32_t sum = 0;
        for (int64_t j = begin; j < end; j++)
            sum ^= state->codes[j];
        state->left[clause] = end - begin;
        state->sums[clause] = sum;
        effort -= end - begin + 1;
        if (end - begin == 1)
            set_true(state, sum);
        else if (begin == end)
            state->progress[CONFLICT] = 1;
    }
    return clause;
}

// Look at an XOR of which a variable less is free than before.
static inline void look_at_row(const struct propagation *state, int64_t row)
{
    if (state->row_left[row] == 1)
        set_true(state, state->row_sums[row] << 1 | !state->row_odd[row]);
    else if (state->row_left[row] == 0 && state->row_odd[row])
        state->progress[CONFLICT] = 1;
}

void assume(const struct propagation *state, const int32_t *literals, int64_t assumed)
{
    for (int64_t i = 0; i < assumed; i++)
        set_true(state, literals[i]);
    for (int64_t row = 0; row < state->rows; row++)
        look_at_row(state, row);
}

int64_t propagate(const struct propagation *state, int64_t effort)
{
    int64_t *progress = state->progress;
    while (progress[HEAD] < progress[TAIL] && !progress[CONFLICT]) {
        int32_t code = state->queue[progress[HEAD]], v = code >> 1;
        const int32_t *clauses = state->occurrences + state->starts[2 * v];
        int64_t positive = state->starts[2 * v + 1] - state->starts[2 * v];
        int64_t clause_end = state->starts[2 * v + 2] - state->starts[2 * v];
        const int32_t *rows = state->row_occurrences + state->row_starts[v] - clause_end;
        int64_t end = clause_end + state->row_starts[v + 1] - state->row_starts[v];
        int64_t at = progress[AT], stop = end - at > effort ? at + effort : end;
        effort -= stop - at + 1;
        for (; at < stop && !progress[CONFLICT]; at++) {
            if (at >= clause_end) {
                int64_t row = rows[at];
                state->row_left[row]--;
                state->row_sums[row] ^= v;
                state->row_odd[row] ^= !(code & 1);
                look_at_row(state, row);
                continue;
            }
            int64_t clause = clauses[at];
            if ((at >= positive) == (code & 1)) {
                state->satisfied[clause] = 1;
                continue;
            }
            int32_t left = --state->left[clause];
            state->sums[clause] ^= code ^ 1;
            if (left > 1 || state->satisfied[clause])
                continue;
            if (left == 1)
                set_true(state, state->sums[clause]);
            else
                progress[CONFLICT] = 1;
        }
        if (at < end) {
            progress[AT] = at;
            return progress[CONFLICT];
        }
        progress[AT] = 0;
        progress[HEAD]++;
        if (effort <= 0)
            break;
    }
    return progress[CONFLICT] || progress[HEAD] == progress[TAIL];
}
