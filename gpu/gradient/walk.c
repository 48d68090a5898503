// The walk rule: focused stochastic flips without weights, with cached breaks.
//
// Each flip takes a random variable of a false clause, in proportion to table[break] (Balint and Schöning, SAT
// 2012). The false clauses take turns, so that those of the next flips are known and can be fetched; on random
// k-SAT and on van der Waerden numbers this takes as many flips as drawing them. Only the clauses of the flipped
// variable are visited.
#include "walk.h"

void count(const struct problem *problem, const struct lane *lane, const struct counts *counts, int64_t first,
           int64_t last)
{
    count_true(problem, lane, counts, first, last);
}

// Fetch what the next flips will read of the problem.
static inline void fetch(const struct problem *problem, const struct lane *lane, const struct counts *counts,
                         int64_t false_clauses, int64_t turn)
{
    const int64_t *offsets = problem->offsets, *starts = problem->starts;
    const int32_t *literals = problem->literals;
    __builtin_prefetch(offsets + waiting(lane->false, false_clauses, turn, 4));
    __builtin_prefetch(literals + offsets[waiting(lane->false, false_clauses, turn, 3)]);
    int64_t clause = waiting(lane->false, false_clauses, turn, 2);
    for (int64_t i = offsets[clause]; i < offsets[clause + 1]; i++) {
        __builtin_prefetch(starts + (literals[i] & ~1));
        __builtin_prefetch(counts->breaks + (literals[i] >> 1));
    }
    clause = waiting(lane->false, false_clauses, turn, 1);
    for (int64_t i = offsets[clause]; i < offsets[clause + 1]; i++)
        for (int64_t j = starts[literals[i] & ~1]; j < starts[(literals[i] | 1) + 1]; j += 16)
            __builtin_prefetch(problem->occurrences + j);
}

int64_t walk(const struct problem *problem, const struct lane *lane, const struct counts *counts, const double *table,
             int64_t losses, int64_t effort, int64_t until)
{
    const int64_t *offsets = problem->offsets, *starts = problem->starts;
    const int32_t *literals = problem->literals, *breaks = counts->breaks;
    const int32_t top = (int32_t)losses - 1;
    const int large = problem->entries > LARGE;
    uint64_t random = lane->random[0];
    int64_t false_clauses = lane->counters[FALSE], flips = lane->counters[FLIPS], turn = lane->counters[TURN];
    int64_t spent = 0;
    while (spent < effort && false_clauses > 0 && flips < until) {
        int32_t clause = lane->false[turn];
        int64_t begin = offsets[clause], end = offsets[clause + 1];
        if (large)
            fetch(problem, lane, counts, false_clauses, turn);
        double total = 0.0;
        for (int64_t i = begin; i < end; i++)
            total += table[least(breaks[literals[i] >> 1], top)];
        random = step(random);
        double left = unit(random) * total;
        int64_t entry = begin;
        for (; entry < end - 1; entry++) {
            left -= table[least(breaks[literals[entry] >> 1], top)];
            if (left < 0.0)
                break;
        }
        int64_t made = literals[entry], variable = made >> 1;
        lane->values[variable] ^= 1;
        false_clauses = make(problem, lane, counts, made, false_clauses);
        false_clauses = lose(problem, lane, counts, made ^ 1, false_clauses);
        if (++turn >= false_clauses)
            turn = 0;
        flips++;
        spent += starts[2 * variable + 2] - starts[2 * variable] + FLIP;
        record(lane, variable, false_clauses);
    }
    lane->random[0] = random;
    lane->counters[FALSE] = false_clauses;
    lane->counters[FLIPS] = flips;
    lane->counters[TURN] = turn;
    return spent;
}
