// Definitions without circles: from the outputs down, whatever is a function of others by all its open clauses.
#include "tables.h"
#include <string.h>

// The variables of a truth table; the stamp of each variable's positive literal is its place, else -1.
struct leaves {
    int32_t variables[SUPPORT];
    int size;
};

struct table {
    function forces[2]; // where the clauses with y, and those with -y, force it
    int64_t clauses;
};

#define FOR_CLAUSES(c, y)                                                                                      \
    for (int64_t entry = (c)->starts[2 * (y)]; entry < (c)->starts[2 * (y) + 2]; entry++)

// Queues, in the order in which they are looked at; a variable is at most once in each.
enum { FIRST, SIDED, LATE, QUEUES };
static const int HEADS[QUEUES] = {HEAD, SIDED_HEAD, LATE_HEAD};

static void push(const struct definitions *d, int queue, int32_t v)
{
    int32_t *rings[QUEUES] = {d->queue, d->one_sided, d->late};
    rings[queue][d->counters[HEADS[queue] + 1]++ % d->variables] = v;
    d->queued[v] |= 1 << queue;
}

// The first variable of the first queue that is not empty, and which one that is; -1 if all are.
static int32_t pop(const struct definitions *d, int *queue)
{
    const int32_t *rings[QUEUES] = {d->queue, d->one_sided, d->late};
    for (int q = 0; q < QUEUES; q++)
        if (d->counters[HEADS[q]] != d->counters[HEADS[q] + 1]) {
            int32_t v = rings[q][d->counters[HEADS[q]]++ % d->variables];
            d->queued[v] &= ~(1 << q);
            *queue = q;
            return v;
        }
    return -1;
}

static void enqueue(const struct definitions *d, int32_t v)
{
    if (!(d->queued[v] & 1 << FIRST) && d->kinds[v] == LEAF)
        push(d, FIRST, v);
}

