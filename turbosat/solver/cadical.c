// CaDiCaL's methods in loops: a query is one call from Python, and the interpreter's lock is not held.
#include "cadical.h"
#include <stdbool.h>

typedef void (*take)(void *, int);
typedef int (*ask)(void *);
typedef int (*value_of)(void *, int, bool);
typedef bool (*whether)(void *, int);
typedef bool (*bound)(void *, const char *, int);

#define METHOD(kind, number) ((kind)(intptr_t)methods[number])

void cadical_add(const struct session *session, int64_t solver, int64_t first, int64_t last)
{
    const int64_t *methods = session->methods;
    take add = METHOD(take, ADD);
    for (int64_t at = first; at < last; at++)
        add((void *)(intptr_t)solver, session->literals[at]);
}

int64_t false_clause(const int32_t *literals, int64_t entries, int64_t last, const uint8_t *values,
                     int64_t variables)
{
    int64_t begin = 0;
    bool holds = false;
    for (int64_t at = 0; at < last; at++) {
        int32_t literal = literals[at];
        if (literal) {
            holds |= literal > 0 ? values[literal - 1] : !values[-literal - 1];
            continue;
        }
        if (!holds)
            return begin;
        begin = at + 1;
        holds = false;
    }
    return -1;
}

static int64_t check(const struct session *session, int64_t assumed, int64_t last)
{
    const uint8_t *values = session->values;
    for (int64_t at = 0; at < assumed; at++) {
        int32_t literal = session->assumptions[at];
        if (values[(literal < 0 ? -literal : literal) - 1] != (literal > 0))
            return BROKEN;
    }
    if (false_clause(session->literals, session->entries, last, values, session->variables) >= 0)
        return FALSIFIED;
    return SATISFIED;
}

int64_t cadical_search(const struct session *session, int64_t solver, int64_t assumed, int64_t used,
                       int64_t last, int64_t conflicts, int64_t decisions)
{
    const int64_t *methods = session->methods;
    void *cadical = (void *)(intptr_t)solver;
    take assume = METHOD(take, ASSUME);
    for (int64_t at = 0; at < assumed; at++)
        assume(cadical, session->assumptions[at]);
    if (conflicts >= 0)
        METHOD(bound, LIMIT)(cadical, "conflicts", (int)conflicts);
    if (decisions >= 0)
        METHOD(bound, LIMIT)(cadical, "decisions", (int)decisions);
    int64_t found = METHOD(ask, SOLVE)(cadical);
    if (found == SATISFIED) {
        value_of val = METHOD(value_of, VAL);
        for (int64_t at = 0; at < used; at++)
            session->values[at] = val(cadical, (int)(at + 1), true) > 0;
        return check(session, assumed, last);
    }
    if (found == REFUTED) {
        whether failed = METHOD(whether, FAILED);
        for (int64_t at = 0; at < assumed; at++)
            session->failed[at] = failed(cadical, session->assumptions[at]);
    }
    return found;
}

void cadical_phase(const int64_t *methods, int64_t solver, const int32_t *literals, int64_t hints,
                   int64_t undo)
{
    take hint = METHOD(take, undo ? UNPHASE : PHASE);
    for (int64_t at = 0; at < hints; at++)
        hint((void *)(intptr_t)solver, literals[at]);
}
