// A lane's best values.
#include "lane.h"

void settle(const struct lane *lane)
{
    int64_t *counters = lane->counters;
    int64_t mark = counters[MARK];
    for (int64_t i = 0; i < mark; i++)
        lane->best[lane->trail[i]] ^= 1;
    for (int64_t i = mark; i < counters[TRAIL]; i++)
        lane->trail[i - mark] = lane->trail[i];
    counters[TRAIL] -= mark;
    counters[MARK] = 0;
}
