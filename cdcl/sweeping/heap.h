// The heap of nodes that may be decided, the most active first; and assignments, which both sides make.
#pragma once
#include "state.h"

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
