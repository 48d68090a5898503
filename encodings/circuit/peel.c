// Definitions without circles: from the outputs down, whatever is a function of others by all its open clauses.
#include "definitions.h"
#include <string.h>

static const uint64_t COLUMNS[SUPPORT] = {
    0xAAAAAAAAAAAAAAAA, 0xCCCCCCCCCCCCCCCC, 0xF0F0F0F0F0F0F0F0,
    0xFF00FF00FF00FF00, 0xFFFF0000FFFF0000, 0xFFFFFFFF00000000,
};

// The variables of a truth table; the stamp of each variable's positive literal is its place, else -1.
struct leaves {
    int32_t variables[SUPPORT];
    int size;
};

struct table {
    uint64_t forces[2]; // where the clauses with y, and those with -y, force it
    int64_t clauses;
};

#define FOR_CLAUSES(c, y)                                                                                      \
    for (int64_t entry = (c)->starts[2 * (y)]; entry < (c)->starts[2 * (y) + 2]; entry++)

static inline int64_t size_of(const struct clausal *c, int64_t clause)
{
    return c->offsets[clause + 1] - c->offsets[clause];
}

static void enqueue(const struct definitions *d, int32_t v)
{
    int64_t *n = d->counters;
    if (d->queued[v] == 1 || d->kinds[v] != LEAF)
        return;
    d->queued[v] = 1;
    d->queue[n[TAIL]++ % d->variables] = v;
}

// Take a clause from those that are open.
static void close_clause(const struct clausal *c, const struct definitions *d, int64_t clause, int state)
{
    c->state[clause] = state;
    for (int64_t at = c->offsets[clause]; at < c->offsets[clause + 1]; at++) {
        int32_t v = c->codes[at] >> 1, left = --d->open[v];
        d->touched[v] = 1;
        if (left && (left <= TABLED || (left & (left - 1)) == 0))
            enqueue(d, v);
    }
}

void set_clause_aside(const struct clausal *c, const struct definitions *d, int64_t clause)
{
    if (c->state[clause] == OPEN)
        close_clause(c, d, clause, ASIDE);
}

static void forget(const struct definitions *d, struct leaves *leaves, int from)
{
    while (leaves->size > from)
        d->stamps[2 * leaves->variables[--leaves->size]] = -1;
}

// Add the variables of a clause but y; 0 if they are too many.
static int take(const struct clausal *c, const struct definitions *d, int64_t clause, int32_t y, struct leaves *leaves)
{
    for (int64_t at = c->offsets[clause]; at < c->offsets[clause + 1]; at++) {
        int32_t v = c->codes[at] >> 1;
        if (v == y || d->stamps[2 * v] >= 0)
            continue;
        if (leaves->size == SUPPORT)
            return 0;
        d->stamps[2 * v] = leaves->size;
        leaves->variables[leaves->size++] = v;
    }
    return 1;
}

static int is_inside(const struct clausal *c, const struct definitions *d, int64_t clause, int32_t y)
{
    if (size_of(c, clause) > SUPPORT + 1)
        return 0;
    for (int64_t at = c->offsets[clause]; at < c->offsets[clause + 1]; at++)
        if (c->codes[at] >> 1 != y && d->stamps[c->codes[at] & ~1] < 0)
            return 0;
    return 1;
}

// What the open clauses inside the leaves say of y.
static struct table tabulate(const struct clausal *c, const struct definitions *d, int32_t y)
{
    struct table table = {{0, 0}, 0};
    FOR_CLAUSES(c, y) {
        int64_t clause = c->occurrences[entry];
        if (c->state[clause] != OPEN || !is_inside(c, d, clause, y))
            continue;
        uint64_t all = ~(uint64_t)0;
        for (int64_t at = c->offsets[clause]; at < c->offsets[clause + 1]; at++) {
            int32_t literal = c->codes[at];
            if (literal >> 1 != y) {
                uint64_t column = COLUMNS[d->stamps[literal & ~1]];
                all &= literal & 1 ? column : ~column;
            }
        }
        table.forces[entry >= c->starts[2 * y + 1]] |= all;
        table.clauses++;
    }
    return table;
}

static inline int is_function(const struct table *table)
{
    return (table->forces[0] ^ table->forces[1]) == ~(uint64_t)0; // forced everywhere, and nowhere both ways
}

// The other literal of a binary clause with the literal `code`.
static inline int32_t partner(const struct clausal *c, int64_t clause, int32_t code)
{
    const int32_t *pair = c->codes + c->offsets[clause];
    return pair[0] ^ pair[1] ^ code;
}

