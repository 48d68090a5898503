// Conflict-driven search for an assignment in which two literals hold, deciding only what they depend on.
//
// Clauses are watched by lists that run through them, as in PicoSAT (Biere, JSAT 2008). A decision is the most
// active operand of a gate that is assigned and not yet explained by its operands, as in justification-based
// search in circuits; where every gate is explained, the rest is free, and the assignment is a counterexample.
#include "state.h"
#include <string.h>

static const double DECAY = 1 / 0.95, LARGEST = 1e100;
enum { RESTARTS = 64, MORE = 500 };

static void decide(const struct search *s, int32_t literal)
{
    s->starts[++s->counters[LEVEL]] = (int32_t)s->counters[TRAIL];
    if (literal >= 0)
        assign(s, literal, -1);
}

static void backtrack(const struct search *s, int64_t level)
{
    int64_t *n = s->counters;
    if (n[LEVEL] <= level)
        return;
    int64_t start = s->starts[level + 1];
    while (n[TRAIL] > start) {
        int32_t literal = s->trail[--n[TRAIL]], node = literal >> 1;
        s->values[literal] = s->values[literal ^ 1] = 0;
        s->saved[node] = literal & 1 ? -1 : 1;
        if (s->relevant[node])
            insert(s, node);
    }
    n[LEVEL] = level;
    n[HEAD] = start;
    if (n[FRONTIER] > start)
        n[FRONTIER] = start;
}

void leave_search(const struct search *s)
{
    backtrack(s, 0);
    while (s->counters[HEAP])
        s->places[s->heap[--s->counters[HEAP]]] = -1;
    s->counters[SEARCHING] = 0;
}

static int32_t propagate(const struct search *s)
{
    int64_t *n = s->counters;
    int32_t *arena = s->arena;
    while (n[HEAD] < n[TRAIL]) {
        int32_t wrong = s->trail[n[HEAD]++] ^ 1;
        int32_t *link = &s->heads[wrong];
        while (*link >= 0) {
            int32_t reference = *link, *clause = arena + reference, *literals = clause + HEADER;
            int watch = literals[0] != wrong;
            int32_t other = literals[!watch];
            n[STEPS]++;
            if (VALUE(s, other) > 0) {
                link = &clause[2 + watch];
                continue;
            }
            int32_t size = clause[0], k = 2;
            while (k < size && VALUE(s, literals[k]) < 0)
                k++;
            if (k < size) {
                int32_t next = clause[2 + watch];
                literals[watch] = literals[k];
                literals[k] = wrong;
                clause[2 + watch] = s->heads[literals[watch]];
                s->heads[literals[watch]] = reference;
                *link = next;
                continue;
            }
            if (VALUE(s, other) < 0)
                return reference;
            assign(s, other, reference);
            link = &clause[2 + watch];
        }
    }
    return -1;
}

static void bump(const struct search *s, int32_t node)
{
    if ((s->activity[node] += s->scales[INCREMENT]) > LARGEST) {
        for (int64_t i = 0; i < s->nodes; i++)
            s->activity[i] /= LARGEST;
        s->scales[INCREMENT] /= LARGEST;
    }
    if (s->places[node] >= 0)
        rise(s, s->places[node]);
}

static int is_redundant(const struct search *s, int32_t literal)
{
    int32_t reason = s->reasons[literal >> 1];
    if (reason < 0)
        return 0;
    const int32_t *clause = s->arena + reason;
    for (int32_t i = 0; i < clause[0]; i++) {
        int32_t node = clause[HEADER + i] >> 1;
        if (node != literal >> 1 && !s->seen[node] && s->levels[node] > 0)
            return 0;
    }
    return 1;
}

