// Tabu search on a conflict graph: every unit has one true place, and pairs of true places that exclude each
// other are to go.
#include "units.h"

#include <stddef.h>

enum { SHORTEST, LONGEST, BASE }; // of a rule

#define SPREAD 10    // moves by which bans differ
#define SCANNED 256  // units in conflict that are looked at for a move
#define COUNTED 16   // pairs in conflict up to which the rest is counted at a new low
#define PERIOD 16384 // moves after which the length of bans is drawn anew, on average

// A descent as it runs. `clashing` units are in conflict, in `pairs` pairs of true places.
struct course {
    uint64_t random;
    int64_t pairs, clashing, spent;
};

static inline uint64_t draw(struct course *course)
{
    return course->random = step(course->random);
}

static inline void enter(const struct values *values, struct course *course, int32_t unit)
{
    values->spot[unit] = (int32_t)course->clashing;
    values->list[course->clashing++] = unit;
}

static inline void leave(const struct values *values, struct course *course, int32_t unit)
{
    int32_t spot = values->spot[unit], last = values->list[--course->clashing];
    values->list[spot] = last;
    values->spot[last] = spot;
    values->spot[unit] = -1;
}

// Make another place of its unit true; return the flips.
static inline int64_t move(const struct conflicts *conflicts, const struct lane *lane, const struct values *values,
                           struct course *course, int64_t place)
{
    int32_t unit = conflicts->unit[place], left = values->current[unit], *clashes = values->clashes;
    course->pairs += (clashes[place] >> 1) - (clashes[left] >> 1);
    for (int64_t i = conflicts->heads[left]; i < conflicts->heads[left + 1]; i++) {
        int32_t other = conflicts->others[i];
        clashes[other] -= 2;
        if (clashes[other] == 1)
            leave(values, course, conflicts->unit[other]);
    }
    for (int64_t i = conflicts->heads[place]; i < conflicts->heads[place + 1]; i++) {
        int32_t other = conflicts->others[i];
        clashes[other] += 2;
        if (clashes[other] == 3)
            enter(values, course, conflicts->unit[other]);
    }
    clashes[left]--;
    clashes[place]++;
    values->current[unit] = (int32_t)place;
    if ((clashes[place] > 1) != (values->spot[unit] >= 0)) {
        if (clashes[place] > 1)
            enter(values, course, unit);
        else
            leave(values, course, unit);
    }
    course->spent += FLIP + conflicts->heads[left + 1] - conflicts->heads[left] + conflicts->heads[place + 1] -
                     conflicts->heads[place];
    int32_t from = conflicts->members[left], to = conflicts->members[place];
    lane->values[from >> 1] = from & 1;
    lane->values[to >> 1] = 1 ^ (to & 1);
    if ((from ^ to) == 1)
        return 1;
    trace(lane, from >> 1);
    return 2;
}

// Return the fewest conflicts of a unit's places. Branches would be mispredicted, this is a vector's minimum.
static inline int32_t fewest(const struct conflicts *conflicts, const struct values *values, int32_t unit)
{
    int32_t result = INT32_MAX;
    for (int64_t i = conflicts->begins[unit]; i < conflicts->begins[unit + 1]; i++)
        result = values->clashes[i] < result ? values->clashes[i] : result;
    return result >> 1;
}

// Return the place whose truth leaves the fewest pairs in conflict, ties broken at random; -1 where all are
// banned. One that is banned counts if it leads below `low` pairs.
static inline int64_t best_place(const struct conflicts *conflicts, const struct values *values,
                                 struct course *course, int64_t now, int64_t low)
{
    int64_t chosen = -1, least_change = INT32_MAX, equals = 0, k = 0;
    if (course->clashing > SCANNED)
        k = below(draw(course), course->clashing);
    for (int64_t turn = least(course->clashing, SCANNED); turn > 0; turn--) {
        int32_t unit = values->list[k], current = values->current[unit];
        if (++k == course->clashing)
            k = 0;
        int64_t begin = conflicts->begins[unit], end = conflicts->begins[unit + 1];
        int64_t lost = values->clashes[current] >> 1;
        course->spent += (end - begin) / 4 + 2;
        if (fewest(conflicts, values, unit) - lost > least_change)
            continue;
        for (int64_t i = begin; i < end; i++) {
            int64_t change = (values->clashes[i] >> 1) - lost;
            if (change > least_change || i == current)
                continue;
            if (values->banned[i] > now && course->pairs + change >= low)
                continue;
            equals = change < least_change ? 1 : equals + 1;
            if (equals == 1 || below(draw(course), equals) == 0)
                chosen = i;
            least_change = change;
        }
    }
    return chosen;
}

// Return another place of a unit: there are two at least.
static inline int64_t any_place(const struct conflicts *conflicts, const struct values *values, struct course *course,
                                int32_t unit)
{
    int64_t begin = conflicts->begins[unit], count = conflicts->begins[unit + 1] - begin;
    int64_t place = begin + below(draw(course), count - 1);
    return place + (place >= values->current[unit]);
}

