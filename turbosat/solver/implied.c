// Unit propagation over the clauses as they were added, whatever CaDiCaL has made of them.
#include "cadical.h"
#include <stdbool.h>

static int64_t code_of(int32_t literal) { return literal > 0 ? 2 * ((int64_t)literal - 1) : 2 * (-(int64_t)literal - 1) + 1; }

void list_occurrences(const struct implications *state, int64_t last)
{
    int64_t *starts = state->starts;
    for (int64_t at = 0; at < last; at++)
        if (state->literals[at])
            starts[code_of(state->literals[at])]++;
    int64_t sum = 0;
    for (int64_t code = 0; code <= 2 * state->variables; code++) { // starts become ends ...
        sum += starts[code];
        starts[code] = sum;
    }
    int64_t end = last;
    while (end > 0) { // ... and, clause by clause from the last one, starts
        int64_t begin = end - 1;
        while (begin > 0 && state->literals[begin - 1])
            begin--;
        for (int64_t at = begin; state->literals[at]; at++)
            state->occurrences[--starts[code_of(state->literals[at])]] = begin;
        end = begin;
    }
}

// Set a literal; false if it is false already.
static bool set_true(const struct implications *state, int32_t literal)
{
    int8_t *value = &state->values[(literal > 0 ? literal : -literal) - 1], wanted = literal > 0 ? 1 : -1;
    if (*value)
        return *value == wanted;
    *value = wanted;
    state->queue[state->positions[TAIL]++] = literal;
    return true;
}

int64_t set_units(const struct implications *state, int64_t last)
{
    for (int64_t at = 0, begin = 0; at < last; at++) {
        if (state->literals[at])
            continue;
        if (at == begin || (at == begin + 1 && !set_true(state, state->literals[begin])))
            return 0;
        begin = at + 1;
    }
    return 1;
}

int64_t imply(const struct implications *state, int64_t literal)
{
    int64_t *positions = state->positions;
    if (literal && !set_true(state, (int32_t)literal))
        return 0;
    while (positions[HEAD] < positions[TAIL]) {
        int64_t code = code_of(-state->queue[positions[HEAD]++]);
        for (int64_t place = state->starts[code]; place < state->starts[code + 1]; place++) {
            int32_t open = 0;
            bool settled = false; // it holds, or may in two ways
            for (const int32_t *at = state->literals + state->occurrences[place]; *at && !settled; at++) {
                int8_t value = state->values[(*at > 0 ? *at : -*at) - 1];
                if (value == (*at > 0 ? 1 : -1) || (!value && open && open != *at))
                    settled = true;
                else if (!value)
                    open = *at;
            }
            if (!settled && !(open && set_true(state, open)))
                return 0;
        }
    }
    return 1;
}
