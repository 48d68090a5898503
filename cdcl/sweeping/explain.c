// What to decide: operands of gates that are assigned and not yet explained by their operands.
#include "state.h"

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
int32_t choose_decision(const struct graph *g, const struct search *s)
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
