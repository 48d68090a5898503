// Conflict-driven search for an assignment in which two literals hold, deciding only what they depend on.
//
// Clauses are watched by lists that run through them, as in PicoSAT (Biere, JSAT 2008). A decision is the most
// active operand of a gate that is assigned and not yet explained by its operands, as in justification-based
// search in circuits; where every gate is explained, the rest is free, and the assignment is a counterexample.
#include "state.h"
#include <string.h>

#define VALUE(s, literal) ((s)->values[literal])

static const double DECAY = 1 / 0.95, LARGEST = 1e100;
enum { RESTARTS = 64, KEPT = 3, MIDDLING = 8, MORE = 500 };

// --- the heap of what may be decided

static inline int precedes(const struct search *s, int32_t a, int32_t b)
{
    return s->activity[a] > s->activity[b] || (s->activity[a] == s->activity[b] && a > b);
}

static void rise(const struct search *s, int64_t at)
{
    int32_t node = s->heap[at];
    while (at > 0) {
        int64_t up = (at - 1) / 2;
        if (!precedes(s, node, s->heap[up]))
            break;
        s->places[s->heap[at] = s->heap[up]] = (int32_t)at;
        at = up;
    }
    s->places[s->heap[at] = node] = (int32_t)at;
}

static void insert(const struct search *s, int32_t node)
{
    if (s->places[node] >= 0)
        return;
    int64_t at = s->counters[HEAP]++;
    s->heap[at] = node;
    rise(s, at);
}

static int32_t pop(const struct search *s)
{
    int32_t best = s->heap[0], node = s->heap[--s->counters[HEAP]];
    int64_t size = s->counters[HEAP], at = 0;
    s->places[best] = -1;
    if (!size)
        return best;
    for (int64_t below; (below = 2 * at + 1) < size; at = below) {
        if (below + 1 < size && precedes(s, s->heap[below + 1], s->heap[below]))
            below++;
        if (!precedes(s, s->heap[below], node))
            break;
        s->places[s->heap[at] = s->heap[below]] = (int32_t)at;
    }
    s->places[s->heap[at] = node] = (int32_t)at;
    return best;
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

// --- assignments

static inline void assign(const struct search *s, int32_t literal, int32_t reason)
{
    int32_t node = literal >> 1;
    s->values[literal] = 1;
    s->values[literal ^ 1] = -1;
    s->levels[node] = (int32_t)s->counters[LEVEL];
    s->reasons[node] = reason;
    s->trail[s->counters[TRAIL]++] = literal;
}

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

// --- clauses

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

static int32_t enter(const struct search *s, const int32_t *literals, int64_t size, int32_t lbd)
{
    int32_t reference = (int32_t)s->counters[LAST];
    int32_t *clause = s->arena + reference;
    clause[0] = (int32_t)size;
    clause[1] = lbd;
    memcpy(clause + HEADER, literals, size * sizeof *literals);
    s->counters[LAST] += HEADER + size;
    s->counters[LEARNED] += lbd > 0;
    watch(s, reference);
    return reference;
}

// Add a short clause at level 0; 0 if it is false there.
int64_t enter_clause(const struct search *s, const int32_t *literals, int size, int lbd)
{
    int32_t kept[4];
    int64_t count = 0;
    enter_lemma(s, literals, size);
    for (int i = 0; i < size; i++) {
        if (VALUE(s, literals[i]) > 0)
            return 1;
        if (VALUE(s, literals[i]) == 0)
            kept[count++] = literals[i];
    }
    if (count > 1)
        enter(s, kept, count, lbd);
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
        learned += lbd > 0;
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
        n[LEARNED] += lbd > 0;
        watch(s, (int32_t)to);
        to += HEADER + kept;
    }
    n[LAST] = to;
}

// --- learning

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
        assign(s, learned[0], enter(s, learned, kept, lbd));
    }
    s->scales[INCREMENT] *= DECAY;
}

// --- what gates ask for

struct gate search_gate(const struct graph *g, int32_t node)
{
    struct gate gate = {0, -1, find(g, g->fanins[2 * node]), find(g, g->fanins[2 * node + 1])};
    if (!(gate.t & gate.e & 1) || is_leaf(g, gate.t >> 1) || is_leaf(g, gate.e >> 1))
        return gate;
    for (int i = 0; i < 4; i++) {
        int32_t one = find(g, g->fanins[(gate.t & ~1) + (i >> 1)]);
        int32_t two = find(g, g->fanins[(gate.e & ~1) + (i & 1)]);
        if (one == (two ^ 1)) {
            int32_t then = find(g, g->fanins[(gate.t & ~1) + !(i >> 1)]);
            int32_t otherwise = find(g, g->fanins[(gate.e & ~1) + !(i & 1)]);
            return (struct gate){1, one, then, otherwise};
        }
    }
    return gate;
}

static void ask_for(const struct search *s, int32_t literal, int32_t parent, int64_t *depth)
{
    int32_t node = literal >> 1;
    if (VALUE(s, literal)) {
        if (!s->relevant[node]) {
            s->relevant[node] = 1;
            s->stack[(*depth)++] = node;
        }
        return;
    }
    s->relevant[node] = 1;
    s->parents[node] = parent;
    insert(s, node);
}

