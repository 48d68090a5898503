// Weight transfer: in a local minimum every false clause takes weight from its heaviest true neighbour.
//
// Divide and distribute fixed weights (DDFW, Ishtaiq and others, 2005) with the linear transfer of Chowdhury,
// Codel and Heule (NFM 2023).
#pragma once
#include "weights.h"

#define NEIGHBOURS 64 // of a literal's clauses, how many are asked for weight
#define TRIES 100     // to find a random giver

// The constants of turbosat.gpu.rules.Weighted, in their order.
enum { CURRENT, BASE, FIRST, FIRST_BASE, SIDEWAYS, RANDOM };

typedef int32_t chunk __attribute__((vector_size(4 * CHUNK)));
typedef int32_t chunk_of_array __attribute__((vector_size(4 * CHUNK), aligned(4)));

// The heaviest of some occurrences so far, for each place of a chunk, and which it is.
struct heaviest {
    chunk weight, at;
};

// Return the first of the heaviest: literals in order, their occurrences in order.
static inline int64_t first_of(const struct problem *problem, const struct heaviest *heaviest, int64_t clause)
{
    int32_t most = -1, places = 0;
    int64_t found = -1;
    for (int i = 0; i < CHUNK; i++)
        most = heaviest->weight[i] > most ? heaviest->weight[i] : most;
    for (int i = 0; i < CHUNK && most >= 0; i++)
        if (heaviest->weight[i] == most) {
            found = heaviest->at[i];
            places++;
        }
    for (int64_t j = problem->offsets[clause]; places > 1 && j < problem->offsets[clause + 1]; j++) {
        int64_t begin = problem->starts[problem->literals[j]], end = problem->starts[problem->literals[j] + 1];
        int64_t first = end;
        for (int i = 0; i < CHUNK; i++)
            if (heaviest->weight[i] == most && heaviest->at[i] >= begin && heaviest->at[i] < first)
                first = heaviest->at[i];
        if (first < end)
            return first;
    }
    return found;
}

// Return where the heaviest true neighbour of a clause (of those asked) occurs, or -1.
static inline int64_t giver(const struct problem *problem, const struct weights *weights, struct state *state,
                            int64_t clause)
{
    const chunk places = {0, 1, 2, 3, 4, 5, 6, 7};
    struct heaviest heaviest = {(chunk){0} - 1, (chunk){0}};
    for (int64_t j = problem->offsets[clause]; j < problem->offsets[clause + 1]; j++) {
        int32_t literal = problem->literals[j];
        int64_t begin = problem->starts[literal], end = problem->starts[literal + 1];
        if (end - begin > NEIGHBOURS) {
            begin += below(draw(state), end - begin - NEIGHBOURS + 1);
            end = begin + NEIGHBOURS;
        }
        state->spent += end - begin;
        for (int64_t i = begin; i < end; i += CHUNK) {
            chunk weight = *(const chunk_of_array *)(weights->weights + i);
            chunk more = (weight > heaviest.weight) & (places < (int32_t)(end - i));
            heaviest.weight = (more & weight) | (~more & heaviest.weight);
            heaviest.at = (more & (places + (int32_t)i)) | (~more & heaviest.at);
        }
    }
    return first_of(problem, &heaviest, clause);
}

// Move weight from a true neighbour, or from any true clause, to a false clause.
static inline void give(const struct problem *problem, const struct weights *weights, const int64_t *rule,
                        struct state *state, int32_t clause)
{
    int64_t from = giver(problem, weights, state, clause); // an occurrence
    state->spent += problem->offsets[clause + 1] - problem->offsets[clause];
    draw(state);
    if (from < 0 || weights->weights[from] < WEIGHT_ONE || below(state->random, 1024) < rule[RANDOM])
        for (int turn = 0; turn < TRIES; turn++) {
            int64_t other = below(draw(state), problem->clauses);
            if (weight_of(problem, weights, other) >= WEIGHT_ONE) {
                from = weights->slots[problem->offsets[other]];
                break;
            }
        }
    int32_t own = ~weight_of(problem, weights, clause);
    if (from < 0 || own > WEIGHT_MAX)
        return;
    int64_t weight = weights->weights[from];
    int64_t amount = weight > WEIGHT_ONE ? (weight * rule[CURRENT] >> 10) + rule[BASE]
                                         : (weight * rule[FIRST] >> 10) + rule[FIRST_BASE];
    amount = least(amount, weight);
    int32_t source = problem->occurrences[from];
    for (int64_t i = problem->offsets[source]; i < problem->offsets[source + 1]; i++)
        weights->weights[weights->slots[i]] = (int32_t)(weight - amount);
    int64_t word = weights->words[source];
    if (word < 2 * ONE)
        change(weights, state, word & LOW, amount);
    spread(problem, weights, state, clause, ~(own + (int32_t)amount), amount);
}