// Stamp negations of the partners of open binary clauses with the literal `code`; how many.
static int64_t stamp_partners(const struct clausal *c, const struct definitions *d, int32_t code, int32_t mark)
{
    int64_t found = 0;
    for (int64_t entry = c->starts[code]; entry < c->starts[code + 1]; entry++) {
        int64_t clause = c->occurrences[entry];
        if (c->state[clause] == OPEN && size_of(c, clause) == 2) {
            int32_t *stamp = &d->stamps[partner(c, clause, code) ^ 1];
            found += *stamp != mark;
            *stamp = mark;
        }
    }
    return found;
}

// The longest open clause (y or -a or -b ...), y = code, that has an open (-y or a), (-y or b) ... each; or -1.
static int64_t conjunction(const struct clausal *c, const struct definitions *d, int32_t code)
{
    int64_t best = -1, longest = 2;
    if (stamp_partners(c, d, code ^ 1, -2) >= 2)
        for (int64_t entry = c->starts[code]; entry < c->starts[code + 1]; entry++) {
            int64_t clause = c->occurrences[entry], size = size_of(c, clause);
            if (c->state[clause] != OPEN || size <= longest)
                continue;
            int64_t at = c->offsets[clause];
            while (at < c->offsets[clause + 1] && (c->codes[at] == code || d->stamps[c->codes[at]] == -2))
                at++;
            if (at == c->offsets[clause + 1])
                best = clause, longest = size;
        }
    stamp_partners(c, d, code ^ 1, -1);
    return best;
}

// Close the clauses of a conjunction, once each; the others are left.
static void use_conjunction(const struct clausal *c, const struct definitions *d, int32_t code, int64_t clause)
{
    for (int64_t at = c->offsets[clause]; at < c->offsets[clause + 1]; at++)
        if (c->codes[at] != code)
            d->stamps[c->codes[at]] = -2;
    for (int64_t entry = c->starts[code ^ 1]; entry < c->starts[(code ^ 1) + 1]; entry++) {
        int64_t pair = c->occurrences[entry];
        if (c->state[pair] != OPEN || size_of(c, pair) != 2)
            continue;
        int32_t *stamp = &d->stamps[partner(c, pair, code ^ 1) ^ 1];
        if (*stamp == -2) {
            *stamp = -1;
            close_clause(c, d, pair, USED);
        }
    }
    close_clause(c, d, clause, USED);
}

static void define(const struct definitions *d, int32_t y, int kind)
{
    d->kinds[y] = kind;
    d->order[d->counters[FOUND]++] = y;
}

static void define_by_table(const struct clausal *c, const struct definitions *d, int32_t y,
                            const struct leaves *leaves, const struct table *table)
{
    define(d, y, TABLE);
    d->tables[y] = table->forces[0];
    for (int i = 0; i < SUPPORT; i++)
        d->inputs[y * SUPPORT + i] = i < leaves->size ? leaves->variables[i] : -1;
    FOR_CLAUSES(c, y)
        if (c->state[c->occurrences[entry]] == OPEN && is_inside(c, d, c->occurrences[entry], y))
            close_clause(c, d, c->occurrences[entry], USED);
}

static void define_by_conjunction(const struct clausal *c, const struct definitions *d, int32_t code, int64_t clause)
{
    define(d, code >> 1, CONJUNCTION);
    d->clauses_of[code >> 1] = (int32_t)clause;
    use_conjunction(c, d, code, clause);
}

// Whether a function can be read backwards: another value of one input always gives another value.
static int is_reversible(uint64_t function, int inputs)
{
    for (int i = 0; i < inputs; i++) {
        uint64_t high = function & COLUMNS[i], low = function & ~COLUMNS[i];
        if ((low << (1 << i) ^ high) == COLUMNS[i])
            return 1;
    }
    return 0;
}

// Define a variable by all its open clauses, if they do: 1. 2 if it had better wait.
static int look_at(const struct clausal *c, const struct definitions *d, int32_t y, int late)
{
    int64_t open = d->open[y];
    if (open <= TABLED) {
        struct leaves leaves = {.size = 0};
        int fits = 1, found = 0;
        FOR_CLAUSES(c, y)
            if (c->state[c->occurrences[entry]] == OPEN && !take(c, d, c->occurrences[entry], y, &leaves)) {
                fits = 0;
                break;
            }
        if (fits) {
            struct table table = tabulate(c, d, y);
            if (is_function(&table))
                found = !late && !d->touched[y] && is_reversible(table.forces[0], leaves.size) ? 2 : 1;
            if (found == 1)
                define_by_table(c, d, y, &leaves, &table);
        }
        forget(d, &leaves, 0);
        if (found)
            return found;
    }
    for (int32_t code = 2 * y; code < 2 * y + 2; code++) {
        int64_t clause = conjunction(c, d, code);
        if (clause >= 0 && size_of(c, clause) == open) {
            define_by_conjunction(c, d, code, clause);
            return 1;
        }
    }
    return 0;
}

