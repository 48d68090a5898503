// The walk rule on groups of literals of which exactly one is true: a move makes another one true.
//
// Each move takes a random literal of a false clause, in proportion to table[break]. One that is to become true
// takes the place of its group's current literal; where a current one is to become false, each of the others may
// take its place. A move breaks what its two flips break, at most: no clause has literals of a group and a negated
// one, nor two of these (turbosat.encodings.groups), but may have two literals of a group. Variables that are in no
// group flip.
#include "walk.h"
#include "units.h"

// A move as it is looked for: the weights of those that are seen add up to `total`; with `left` that much of them
// has been passed when `chosen` and its group are the one.
struct choice {
    double total, left;
    int64_t chosen, group;
};

void count_groups(const struct problem *problem, const struct lane *lane, const struct counts *counts,
                  const struct units *units, int64_t first, int64_t last)
{
    if (first == 0)
        conform(lane, units->begins, units->members, units->groups, units->current);
    count_true(problem, lane, counts, first, last);
}

// Look at the moves that make a clause true, until those passed weigh more than is left; return how many were seen.
static inline int64_t look(const struct problem *problem, const struct counts *counts, const struct units *units,
                           const double *table, int64_t top, int64_t clause, struct choice *choice)
{
    const int32_t *breaks = counts->breaks, *members = units->members;
    int64_t seen = 0;
    choice->total = 0.0;
    for (int64_t i = problem->offsets[clause]; i < problem->offsets[clause + 1]; i++) {
        int64_t literal = problem->literals[i], group = units->unit[literal >> 1];
        int64_t begin = 0, end = 1, lost = 0, current = -1;
        if (group >= 0) {
            current = units->current[group];
            lost = breaks[members[current] >> 1];
        }
        if (current >= 0 && members[current] == (literal ^ 1)) {
            begin = units->begins[group];
            end = units->begins[group + 1];
        } else
            current = -1;
        for (int64_t place = begin; place < end; place++) {
            if (place == current)
                continue;
            int64_t made = current < 0 ? literal : members[place];
            choice->total += table[least(lost + breaks[made >> 1], top)];
            seen++;
            if (choice->total > choice->left) {
                choice->chosen = made;
                choice->group = group;
                return seen;
            }
        }
    }
    return seen;
}

// Return the place of a literal in its group.
static inline int32_t place_of(const struct units *units, int64_t group, int64_t literal)
{
    int64_t place = units->begins[group];
    while (units->members[place] != literal)
        place++;
    return (int32_t)place;
}

int64_t walk_groups(const struct problem *problem, const struct lane *lane, const struct counts *counts,
                    const struct units *units, const double *table, int64_t losses, int64_t effort, int64_t until)
{
    const int64_t *starts = problem->starts;
    uint64_t random = lane->random[0];
    int64_t false_clauses = lane->counters[FALSE], flips = lane->counters[FLIPS], turn = lane->counters[TURN];
    int64_t spent = 0;
    while (spent < effort && false_clauses > 0 && flips < until) {
        int32_t clause = lane->false[turn];
        struct choice choice = {0.0, 1e300, -1, -1};
        spent += look(problem, counts, units, table, losses - 1, clause, &choice);
        random = step(random);
        choice.left = unit(random) * choice.total;
        if (choice.total > 0.0)
            look(problem, counts, units, table, losses - 1, clause, &choice);
        if (choice.chosen >= 0) {
            int64_t made = choice.chosen;
            if (choice.group >= 0) {
                int64_t lost = units->members[units->current[choice.group]];
                units->current[choice.group] = place_of(units, choice.group, made);
                lane->values[lost >> 1] ^= 1;
                false_clauses = make(problem, lane, counts, lost ^ 1, false_clauses);
                false_clauses = lose(problem, lane, counts, lost, false_clauses);
                spent += starts[(lost | 1) + 1] - starts[lost & ~(int64_t)1] + FLIP;
                flips++;
                trace(lane, lost >> 1);
            }
            lane->values[made >> 1] ^= 1;
            false_clauses = make(problem, lane, counts, made, false_clauses);
            false_clauses = lose(problem, lane, counts, made ^ 1, false_clauses);
            spent += starts[(made | 1) + 1] - starts[made & ~(int64_t)1] + FLIP;
            flips++;
            record(lane, made >> 1, false_clauses);
        } else
            spent += FLIP; // a clause that no move makes true
        if (++turn >= false_clauses)
            turn = 0;
    }
    lane->random[0] = random;
    lane->counters[FALSE] = false_clauses;
    lane->counters[FLIPS] = flips;
    lane->counters[TURN] = turn;
    return spent;
}
