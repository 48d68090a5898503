// Rows of WIDTH words of 32 lanes, a machine vector at a time, and numbers in bit planes.
#pragma once
#include "galois.h"
#if defined(__SSE4_1__)
#include <immintrin.h>
#endif

// Words of a machine vector: gcc keeps longer ones in memory.
#if defined(__AVX512F__)
#define PIECE 16
#elif defined(__AVX2__)
#define PIECE 8
#else
#define PIECE 4
#endif
#define PIECES (WIDTH / PIECE)

typedef uint32_t piece __attribute__((vector_size(4 * PIECE)));
typedef uint32_t piece_of_row __attribute__((vector_size(4 * PIECE), aligned(4)));

// A place of an array that holds a row each, from word `PIECE * at` on.
static inline piece load(const uint32_t *rows, int64_t place, int at)
{
    return *(const piece_of_row *)(rows + WIDTH * place + PIECE * at);
}

static inline void store(uint32_t *rows, int64_t place, int at, piece value)
{
    *(piece_of_row *)(rows + WIDTH * place + PIECE * at) = value;
}

static inline piece splat(uint32_t word)
{
    return word - (piece){0};
}

// Tell whether any lane is set.
static inline int some(piece value)
{
#if defined(__AVX512F__)
    __m512i whole = (__m512i)value;
    return _mm512_test_epi64_mask(whole, whole) != 0;
#elif defined(__AVX2__)
    __m256i whole = (__m256i)value;
    return !_mm256_testz_si256(whole, whole);
#elif defined(__SSE4_1__)
    __m128i whole = (__m128i)value;
    return !_mm_testz_si128(whole, whole);
#else
    uint32_t any = 0;
    for (int i = 0; i < PIECE; i++)
        any |= value[i];
    return any != 0;
#endif
}

// A number of each lane from 0 to 7.
struct three {
    piece low, middle, high;
};

// Add 1 in the lanes of `ones`; 7 stays 7.
static inline void increment(struct three *number, piece ones)
{
    piece carry = number->low & ones;
    piece up = number->middle & carry;
    piece over = number->high & up;
    number->low = (number->low ^ ones) | over;
    number->middle = (number->middle ^ carry) | over;
    number->high = (number->high ^ up) | over;
}

// Return max(0, b - (m - 1)), for m > 0.
static inline struct three loss(struct three m, struct three b)
{
    piece borrow = ~(m.low | m.middle);
    piece m1 = ~(m.low ^ m.middle); // m - 1: borrow where its low bit is 0
    piece m2 = m.high ^ borrow;
    piece m0 = ~m.low;
    piece less = ~b.low & m0;
    piece d0 = b.low ^ m0;
    piece d1 = b.middle ^ m1 ^ less;
    less = (~b.middle & (m1 | less)) | (m1 & less);
    piece d2 = b.high ^ m2 ^ less;
    less = (~b.high & (m2 | less)) | (m2 & less);
    return (struct three){d0 & ~less, d1 & ~less, d2 & ~less};
}

// Add a power of two to numbers in bit planes, in the lanes of `carry`.
static inline void add(uint32_t *planes, piece carry, int64_t plane, int at)
{
    for (; some(carry); plane++) {
        piece bits = load(planes, plane, at);
        store(planes, plane, at, bits ^ carry);
        carry &= bits;
    }
}

// Let `least` be the smaller of both numbers; return the lanes where it changed.
static inline piece lower(const uint32_t *now, uint32_t *least, int64_t planes, int at)
{
    piece less = splat(0);
    for (int64_t plane = 0; plane < planes; plane++) {
        piece new = load(now, plane, at), old = load(least, plane, at);
        less = (~new & old) | (less & ~(new ^ old));
    }
    for (int64_t plane = 0; plane < planes; plane++) {
        piece old = load(least, plane, at);
        store(least, plane, at, old ^ ((old ^ load(now, plane, at)) & less));
    }
    return less;
}

// Hash each word: turbosat.gpu.draws.mix.
static inline piece mix(piece words)
{
    words ^= words >> 16;
    words *= splat((uint32_t)FIRST_MULTIPLIER);
    words ^= words >> 15;
    words *= splat((uint32_t)SECOND_MULTIPLIER);
    return words ^ words >> 16;
}
