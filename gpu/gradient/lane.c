// A lane's counts from its values.
#include "lane.h"

void count(const struct problem *problem, const struct lane *lane)
{
    for (int64_t v = 0; v <= problem->variables; v++)
        lane->breaks[v] = 0;
    int64_t false_clauses = 0;
    for (int64_t clause = 0; clause < problem->clauses; clause++) {
        int64_t word = 0;
        for (int64_t entry = problem->offsets[clause]; entry < problem->offsets[clause + 1]; entry++) {
            int32_t literal = problem->literals[entry];
            if (lane->values[literal >> 1] != (literal & 1))
                word = (word + ONE) ^ (literal >> 1);
        }
        if (word < ONE) {
            word = false_clauses;
            lane->false[false_clauses++] = clause;
        } else if (word < 2 * ONE)
            lane->breaks[word & LOW]++;
        lane->words[clause] = word;
    }
    lane->counters[FALSE] = false_clauses;
}
