// Questions about one frame of a circuit, each searched in its cone only.
#include "search.h"

#include <stdlib.h>
#include <string.h>

void cone_free(int64_t solver)
{
    struct search *s = (struct search *)(intptr_t)solver;
    if (!s)
        return;
    if (s->watches)
        for (int32_t literal = 0; literal < 2 * s->variables; literal++)
            free(s->watches[literal].at);
    void *blocks[] = {s->arena, s->watches, s->values, s->phase, s->seen, s->kept, s->level, s->trail, s->limits,
                      s->reason, s->activity, s->heap, s->place, s->learned, s->domain, s->keeping, s->lits,
                      s->stack, s->assumed, s->glue_stamp};
    for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++)
        free(blocks[k]);
    free(s);
}

static void *zeros(struct search *s, int64_t items, int64_t size)
{
    void *block = calloc((size_t)items, (size_t)size);
    if (!block)
        longjmp(s->escape, 1);
    return block;
}

// Mark a variable and all its cone as to be searched; list them where they are kept for all questions.
static void mark(struct search *s, const struct circuit *c, int32_t variable, bool keep)
{
    int32_t open = 0;
    if (s->domain[variable] == s->stamp)
        return;
    s->domain[variable] = s->stamp;
    s->stack[open++] = variable;
    while (open) {
        variable = s->stack[--open];
        if (keep && !s->kept[variable]) {
            s->kept[variable] = 1;
            s->keeping[s->keeping_size++] = variable;
        }
        if (!keep && s->place[variable] < 0)
            heap_insert(s, variable);
        if (variable < c->first[1] || variable >= c->first[1] + c->gates)
            continue;
        const int32_t *and = c->ands + 2 * (int64_t)(variable - c->first[1]);
        for (int k = 0; k < 2; k++) {
            int32_t below = and[k] >> 1;
            if (below && s->domain[below] != s->stamp) {
                s->domain[below] = s->stamp;
                s->stack[open++] = below;
            }
        }
    }
}

static void fill(struct search *s, const struct circuit *c)
{
    int64_t n = s->variables;
    s->watches = zeros(s, 2 * n, sizeof *s->watches);
    s->values = zeros(s, 2 * n, sizeof *s->values);
    s->phase = zeros(s, n, sizeof *s->phase);
    s->seen = zeros(s, n, sizeof *s->seen);
    s->kept = zeros(s, n, sizeof *s->kept);
    s->level = zeros(s, n, sizeof *s->level);
    s->trail = zeros(s, n, sizeof *s->trail);
    s->limits = zeros(s, 2 * n + 2, sizeof *s->limits);
    s->reason = zeros(s, n, sizeof *s->reason);
    s->activity = zeros(s, n, sizeof *s->activity);
    s->heap = zeros(s, n, sizeof *s->heap);
    s->place = zeros(s, n, sizeof *s->place);
    s->domain = zeros(s, n, sizeof *s->domain);
    s->keeping = zeros(s, n, sizeof *s->keeping);
    s->lits = zeros(s, n, sizeof *s->lits);
    s->stack = zeros(s, n, sizeof *s->stack);
    s->assumed = zeros(s, n + 1, sizeof *s->assumed);
    s->glue_stamp = zeros(s, 2 * n + 2, sizeof *s->glue_stamp);
    memset(s->place, -1, (size_t)n * sizeof *s->place);
    memset(s->phase, 1, (size_t)n);
    s->arena_room = 16 * (c->gates + 16);
    s->arena = zeros(s, s->arena_room, sizeof *s->arena);
    search_add(s, (int32_t[]){1}, 1, 0); // the constant
    for (int64_t gate = 0; gate < c->gates; gate++) {
        int32_t out = 2 * (int32_t)(gate + c->first[1]), a = c->ands[2 * gate], b = c->ands[2 * gate + 1];
        search_add(s, (int32_t[]){out ^ 1, a}, 2, 0);
        search_add(s, (int32_t[]){out ^ 1, b}, 2, 0);
        search_add(s, (int32_t[]){out, a ^ 1, b ^ 1}, a == b ? 2 : 3, 0); // no literal twice
    }
    s->stamp++;
    for (int64_t k = 0; k < c->constrained; k++) {
        if (c->constraints[k] > 1)
            mark(s, c, c->constraints[k] >> 1, true);
        search_add(s, c->constraints + k, 1, 0);
    }
}

int64_t cone_new(const struct circuit *c)
{
    struct search *s = calloc(1, sizeof *s);
    if (!s)
        return 0;
    s->variables = (int32_t)(c->first[1] + c->gates + 1);
    s->switch_literal = 2 * (s->variables - 1);
    s->whole = true;
    s->increment = 1;
    s->learned_limit = 2000;
    if (setjmp(s->escape)) {
        cone_free((int64_t)(intptr_t)s);
        return 0;
    }
    fill(s, c);
    return (int64_t)(intptr_t)s;
}

