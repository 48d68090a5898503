// A pass over the graph: each node is rebuilt over merged ones, looked up, and held against its class.
#include "state.h"

// What a conjunction of two literals is equal to by local rules, or -1; its operands may become simpler ones.
static int32_t simplified(const struct graph *g, int32_t *operands)
{
    for (int rounds = 0; rounds < 4; rounds++) {
        int32_t a = operands[0], b = operands[1];
        if (a < b)
            operands[0] = b, operands[1] = a, a = operands[0], b = operands[1];
        if (b == 0 || a == (b ^ 1))
            return 0;
        if (b == 1 || a == b)
            return a;
        int changed = 0;
        for (int i = 0; i < 2 && !changed; i++) {
            int32_t x = operands[i], y = operands[!i];
            if (is_leaf(g, y >> 1))
                continue;
            int32_t p = find(g, g->fanins[y & ~1]), q = find(g, g->fanins[y | 1]);
            if (!(y & 1)) {
                if (p == x || q == x)
                    return y;
                if (p == (x ^ 1) || q == (x ^ 1))
                    return 0;
            } else {
                if (p == (x ^ 1) || q == (x ^ 1))
                    return x;
                if (p == x || q == x) { // x & -(x & q)
                    operands[!i] = (p == x ? q : p) ^ 1;
                    changed = 1;
                }
            }
        }
        if (!changed)
            return -1;
    }
    return -1;
}

// The literal that a node is equal to by structure, or -1; it is entered then.
static int32_t looked_up(const struct graph *g, int32_t node)
{
    int32_t *operands = g->fanins + 2 * node;
    operands[0] = find(g, operands[0]);
    operands[1] = find(g, operands[1]);
    int32_t known = simplified(g, operands);
    if (known >= 0)
        return known;
    uint64_t mask = g->slots - 1, key = (uint64_t)operands[0] << 32 | (uint32_t)operands[1];
    uint64_t place = mixed(key * 0x9E3779B97F4A7C15) & mask;
    for (; g->gates[place] >= 0; place = (place + 1) & mask) {
        const int32_t *other = g->fanins + 2 * g->gates[place];
        if (other[0] == operands[0] && other[1] == operands[1])
            return g->gates[place] == node ? -1 : find(g, 2 * g->gates[place]);
    }
    g->gates[place] = node;
    return -1;
}

// The class of a node: its first member as a literal, or -1 if the node is the first.
static int32_t classed(const struct graph *g, int32_t node)
{
    uint64_t mask = g->slots - 1, place = mixed(g->hashes[node]) & mask;
    while (g->classes[place] >= 0 && g->hashes[g->classes[place]] != g->hashes[node])
        place = (place + 1) & mask;
    int32_t first = g->classes[place];
    if (first >= 0 && first != node)
        return 2 * first + (g->phases[first] != g->phases[node]);
    g->classes[place] = node;
    return -1;
}

static void merge(const struct graph *g, const struct search *s, int32_t node, int32_t literal)
{
    g->merged[node] = literal;
    s->counters[MERGES]++;
    if (s->loaded[node]) {
        enter_clause(s, (int32_t[]){2 * node + 1, literal}, 2, 1);
        enter_clause(s, (int32_t[]){2 * node, literal ^ 1}, 2, 1);
    } else {
        enter_lemma(s, (int32_t[]){2 * node + 1, literal}, 2);
        enter_lemma(s, (int32_t[]){2 * node, literal ^ 1}, 2);
    }
}

// Make patterns of the model that the search has found, and of its neighbours, for some leaves.
static void take_model(const struct graph *g, const struct search *s, int64_t first, int64_t last)
{
    for (int64_t leaf = first; leaf < last; leaf++) {
        uint64_t *words = g->words + leaf * WIDTH;
        int8_t value = s->values[2 * leaf];
        uint64_t base = value ? -(uint64_t)(value > 0) : draw(s);
        for (int i = 0; i < WIDTH; i++) {
            uint64_t noise = draw(s) & draw(s) & draw(s);
            if (i >= WIDTH / 4)
                noise &= draw(s);
            if (i >= WIDTH / 2)
                noise &= draw(s) & draw(s);
            if (!value)
                noise |= draw(s);
            words[i] = base ^ (i ? noise : noise & ~(uint64_t)1);
        }
    }
}

enum { CHUNK = 4096 };
enum { LEAF_COST = 64, NODE_COST = 16, SLOT_COST = 1, ENTRY_COST = 16, COSTS = 8 }; // in eighths of a step