int64_t peel_definitions(const struct clausal *c, const struct definitions *d, int64_t effort)
{
    int64_t *n = d->counters;
    while (effort > 0) {
        int late = n[HEAD] == n[TAIL];
        if (late && n[LATE_HEAD] == n[LATE_TAIL])
            return 1;
        int32_t y = late ? d->late[n[LATE_HEAD]++ % d->variables] : d->queue[n[HEAD]++ % d->variables];
        if (late && d->queued[y] != 2)
            continue;
        int waited = d->queued[y] == 2;
        d->queued[y] = 0;
        effort -= 8 + 4 * (c->starts[2 * y + 2] - c->starts[2 * y]);
        if (d->kinds[y] != LEAF || !d->open[y])
            continue;
        if (look_at(c, d, y, late) == 2 && !waited) {
            d->queued[y] = 2;
            d->late[n[LATE_TAIL]++ % d->variables] = y;
        }
    }
    return 0;
}

// The variables of one or two clauses over which y is a function by the most clauses; how many these are.
static int64_t best_table(const struct clausal *c, const struct definitions *d, int32_t y, struct leaves *best)
{
    int64_t bases[BASES], count = 0, most = 0;
    FOR_CLAUSES(c, y)
        if (count < BASES && c->state[c->occurrences[entry]] == OPEN && size_of(c, c->occurrences[entry]) <= SUPPORT + 1)
            bases[count++] = c->occurrences[entry];
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = i; j < count; j++) {
            struct leaves leaves = {.size = 0};
            if (take(c, d, bases[i], y, &leaves) && take(c, d, bases[j], y, &leaves)) {
                struct table table = tabulate(c, d, y);
                if (table.clauses > most && is_function(&table)) {
                    most = table.clauses;
                    *best = leaves;
                }
            }
            forget(d, &leaves, 0);
        }
    return most;
}

int64_t excess_clauses(const struct clausal *c, const struct definitions *d, int64_t variable, int64_t most)
{
    int32_t y = (int32_t)variable, code = -1;
    int64_t open = d->open[y], used = 0, clause = -1;
    struct leaves leaves = {.size = 0};
    if (d->kinds[y] != LEAF || !open)
        return -1;
    for (int32_t each = 2 * y; each < 2 * y + 2; each++) {
        int64_t found = conjunction(c, d, each);
        if (found >= 0 && size_of(c, found) > used)
            used = size_of(c, found), clause = found, code = each;
    }
    if (open <= TABLED) {
        int64_t found = best_table(c, d, y, &leaves);
        if (found > used)
            used = found, clause = -1;
    }
    if (!used)
        return -1;
    if (open - used > most)
        return open - used;
    if (clause >= 0)
        define_by_conjunction(c, d, code, clause);
    else {
        for (int i = 0; i < leaves.size; i++)
            d->stamps[2 * leaves.variables[i]] = i;
        struct table table = tabulate(c, d, y);
        define_by_table(c, d, y, &leaves, &table);
        forget(d, &leaves, 0);
    }
    FOR_CLAUSES(c, y)
        set_clause_aside(c, d, c->occurrences[entry]);
    return open - used;
}

// Set aside clauses too wide for a table that are no conjunction's; returns the next one to look at.
int64_t set_wide_aside(const struct clausal *c, const struct definitions *d, int64_t first, int64_t effort)
{
    for (; first < c->clauses && effort > 0; first++, effort--) {
        int64_t size = size_of(c, first), at = c->offsets[first];
        if (c->state[first] != OPEN || size <= SUPPORT + 1)
            continue;
        for (; at < c->offsets[first + 1]; at++) {
            int32_t code = c->codes[at];
            int64_t partners = c->starts[(code ^ 1) + 1] - c->starts[code ^ 1];
            effort -= partners >= size - 1 ? 2 * partners + size : 1;
            if (partners >= size - 1 && conjunction(c, d, code) >= 0)
                break;
        }
        if (at == c->offsets[first + 1])
            set_clause_aside(c, d, first);
    }
    return first;
}
