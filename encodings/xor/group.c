// Clauses grouped by their sets of variables.
#include "table.h"

// Reduce a sum of mixed variables to a place in a table of mask + 1 slots.
static inline int64_t slot_of(uint64_t word, uint64_t mask)
{
    word = (word ^ (word >> 29)) * 0x94D049BB133111EBu;
    return (word >> 20) & mask;
}

static inline int same_variables(const int32_t *a, const int32_t *b, int64_t size)
{
    for (int64_t j = 0; j < size; j++)
        if ((a[j] ^ b[j]) > 1)
            return 0;
    return 1;
}

enum { AHEAD = 8 }; // clauses between the request for a slot and its use

// The sum of a clause's mixed variables; its slot is requested.
static inline uint64_t hashed(const struct table *table, int64_t clause, int64_t longest)
{
    int64_t begin = table->offsets[clause], end = table->offsets[clause + 1];
    uint64_t word = 0;
    if (end - begin < 2 || end - begin > longest)
        return 0;
    for (int64_t j = begin; j < end; j++)
        word += mixed(table->codes[j] >> 1);
    __builtin_prefetch(table->slots + slot_of(word, table->places - 1), 1);
    return word;
}

int64_t group(const struct table *table, int64_t longest, int64_t first, int64_t effort, int64_t *counters)
{
    const int32_t *codes = table->codes;
    const int64_t *offsets = table->offsets;
    int32_t *restrict slots = table->slots, *restrict heads = table->heads, *restrict tails = table->tails;
    uint64_t *restrict hashes = table->hashes, *restrict patterns = table->patterns, words[AHEAD];
    uint64_t mask = table->places - 1;
    int64_t sets = counters[SETS], clauses = table->clauses, i = first;
    for (int64_t next = i; next < i + AHEAD && next < clauses; next++)
        words[next % AHEAD] = hashed(table, next, longest);
    for (; i < clauses && effort > 0; i++) {
        const int32_t *clause = codes + offsets[i];
        int64_t size = offsets[i + 1] - offsets[i];
        uint64_t word = words[i % AHEAD], pattern = 0;
        if (i + AHEAD < clauses)
            words[i % AHEAD] = hashed(table, i + AHEAD, longest);
        effort--;
        if (size < 2 || size > longest)
            continue;
        for (int64_t j = 0; j < size; j++)
            pattern |= (uint64_t)(clause[j] & 1) << j;
        int64_t slot = slot_of(word, mask);
        int32_t found;
        effort -= size;
        for (; (found = slots[slot]) >= 0; slot = (slot + 1) & mask, effort--) {
            if (hashes[found] != word)
                continue;
            int64_t head = heads[found];
            if (offsets[head + 1] - offsets[head] == size && same_variables(codes + offsets[head], clause, size))
                break;
        }
        uint64_t bit = size <= SHORT ? (uint64_t)1 << pattern : 0;
        if (found < 0) {
            found = sets++;
            slots[slot] = found;
            hashes[found] = word;
            heads[found] = i;
        } else if (patterns[found] & bit) {
            table->repeated[i] = 1;
            continue;
        } else
            table->nexts[tails[found]] = i;
        tails[found] = i;
        table->counts[found]++;
        patterns[found] |= bit;
    }
    counters[SETS] = sets;
    return i;
}

void count_variables(const struct table *table, int64_t first, int64_t last, int32_t *restrict degrees, int64_t variables)
{
    for (int64_t s = first; s < last; s++) {
        int64_t clause = table->heads[s];
        for (int64_t j = table->offsets[clause]; j < table->offsets[clause + 1]; j++)
            degrees[table->codes[j] >> 1]++;
    }
}

void watch(const struct table *table, int64_t first, int64_t last, const int32_t *restrict degrees, int64_t variables,
           uint64_t *restrict signatures, int32_t *restrict watches, uint8_t *restrict least)
{
    for (int64_t s = first; s < last; s++) {
        int64_t clause = table->heads[s], begin = table->offsets[clause], end = table->offsets[clause + 1];
        int32_t rarest = table->codes[begin] >> 1;
        uint64_t signature = 0;
        for (int64_t j = begin; j < end; j++) {
            int32_t variable = table->codes[j] >> 1;
            signature |= signature_of(variable);
            if (degrees[variable] < degrees[rarest])
                rarest = variable;
        }
        signatures[s] = signature;
        watches[s] = rarest;
        if (end - begin < least[rarest])
            least[rarest] = end - begin;
    }
}
