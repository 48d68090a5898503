// Rows of WIDTH words, and what instructions do with them.
#pragma once
#include "sweep.h"

#define PART 8 // words that are loaded at once: a register of AVX-512, two of AVX2

typedef uint64_t part __attribute__((vector_size(8 * PART)));
typedef uint64_t part_of_row __attribute__((vector_size(8 * PART), aligned(8)));

static inline part load(const uint64_t *row, int64_t word)
{
    return *(const part_of_row *)(row + word);
}

static inline void store(uint64_t *row, int64_t word, part value)
{
    *(part_of_row *)(row + word) = value;
}

static inline part splat(uint64_t word)
{
    return word - (part){0};
}

static inline uint64_t *row_of(uint64_t *rows, int64_t place)
{
    return rows + WIDTH * place;
}

// target = (a ^ m) & (b ^ n), word by word
static inline void row_and(uint64_t *target, const uint64_t *a, uint64_t m, const uint64_t *b, uint64_t n)
{
    for (int64_t word = 0; word < WIDTH; word += PART)
        store(target, word, (load(a, word) ^ splat(m)) & (load(b, word) ^ splat(n)));
}

// target = a ^ b ^ sign, word by word
static inline void row_xor(uint64_t *target, const uint64_t *a, const uint64_t *b, uint64_t sign)
{
    for (int64_t word = 0; word < WIDTH; word += PART)
        store(target, word, load(a, word) ^ load(b, word) ^ splat(sign));
}

// Take the candidates from `alive` for which both operands are true.
static inline void row_check(uint64_t *alive, const uint64_t *a, uint64_t m, const uint64_t *b, uint64_t n)
{
    for (int64_t word = 0; word < WIDTH; word += PART)
        store(alive, word, load(alive, word) & ~((load(a, word) ^ splat(m)) & (load(b, word) ^ splat(n))));
}

// Tell whether a row has a one.
static inline int row_any(const uint64_t *row)
{
    part some = splat(0);
    for (int64_t word = 0; word < WIDTH; word += PART)
        some |= load(row, word);
    uint64_t any = 0;
    for (int i = 0; i < PART; i++)
        any |= some[i];
    return any != 0;
}
