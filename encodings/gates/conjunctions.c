// Conjunctions from a clause and binary clauses.
#include "gates.h"

// Spread a pair of codes over a table of mask + 1 slots.
static inline uint64_t slot_of(int64_t key, uint64_t mask)
{
    uint64_t word = (uint64_t)key * 0x9E3779B97F4A7C15u;
    word = (word ^ (word >> 32)) * 0xBF58476D1CE4E5B9u;
    return (word >> 24) & mask;
}

// The key of a binary clause, whatever the order of its literals.
static inline int64_t key_of(int64_t a, int64_t b)
{
    return a < b ? a << 32 | b : b << 32 | a;
}

void enter_pairs(const int32_t *restrict codes, int64_t entries, const int64_t *restrict offsets, int64_t clauses,
                 int64_t first, int64_t last, const struct pairs *pairs)
{
    int64_t *restrict slots = pairs->slots;
    uint64_t mask = pairs->places - 1;
    for (int64_t i = first; i < last; i++) {
        int64_t start = offsets[i];
        if (offsets[i + 1] - start != 2)
            continue;
        int64_t key = key_of(codes[start], codes[start + 1]);
        uint64_t slot = slot_of(key, mask);
        while (slots[slot] >= 0 && slots[slot] != key)
            slot = (slot + 1) & mask;
        if (slots[slot] < 0) {
            slots[slot] = key;
            pairs->degrees[codes[start]]++;
            pairs->degrees[codes[start + 1]]++;
        }
    }
}

// Whether the binary clause (a b) is there.
static inline int has_pair(const struct pairs *pairs, int64_t a, int64_t b)
{
    int64_t key = key_of(a, b);
    uint64_t mask = pairs->places - 1, slot = slot_of(key, mask);
    while (pairs->slots[slot] >= 0 && pairs->slots[slot] != key)
        slot = (slot + 1) & mask;
    return pairs->slots[slot] == key;
}

// Whether the clause with the output at place j has the binary clauses of a conjunction.
static int is_gate(const int32_t *clause, int64_t size, int64_t j, const struct pairs *pairs, int64_t *work)
{
    int32_t output = clause[j];
    for (int64_t k = 0; k < size; k++)
        if (k != j && pairs->degrees[clause[k] ^ 1] == 0)
            return 0;
    for (int64_t k = 0; k < size; k++)
        if (k != j) {
            ++*work;
            if (!has_pair(pairs, output ^ 1, clause[k] ^ 1))
                return 0;
        }
    return 1;
}

int64_t conjunctions(const int32_t *restrict codes, int64_t entries, const int64_t *restrict offsets, int64_t clauses,
                     const uint8_t *restrict repeated, const struct pairs *pairs, int64_t first, int64_t last,
                     int64_t effort, int64_t most, int32_t *restrict outputs, int64_t gates, int32_t *restrict inputs,
                     int64_t room, int64_t *restrict ends, int64_t *restrict counters)
{
    int64_t i = first, work = counters[WORK], gate = counters[GATES], input = counters[INPUTS];
    for (; i < last && effort > 0; i++) {
        const int32_t *clause = codes + offsets[i];
        int64_t size = offsets[i + 1] - offsets[i];
        effort--;
        if (size < 3 || repeated[i])
            continue;
        effort -= size;
        int left = OUTPUTS;
        for (int64_t j = size - 1; j >= 0 && left; j--) {
            if (pairs->degrees[clause[j] ^ 1] < size - 1)
                continue;
            effort -= size;
            if (!is_gate(clause, size, j, pairs, &work)) {
                if (work > most) {
                    i = clauses;
                    goto stop;
                }
                continue;
            }
            outputs[gate] = clause[j];
            for (int64_t k = 0; k < size; k++)
                if (k != j)
                    inputs[input++] = clause[k] ^ 1;
            ends[gate++] = input;
            left--;
        }
    }
stop:
    counters[WORK] = work;
    counters[GATES] = gate;
    counters[INPUTS] = input;
    return i;
}