// Go on taking a model in: patterns of the leaves, words of all nodes, then the classes anew. 1 when that is done.
static int spread(const struct graph *g, const struct search *s, int64_t *effort)
{
    int64_t *n = s->counters, at = n[SPREADING] - 1;
    int64_t leaves = n[LEAVES], words = leaves + g->nodes, cleared = words + g->slots, entered = cleared + n[NODE];
    while (at < entered) {
        if (*effort <= 0)
            return 0;
        int64_t end = at < leaves ? leaves : at < words ? words : at < cleared ? cleared : entered;
        int64_t last = at + CHUNK < end ? at + CHUNK : end, cost;
        if (at >= leaves && n[SEARCHING])
            leave_search(s);
        if (at < leaves) {
            take_model(g, s, at + 1, last + 1);
            cost = LEAF_COST;
        } else if (at < words) {
            simulate_nodes(g, at - leaves, last - leaves, 0);
            cost = NODE_COST;
        } else if (at < cleared) {
            clear_classes(g, at - words, last - words);
            cost = SLOT_COST;
        } else {
            enter_classes(g, at - cleared, last - cleared);
            cost = ENTRY_COST;
        }
        *effort -= 1 + (last - at) * cost / COSTS;
        at = last;
        n[SPREADING] = 1 + at;
        if (at == words && (n[PATTERN] = goals_reached(g)) >= 0)
            return 0;
    }
    n[SPREADING] = 0;
    int32_t other = (int32_t)n[OTHER];
    const uint64_t *mine = g->words + n[NODE] * WIDTH, *its = g->words + (other >> 1) * (int64_t)WIDTH;
    if (((mine[0] ^ its[0] ^ (uint64_t)other) & 1) == 0) { // no counterexample after all
        n[UNDECIDED]++;
        n[NODE]++;
    }
    return 1;
}

// Put an end to a query; 1 where the node is settled, or given up.
static int conclude(const struct graph *g, const struct search *s, int64_t status)
{
    int64_t *n = s->counters;
    int32_t node = (int32_t)n[NODE], other = (int32_t)n[OTHER];
    if (status == FOUND) {
        n[MODELS]++;
        n[FAILURES] = 0;
        n[QUERY] = 0;
        n[SPREADING] = 1;
        return 0;
    }
    leave_search(s);
    if (status == GIVEN_UP) {
        n[UNDECIDED]++;
        n[FAILURES]++;
        n[QUERY] = 0;
        return 1;
    }
    if (n[QUERY] == 1) {
        enter_clause(s, (int32_t[]){2 * node + 1, other}, 2, 1);
        n[QUERY] = 2;
        return 0;
    }
    n[QUERY] = 0;
    n[FAILURES] = 0;
    merge(g, s, node, other);
    return 1;
}

int64_t sweep_nodes(const struct graph *g, const struct search *s, int64_t effort)
{
    int64_t *n = s->counters;
    while (n[NODE] < g->nodes) {
        int32_t node = (int32_t)n[NODE];
        if (--effort <= 0)
            return PENDING;
        if (n[LOGGED] + 64 > s->lemma_room || n[LAST] + 64 > s->room)
            return FULL;
        if (n[SPREADING]) {
            if (!spread(g, s, &effort))
                return n[PATTERN] >= 0 ? MODEL : PENDING;
            continue;
        }
        if (!n[QUERY]) {
            int32_t known = -1;
            if (g->merged[node] != 2 * node) {
                n[NODE]++;
                continue;
            }
            if (!is_leaf(g, node) && (known = looked_up(g, node)) >= 0) {
                merge(g, s, node, known);
                n[NODE]++;
                continue;
            }
            if ((n[OTHER] = classed(g, node)) < 0 || !n[BUDGET] || n[FAILURES] > n[PATIENCE]) {
                n[NODE]++;
                continue;
            }
            n[QUERY] = 1;
            if (n[LEARNED] > n[LIMIT]) {
                forget_clauses(s);
                n[LIMIT] += 100;
            }
        }
        int32_t other = (int32_t)n[OTHER];
        if (!n[SEARCHING] && (load_cone(g, s, node) == FULL || load_cone(g, s, other >> 1) == FULL))
            return FULL;
        int negative = n[QUERY] == 2;
        int64_t status = search_for(g, s, 2 * node + negative, other ^ !negative, &effort);
        if (status == PENDING || status == FULL)
            return status;
        n[NODE] += conclude(g, s, status);
    }
    return DONE;
}
