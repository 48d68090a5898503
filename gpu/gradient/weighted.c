// The weighted rule: descent on weighted clauses, weight transfer in local minima.
#include "lane.h"

#define SAMPLES 64    // with more candidates than these, the best of a random sample is taken
#define NEIGHBOURS 64 // of a literal's clauses, how many are asked for weight

static inline int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

// Compute all margins, and the variables of positive margin, from clause words and weights.
void weigh(const struct problem *problem, const struct lane *lane)
{
    for (int64_t v = 0; v < lane->variables; v++)
        lane->margins[v] = 0;
    for (int64_t c = 0; c < lane->clauses; c++) {
        int64_t word = lane->words[c], weight = lane->weights[c];
        if (word < ONE) {
            for (int64_t i = problem->offsets[c]; i < problem->offsets[c + 1]; i++)
                lane->margins[problem->literals[i] >> 1] += weight;
        } else if (word < 2 * ONE)
            lane->margins[word & LOW] -= weight;
    }
    int64_t good = 0;
    for (int64_t v = 0; v < lane->variables; v++) {
        lane->place[v] = -1;
        if (lane->margins[v] > 0) {
            lane->good[good] = (int32_t)v;
            lane->place[v] = (int32_t)good++;
        }
    }
    lane->counters[GOOD] = good;
}

// Add to a margin and keep the list of positive ones; return its length.
static inline int64_t change(const struct lane *lane, int64_t variable, int64_t amount, int64_t good)
{
    int64_t margin = lane->margins[variable] + amount;
    lane->margins[variable] = margin;
    int32_t place = lane->place[variable];
    if (margin > 0) {
        if (place < 0) {
            lane->place[variable] = (int32_t)good;
            lane->good[good++] = (int32_t)variable;
        }
    } else if (place >= 0) {
        int32_t last = lane->good[--good];
        lane->good[place] = last;
        lane->place[last] = place;
        lane->place[variable] = -1;
    }
    return good;
}

// A descent as it runs.
struct state {
    uint64_t random;
    int64_t false_clauses, good, spent;
};

static inline uint64_t draw(struct state *state)
{
    return state->random = step(state->random);
}

// Flip a variable.
static inline void flip(const struct problem *problem, const struct lane *lane, int64_t variable, struct state *state)
{
    const int64_t *offsets = problem->offsets;
    const int32_t *literals = problem->literals, *occurrences = problem->occurrences;
    const uint64_t *starts = problem->starts;
    int64_t *words = lane->words;
    int32_t *weights = lane->weights, *false_list = lane->false;
    int64_t false_clauses = state->false_clauses, good = state->good;
    lane->values[variable] ^= 1;
    int64_t made = 2 * variable + 1 - lane->values[variable]; // the literal that becomes true
    int64_t lost = made ^ 1;
    int64_t spent = FLIP + (int64_t)(starts[2 * variable + 2] - starts[2 * variable]);
    for (uint64_t i = starts[made]; i < starts[made + 1]; i++) {
        int32_t c = occurrences[i];
        int64_t word = words[c];
        if (word < ONE) { // was false: nobody can make it any more, the variable alone can break it
            int32_t last = false_list[--false_clauses];
            false_list[word] = last;
            words[last] = word;
            words[c] = ONE | variable;
            int64_t weight = weights[c];
            for (int64_t j = offsets[c]; j < offsets[c + 1]; j++)
                good = change(lane, literals[j] >> 1, -weight, good);
            good = change(lane, variable, -weight, good);
            spent += offsets[c + 1] - offsets[c];
        } else {
            words[c] = (word + ONE) ^ variable;
            if (word < 2 * ONE)
                good = change(lane, word & LOW, weights[c], good);
        }
    }
    for (uint64_t i = starts[lost]; i < starts[lost + 1]; i++) {
        int32_t c = occurrences[i];
        int64_t word = (words[c] - ONE) ^ variable;
        if (word < ONE) { // now false
            words[c] = false_clauses;
            false_list[false_clauses++] = c;
            int64_t weight = weights[c];
            for (int64_t j = offsets[c]; j < offsets[c + 1]; j++)
                good = change(lane, literals[j] >> 1, weight, good);
            good = change(lane, variable, weight, good);
            spent += offsets[c + 1] - offsets[c];
        } else {
            words[c] = word;
            if (word < 2 * ONE)
                good = change(lane, word & LOW, -(int64_t)weights[c], good);
        }
    }
    state->false_clauses = false_clauses;
    state->good = good;
    state->spent += spent;
}

