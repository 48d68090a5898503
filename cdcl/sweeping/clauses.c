// The clauses of the search: kept, watched, forgotten; gates as clauses; lemmas for a proof.
#include "state.h"
#include <string.h>

enum { KEPT = 3, MIDDLING = 8 };

void enter_lemma(const struct search *s, const int32_t *literals, int64_t size)
{
    if (!s->counters[LOGGING])
        return;
    memcpy(s->lemmas + s->counters[LOGGED], literals, size * sizeof *literals);
    s->counters[LOGGED] += size;
    s->lemmas[s->counters[LOGGED]++] = -1;
}

static void watch(const struct search *s, int32_t reference)
{
    int32_t *clause = s->arena + reference;
    for (int i = 0; i < 2; i++) {
        clause[2 + i] = s->heads[clause[HEADER + i]];
        s->heads[clause[HEADER + i]] = reference;
    }
}

int32_t keep_clause(const struct search *s, const int32_t *literals, int64_t size, int32_t lbd)
{
    int32_t reference = (int32_t)s->counters[LAST];
    int32_t *clause = s->arena + reference;
    clause[0] = (int32_t)size;
    clause[1] = lbd;
    memcpy(clause + HEADER, literals, size * sizeof *literals);
    s->counters[LAST] += HEADER + size;
    s->counters[LEARNED] += lbd > KEPT;
    watch(s, reference);
    return reference;
}

// Add a short clause at level 0, in which literals may be repeated; 0 if it is false there.
int64_t enter_clause(const struct search *s, const int32_t *literals, int size, int lbd)
{
    int32_t kept[4];
    int64_t count = 0;
    enter_lemma(s, literals, size);
    for (int i = 0; i < size; i++) {
        int repeated = 0;
        for (int64_t j = 0; j < count; j++) {
            if (kept[j] == (literals[i] ^ 1))
                return 1;
            repeated |= kept[j] == literals[i];
        }
        if (VALUE(s, literals[i]) > 0)
            return 1;
        if (VALUE(s, literals[i]) == 0 && !repeated)
            kept[count++] = literals[i];
    }
    if (count > 1)
        keep_clause(s, kept, count, lbd);
    else if (count)
        assign(s, kept[0], -1);
    return count;
}

void forget_clauses(const struct search *s)
{
    int64_t *n = s->counters, last = n[LAST], to = 0, learned = 0, half = n[LEARNED] / 2;
    for (int64_t i = 0; i < 2 * s->nodes; i++)
        s->heads[i] = -1;
    for (int64_t i = 0; i < n[TRAIL]; i++)
        s->reasons[s->trail[i] >> 1] = -1;
    n[LEARNED] = 0;
    for (int64_t at = 0; at < last;) {
        const int32_t *clause = s->arena + at;
        int32_t size = clause[0], lbd = clause[1], kept = 0;
        const int32_t *literals = clause + HEADER;
        at += HEADER + size;
        learned += lbd > KEPT;
        if (lbd > KEPT && (learned <= half || lbd > MIDDLING))
            continue;
        int satisfied = 0;
        int32_t *copy = s->arena + to;
        for (int32_t i = 0; i < size && !satisfied; i++)
            satisfied = VALUE(s, literals[i]) > 0;
        if (satisfied)
            continue;
        for (int32_t i = 0; i < size; i++)
            if (VALUE(s, literals[i]) == 0)
                copy[HEADER + kept++] = literals[i];
        if (kept == 1)
            assign(s, copy[HEADER], -1);
        if (kept < 2)
            continue;
        copy[0] = kept;
        copy[1] = lbd;
        n[LEARNED] += lbd > KEPT;
        watch(s, (int32_t)to);
        to += HEADER + kept;
    }
    n[LAST] = to;
}

static void load_gate(const struct graph *g, const struct search *s, int32_t node)
{
    struct gate gate = search_gate(g, node);
    int32_t n = 2 * node, c = gate.c, t = gate.t, e = gate.e;
    if (!gate.multiplexer) {
        enter_clause(s, (int32_t[]){n ^ 1, t}, 2, 0);
        enter_clause(s, (int32_t[]){n ^ 1, e}, 2, 0);
        enter_clause(s, (int32_t[]){n, t ^ 1, e ^ 1}, 3, 0);
        return;
    }
    enter_clause(s, (int32_t[]){c ^ 1, n, t}, 3, 0);
    enter_clause(s, (int32_t[]){c ^ 1, n ^ 1, t ^ 1}, 3, 0);
    enter_clause(s, (int32_t[]){c, n, e}, 3, 0);
    enter_clause(s, (int32_t[]){c, n ^ 1, e ^ 1}, 3, 0);
    if (t >> 1 != e >> 1) {
        enter_clause(s, (int32_t[]){n, t, e}, 3, 0);
        enter_clause(s, (int32_t[]){n ^ 1, t ^ 1, e ^ 1}, 3, 0);
    }
}

static void want(const struct search *s, int32_t literal)
{
    int32_t node = literal >> 1;
    if (!s->loaded[node]) {
        s->loaded[node] = 1;
        s->stack[s->counters[PENDING_LOADS]++] = node;
    }
}

// Add the clauses of a node and of all that it depends on, at level 0; FULL where they do not fit.
int64_t load_cone(const struct graph *g, const struct search *s, int32_t node)
{
    int64_t *n = s->counters;
    want(s, 2 * node);
    while (n[PENDING_LOADS]) {
        if (n[LAST] + 6 * (HEADER + 3) > s->room || n[LOGGED] + 64 > s->lemma_room)
            return FULL;
        int32_t next = s->stack[--n[PENDING_LOADS]];
        if (is_leaf(g, next))
            continue;
        load_gate(g, s, next);
        struct gate gate = search_gate(g, next);
        if (gate.multiplexer)
            want(s, gate.c);
        want(s, gate.t);
        want(s, gate.e);
    }
    return DONE;
}
