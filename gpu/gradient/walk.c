// The walk rule: focused stochastic flips without weights, with cached breaks.
#include "lane.h"

int64_t walk(const struct problem *problem, const struct lane *lane, const double *table, int64_t losses,
             int64_t effort, int64_t until)
{
    const int64_t *offsets = problem->offsets;
    const int32_t *literals = problem->literals, *occurrences = problem->occurrences;
    const uint64_t *starts = problem->starts;
    uint8_t *values = lane->values;
    int64_t *words = lane->words;
    int32_t *false_list = lane->false, *breaks = lane->breaks;
    const int64_t bin = lane->variables;
    const int32_t top = (int32_t)losses - 1;
    uint64_t random = lane->random[0];
    int64_t false_clauses = lane->counters[FALSE], flips = lane->counters[FLIPS], spent = 0;
    while (spent < effort && false_clauses > 0 && flips < until) {
        int32_t clause = false_list[(uint64_t)flips % (uint64_t)false_clauses];
        int64_t begin = offsets[clause], end = offsets[clause + 1];
        double total = 0.0;
        for (int64_t i = begin; i < end; i++) {
            int32_t loss = breaks[literals[i] >> 1];
            total += table[loss < top ? loss : top];
        }
        random = step(random);
        double left = unit(random) * total;
        int64_t entry = begin;
        for (; entry < end - 1; entry++) {
            int32_t loss = breaks[literals[entry] >> 1];
            left -= table[loss < top ? loss : top];
            if (left < 0.0)
                break;
        }
        int64_t variable = literals[entry] >> 1;

        values[variable] ^= 1;
        int64_t made = 2 * variable + 1 - values[variable]; // the literal that becomes true
        int64_t lost = made ^ 1;
        int32_t alone = 0;
        for (uint64_t i = starts[made]; i < starts[made + 1]; i++) {
            int32_t c = occurrences[i];
            int64_t word = words[c];
            if (word < ONE) { // take it off the list: the last one moves to its place
                int32_t last = false_list[--false_clauses];
                false_list[word] = last;
                words[last] = word;
                words[c] = ONE | variable;
                alone++;
            } else {
                words[c] = (word + ONE) ^ variable;
                breaks[word < 2 * ONE ? word & LOW : bin]--;
            }
        }
        breaks[variable] = alone;
        for (uint64_t i = starts[lost]; i < starts[lost + 1]; i++) {
            int32_t c = occurrences[i];
            int64_t word = (words[c] - ONE) ^ variable;
            if (word < ONE) {
                word = false_clauses;
                false_list[false_clauses++] = c;
            }
            words[c] = word;
            breaks[word >> 32 == 1 ? word & LOW : bin]++;
        }

        flips++;
        spent += (int64_t)(starts[2 * variable + 2] - starts[2 * variable]) + FLIP;
        record(lane, variable, false_clauses);
    }
    lane->random[0] = random;
    lane->counters[FALSE] = false_clauses;
    lane->counters[FLIPS] = flips;
    return spent;
}
