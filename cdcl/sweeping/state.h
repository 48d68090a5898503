// What the files of the sweep share.
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

struct gate search_gate(const struct graph *graph, int32_t node);
int64_t enter_clause(const struct search *search, const int32_t *literals, int size, int lbd);
void enter_lemma(const struct search *search, const int32_t *literals, int64_t size);
int64_t search_for(const struct graph *graph, const struct search *search, int32_t one, int32_t two, int64_t *effort);
void leave_search(const struct search *search);
int64_t load_cone(const struct graph *graph, const struct search *search, int32_t node);
void forget_clauses(const struct search *search);
int32_t keep_clause(const struct search *search, const int32_t *literals, int64_t size, int32_t lbd);
int32_t choose_decision(const struct graph *graph, const struct search *search);
