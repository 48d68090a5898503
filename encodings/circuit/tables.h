// Clauses, and truth tables of up to eight inputs in four words: input i is true in the lines whose number has bit i.
#pragma once
#include "definitions.h"

static const uint64_t LOW_COLUMNS[6] = {
    0xAAAAAAAAAAAAAAAA, 0xCCCCCCCCCCCCCCCC, 0xF0F0F0F0F0F0F0F0,
    0xFF00FF00FF00FF00, 0xFFFF0000FFFF0000, 0xFFFFFFFF00000000,
};

typedef struct {
    uint64_t words[WORDS];
} function;

#define FOR_WORDS(w) for (int w = 0; w < WORDS; w++)

// Where input i is true, in one word.
static inline uint64_t column(int i, int word)
{
    return i < 6 ? LOW_COLUMNS[i] : -(uint64_t)(word >> (i - 6) & 1);
}

static inline function load(const uint64_t *words)
{
    function result;
    FOR_WORDS(w)
        result.words[w] = words[w];
    return result;
}

static inline function inverse(function a)
{
    FOR_WORDS(w)
        a.words[w] = ~a.words[w];
    return a;
}

static inline int equal(function a, function b)
{
    uint64_t different = 0;
    FOR_WORDS(w)
        different |= a.words[w] ^ b.words[w];
    return !different;
}

static inline int is_constant(function a, int value)
{
    uint64_t different = 0;
    FOR_WORDS(w)
        different |= a.words[w] ^ -(uint64_t)value;
    return !different;
}

// What is left of a function where input i has a value.
static inline function cofactor(function a, int i, int value)
{
    function result;
    FOR_WORDS(w) {
        if (i >= 6) {
            int bit = 1 << (i - 6);
            result.words[w] = a.words[value ? w | bit : w & ~bit];
        } else if (value) {
            uint64_t half = a.words[w] & LOW_COLUMNS[i];
            result.words[w] = half | half >> (1 << i);
        } else {
            uint64_t half = a.words[w] & ~LOW_COLUMNS[i];
            result.words[w] = half | half << (1 << i);
        }
    }
    return result;
}

// Whether a function can be read backwards: another value of one input always gives another value.
static inline int is_reversible(function f, int inputs)
{
    for (int i = 0; i < inputs; i++)
        if (equal(cofactor(f, i, 0), inverse(cofactor(f, i, 1))))
            return 1;
    return 0;
}

// Whether one input chooses between two functions that can be read backwards, as in a multiplexer.
static inline int is_choice(function f, int inputs)
{
    for (int i = 0; i < inputs; i++) {
        function low = cofactor(f, i, 0), high = cofactor(f, i, 1);
        if (!equal(low, high) && is_reversible(low, inputs) && is_reversible(high, inputs))
            return 1;
    }
    return 0;
}

static inline int64_t size_of(const struct clausal *c, int64_t clause)
{
    return c->offsets[clause + 1] - c->offsets[clause];
}

// The other literal of a binary clause with the literal `code`.
static inline int32_t partner(const struct clausal *c, int64_t clause, int32_t code)
{
    const int32_t *pair = c->codes + c->offsets[clause];
    return pair[0] ^ pair[1] ^ code;
}
