// What is made of a problem once, for all lanes.
#include "gradient.h"

void locate(const struct problem *problem, int64_t *heads, int32_t *slots, int64_t first, int64_t last)
{
    for (int64_t i = problem->offsets[first]; i < problem->offsets[last]; i++)
        slots[i] = (int32_t)heads[problem->literals[i]]++;
}

void pair(const struct problem *problem, const int32_t *slots, int32_t *one, int32_t *other, int64_t first,
          int64_t last)
{
    for (int64_t clause = first; clause < last; clause++) {
        int64_t begin = problem->offsets[clause], size = problem->offsets[clause + 1] - begin;
        for (int64_t i = 0; i < size; i++) {
            one[slots[begin + i]] = problem->literals[begin + (i == 0)];
            other[slots[begin + i]] = problem->literals[begin + size - 1 - (i == size - 1)];
        }
    }
}
