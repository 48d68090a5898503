// Structural hashing with local rules of two levels: R. Brummayer and A. Biere, "Local Two-Level And-Inverter
// Graph Minimization without Blowup", MEMICS 2006. No rule adds gates.
#include "circuit.h"

static inline uint64_t hashed(int32_t a, int32_t b)
{
    uint64_t word = ((uint64_t)(uint32_t)a << 32 | (uint32_t)b) * 0x9E3779B97F4A7C15u;
    word = (word ^ word >> 32) * 0xBF58476D1CE4E5B9u;
    return word >> 20;
}

// The operands of a literal's gate; 0 for a variable that is none.
static inline int opened(const struct graph *graph, int32_t literal, int32_t *a, int32_t *b)
{
    const int32_t *row = graph->ands + 2 * (int64_t)(literal >> 1);
    *a = row[0];
    *b = row[1];
    return row[0] != LEAF;
}

// A literal that is the conjunction, without a new gate; -1 if there is none. The operands may be replaced by
// others with the same conjunction: then it is looked for again.
static int32_t simplified(const struct graph *graph, int32_t *x, int32_t *y)
{
    for (;;) {
        int32_t a = *x, b = *y;
        if (a < b) {
            *x = b, *y = a;
            continue;
        }
        if (b == 0 || a == (b ^ 1))
            return 0;
        if (b == 1 || a == b)
            return a;
        int32_t a0, a1, b0, b1;
        int first = opened(graph, a, &a0, &a1), second = opened(graph, b, &b0, &b1);
        if (first && !(a & 1)) {
            if (a0 == (b ^ 1) || a1 == (b ^ 1)) // contradiction
                return 0;
            if (a0 == b || a1 == b) // idempotence
                return a;
        }
        if (second && !(b & 1)) {
            if (b0 == (a ^ 1) || b1 == (a ^ 1))
                return 0;
            if (b0 == a || b1 == a)
                return b;
        }
        if (first && a & 1) {
            if (a0 == (b ^ 1) || a1 == (b ^ 1)) // subsumption: -(a0 & a1) follows from b
                return b;
            if (a0 == b || a1 == b) { // substitution: -(b & a1) & b is -a1 & b
                *x = (a0 == b ? a1 : a0) ^ 1;
                continue;
            }
        }
        if (second && b & 1) {
            if (b0 == (a ^ 1) || b1 == (a ^ 1))
                return a;
            if (b0 == a || b1 == a) {
                *y = (b0 == a ? b1 : b0) ^ 1;
                continue;
            }
        }
        if (!first || !second)
            return -1;
        int clash = a0 == (b0 ^ 1) || a0 == (b1 ^ 1) || a1 == (b0 ^ 1) || a1 == (b1 ^ 1);
        if (!(a & 1) && !(b & 1)) {
            if (clash)
                return 0;
        } else if (a & 1 && b & 1) { // resolution: -(p & q) & -(p & -q) is -p
            if ((a0 == b0 && a1 == (b1 ^ 1)) || (a0 == b1 && a1 == (b0 ^ 1)))
                return a0 ^ 1;
            if ((a1 == b1 && a0 == (b0 ^ 1)) || (a1 == b0 && a0 == (b1 ^ 1)))
                return a1 ^ 1;
        } else {
            int32_t *negated = a & 1 ? x : y;
            int32_t n0 = a & 1 ? a0 : b0, n1 = a & 1 ? a1 : b1, p0 = a & 1 ? b0 : a0, p1 = a & 1 ? b1 : a1;
            if (clash)
                return a & 1 ? b : a;
            if (n0 == p0 || n0 == p1) {
                *negated = n1 ^ 1;
                continue;
            }
            if (n1 == p0 || n1 == p1) {
                *negated = n0 ^ 1;
                continue;
            }
        }
        return -1;
    }
}

// The slot of a pair of operands, or the empty one where it would be.
static inline int64_t slot_of(const struct graph *graph, int32_t a, int32_t b)
{
    uint64_t mask = graph->places - 1, slot = hashed(a, b) & mask;
    for (int32_t variable; (variable = graph->slots[slot]) != NONE; slot = (slot + 1) & mask) {
        const int32_t *row = graph->ands + 2 * (int64_t)variable;
        if (row[0] == a && row[1] == b)
            break;
    }
    return slot;
}

static inline int32_t conjunction(const struct graph *graph, int32_t a, int32_t b)
{
    int32_t known = simplified(graph, &a, &b);
    if (known >= 0)
        return known;
    int64_t slot = slot_of(graph, a, b);
    if (graph->slots[slot] == NONE) {
        int64_t variable = ++graph->counters[VARIABLES];
        graph->ands[2 * variable] = a;
        graph->ands[2 * variable + 1] = b;
        graph->slots[slot] = (int32_t)variable;
    }
    return 2 * graph->slots[slot];
}

int64_t conjoin(const struct graph *graph, int64_t a, int64_t b)
{
    return conjunction(graph, (int32_t)a, (int32_t)b);
}

void conjoin_pairs(const struct graph *graph, const int32_t *pairs, int64_t number, int32_t *results, int64_t first,
                   int64_t last)
{
    for (int64_t i = first; i < last; i++)
        results[i] = conjunction(graph, pairs[2 * i], pairs[2 * i + 1]);
}

void copy_gates(const struct graph *graph, const int32_t *ands, int64_t gates, int64_t leaves, int32_t *literals,
                int64_t variables, int64_t first, int64_t last)
{
    for (int64_t i = first; i < last; i++) {
        int32_t a = ands[2 * i], b = ands[2 * i + 1];
        literals[leaves + i] = conjunction(graph, literals[a >> 1] ^ (a & 1), literals[b >> 1] ^ (b & 1));
    }
}

void enter(const struct graph *graph, int64_t first, int64_t last)
{
    for (int64_t variable = first; variable < last; variable++) {
        const int32_t *row = graph->ands + 2 * variable;
        if (row[0] != LEAF)
            graph->slots[slot_of(graph, row[0], row[1])] = (int32_t)variable;
    }
}
