// Walks over all gates: simulation on 64 patterns a word, cones, an order behind the operands.
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

void mark_cone(const int32_t *ands, int64_t gates, int64_t leaves, uint8_t *marked, int64_t variables, int64_t last,
               int64_t first)
{
    for (int64_t i = last - 1; i >= first; i--)
        if (marked[leaves + i])
            marked[ands[2 * i] >> 1] = marked[ands[2 * i + 1] >> 1] = 1;
}

enum { NEW, OPEN, DONE };

int64_t order_ands(const int32_t *operands, int64_t gates, uint8_t *states, int32_t *stack, int32_t *order,
                   int64_t *progress, int64_t effort)
{
    int64_t closed = progress[CLOSED], depth = progress[DEPTH], next = progress[NEXT];
    int64_t cycle = -1;
    for (; effort > 0 && cycle < 0; effort--) {
        if (!depth) {
            if (next == gates)
                break;
            if (states[next] == NEW) {
                states[next] = OPEN;
                stack[depth++] = (int32_t)next;
            }
            next++;
            continue;
        }
        int32_t gate = stack[depth - 1];
        int side = 0;
        for (; side < 2; side++) {
            int32_t below = operands[2 * (int64_t)gate + side];
            if (below < 0 || states[below] == DONE)
                continue;
            if (states[below] == OPEN)
                cycle = below;
            else {
                states[below] = OPEN;
                stack[depth++] = below;
            }
            break;
        }
        if (side == 2) {
            states[gate] = DONE;
            order[closed++] = gate;
            depth--;
        }
    }
    progress[CLOSED] = closed;
    progress[DEPTH] = depth;
    progress[NEXT] = next;
    progress[CYCLE] = cycle;
    return cycle >= 0 ? -1 : closed == gates;
}

// The directions of a literal's variable, from those of the literal.
static inline uint8_t turned(uint8_t needs, int32_t literal)
{
    return literal & 1 ? (needs >> 1 | needs << 1) & BOTH : needs;
}

void spread_needs(const int32_t *outputs, int64_t gates, const uint8_t *kinds, const int64_t *offsets,
                  const int32_t *inputs, int64_t flat, uint8_t *needs, int64_t variables, int64_t last, int64_t first)
{
    for (int64_t g = last - 1; g >= first; g--) {
        uint8_t own = needs[outputs[g]];
        if (!own)
            continue;
        for (int64_t i = offsets[g]; i < offsets[g + 1]; i++) {
            int both = kinds[g] == MUX && (i == offsets[g] || inputs[offsets[g] + 1] == (inputs[offsets[g] + 2] ^ 1));
            needs[inputs[i] >> 1] |= both ? BOTH : turned(own, inputs[i]);
        }
    }
}