// Return a variable of the largest margin, ties broken at random.
static inline int64_t best_variable(const struct lane *lane, struct state *state)
{
    int64_t chosen = -1, most = 0, good = state->good;
    if (good <= SAMPLES) {
        int64_t first = below(draw(state), good); // the round begins anywhere, so that the first of equals is a fair one
        for (int64_t turn = 0; turn < good; turn++) {
            int64_t place = first + turn;
            if (place >= good)
                place -= good;
            int32_t variable = lane->good[place];
            if (lane->margins[variable] > most) {
                most = lane->margins[variable];
                chosen = variable;
            }
        }
    } else
        for (int64_t turn = 0; turn < SAMPLES; turn++) {
            int32_t variable = lane->good[below(draw(state), good)];
            if (lane->margins[variable] > most) {
                most = lane->margins[variable];
                chosen = variable;
            }
        }
    return chosen;
}

// Return a variable of margin 0 in a false clause, or -1.
static inline int64_t level_variable(const struct problem *problem, const struct lane *lane, struct state *state)
{
    for (int64_t turn = least(state->false_clauses, SAMPLES); turn > 0; turn--) {
        int32_t c = lane->false[below(draw(state), state->false_clauses)];
        int64_t begin = problem->offsets[c], end = problem->offsets[c + 1];
        int64_t shift = below(draw(state), end - begin);
        for (int64_t i = 0; i < least(end - begin, SAMPLES); i++) {
            int64_t entry = begin + shift + i;
            if (entry >= end)
                entry -= end - begin;
            int32_t variable = problem->literals[entry] >> 1;
            if (lane->margins[variable] == 0)
                return variable;
        }
    }
    return -1;
}

// Return the heaviest true neighbour of a clause (of those asked), or -1.
static inline int64_t giver(const struct problem *problem, const struct lane *lane, int32_t clause, struct state *state)
{
    int64_t heaviest = -1, most = -1;
    for (int64_t j = problem->offsets[clause]; j < problem->offsets[clause + 1]; j++) {
        int32_t literal = problem->literals[j];
        int64_t begin = (int64_t)problem->starts[literal], end = (int64_t)problem->starts[literal + 1];
        if (end - begin > NEIGHBOURS) {
            begin += below(draw(state), end - begin - NEIGHBOURS + 1);
            end = begin + NEIGHBOURS;
        }
        state->spent += end - begin;
        for (int64_t i = begin; i < end; i++) {
            int32_t other = problem->occurrences[i];
            if (lane->weights[other] > most && lane->words[other] >= ONE) {
                most = lane->weights[other];
                heaviest = other;
            }
        }
    }
    return heaviest;
}

// Move weight from true neighbours to every false clause.
static void transfer(const struct problem *problem, const struct lane *lane, const int64_t *rule, struct state *state)
{
    const int64_t current = rule[0], base = rule[1], first = rule[2], first_base = rule[3], chance = rule[5];
    int32_t *weights = lane->weights;
    int64_t good = state->good;
    for (int64_t index = 0; index < state->false_clauses; index++) {
        int32_t c = lane->false[index];
        int64_t source = giver(problem, lane, c, state);
        state->spent += problem->offsets[c + 1] - problem->offsets[c];
        draw(state);
        if (source < 0 || weights[source] < WEIGHT_ONE || below(state->random, 1024) < chance)
            for (int turn = 0; turn < 100; turn++) {
                int64_t other = below(draw(state), lane->clauses);
                if (lane->words[other] >= ONE && weights[other] >= WEIGHT_ONE) {
                    source = other;
                    break;
                }
            }
        if (source < 0 || weights[c] > WEIGHT_MAX)
            continue;
        int64_t weight = weights[source];
        int64_t amount = weight > WEIGHT_ONE ? (weight * current >> 10) + base : (weight * first >> 10) + first_base;
        amount = least(amount, weight);
        weights[source] -= (int32_t)amount;
        weights[c] += (int32_t)amount;
        int64_t word = lane->words[source];
        if (word < 2 * ONE)
            good = change(lane, word & LOW, amount, good);
        for (int64_t i = problem->offsets[c]; i < problem->offsets[c + 1]; i++)
            good = change(lane, problem->literals[i] >> 1, amount, good);
    }
    state->good = good;
    state->spent += FLIP;
}

int64_t descend(const struct problem *problem, const struct lane *lane, const int64_t *rule, int64_t effort, int64_t until)
{
    int64_t *counters = lane->counters;
    struct state state = {lane->random[0], counters[FALSE], counters[GOOD], 0};
    int64_t flips = counters[FLIPS], sideways = rule[4];
    while (state.spent < effort && state.false_clauses > 0 && flips < until) {
        int64_t variable = -1;
        if (state.good > 0) {
            variable = best_variable(lane, &state);
            state.spent += least(state.good, SAMPLES);
        } else if (below(draw(&state), 1024) < sideways)
            variable = level_variable(problem, lane, &state);
        if (variable < 0) {
            transfer(problem, lane, rule, &state);
            continue;
        }
        flip(problem, lane, variable, &state);
        flips++;
        record(lane, variable, state.false_clauses);
    }
    lane->random[0] = state.random;
    counters[FALSE] = state.false_clauses;
    counters[GOOD] = state.good;
    counters[FLIPS] = flips;
    return state.spent;
}
