// Simulation of AND gates on 64 patterns a word.
#include "circuit.h"

void simulate_gates(const int32_t *ands, int64_t gates, int64_t leaves, uint64_t *values, int64_t variables,
                    int64_t words, int64_t first, int64_t last)
{
    if (words == 1) {
        for (int64_t i = first; i < last; i++) {
            int32_t a = ands[2 * i], b = ands[2 * i + 1];
            values[leaves + i] = (values[a >> 1] ^ -(uint64_t)(a & 1)) & (values[b >> 1] ^ -(uint64_t)(b & 1));
        }
        return;
    }
    for (int64_t i = first; i < last; i++) {
        int32_t a = ands[2 * i], b = ands[2 * i + 1];
        uint64_t flip = -(uint64_t)(a & 1), other = -(uint64_t)(b & 1);
        const uint64_t *restrict left = values + (a >> 1) * words, *restrict right = values + (b >> 1) * words;
        uint64_t *restrict result = values + (leaves + i) * words;
        for (int64_t w = 0; w < words; w++)
            result[w] = (left[w] ^ flip) & (right[w] ^ other);
    }
}
