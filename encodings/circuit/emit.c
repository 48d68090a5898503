// Definitions become AND gates, from the inputs up: truth tables by cofactors, equal gates once.
#include "tables.h"

struct graph {
    const struct gates *gates;
    int64_t *count; // of the graph's variables
    int64_t first;  // variable of the first gate
};

static int32_t conjoin(const struct graph *g, int32_t a, int32_t b)
{
    if (a < b) {
        int32_t other = a;
        a = b, b = other;
    }
    if (b == 0 || a == (b ^ 1))
        return 0;
    if (b == 1 || a == b)
        return a;
    uint64_t mask = g->gates->places - 1;
    uint64_t place = ((uint64_t)a * 0x9E3779B97F4A7C15 ^ (uint64_t)b * 0xBF58476D1CE4E5B9) >> 20 & mask;
    for (; g->gates->slots[place] >= 0; place = (place + 1) & mask) {
        const int32_t *known = g->gates->ands + 2 * (g->gates->slots[place] - g->first);
        if (known[0] == a && known[1] == b)
            return 2 * g->gates->slots[place];
    }
    int32_t made = (int32_t)++*g->count;
    g->gates->slots[place] = made;
    g->gates->ands[2 * (made - g->first)] = a;
    g->gates->ands[2 * (made - g->first) + 1] = b;
    return 2 * made;
}

static int32_t choose(const struct graph *g, int32_t c, int32_t t, int32_t e)
{
    return conjoin(g, conjoin(g, c, t) ^ 1, conjoin(g, c ^ 1, e) ^ 1) ^ 1;
}

static int dependent(function f)
{
    int count = 0;
    for (int i = 0; i < SUPPORT; i++)
        count += !equal(cofactor(f, i, 0), cofactor(f, i, 1));
    return count;
}

static int32_t decompose(const struct graph *g, function f, const int32_t *leaves)
{
    if (is_constant(f, 0))
        return 0;
    if (is_constant(f, 1))
        return 1;
    int best = -1, least = 2 * SUPPORT + 1;
    for (int i = 0; i < SUPPORT; i++) {
        function low = cofactor(f, i, 0), high = cofactor(f, i, 1);
        if (equal(low, high))
            continue;
        if (is_constant(low, 0))
            return conjoin(g, leaves[i], decompose(g, high, leaves));
        if (is_constant(high, 0))
            return conjoin(g, leaves[i] ^ 1, decompose(g, low, leaves));
        if (is_constant(low, 1))
            return conjoin(g, leaves[i], decompose(g, inverse(high), leaves)) ^ 1;
        if (is_constant(high, 1))
            return conjoin(g, leaves[i] ^ 1, decompose(g, inverse(low), leaves)) ^ 1;
        if (equal(low, inverse(high))) {
            int32_t rest = decompose(g, low, leaves);
            return choose(g, leaves[i], rest ^ 1, rest);
        }
        int needed = dependent(low) + dependent(high);
        if (needed < least)
            least = needed, best = i;
    }
    int32_t high = decompose(g, cofactor(f, best, 1), leaves);
    return choose(g, leaves[best], high, decompose(g, cofactor(f, best, 0), leaves));
}

int64_t emit_definitions(const struct clausal *c, const struct definitions *d, const struct gates *gates, int64_t first_gate,
             int64_t effort)
{
    int64_t *n = d->counters;
    struct graph g = {gates, &n[GATES], first_gate};
    for (; n[PLACE] < n[FOUND]; n[PLACE]++) {
        int32_t y = d->order[n[FOUND] - 1 - n[PLACE]];
        int64_t clause = d->clauses_of[y];
        int32_t side = 2 * y + d->sided[y] - 1; // the literal in what there is of a definition of one side
        int64_t size = d->kinds[y] == CONJUNCTION ? size_of(c, clause)
                       : d->kinds[y] == PARTNERS  ? c->starts[side + 1] - c->starts[side]
                                                  : 0;
        if (n[GATES] - first_gate + 1 + size + ROOM > gates->room)
            return 2;
        if (effort < 0)
            return 0;
        effort -= 32 + size; // after that: one definition a call, however wide
        if (d->kinds[y] == TABLE) {
            int32_t leaves[SUPPORT] = {0};
            for (int i = 0; i < SUPPORT && d->inputs[y * SUPPORT + i] >= 0; i++)
                leaves[i] = gates->literals[d->inputs[y * SUPPORT + i]];
            gates->literals[y] = decompose(&g, load(d->tables + y * (int64_t)WORDS), leaves);
            continue;
        }
        int32_t all = 1, negated = d->sided[y] == 1;
        if (d->kinds[y] == PARTNERS) {
            for (int64_t entry = c->starts[side]; entry < c->starts[side + 1]; entry++) {
                int32_t other = partner(c, c->occurrences[entry], side);
                all = conjoin(&g, all, gates->literals[other >> 1] ^ (other & 1));
            }
            gates->literals[y] = all ^ negated;
            continue;
        }
        for (int64_t at = c->offsets[clause]; at < c->offsets[clause + 1]; at++)
            if (c->codes[at] >> 1 == y)
                negated = c->codes[at] & 1;
            else
                all = conjoin(&g, all, gates->literals[c->codes[at] >> 1] ^ (c->codes[at] & 1) ^ 1);
        gates->literals[y] = all ^ negated;
    }
    return 1;
}
