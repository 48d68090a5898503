// A lane that a team runs: its state, its beginning, its best values.
#pragma once
#include "team.h"

#define TEAM_SHIFT 24 // of a clause word: above, how many literals are true
#define TEAM_ONE (1u << TEAM_SHIFT)
#define TEAM_LOW (TEAM_ONE - 1u) // below, the XOR of their variables; of a false clause its place in the list

// The problem as all lanes read it, and where a lane's parts are in its state.
struct team_problem_view {
    const uint32_t *offsets, *literals, *starts, *occurrences, *others, *shape;
};

// A lane that is running. All but the pointers is the same in each thread.
struct team_lane {
    uint32_t *values, *kept, *list, *words;
    uint32_t *outside; // the list's place beside the state's other parts, where `list` is in shared memory
    int32_t *margins;
    uint16_t *weights;
    uint64_t random, deadline;
    uint32_t false_clauses, best, least, unsaved, capacity, flips, effort;
    const volatile uint32_t *solved;
};

// What a lane may spend.
struct team_limits {
    uint32_t effort, flips;
};

// Advance a xorshift64 generator (Marsaglia 2003) and return its upper half.
FN uint32_t team_draw(struct team_lane *lane)
{
    uint64_t random = lane->random;
    random ^= random << 13;
    random ^= random >> 7;
    lane->random = random ^= random << 17;
    return (uint32_t)(random >> 32);
}

// A number from 0 to bound - 1 (Lemire 2019, without rejection).
FN uint32_t team_below(struct team_lane *lane, uint32_t bound)
{
    return (uint32_t)((uint64_t)team_draw(lane) * bound >> 32);
}

FN uint32_t team_least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

// Whether a literal is true, in the lowest bit.
FN uint32_t team_true(const uint32_t *values, uint32_t literal)
{
    return (values[literal >> 6] >> (literal >> 1 & 31) ^ literal) & 1u;
}

// Whether the slice's time is over or another lane has solved the formula: only a GPU runs by the clock.
FN int team_over(const struct team_lane *lane)
{
#if defined(__CUDACC__)
    PER(int, first);
    PER(uint32_t, over);
    AT(first, 0) = threadIdx.x == 0;
    AT(over, 0) = (uint64_t)clock64() >= lane->deadline || *lane->solved;
    return (int)first_of(first, over);
#else
    (void)lane;
    return 0;
#endif
}

// Add to the margins of a clause's variables.
FN void team_spread(const struct team_problem_view *problem, const struct team_lane *lane, uint32_t clause,
                    int32_t amount)
{
    uint32_t end = fixed(problem->offsets, clause + 1);
    for (uint32_t base = fixed(problem->offsets, clause); base < end; base += W)
        EACH(t)
            if (base + t < end)
                ADD(lane->margins + (fixed(problem->literals, base + t) >> 1), amount);
}

// Make the present values the best, but for the variable that was flipped since, if any.
FN void team_keep(const struct team_problem_view *problem, struct team_lane *lane, uint32_t variable, uint32_t flipped)
{
    uint32_t groups = fixed(problem->shape, GROUPS);
    for (uint32_t base = 0; base < groups; base += W)
        EACH(t)
        {
            uint32_t group = base + t;
            if (group < groups)
                lane->kept[group] = lane->values[group] ^ (group == variable >> 5 ? flipped << (variable & 31) : 0u);
        }
    lane->unsaved = 0;
}

// Note a flip and how many clauses are false after it. The best values are copied when they are left.
FN void team_record(const struct team_problem_view *problem, struct team_lane *lane, uint32_t variable)
{
    lane->flips++;
    lane->least = team_least(lane->least, lane->false_clauses);
    if (lane->false_clauses < lane->best) {
        lane->best = lane->false_clauses;
        lane->unsaved = 1;
    } else if (lane->unsaved)
        team_keep(problem, lane, variable, 1u);
}

// Move the list out of shared memory unless so many more entries have room in it.
FN void team_make_room(struct team_lane *lane, uint32_t more, uint32_t entry)
{
    if (lane->false_clauses + more <= lane->capacity)
        return;
    SYNC();
    uint32_t words = entry * lane->false_clauses;
    for (uint32_t base = 0; base < words; base += W)
        EACH(t)
            if (base + t < words)
                lane->outside[base + t] = lane->list[base + t];
    lane->list = lane->outside;
    lane->capacity = ALL_CLAUSES;
    SYNC();
}

// Count the true literals of a clause: its word, 0 if it is false.
FN uint32_t team_word(const struct team_problem_view *problem, const uint32_t *values, uint32_t clause)
{
    uint32_t word = 0;
    for (uint32_t i = fixed(problem->offsets, clause); i < fixed(problem->offsets, clause + 1); i++) {
        uint32_t literal = fixed(problem->literals, i);
        if (team_true(values, literal))
            word = (word + TEAM_ONE) ^ literal >> 1;
    }
    return word;
}

// Compute from the values, and the weights if the rule has any, what else the rule keeps.
FN void team_begin(const struct team_problem_view *problem, struct team_lane *lane, int kind)
{
    uint32_t clauses = fixed(problem->shape, CLAUSES), variables = fixed(problem->shape, VARIABLES);
    if (kind == WEIGHTED)
        for (uint32_t base = 0; base < variables; base += W)
            EACH(t)
                if (base + t < variables)
                    lane->margins[base + t] = 0;
    lane->false_clauses = 0;
    SYNC();
    for (uint32_t base = 0; base < clauses; base += W) {
        PER(int, false_here);
        PER(int, rank);
        PER(uint32_t, word);
        EACH(t)
        {
            AT(word, t) = base + t < clauses ? team_word(problem, lane->values, base + t) : TEAM_ONE;
            AT(false_here, t) = AT(word, t) < TEAM_ONE;
        }
        int found = tally(false_here, rank);
        team_make_room(lane, (uint32_t)found, kind == SHORT ? 2 : 1);
        EACH(t)
            if (base + t < clauses) {
                uint32_t clause = base + t, place = lane->false_clauses + (uint32_t)AT(rank, t);
                const uint32_t *literals = problem->literals + fixed(problem->offsets, clause);
                uint32_t size = fixed(problem->offsets, clause + 1) - fixed(problem->offsets, clause);
                if (kind == SHORT) {
                    if (AT(false_here, t)) {
                        lane->list[2 * place] = literals[0] | literals[1] << 16;
                        lane->list[2 * place + 1] = literals[size - 1];
                    }
                    continue;
                }
                lane->words[clause] = AT(false_here, t) ? place : AT(word, t);
                if (AT(false_here, t))
                    lane->list[place] = clause;
                if (kind == WEIGHTED && AT(false_here, t))
                    for (uint32_t i = 0; i < size; i++)
                        ADD(lane->margins + (literals[i] >> 1), (int32_t)lane->weights[clause]);
                else if (kind == WEIGHTED && AT(word, t) < 2 * TEAM_ONE)
                    ADD(lane->margins + (AT(word, t) & TEAM_LOW), -(int32_t)lane->weights[clause]);
            }
        lane->false_clauses += (uint32_t)found;
    }
    SYNC();
    if (lane->false_clauses < lane->best) {
        lane->best = lane->false_clauses;
        lane->unsaved = 1;
    }
}
