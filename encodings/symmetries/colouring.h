// Ordered partitions of literals and clauses, and what their symmetries need of clauses.
#pragma once
#include <string.h>
#include "clauses.h"

void individualise(const struct colouring *p, const struct refinement *r, int32_t vertex);
int refine(const struct indexed *g, const struct colouring *p, const struct refinement *r,
           const struct colouring *leader, int64_t *effort);
void undo_splits(const struct colouring *p, int64_t mark);

static inline uint64_t hashed(uint64_t x)
{
    x = (x + 1) * 0x9E3779B97F4A7C15;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return x ^ x >> 31;
}

// Look for the clause whose literals, all of them different, are marked with the stamp; -1 if there is none.
static inline int64_t find_clause(const struct indexed *g, uint64_t sum, int64_t size, const int64_t *marks,
                                  int64_t stamp, int64_t *slot)
{
    int64_t i = (int64_t)(sum & (uint64_t)(g->places - 1));
    for (; g->slots[i] >= 0; i = (i + 1) & (g->places - 1)) {
        int64_t c = g->slots[i], j = g->offsets[c], end = g->offsets[c + 1];
        if (g->sums[c] != sum || end - j != size)
            continue;
        while (j < end && marks[g->codes[j]] == stamp)
            j++;
        if (j == end)
            return c;
    }
    *slot = i;
    return -1;
}
