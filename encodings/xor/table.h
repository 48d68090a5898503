// What the kernels of XOR recovery share: hashes of variables, sign patterns.
#pragma once
#include "xor.h"

// Spread a variable over 64 bits (the multiplications of splitmix64).
static inline uint64_t mixed(int32_t variable)
{
    uint64_t word = ((uint64_t)variable + 1) * 0x9E3779B97F4A7C15u;
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9u;
    return word ^ (word >> 27);
}

// The bit of a variable in the signature of a set.
static inline uint64_t signature_of(int32_t variable)
{
    return (uint64_t)1 << (mixed(variable) >> 58);
}
