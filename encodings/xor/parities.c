// Sign patterns counted: which sets of clauses are XORs (Soos and Meel, AAAI 2019).
#include "table.h"

// The sign patterns of one set that are covered, each counted once, by its parity.
struct tally {
    int64_t *marks; // (patterns,) the last set for which a pattern was covered
    int64_t set;
    int64_t found[2];
};

static inline void mark(struct tally *tally, int64_t pattern)
{
    if (tally->marks[pattern] != tally->set) {
        tally->marks[pattern] = tally->set;
        tally->found[__builtin_parityll(pattern)]++;
    }
}

static inline int64_t size_of(const struct table *table, int64_t set)
{
    int64_t head = table->heads[set];
    return table->offsets[head + 1] - table->offsets[head];
}

static int64_t pattern_of(const struct table *table, int64_t clause)
{
    int64_t start = table->offsets[clause], pattern = 0;
    for (int64_t j = start; j < table->offsets[clause + 1]; j++)
        pattern |= (int64_t)(table->codes[j] & 1) << (j - start);
    return pattern;
}

// Which variables (bits) of the clause `outer` the clause `inner` has, or -1 if it has others.
static int64_t positions(const struct table *table, int64_t inner, int64_t outer)
{
    const int32_t *codes = table->codes;
    int64_t begin = table->offsets[outer], end = table->offsets[outer + 1], result = 0;
    int64_t j = begin;
    for (int64_t i = table->offsets[inner]; i < table->offsets[inner + 1]; i++) {
        int32_t variable = codes[i] >> 1;
        while (j < end && codes[j] >> 1 < variable)
            j++;
        if (j == end || codes[j] >> 1 != variable)
            return -1;
        result |= (int64_t)1 << (j - begin);
    }
    return result;
}

// The sets whose variables are all among those of another, and where they are there.
struct inside {
    int64_t sets[INNER], spots[INNER];
    int64_t count;
    int64_t covered; // sign patterns of each parity that they cover, at most
};

// Collect the sets within set s in at most `steps` steps; return how many steps it took.
static int64_t collect(const struct table *table, const struct parts *parts, int64_t s, int64_t steps,
                       struct inside *inside)
{
    int64_t head = table->heads[s], low = table->offsets[head], high = table->offsets[head + 1];
    uint64_t signature = 0;
    int64_t spent = 0;
    for (int64_t j = low; j < high; j++)
        signature |= signature_of(table->codes[j] >> 1);
    inside->count = inside->covered = 0;
    for (int64_t j = low; j < high; j++) {
        int32_t variable = table->codes[j] >> 1;
        if (parts->least[variable] >= high - low)
            continue;
        for (int64_t w = parts->starts[variable]; w < parts->starts[variable + 1]; w++) {
            if (++spent > steps || inside->count == INNER)
                break;
            int64_t other = parts->watching[w];
            if ((parts->signatures[w] & ~signature) || other == s)
                continue;
            int64_t spot = positions(table, table->heads[other], head);
            if (spot < 0)
                continue;
            inside->sets[inside->count] = other;
            inside->spots[inside->count++] = spot;
            inside->covered += (int64_t)table->counts[other] << (high - low - size_of(table, other) - 1);
        }
    }
    return spent;
}

// Mark the sign patterns that the clauses of the set `other` are parts of; return how many those are.
static int64_t cover(const struct table *table, int64_t size, int64_t other, int64_t spot, struct tally *tally)
{
    int64_t free = (((int64_t)1 << size) - 1) ^ spot, work = 0;
    for (int64_t clause = table->heads[other]; clause >= 0; clause = table->nexts[clause]) {
        int64_t base = 0, left = spot;
        for (int64_t j = table->offsets[clause]; j < table->offsets[clause + 1]; j++) {
            int64_t bit = left & -left;
            left ^= bit;
            if (table->codes[j] & 1)
                base |= bit;
        }
        for (int64_t extra = free;; extra = (extra - 1) & free) {
            mark(tally, base | extra);
            work++;
            if (extra == 0)
                break;
        }
    }
    return work;
}

int64_t parities(const struct table *table, const struct parts *parts, int64_t longest, int64_t shortest, int64_t steps,
                 int64_t most, int64_t first, int64_t last, int64_t effort, int64_t *marks, int64_t patterns,
                 int64_t *rows, int64_t room, int64_t *counters)
{
    struct inside inside;
    int64_t s = first;
    for (; s < last && effort > 0; s++) {
        int64_t size = size_of(table, s), half = (int64_t)1 << (size - 1);
        effort--;
        if (size > longest || (size == shortest && table->counts[s] < half))
            continue;
        struct tally tally = {marks, s, {0, 0}};
        for (int64_t clause = table->heads[s]; clause >= 0; clause = table->nexts[clause], effort--)
            mark(&tally, pattern_of(table, clause));
        // A parity without a clause of its own is not looked for.
        int even = tally.found[0] > 0, uneven = tally.found[1] > 0;
        if (size > shortest && counters[WORK] < most) {
            int open_even = even && tally.found[0] < half, open_uneven = uneven && tally.found[1] < half;
            if (open_even || open_uneven) {
                int64_t work = collect(table, parts, s, steps, &inside);
                if ((open_even && tally.found[0] + inside.covered >= half) ||
                    (open_uneven && tally.found[1] + inside.covered >= half))
                    for (int64_t i = 0; i < inside.count; i++)
                        work += cover(table, size, inside.sets[i], inside.spots[i], &tally);
                counters[WORK] += work;
                effort -= work;
            }
        }
        if (even && tally.found[0] == half)
            rows[counters[ROWS]++] = 2 * s + 1;
        if (uneven && tally.found[1] == half)
            rows[counters[ROWS]++] = 2 * s;
    }
    return s;
}
