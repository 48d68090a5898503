// CaDiCaL's methods in loops: a query is one call from Python, and the interpreter's lock is not held.
#include "cadical.h"
#include <stdbool.h>

typedef void (*take)(void *, int);
typedef int (*ask)(void *);
typedef int (*value_of)(void *, int, bool);
typedef bool (*whether)(void *, int);
typedef bool (*bound)(void *, const char *, int);

#define METHOD(kind, number) ((kind)(intptr_t)methods[number])

void cadical_add(const struct session *session, int64_t first, int64_t last)
{
    const int64_t *methods = session->methods;
    void *cadical = (void *)(intptr_t)session->control[SOLVER];
    take add = METHOD(take, ADD);
    for (int64_t at = first; at < last; at++)
        add(cadical, session->literals[at]);
}

int64_t false_clause(const int32_t *literals, int64_t entries, int64_t last, const uint8_t *values,
                     int64_t variables)
{
    int64_t begin = 0;
    bool holds = false;
    for (int64_t at = 0; at < last; at++) {
        int32_t literal = literals[at];
        if (literal) {
            bool negative = literal < 0;
            holds |= values[(negative ? -literal : literal) - 1] ^ negative;
            continue;
        }
        if (!holds)
            return begin;
        begin = at + 1;
        holds = false;
    }
    return -1;
}

// Whether what was read as true satisfies all clauses and assumptions.
static int64_t check(const struct session *session, const uint8_t *holding)
{
    const int64_t *control = session->control;
    for (int64_t at = 0; at < control[ASSUMED]; at++)
        if (!holding[session->assumptions[at]])
            return BROKEN;
    const int32_t *literals = session->literals;
    uint8_t holds = 0;
    for (int64_t at = 0; at < control[LAST]; at++) {
        holds |= holding[literals[at]];
        if (!literals[at]) {
            if (!holds)
                return FALSIFIED;
            holds = 0;
        }
    }
    return SATISFIED;
}

int64_t cadical_search(const struct session *session)
{
    const int64_t *methods = session->methods, *control = session->control;
    void *cadical = (void *)(intptr_t)control[SOLVER];
    take assume = METHOD(take, ASSUME);
    for (int64_t at = 0; at < control[ASSUMED]; at++)
        assume(cadical, session->assumptions[at]);
    if (control[CONFLICTS] >= 0)
        METHOD(bound, LIMIT)(cadical, "conflicts", (int)control[CONFLICTS]);
    if (control[DECISIONS] >= 0)
        METHOD(bound, LIMIT)(cadical, "decisions", (int)control[DECISIONS]);
    int64_t found = METHOD(ask, SOLVE)(cadical);
    if (found == SATISFIED) {
        value_of val = METHOD(value_of, VAL);
        uint8_t *holding = session->true_literals + session->variables; // by literal
        for (int64_t variable = 1; variable <= control[USED]; variable++) {
            uint8_t value = val(cadical, (int)variable, 1) > 0;
            session->values[variable - 1] = holding[variable] = value;
            holding[-variable] = !value;
        }
        return check(session, holding);
    }
    if (found == REFUTED) {
        whether failed = METHOD(whether, FAILED);
        for (int64_t at = 0; at < control[ASSUMED]; at++)
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
