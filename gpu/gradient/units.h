// Literals of which exactly one is true: what the rules that move them share.
#pragma once
#include "lane.h"

// Make one literal of each unit true: one of those that are, or any, where none is; `current` becomes its place
// among the members. The best values stay what they are, unless there are none yet.
static void conform(const struct lane *lane, const int64_t *begins, const int32_t *members, int64_t units,
                    int32_t *current)
{
    int64_t *counters = lane->counters, changes = 0;
    uint64_t random = lane->random[0];
    for (int64_t unit = 0; unit < units; unit++) {
        int64_t begin = begins[unit], end = begins[unit + 1], chosen = -1, true_literals = 0;
        for (int64_t i = begin; i < end; i++)
            if (lane->values[members[i] >> 1] != (members[i] & 1)) {
                random = step(random);
                chosen = below(random, ++true_literals) ? chosen : i;
            }
        if (chosen < 0) {
            random = step(random);
            chosen = begin + below(random, end - begin);
        }
        current[unit] = (int32_t)chosen;
        for (int64_t i = begin; i < end; i++) {
            uint8_t value = (uint8_t)((i == chosen) ^ (members[i] & 1));
            changes += lane->values[members[i] >> 1] != value;
            lane->values[members[i] >> 1] = value;
        }
    }
    lane->random[0] = random;
    if (changes > 0 && counters[BEST] >= 0) {
        fold(lane);
        counters[LOST] = 1;
    } else if (changes > 0)
        for (int64_t v = 0; v < lane->variables; v++)
            lane->best[v] = lane->values[v];
}
