// Whether clauses define a variable: a wide AND or OR by its shape, all else by truth table.
#include "state.h"

static inline int64_t size_of(const struct problem *problem, int64_t clause)
{
    return problem->offsets[clause + 1] - problem->offsets[clause];
}

// The other literal of a binary clause with the literal `code`.
static inline int32_t partner(const struct problem *problem, int64_t clause, int32_t code)
{
    const int32_t *pair = problem->codes + problem->offsets[clause];
    return pair[0] ^ pair[1] ^ code;
}

// Stamp the literals a for which the clause (-y or a) is there and a is known, as `mark`, with y = code.
static void stamp_partners(const struct problem *problem, const struct state *state, int32_t code, int32_t mark)
{
    for (int64_t entry = problem->starts[code ^ 1]; entry < problem->starts[(code ^ 1) + 1]; entry++) {
        int64_t clause = problem->occurrences[entry];
        if (state->unknown[clause] == 1 && size_of(problem, clause) == 2)
            state->stamp[partner(problem, clause, code ^ 1) ^ 1] = mark;
    }
}

// Whether each other literal of the clause at `entry` of a literal is stamped.
static int is_wide(const struct problem *problem, const struct state *state, int32_t code, int64_t entry)
{
    int64_t clause = problem->occurrences[entry], size = size_of(problem, clause);
    if (state->unknown[clause] != 1 || size < 2)
        return 0;
    const int32_t *codes = problem->codes + problem->offsets[clause];
    for (int64_t j = 0; j < size; j++)
        if (codes[j] != code && state->stamp[codes[j]] != -2)
            return 0;
    return 1;
}

// A clause (y or -a or -b ...) that comes with (-y or a), (-y or b) ..., y = code: mark their first ones.
static void use_wide(const struct problem *problem, const struct state *state, int32_t code, int64_t entry)
{
    int64_t clause = problem->occurrences[entry];
    stamp_partners(problem, state, code, -1);
    for (int64_t j = problem->offsets[clause]; j < problem->offsets[clause + 1]; j++)
        if (problem->codes[j] != code)
            state->stamp[problem->codes[j]] = -2;
    for (int64_t other = problem->starts[code ^ 1]; other < problem->starts[(code ^ 1) + 1]; other++) {
        int64_t pair = problem->occurrences[other];
        if (state->unknown[pair] != 1 || size_of(problem, pair) != 2)
            continue;
        int32_t *stamp = &state->stamp[partner(problem, pair, code ^ 1) ^ 1];
        if (*stamp == -2) {
            *stamp = -1;
            state->used[other] = 1;
        }
    }
    state->used[entry] = 1;
    state->disjoint[code >> 1] = 1;
}

static int wide(const struct problem *problem, const struct state *state, int32_t code)
{
    int64_t end = problem->starts[code + 1], entry = problem->starts[code];
    if (entry == end || problem->starts[code ^ 1] == problem->starts[(code ^ 1) + 1])
        return 0;
    stamp_partners(problem, state, code, -2);
    while (entry < end && !is_wide(problem, state, code, entry))
        entry++;
    if (entry < end)
        use_wide(problem, state, code, entry);
    else
        stamp_partners(problem, state, code, -1);
    return entry < end;
}

// The variables of a truth table; state->stamp has the place of each at its positive literal.
struct leaves {
    int32_t variables[SUPPORT];
    int size;
};

static inline void add_leaf(const struct state *state, struct leaves *leaves, int32_t v)
{
    state->stamp[2 * v] = leaves->size;
    leaves->variables[leaves->size++] = v;
}

// In which assignments of the leaves all literals of a clause but y's are false: 1, 0 if another variable is in
// it and may not become a leaf, -1 if it may but there are too many.
static int falsified(const struct problem *problem, const struct state *state, int64_t clause, int32_t y, int fixed,
                     struct leaves *leaves, uint64_t *result)
{
    static const uint64_t columns[SUPPORT] = {
        0xAAAAAAAAAAAAAAAA, 0xCCCCCCCCCCCCCCCC, 0xF0F0F0F0F0F0F0F0,
        0xFF00FF00FF00FF00, 0xFFFF0000FFFF0000, 0xFFFFFFFF00000000,
    };
    uint64_t all = ~(uint64_t)0;
    for (int64_t at = problem->offsets[clause]; at < problem->offsets[clause + 1]; at++) {
        int32_t literal = problem->codes[at], v = literal >> 1;
        if (v == y)
            continue;
        if (state->stamp[2 * v] < 0) {
            if (fixed)
                return 0;
            if (leaves->size == SUPPORT)
                return -1;
            add_leaf(state, leaves, v);
        }
        uint64_t column = columns[state->stamp[2 * v]];
        all &= literal & 1 ? column : ~column;
    }
    *result = all;
    return 1;
}

// Tell by truth table whether known clauses always force y, those inside clause `base` unless it is NONE.
static int table(const struct problem *problem, const struct state *state, int32_t y, int32_t base)
{
    struct leaves leaves = {.size = 0};
    if (base != NONE)
        for (int64_t at = problem->offsets[base]; at < problem->offsets[base + 1]; at++)
            if (problem->codes[at] >> 1 != y)
                add_leaf(state, &leaves, problem->codes[at] >> 1);
    uint64_t forces[2] = {0, 0};
    int64_t first = problem->starts[2 * y], middle = problem->starts[2 * y + 1], end = problem->starts[2 * y + 2];
    int64_t entry = first;
    for (; entry < end; entry++) {
        int64_t clause = problem->occurrences[entry];
        uint64_t wrong;
        if (state->unknown[clause] != 1)
            continue;
        int inside = falsified(problem, state, clause, y, base != NONE, &leaves, &wrong);
        if (inside < 0)
            break;
        if (inside) {
            state->used[entry] = 1;
            forces[entry >= middle] |= wrong;
        }
    }
    for (int i = 0; i < leaves.size; i++)
        state->stamp[2 * leaves.variables[i]] = -1;
    if (entry == end && ~(forces[0] | forces[1]) == 0) {
        state->disjoint[y] = (forces[0] & forces[1]) == 0;
        return 1;
    }
    while (entry-- > first)
        state->used[entry] = 0;
    return 0;
}

int forced(const struct problem *problem, const struct state *state, int32_t y)
{
    if (wide(problem, state, 2 * y) || wide(problem, state, 2 * y + 1) || table(problem, state, y, NONE))
        return 1;
    for (int32_t code = 2 * y; code < 2 * y + 2; code++)
        for (int64_t i = 0; i < BASES && problem->starts[code] + i < problem->starts[code + 1]; i++) {
            int64_t clause = problem->occurrences[problem->starts[code] + i];
            if (state->unknown[clause] == 1 && size_of(problem, clause) <= SUPPORT + 1 &&
                table(problem, state, y, clause))
                return 1;
        }
    return 0;
}

int64_t find_forced(const struct problem *problem, const struct state *state, int64_t first, int64_t effort,
                    uint8_t *result)
{
    int64_t variables = problem->variables;
    for (; first < variables && effort > 0; first++) {
        double weight = 0;
        int64_t begin = problem->starts[2 * first], end = problem->starts[2 * first + 2];
        for (int64_t entry = begin; entry < end; entry++) {
            int64_t others = size_of(problem, problem->occurrences[entry]) - 1;
            weight += halved(others < 1000 ? others : 1000);
        }
        effort -= end - begin + 1;
        if (weight < 1.0)
            continue;
        effort -= 4 * (end - begin);
        result[first] = (uint8_t)forced(problem, state, (int32_t)first);
    }
    return first;
}
