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