// Take a clause from those that are open.
static void close_clause(const struct clausal *c, const struct definitions *d, int64_t clause, int state)
{
    c->state[clause] = state;
    for (int64_t at = c->offsets[clause]; at < c->offsets[clause + 1]; at++) {
        int32_t v = c->codes[at] >> 1, left = --d->open[v];
        d->touched[v] |= 1;
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
    struct table table = {{{{0}}, {{0}}}, 0};
    FOR_CLAUSES(c, y) {
        int64_t clause = c->occurrences[entry];
        if (c->state[clause] != OPEN || !is_inside(c, d, clause, y))
            continue;
        uint64_t *forces = table.forces[entry >= c->starts[2 * y + 1]].words;
        FOR_WORDS(w) {
            uint64_t all = ~(uint64_t)0;
            for (int64_t at = c->offsets[clause]; at < c->offsets[clause + 1]; at++) {
                int32_t literal = c->codes[at];
                if (literal >> 1 != y)
                    all &= column(d->stamps[literal & ~1], w) ^ -(uint64_t)!(literal & 1);
            }
            forces[w] |= all;
        }
        table.clauses++;
    }
    return table;
}

static inline int is_function(const struct table *table)
{
    return equal(table->forces[0], inverse(table->forces[1])); // forced everywhere, and nowhere both ways
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

// How many open clauses make a conjunction, the binary ones as often as they are there; they become `state`.
static int64_t cover_conjunction(const struct clausal *c, const struct definitions *d, int32_t code, int64_t clause,
                                 int state)
{
    int64_t covered = 1, start = c->offsets[clause], end = c->offsets[clause + 1];
    for (int64_t at = start; at < end; at++)
        d->stamps[c->codes[at]] = -2;
    for (int64_t entry = c->starts[code ^ 1]; entry < c->starts[(code ^ 1) + 1]; entry++) {
        int64_t pair = c->occurrences[entry];
        if (c->state[pair] != OPEN || size_of(c, pair) != 2 || d->stamps[partner(c, pair, code ^ 1) ^ 1] != -2)
            continue;
        covered++;
        if (state != OPEN)
            close_clause(c, d, pair, state);
    }
    for (int64_t at = start; at < end; at++)
        d->stamps[c->codes[at]] = -1;
    if (state != OPEN)
        close_clause(c, d, clause, state);
    return covered;
}

static void define(const struct definitions *d, int32_t y, int kind)
{
    d->kinds[y] = kind;
    d->order[d->counters[FOUND]++] = y;
}

static void define_by_table(const struct clausal *c, const struct definitions *d, int32_t y,
                            const struct leaves *leaves, function value)
{
    define(d, y, TABLE);
    memcpy(d->tables + y * (int64_t)WORDS, value.words, sizeof value.words);
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
    cover_conjunction(c, d, code, clause, USED);
}

// The literal of y that all its open clauses have and no other clause, where others have its negation; or -1.
//
// These clauses say that y implies f, or that f implies y, and whatever else there is of y is satisfied more
// easily the other way round. Clauses that make it y = f are blocked: each resolvent with what there is of y's
// other literal always holds (Jarvisalo, Biere and Heule, "Blocked clause elimination", TACAS 2010). They are
// so one after the other from the inputs up, as the clauses of a definition have no variable defined before.
static int32_t single_side(const struct clausal *c, const struct definitions *d, int32_t y)
{
    if (d->touched[y] != 1)
        return -1;
    for (int32_t code = 2 * y; code < 2 * y + 2; code++) {
        int64_t entry = c->starts[code], end = c->starts[code + 1];
        if (end - entry != d->open[y])
            continue;
        while (entry < end && c->state[c->occurrences[entry]] == OPEN)
            entry++;
        if (entry == end)
            return code;
    }
    return -1;
}

static int all_binary(const struct clausal *c, int32_t code)
{
    int64_t entry = c->starts[code], end = c->starts[code + 1];
    while (entry < end && size_of(c, c->occurrences[entry]) == 2)
        entry++;
    return entry == end;
}

// Define a variable by all its open clauses, if they do: the queue in which it had better wait, or FIRST.
static int look_at(const struct clausal *c, const struct definitions *d, int32_t y, int queue)
{
    int64_t open = d->open[y];
    int wait = FIRST;
    int32_t side = single_side(c, d, y);
    if (open <= TABLED) {
        struct leaves leaves = {.size = 0};
        int fits = 1;
        FOR_CLAUSES(c, y)
            if (c->state[c->occurrences[entry]] == OPEN && !take(c, d, c->occurrences[entry], y, &leaves)) {
                fits = 0;
                break;
            }
        if (fits) {
            struct table table = tabulate(c, d, y);
            int whole = is_function(&table);
            int backwards = whole && is_reversible(table.forces[0], leaves.size);
            int choice = whole && queue < LATE && !backwards && is_choice(table.forces[0], leaves.size);
            if (queue < LATE && !d->touched[y] && (backwards || choice))
                wait = LATE;
            else if (queue < SIDED && choice)
                wait = SIDED;
            else if (whole)
                define_by_table(c, d, y, &leaves, table.forces[0]);
            else if (side >= 0 && queue < SIDED)
                wait = SIDED;
            else if (side >= 0) {
                d->sided[y] = 1 + (side & 1);
                define_by_table(c, d, y, &leaves, side & 1 ? inverse(table.forces[1]) : table.forces[0]);
            }
        }
        forget(d, &leaves, 0);
        if (d->kinds[y] != LEAF || wait)
            return wait;
    }
    for (int32_t code = 2 * y; code < 2 * y + 2; code++) {
        int64_t clause = conjunction(c, d, code);
        if (clause >= 0 && cover_conjunction(c, d, code, clause, OPEN) == open) {
            define_by_conjunction(c, d, code, clause);
            return FIRST;
        }
    }
    if (side < 0 || !(open == 1 || all_binary(c, side)))
        return FIRST;
    if (queue < SIDED)
        return SIDED;
    d->sided[y] = 1 + (side & 1);
    if (open == 1)
        define_by_conjunction(c, d, side, c->occurrences[c->starts[side]]);
    else {
        define(d, y, PARTNERS);
        for (int64_t entry = c->starts[side]; entry < c->starts[side + 1]; entry++)
            close_clause(c, d, c->occurrences[entry], USED);
    }
    return FIRST;
}

int64_t peel_definitions(const struct clausal *c, const struct definitions *d, int64_t effort)
{
    while (effort > 0) {
        int queue;
        int32_t y = pop(d, &queue);
        if (y < 0)
            return 1;
        effort -= 8 + 4 * (c->starts[2 * y + 2] - c->starts[2 * y]);
        if (d->kinds[y] != LEAF || !d->open[y])
            continue;
        int wait = look_at(c, d, y, queue);
        if (wait > queue && !(d->queued[y] & 1 << wait))
            push(d, wait, y);
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
        int64_t covered = found >= 0 ? cover_conjunction(c, d, each, found, OPEN) : 0;
        if (covered > used)
            used = covered, clause = found, code = each;
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
        define_by_table(c, d, y, &leaves, table.forces[0]);
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