// Count the false clauses of the rest; one of them, drawn as they come, goes to `chosen`, unless that is NULL.
static int64_t rest_false(const struct conflicts *conflicts, const struct lane *lane, struct course *course,
                          int64_t *chosen)
{
    int64_t found = 0;
    for (int64_t clause = 0; clause < conflicts->rest; clause++) {
        int64_t i = conflicts->offsets[clause], end = conflicts->offsets[clause + 1];
        while (i < end && lane->values[conflicts->literals[i] >> 1] == (conflicts->literals[i] & 1))
            i++;
        if (i < end)
            continue;
        found++;
        if (chosen && below(draw(course), found) == 0)
            *chosen = clause;
    }
    course->spent += conflicts->rest_entries;
    return found;
}

// Return a place that makes a literal of a clause true, by itself or as another one than the literal's negation.
static int64_t repair(const struct conflicts *conflicts, const struct values *values, struct course *course,
                      int64_t clause)
{
    int64_t begin = conflicts->offsets[clause], size = conflicts->offsets[clause + 1] - begin;
    int32_t literal = conflicts->literals[begin + below(draw(course), size)], place = conflicts->place[literal];
    return place >= 0 ? place : any_place(conflicts, values, course, conflicts->unit[conflicts->place[literal ^ 1]]);
}

void count_conflicts(const struct conflicts *conflicts, const struct lane *lane, const struct values *values)
{
    int64_t *counters = lane->counters;
    conform(lane, conflicts->begins, conflicts->members, conflicts->units, values->current);
    for (int64_t place = 0; place < conflicts->places; place++)
        values->clashes[place] = values->banned[place] = 0;
    for (int64_t unit = 0; unit < conflicts->units; unit++) {
        int32_t place = values->current[unit];
        values->clashes[place]++;
        for (int64_t i = conflicts->heads[place]; i < conflicts->heads[place + 1]; i++)
            values->clashes[conflicts->others[i]] += 2;
    }
    struct course course = {0, 0, 0, 0};
    for (int64_t unit = 0; unit < conflicts->units; unit++) {
        int32_t found = values->clashes[values->current[unit]] >> 1;
        values->spot[unit] = -1;
        if (found)
            enter(values, &course, (int32_t)unit);
        course.pairs += found;
    }
    counters[LOW_PAIRS] = course.pairs / 2;
    counters[GIVEN] = counters[LOW_PAIRS] > COUNTED ? 0 : rest_false(conflicts, lane, &course, NULL);
    counters[FALSE] = counters[LOW_PAIRS] + counters[GIVEN];
    counters[GOOD] = course.clashing;
    counters[TURN] = 0;
}

int64_t descend_tabu(const struct conflicts *conflicts, const struct lane *lane, const struct values *values,
                     const int64_t *rule, int64_t effort, int64_t until)
{
    int64_t *counters = lane->counters, flips = counters[FLIPS], owed = counters[GIVEN], low = counters[LOW_PAIRS];
    struct course course = {lane->random[0], counters[FALSE] - owed, counters[GOOD], 0};
    while (course.spent < effort && flips < until && course.pairs + owed > 0) {
        int64_t place;
        if (counters[TURN] == 0 || below(draw(&course), PERIOD) == 0)
            counters[TURN] = rule[SHORTEST] + below(draw(&course), rule[LONGEST] - rule[SHORTEST] + 1);
        if (course.pairs == 0) {
            int64_t clause = 0;
            rest_false(conflicts, lane, &course, &clause);
            place = repair(conflicts, values, &course, clause);
        } else
            place = best_place(conflicts, values, &course, flips, low);
        if (place < 0)
            place = any_place(conflicts, values, &course, values->list[below(draw(&course), course.clashing)]);
        int32_t left = values->current[conflicts->unit[place]], variable = conflicts->members[place] >> 1;
        flips += move(conflicts, lane, values, &course, place);
        values->banned[left] = flips + 2 * (rule[BASE] + course.clashing * counters[TURN] / 1024 +
                                            below(draw(&course), SPREAD));
        int counted = course.pairs == 0 || (course.pairs < low && course.pairs <= COUNTED);
        if (counted)
            owed = rest_false(conflicts, lane, &course, NULL);
        if (counted && low > COUNTED) // the best so far knew nothing of the rest
            counters[BEST] = counters[LEAST] = INT64_MAX;
        if (counted || low > COUNTED)
            record(lane, variable, course.pairs + owed);
        else {
            trace(lane, variable);
            counters[LEAST] = least(counters[LEAST], course.pairs + owed);
        }
        low = least(low, course.pairs);
    }
    lane->random[0] = course.random;
    counters[FALSE] = course.pairs + owed;
    counters[GOOD] = course.clashing;
    counters[FLIPS] = flips;
    counters[GIVEN] = owed;
    counters[LOW_PAIRS] = low;
    return course.spent;
}