// Ask for what explains the value of a gate, and the values of those that explain it.
static void explain(const struct graph *g, const struct search *s, int32_t node)
{
    int64_t depth = 0;
    s->stack[depth++] = node;
    while (depth) {
        node = s->stack[--depth];
        if (is_leaf(g, node))
            continue;
        struct gate gate = search_gate(g, node);
        int8_t t = VALUE(s, gate.t), e = VALUE(s, gate.e);
        if (gate.multiplexer) {
            int8_t c = VALUE(s, gate.c);
            if (c || !t || t != e)
                ask_for(s, gate.c, node, &depth);
            if (c >= 0)
                ask_for(s, gate.t, node, &depth);
            if (c <= 0)
                ask_for(s, gate.e, node, &depth);
        } else if (VALUE(s, 2 * node) > 0) {
            ask_for(s, gate.t, node, &depth);
            ask_for(s, gate.e, node, &depth);
        } else if (t < 0 && (e >= 0 || s->relevant[gate.t >> 1] || !s->relevant[gate.e >> 1]))
            ask_for(s, gate.t, node, &depth);
        else if (e < 0)
            ask_for(s, gate.e, node, &depth);
        else {
            ask_for(s, gate.t, node, &depth);
            ask_for(s, gate.e, node, &depth);
        }
    }
}

// Whether a gate's value needs no more of an operand that it has asked for.
static int is_explained(const struct graph *g, const struct search *s, int32_t node)
{
    struct gate gate = search_gate(g, node);
    return VALUE(s, 2 * node) < 0 && !gate.multiplexer && (VALUE(s, gate.t) < 0 || VALUE(s, gate.e) < 0);
}

// The next decision, -1 where every value is explained.
static int32_t choose(const struct graph *g, const struct search *s)
{
    int64_t *n = s->counters;
    for (int final = 0;; final = 1) {
        for (; n[FRONTIER] < n[TRAIL]; n[FRONTIER]++) {
            int32_t node = s->trail[n[FRONTIER]] >> 1;
            if (s->relevant[node])
                explain(g, s, node);
        }
        while (n[HEAP]) {
            int32_t node = pop(s);
            if (VALUE(s, 2 * node))
                continue;
            int32_t parent = s->parents[node];
            if (VALUE(s, 2 * parent) && is_explained(g, s, parent))
                continue;
            int8_t phase = s->saved[node];
            if (!phase)
                phase = g->words[node * (int64_t)WIDTH] & 1 ? 1 : -1;
            return 2 * node + (phase < 0);
        }
        if (final)
            return -1;
        n[FRONTIER] = 0; // some gate may have lost what explained it
    }
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

int64_t search_for(const struct graph *g, const struct search *s, int32_t one, int32_t two, int64_t *effort)
{
    int64_t *n = s->counters, steps = n[STEPS];
    const int32_t assumed[2] = {one, two};
    if (!n[SEARCHING])
        begin(s, one, two);
    for (;;) {
        int32_t conflict = propagate(s);
        if (conflict >= 0) {
            if (n[LEVEL] == 0)
                return REFUTED;
            n[CONFLICTS]++;
            n[SPENT]++;
            learn(s, conflict);
            continue;
        }
        if (n[STEPS] - steps > *effort) {
            *effort = 0;
            return PENDING;
        }
        if (n[SPENT] >= n[BUDGET])
            return GIVEN_UP;
        if (n[LAST] + n[TRAIL] + 2 * HEADER + 64 > s->room || n[LOGGED] + n[TRAIL] + 64 > s->lemma_room)
            return FULL;
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
        steps--;
        int32_t literal = choose(g, s);
        if (literal < 0)
            return FOUND;
        decide(s, literal);
    }
}

// --- gates as clauses

static int64_t load_gate(const struct graph *g, const struct search *s, int32_t node)
{
    struct gate gate = search_gate(g, node);
    int32_t n = 2 * node, c = gate.c, t = gate.t, e = gate.e;
    if (!gate.multiplexer) {
        enter_clause(s, (int32_t[]){n ^ 1, t}, 2, 0);
        enter_clause(s, (int32_t[]){n ^ 1, e}, 2, 0);
        enter_clause(s, (int32_t[]){n, t ^ 1, e ^ 1}, 3, 0);
        return 0;
    }
    enter_clause(s, (int32_t[]){c ^ 1, n, t}, 3, 0);
    enter_clause(s, (int32_t[]){c ^ 1, n ^ 1, t ^ 1}, 3, 0);
    enter_clause(s, (int32_t[]){c, n, e}, 3, 0);
    enter_clause(s, (int32_t[]){c, n ^ 1, e ^ 1}, 3, 0);
    if (t >> 1 != e >> 1) {
        enter_clause(s, (int32_t[]){n, t, e}, 3, 0);
        enter_clause(s, (int32_t[]){n ^ 1, t ^ 1, e ^ 1}, 3, 0);
    }
    return 0;
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