// Learn from a conflict, go back, and assign what the new clause implies.
static void learn(const struct search *s, int32_t conflict)
{
    int64_t *n = s->counters, size = 1, open = 0, at = n[TRAIL];
    int32_t *learned = s->stack + s->nodes, literal = -1;
    do {
        const int32_t *clause = s->arena + conflict;
        for (int32_t i = 0; i < clause[0]; i++) {
            int32_t each = clause[HEADER + i], node = each >> 1;
            if (each == literal || s->seen[node] || s->levels[node] == 0)
                continue;
            s->seen[node] = 1;
            bump(s, node);
            if (s->levels[node] == n[LEVEL])
                open++;
            else
                learned[size++] = each;
        }
        while (!s->seen[s->trail[--at] >> 1]) {
        }
        literal = s->trail[at];
        conflict = s->reasons[literal >> 1];
        if (--open)
            s->seen[literal >> 1] = 0;
    } while (open > 0);
    learned[0] = literal ^ 1;
    int64_t kept = 1;
    int32_t *dropped = s->stack; // what is dropped stays seen until the end
    int64_t gone = 0;
    for (int64_t i = 1; i < size; i++)
        if (is_redundant(s, learned[i]))
            dropped[gone++] = learned[i] >> 1;
        else
            learned[kept++] = learned[i];
    int64_t level = 0, highest = 1, mark = ++n[MARK];
    int32_t lbd = 1;
    for (int64_t i = 1; i < kept; i++) {
        int32_t its = s->levels[learned[i] >> 1];
        if (its > level)
            level = its, highest = i;
        lbd += s->marks[its] != (int32_t)mark;
        s->marks[its] = (int32_t)mark;
    }
    for (int64_t i = 0; i < kept; i++)
        s->seen[learned[i] >> 1] = 0;
    while (gone)
        s->seen[dropped[--gone]] = 0;
    enter_lemma(s, learned, kept);
    backtrack(s, level);
    if (kept == 1) {
        assign(s, learned[0], -1);
    } else {
        int32_t second = learned[highest];
        learned[highest] = learned[1];
        learned[1] = second;
        assign(s, learned[0], keep_clause(s, learned, kept, lbd));
    }
    s->scales[INCREMENT] *= DECAY;
}

static int64_t luby(int64_t i)
{
    int64_t k = 1;
    while ((1LL << k) - 1 < i)
        k++;
    return (1LL << k) - 1 == i ? 1LL << (k - 1) : luby(i - (1LL << (k - 1)) + 1);
}

static void begin(const struct search *s, int32_t one, int32_t two)
{
    int64_t *n = s->counters;
    memset(s->relevant, 0, s->nodes);
    s->relevant[one >> 1] = s->relevant[two >> 1] = 1;
    n[SEARCHING] = 1;
    n[SPENT] = 0;
    n[FRONTIER] = 0;
    n[LUBY] = 1;
    n[RESTART] = RESTARTS;
}

// Search until a call's steps are used up, or until more is known.
static int64_t advance(const struct graph *g, const struct search *s, const int32_t assumed[2], int64_t last)
{
    int64_t *n = s->counters;
    for (;;) {
        if (n[LAST] + n[TRAIL] + 2 * HEADER + 64 > s->room || n[LOGGED] + n[TRAIL] + 64 > s->lemma_room)
            return FULL;
        int32_t conflict = propagate(s);
        if (conflict >= 0) {
            if (n[LEVEL] == 0)
                return REFUTED;
            n[CONFLICTS]++;
            n[SPENT]++;
            learn(s, conflict);
            continue;
        }
        if (n[STEPS] > last)
            return PENDING;
        if (n[SPENT] >= n[BUDGET])
            return GIVEN_UP;
        if (n[SPENT] >= n[RESTART]) {
            n[RESTART] = n[SPENT] + RESTARTS * luby(++n[LUBY]);
            if (n[LEARNED] > n[LIMIT]) {
                backtrack(s, 0);
                forget_clauses(s);
                n[LIMIT] += MORE;
            } else
                backtrack(s, 2);
        }
        if (n[LEVEL] < 2) {
            int32_t literal = assumed[n[LEVEL]];
            if (VALUE(s, literal) < 0)
                return REFUTED;
            decide(s, VALUE(s, literal) ? -1 : literal);
            continue;
        }
        n[STEPS] += 4;
        int32_t literal = choose_decision(g, s);
        if (literal < 0)
            return FOUND;
        decide(s, literal);
    }
}

int64_t search_for(const struct graph *g, const struct search *s, int32_t one, int32_t two, int64_t *effort)
{
    int64_t *n = s->counters, steps = n[STEPS];
    if (!n[SEARCHING])
        begin(s, one, two);
    int64_t status = advance(g, s, (int32_t[]){one, two}, steps + *effort);
    *effort -= n[STEPS] - steps;
    return status;
}
