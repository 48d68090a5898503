// What the files of the sweep share: equal literals, random words, assignments, the heap of what may be decided.
#pragma once
#include "sweeping.h"

static inline int32_t find(const struct graph *g, int32_t literal)
{
    while (g->merged[literal >> 1] != (literal & ~1))
        literal = g->merged[literal >> 1] ^ (literal & 1);
    return literal;
}

static inline int is_leaf(const struct graph *g, int32_t node)
{
    return g->fanins[2 * node] < 0;
}

static inline uint64_t mixed(uint64_t x)
{
    x = (x ^ x >> 32) * 0xD6E8FEB86659FD93;
    return x ^ x >> 32;
}

static inline uint64_t draw(const struct search *s)
{
    uint64_t x = (uint64_t)s->counters[RANDOM] + 0x9E3779B97F4A7C15;
    s->counters[RANDOM] = (int64_t)x;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return x ^ x >> 31;
}

// The operands of a node as the search sees it: a multiplexer, c ? t : e, or a conjunction.
struct gate {
    int multiplexer;
    int32_t c, t, e; // the node is the negation of c ? t : e; or t & e
};

void clear_classes(const struct graph *graph, int64_t first, int64_t last);
void enter_classes(const struct graph *graph, int64_t first, int64_t last);
struct gate search_gate(const struct graph *graph, int32_t node);
int64_t enter_clause(const struct search *search, const int32_t *literals, int size, int lbd);
void enter_lemma(const struct search *search, const int32_t *literals, int64_t size);
int64_t search_for(const struct graph *graph, const struct search *search, int32_t one, int32_t two, int64_t *effort);
void leave_search(const struct search *search);
int64_t load_cone(const struct graph *graph, const struct search *search, int32_t node);
void forget_clauses(const struct search *search);
int32_t keep_clause(const struct search *search, const int32_t *literals, int64_t size, int32_t lbd);
int32_t choose_decision(const struct graph *graph, const struct search *search);

#define VALUE(s, literal) ((s)->values[literal])

static inline void assign(const struct search *s, int32_t literal, int32_t reason)
{
    int32_t node = literal >> 1;
    s->values[literal] = 1;
    s->values[literal ^ 1] = -1;
    s->levels[node] = (int32_t)s->counters[LEVEL];
    s->reasons[node] = reason;
    s->trail[s->counters[TRAIL]++] = literal;
}

static inline int precedes(const struct search *s, int32_t a, int32_t b)
{
    return s->activity[a] > s->activity[b] || (s->activity[a] == s->activity[b] && a > b);
}

static inline void rise(const struct search *s, int64_t at)
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

static inline void insert(const struct search *s, int32_t node)
{
    if (s->places[node] >= 0)
        return;
    int64_t at = s->counters[HEAP]++;
    s->heap[at] = node;
    rise(s, at);
}

static inline int32_t pop(const struct search *s)
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