// What the temporary clause says of its switch, once a unit was learned, does not hold without it. Nothing
// follows from it: no other clause holds the switch.
static void free_switch(struct search *s)
{
    int32_t literal = s->switch_literal, kept = 0;
    if (!s->values[literal])
        return;
    s->values[literal] = s->values[literal ^ 1] = 0;
    for (int32_t at = 0; at < s->trail_size; at++)
        if (s->trail[at] >> 1 != literal >> 1)
            s->trail[kept++] = s->trail[at];
    s->head = s->trail_size = kept;
}

// Leave the question: what was learned from its temporary clause goes with it.
static void leave(struct search *s)
{
    s->stamp++; // so that nothing comes back into the heap
    search_backtrack(s, 0);
    for (int32_t k = 0; k < s->heap_size; k++)
        s->place[s->heap[k]] = -1;
    s->heap_size = 0;
    s->whole = true;
    free_switch(s);
    int64_t kept = s->learned_before;
    for (int64_t k = kept; k < s->learned_size; k++) {
        uint32_t *clause = s->arena + s->learned[k];
        if (clause[0] & TEMPORARY) {
            clause[0] |= DELETED;
            s->wasted += (clause[0] >> SHIFT) + HEADER;
        } else if (clause[0] >> SHIFT > 2)
            s->learned[kept++] = s->learned[k];
    }
    s->learned_size = s->learned_before = kept;
    if (s->temporary != NO_CLAUSE) {
        uint32_t *clause = s->arena + s->temporary;
        clause[0] |= DELETED;
        s->wasted += (clause[0] >> SHIFT) + HEADER;
        s->temporary = NO_CLAUSE;
    }
    s->asked = false;
}

int64_t cone_clauses(int64_t solver, const int32_t *literals, int64_t entries, const int32_t *starts, int64_t clauses)
{
    struct search *s = (struct search *)(intptr_t)solver;
    (void)entries;
    if (setjmp(s->escape))
        return 0;
    for (int64_t k = 0; k < clauses; k++) {
        for (int32_t at = starts[k]; at < starts[k + 1]; at++) {
            int32_t variable = literals[at] >> 1;
            if (!s->kept[variable]) {
                s->kept[variable] = 1;
                s->keeping[s->keeping_size++] = variable;
            }
        }
        search_add(s, literals + starts[k], starts[k + 1] - starts[k], 0);
    }
    return 1;
}

// Mark what is to be searched and note what is assumed; false where the answer is no already.
static bool begin(struct search *s, const struct circuit *c, const struct question *q)
{
    int32_t count = (int32_t)q->control[COUNT];
    bool strengthen = q->control[STRENGTHEN];
    search_collect(s);
    s->learned_before = s->learned_size;
    s->core_size = s->assumed_size = 0;
    s->temporary = NO_CLAUSE;
    s->asked = true;
    s->luby = 0;
    s->restart = s->conflicts + 100;
    if (s->inconsistent)
        return false;
    s->stamp++;
    for (int32_t k = 0; k < s->keeping_size; k++) {
        int32_t variable = s->keeping[k];
        s->domain[variable] = s->stamp;
        if (!s->values[2 * variable])
            heap_insert(s, variable);
    }
    for (int32_t k = 0; k < count; k++) {
        mark(s, c, q->assumed[k] >> 1, false);
        if (strengthen)
            mark(s, c, q->cube[k] >> 1, false);
    }
    if (strengthen) {
        int32_t *clause = s->stack; // free until the search begins
        mark(s, c, s->switch_literal >> 1, false);
        clause[0] = s->switch_literal ^ 1;
        for (int32_t k = 0; k < count; k++)
            clause[k + 1] = q->cube[k] ^ 1;
        s->assumed[s->assumed_size++] = s->switch_literal;
        if (!search_add(s, clause, count + 1, TEMPORARY))
            return false;
    }
    for (int32_t k = 0; k < count; k++)
        s->assumed[s->assumed_size++] = q->assumed[k];
    s->whole = false;
    return true;
}

static int64_t ask(struct search *s, const struct circuit *c, const struct question *q)
{
    int64_t found = REFUTED;
    bool go_on = q->control[RESUMED] && s->asked;
    if (s->asked && !go_on)
        leave(s);
    if (go_on || begin(s, c, q))
        found = search_on(s, q->control[EFFORT]);
    if (found == UNDECIDED)
        return found;
    if (found == SATISFIED)
        for (int32_t at = 0; at < s->trail_size; at++)
            if (s->trail[at] >> 1 < q->variables) // the switch is none of the circuit's
                q->values[s->trail[at] >> 1] = !(s->trail[at] & 1);
    if (found == REFUTED)
        for (int64_t k = 0; k < q->control[COUNT]; k++) {
            q->failed[k] = 0;
            for (int32_t at = 0; at < s->core_size; at++)
                q->failed[k] |= s->lits[at] == q->assumed[k];
        }
    leave(s);
    return found;
}

int64_t cone_ask(const struct circuit *c, const struct question *q, int64_t solver)
{
    struct search *s = (struct search *)(intptr_t)solver;
    if (setjmp(s->escape))
        return NO_MEMORY;
    int64_t before = s->spent, found = ask(s, c, q);
    q->control[SPENT] += s->spent - before;
    return found;
}
