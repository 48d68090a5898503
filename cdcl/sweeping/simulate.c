// Patterns through the graph, 64 * WIDTH at a time, and the classes of nodes that have never differed.
#include "state.h"

static inline void take_in(const struct graph *g, int64_t node, int64_t fresh)
{
    const uint64_t *words = g->words + node * WIDTH;
    if (fresh)
        g->phases[node] = words[0] & 1;
    uint64_t flip = g->phases[node] ? ~(uint64_t)0 : 0, hash = fresh ? 0 : g->hashes[node];
    for (int i = 0; i < WIDTH; i++) {
        hash = (hash ^ words[i] ^ flip) * 0x9E3779B97F4A7C15;
        hash ^= hash >> 29;
    }
    g->hashes[node] = hash;
}

void simulate_nodes(const struct graph *g, int64_t first, int64_t last, int64_t fresh)
{
    for (int64_t node = first; node < last; node++) {
        if (!is_leaf(g, node)) {
            int32_t a = g->fanins[2 * node], b = g->fanins[2 * node + 1];
            uint64_t *to = g->words + node * WIDTH;
            const uint64_t *left = g->words + (a >> 1) * (int64_t)WIDTH, *right = g->words + (b >> 1) * (int64_t)WIDTH;
            uint64_t flip = -(uint64_t)(a & 1), other = -(uint64_t)(b & 1);
            for (int i = 0; i < WIDTH; i++)
                to[i] = (left[i] ^ flip) & (right[i] ^ other);
        }
        if (fresh >= 0)
            take_in(g, node, fresh);
    }
}

void clear_classes(const struct graph *g, int64_t first, int64_t last)
{
    for (int64_t slot = first; slot < last; slot++)
        g->classes[slot] = -1;
}

void enter_classes(const struct graph *g, int64_t first, int64_t last)
{
    uint64_t mask = g->slots - 1;
    for (int64_t node = first; node < last; node++) {
        if (g->merged[node] != 2 * node)
            continue;
        uint64_t place = mixed(g->hashes[node]) & mask;
        while (g->classes[place] >= 0 && g->hashes[g->classes[place]] != g->hashes[node])
            place = (place + 1) & mask;
        if (g->classes[place] < 0)
            g->classes[place] = (int32_t)node;
    }
}

void make_classes(const struct graph *g, int64_t last)
{
    clear_classes(g, 0, g->slots);
    enter_classes(g, 0, last);
}

int64_t goals_reached(const struct graph *g)
{
    uint64_t all[WIDTH];
    for (int i = 0; i < WIDTH; i++)
        all[i] = ~(uint64_t)0;
    for (int64_t clause = 0, at = 0; clause < g->goal_clauses; clause++) {
        uint64_t any[WIDTH] = {0}, left = 0;
        for (; at < g->ends[clause]; at++) {
            int32_t literal = g->goals[at];
            const uint64_t *words = g->words + (literal >> 1) * (int64_t)WIDTH;
            uint64_t flip = -(uint64_t)(literal & 1);
            for (int i = 0; i < WIDTH; i++)
                any[i] |= words[i] ^ flip;
        }
        for (int i = 0; i < WIDTH; i++)
            left |= all[i] &= any[i];
        if (!left)
            return -1;
    }
    for (int i = 0; i < WIDTH; i++)
        if (all[i])
            return 64 * i + __builtin_ctzll(all[i]);
    return -1;
}

static void counted_patterns(const struct graph *g, const int32_t *leaves, int64_t number, int64_t block)
{
    static const uint64_t columns[6] = {
        0xAAAAAAAAAAAAAAAA, 0xCCCCCCCCCCCCCCCC, 0xF0F0F0F0F0F0F0F0,
        0xFF00FF00FF00FF00, 0xFFFF0000FFFF0000, 0xFFFFFFFF00000000,
    };
    for (int64_t i = 0; i < number; i++)
        for (int64_t word = 0; word < WIDTH; word++)
            g->words[leaves[i] * (int64_t)WIDTH + word] =
                i < 6 ? columns[i] : -(uint64_t)((block * WIDTH + word) >> (i - 6) & 1);
}

int64_t exhaust_inputs(const struct graph *g, const int32_t *leaves, int64_t number, int64_t first, int64_t last,
                int64_t effort, int64_t *pattern)
{
    *pattern = -1;
    for (; first < last && effort > 0 && *pattern < 0; first++) {
        counted_patterns(g, leaves, number, first);
        simulate_nodes(g, 0, g->nodes, -1);
        *pattern = goals_reached(g);
        effort -= g->nodes;
    }
    return first;
}
