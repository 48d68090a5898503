// Groups of literals of which exactly one is true: a choice of disjoint ones, and the clauses in their light.
#include "clauses.h"

#define GRAIN 8   // keys for each conflict of a group of one, before any is chosen
#define NOW 64     // keys for each of these
#define NOW_GRAIN 16 // and for each conflict that a group of one has now

static inline int64_t size_of(const struct candidates *state, int64_t candidate)
{
    return state->begins[candidate + 1] - state->begins[candidate];
}

static inline int64_t key_of(const struct candidates *state, int64_t candidate)
{
    int64_t now = NOW_GRAIN * state->conflicts[candidate] / size_of(state, candidate);
    return state->rank[candidate] * NOW + (now < NOW ? now : NOW - 1);
}

static inline void insert(const struct candidates *state, int32_t candidate, int64_t key)
{
    int32_t head = state->heads[key];
    state->next[candidate] = head;
    state->previous[candidate] = -1;
    if (head >= 0)
        state->previous[head] = candidate;
    state->heads[key] = candidate;
}

static inline void remove_from(const struct candidates *state, int32_t candidate, int64_t key)
{
    int32_t next = state->next[candidate], previous = state->previous[candidate];
    if (previous >= 0)
        state->next[previous] = next;
    else
        state->heads[key] = next;
    if (next >= 0)
        state->previous[next] = previous;
}

// Decide that a candidate is not chosen: those that share variables with it have fewer conflicts.
static int64_t reject(const struct candidates *state, int32_t candidate, int64_t lowest)
{
    remove_from(state, candidate, key_of(state, candidate));
    state->conflicts[candidate] = -1;
    for (int64_t i = state->begins[candidate]; i < state->begins[candidate + 1]; i++) {
        int32_t variable = state->members[i];
        for (int64_t j = state->starts[variable]; j < state->starts[variable + 1]; j++) {
            int32_t other = state->occurrences[j];
            if (state->conflicts[other] < 0)
                continue;
            int64_t old = key_of(state, other);
            state->conflicts[other]--;
            int64_t key = key_of(state, other);
            if (key == old)
                continue;
            remove_from(state, other, old);
            insert(state, other, key);
            lowest = key < lowest ? key : lowest;
        }
    }
    return lowest;
}

// Rank a candidate by its conflicts before any is chosen: one that shares more than one variable with another
// counts by the square of these.
static void rank(const struct candidates *state, int32_t *shared, int64_t candidate, int64_t ranked)
{
    int64_t conflicts = 0, squares = 0;
    for (int turn = 0; turn < 2; turn++)
        for (int64_t i = state->begins[candidate]; i < state->begins[candidate + 1]; i++) {
            int32_t variable = state->members[i];
            for (int64_t j = state->starts[variable]; j < state->starts[variable + 1]; j++) {
                int32_t other = state->occurrences[j];
                if (other == candidate)
                    continue;
                if (turn == 0) {
                    shared[other]++;
                    conflicts++;
                } else {
                    squares += (int64_t)shared[other] * shared[other];
                    shared[other] = 0;
                }
            }
        }
    int64_t key = ranked ? GRAIN * squares / size_of(state, candidate) : 0;
    state->conflicts[candidate] = (int32_t)conflicts;
    state->rank[candidate] = (int32_t)(key < KEYS / NOW ? key : KEYS / NOW - 1);
}

void choose_groups(const struct candidates *state, int64_t ranked)
{
    for (int64_t candidate = 0; candidate < state->candidates; candidate++)
        state->next[candidate] = 0; // until there are lists: variables shared
    for (int64_t candidate = 0; candidate < state->candidates; candidate++)
        rank(state, state->next, candidate, ranked);
    for (int64_t candidate = state->candidates - 1; candidate >= 0; candidate--)
        insert(state, (int32_t)candidate, key_of(state, candidate));
    for (int64_t key = 0; key < KEYS;) {
        int32_t candidate = state->heads[key];
        if (candidate < 0) {
            key++;
            continue;
        }
        remove_from(state, candidate, key);
        state->conflicts[candidate] = -1;
        state->chosen[candidate] = 1;
        for (int64_t i = state->begins[candidate]; i < state->begins[candidate + 1]; i++) {
            int32_t variable = state->members[i];
            for (int64_t j = state->starts[variable]; j < state->starts[variable + 1]; j++)
                if (state->conflicts[state->occurrences[j]] >= 0)
                    key = reject(state, state->occurrences[j], key);
        }
    }
}

// Stamp the groups that a clause has a negated literal of; tell whether it has two of one.
static int stamp(const int32_t *codes, int64_t begin, int64_t end, const int32_t *group, int32_t *stamps,
                 int64_t clause)
{
    for (int64_t i = begin; i < end; i++) {
        int32_t negated = group[codes[i] ^ 1];
        if (negated >= 0 && stamps[negated] == clause)
            return 1;
        if (negated >= 0)
            stamps[negated] = (int32_t)clause;
    }
    return 0;
}

int64_t rewrite_for_groups(const int32_t *codes, int64_t entries, const int64_t *offsets, int64_t clauses,
                           const int32_t *group, int64_t variables, const uint8_t *structural, int64_t first,
                           int64_t effort, int32_t *stamps, int64_t groups, int32_t *kept, int64_t room,
                           int64_t *ends, int32_t *numbers, int64_t *written)
{
    (void)entries, (void)variables, (void)groups, (void)room;
    int64_t clause = first;
    for (; clause < clauses && effort > 0; clause++) {
        int64_t begin = offsets[clause], end = offsets[clause + 1], to = written[ENTRIES];
        effort -= end - begin + 1;
        if (structural[clause] || stamp(codes, begin, end, group, stamps, clause))
            continue;
        for (int64_t i = begin; i < end; i++) {
            int32_t own = group[codes[i]];
            if (own < 0 || stamps[own] != clause)
                kept[to++] = codes[i];
        }
        numbers[written[CLAUSES]] = (int32_t)clause;
        written[ENTRIES] = to;
        ends[++written[CLAUSES]] = to;
    }
    return clause;
}
