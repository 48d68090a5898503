// What the walks share: cached breaks, and what a flip changes in them.
#pragma once
#include "lane.h"

#define FEW 24      // clauses that are visited in one pass
#define SHORT 4     // literals of clauses of which most change a break, on average

// Count the clauses first ... last - 1 from the values; with `first` 0, anew.
static void count_true(const struct problem *problem, const struct lane *lane, const struct counts *counts,
                       int64_t first, int64_t last)
{
    int64_t *counters = lane->counters;
    if (first == 0) {
        for (int64_t v = 0; v <= lane->variables; v++)
            counts->breaks[v] = 0;
        counters[FALSE] = counters[TURN] = 0;
    }
    for (int64_t clause = first; clause < last; clause++) {
        int64_t word = word_of(problem, lane->values, clause);
        if (word < ONE) {
            word = counters[FALSE]++;
            lane->false[word] = (int32_t)clause;
        } else if (word < 2 * ONE)
            counts->breaks[word & LOW]++;
        counts->words[clause] = word;
    }
}

// Take a clause off the list of false ones: the last one moves to its place.
static inline int64_t remove_false(int32_t *false_list, int64_t *words, int64_t false_clauses, int64_t place)
{
    int32_t last = false_list[--false_clauses];
    false_list[place] = last;
    words[last] = place;
    return false_clauses;
}

// Whose breaks a clause changes: those of its critical variable if it has one, else the bin's. A condition would
// become a branch with some compilers, and processors would mispredict that.
static inline int64_t critical(int64_t word, int64_t bin)
{
    return bin ^ ((bin ^ (word & LOW)) & ((word - 2 * ONE) >> 63));
}

// Return how many clauses of a literal are visited in one pass, where those that change no break change a bin. Of
// more, and if few of them change a break, those that do are collected first.
static inline int64_t few(const struct problem *problem)
{
    return problem->entries > SHORT * problem->clauses ? FEW : INT64_MAX;
}

// Let a variable's literal `made` become true; return the false clauses. This function and the next are not inlined:
// together with the loop around them they need more registers than there are.
static __attribute__((noinline)) int64_t make(const struct problem *problem, const struct lane *lane,
                                              const struct counts *counts, int64_t made, int64_t false_clauses)
{
    const int32_t *restrict occurrences = problem->occurrences;
    int64_t *restrict words = counts->words;
    int32_t *restrict false_list = lane->false, *restrict breaks = counts->breaks;
    int32_t *restrict changed = counts->changed;
    const int64_t begin = problem->starts[made], end = problem->starts[made + 1], bin = lane->variables;
    const int64_t variable = made >> 1;
    int32_t alone = 0;
    if (end - begin < few(problem)) {
        for (int64_t i = begin; i < end; i++) {
            int32_t clause = occurrences[i];
            int64_t word = words[clause];
            if (word < ONE) {
                false_clauses = remove_false(false_list, words, false_clauses, word);
                words[clause] = ONE | variable;
                alone++;
            } else {
                words[clause] = (word + ONE) ^ variable;
                breaks[critical(word, bin)]--;
            }
        }
    } else {
        int64_t count = 0;
        for (int64_t i = begin; i < end; i++) {
            int32_t clause = occurrences[i];
            int64_t word = words[clause];
            words[clause] = word < ONE ? word : (word + ONE) ^ variable;
            changed[count] = clause;
            count += word < 2 * ONE;
        }
        for (int64_t i = 0; i < count; i++) {
            int32_t clause = changed[i];
            int64_t word = words[clause];
            if (word < ONE) {
                false_clauses = remove_false(false_list, words, false_clauses, word);
                words[clause] = ONE | variable;
                alone++;
            } else
                breaks[(word ^ variable) & LOW]--;
        }
    }
    breaks[variable] = alone;
    return false_clauses;
}

// Let a variable's literal `lost` become false; return the false clauses.
static __attribute__((noinline)) int64_t lose(const struct problem *problem, const struct lane *lane,
                                              const struct counts *counts, int64_t lost, int64_t false_clauses)
{
    const int32_t *restrict occurrences = problem->occurrences;
    int64_t *restrict words = counts->words;
    int32_t *restrict false_list = lane->false, *restrict breaks = counts->breaks;
    int32_t *restrict changed = counts->changed;
    const int64_t begin = problem->starts[lost], end = problem->starts[lost + 1], bin = lane->variables;
    const int64_t variable = lost >> 1;
    if (end - begin < few(problem)) {
        for (int64_t i = begin; i < end; i++) {
            int32_t clause = occurrences[i];
            int64_t word = (words[clause] - ONE) ^ variable;
            int64_t loser = critical(word, bin);
            if (__builtin_expect(word < ONE, 0)) {
                loser = bin;
                word = false_clauses;
                false_list[false_clauses++] = clause;
            }
            words[clause] = word;
            breaks[loser]++;
        }
    } else {
        int64_t count = 0;
        for (int64_t i = begin; i < end; i++) {
            int32_t clause = occurrences[i];
            int64_t word = (words[clause] - ONE) ^ variable;
            words[clause] = word;
            changed[count] = clause;
            count += word < 2 * ONE;
        }
        for (int64_t i = 0; i < count; i++) {
            int32_t clause = changed[i];
            int64_t word = words[clause];
            if (word < ONE) {
                words[clause] = false_clauses;
                false_list[false_clauses++] = clause;
            } else
                breaks[word & LOW]++;
        }
    }
    return false_clauses;
}
