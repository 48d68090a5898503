// Pure literals: those whose negation is in no clause that is left.
#include "clauses.h"

int64_t count_left(const struct pure *state, int64_t first, int64_t effort)
{
    int64_t clause = first;
    for (; clause < state->clauses && effort > 0; clause++) {
        effort--;
        if (state->satisfied[clause])
            continue;
        for (int64_t j = state->offsets[clause]; j < state->offsets[clause + 1]; j++, effort--)
            state->counts[state->codes[j]]++;
    }
    return clause;
}

// Set the pure ones among the literals that a round has seen vanish.
static void next_level(const struct pure *state)
{
    int64_t *progress = state->progress;
    for (int64_t i = 0; i < progress[ZEROS]; i++) {
        int32_t code = state->zeros[i] ^ 1;
        if (state->counts[code] > 0 && state->values[code >> 1] < 0) {
            state->values[code >> 1] = !(code & 1);
            state->queue[progress[TAIL]++] = code;
        }
    }
    progress[ZEROS] = 0;
    progress[LEVEL] = progress[TAIL];
}

int64_t fix_pure(const struct pure *state, int64_t effort)
{
    int64_t *progress = state->progress;
    while (effort > 0) {
        if (progress[HEAD] == progress[LEVEL]) {
            effort -= progress[ZEROS];
            next_level(state);
            if (progress[HEAD] == progress[LEVEL])
                return 1;
        }
        int32_t code = state->queue[progress[HEAD]];
        int64_t at = state->starts[code] + progress[AT], end = state->starts[code + 1];
        for (effort--; at < end; at++) { // one at least: however little effort is left, there is progress
            if (at > state->starts[code] + progress[AT] && effort <= 0)
                break;
            effort--;
            int64_t clause = state->occurrences[at];
            if (state->satisfied[clause])
                continue;
            state->satisfied[clause] = 1;
            for (int64_t j = state->offsets[clause]; j < state->offsets[clause + 1]; j++, effort--)
                if (--state->counts[state->codes[j]] == 0)
                    state->zeros[progress[ZEROS]++] = state->codes[j];
        }
        progress[AT] = at - state->starts[code];
        if (at == end) {
            progress[AT] = 0;
            progress[HEAD]++;
        }
    }
    return 0;
}
