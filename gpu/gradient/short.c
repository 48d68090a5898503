// The walk rule on clauses of at most three literals, without counts.
//
// A flip reads the clauses of the three literals that may become true, by their other literals: those lie side by
// side, and the values they are looked up in are bits, so that all of it is known before and fetched, or cached.
// What `walk` caches instead, words and breaks, takes two places in memory for each clause of the variable.
#include "lane.h"
#if defined(__AVX2__)
#include <immintrin.h>
#endif

void find_false(const struct problem *problem, const struct lane *lane, const struct bits *bits, int64_t first,
                int64_t last)
{
    int64_t *counters = lane->counters;
    if (first == 0) {
        for (int64_t group = 0; group < bits->groups; group++)
            bits->bits[group] = 0;
        for (int64_t v = 0; v < lane->variables; v++)
            bits->bits[v >> 5] |= (uint32_t)lane->values[v] << (v & 31);
        counters[FALSE] = counters[TURN] = 0;
    }
    for (int64_t clause = first; clause < last; clause++)
        if (word_of(problem, lane->values, clause) < ONE) {
            bits->place[clause] = (int32_t)counters[FALSE];
            lane->false[counters[FALSE]++] = (int32_t)clause;
        }
}

#if defined(__AVX2__)
// The values of literals, each in the lowest bit of its word.
static inline __m256i values_of(const uint32_t *bits, const int32_t *literals)
{
    __m256i codes = _mm256_loadu_si256((const __m256i *)literals);
    __m256i words = _mm256_i32gather_epi32((const int *)bits, _mm256_srli_epi32(codes, 6), 4);
    __m256i places = _mm256_and_si256(_mm256_srli_epi32(codes, 1), _mm256_set1_epi32(31));
    return _mm256_xor_si256(_mm256_srlv_epi32(words, places), codes);
}
#endif

// Tell of CHUNK occurrences from one on in which clauses both other literals are false; one bit each.
static inline uint32_t both_false(const uint32_t *bits, const struct others *others, int64_t at)
{
#if defined(__AVX2__)
    __m256i some = _mm256_or_si256(values_of(bits, others->first + at), values_of(bits, others->second + at));
    return ~(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_slli_epi32(some, 31))) & 255;
#else
    uint32_t result = 0;
    for (int i = 0; i < CHUNK; i++) {
        uint32_t a = (uint32_t)others->first[at + i], b = (uint32_t)others->second[at + i];
        uint32_t some = (bits[a >> 6] >> (a >> 1 & 31) ^ a) | (bits[b >> 6] >> (b >> 1 & 31) ^ b);
        result |= (~some & 1) << i;
    }
    return result;
#endif
}

// The same without those beyond the end of a literal's list.
static inline uint32_t both_false_before(const uint32_t *bits, const struct others *others, int64_t at, int64_t end)
{
    uint32_t found = both_false(bits, others, at);
    return end - at >= CHUNK ? found : found & ((1u << (end - at)) - 1);
}

// Count the clauses that become false when a literal does, and note which; return how many.
static inline int64_t count_broken(const int64_t *starts, const struct others *others, const uint32_t *bits,
                                   int64_t literal, uint8_t *broken)
{
    int64_t loss = 0, end = starts[literal + 1];
    for (int64_t at = starts[literal]; at < end; at += CHUNK) {
        uint32_t found = both_false_before(bits, others, at, end);
        *broken++ = (uint8_t)found;
        loss += __builtin_popcount(found);
    }
    return loss;
}

// Fetch what the next flips will read of the problem.
static inline void fetch(const struct problem *problem, const struct others *others, const struct lane *lane,
                         int64_t false_clauses, int64_t turn)
{
    const int64_t *offsets = problem->offsets, *starts = problem->starts;
    const int32_t *literals = problem->literals;
    __builtin_prefetch(offsets + waiting(lane->false, false_clauses, turn, 4));
    __builtin_prefetch(literals + offsets[waiting(lane->false, false_clauses, turn, 3)]);
    int64_t clause = waiting(lane->false, false_clauses, turn, 2);
    for (int64_t i = offsets[clause]; i < offsets[clause + 1]; i++)
        __builtin_prefetch(starts + (literals[i] & ~1));
    clause = waiting(lane->false, false_clauses, turn, 1);
    for (int64_t i = offsets[clause]; i < offsets[clause + 1]; i++)
        for (int sign = 0; sign < 2; sign++) {
            int64_t start = starts[literals[i] ^ sign];
            __builtin_prefetch(others->first + start);
            __builtin_prefetch(others->second + start);
        }
}

int64_t walk_short(const struct problem *problem, const struct others *others, const struct lane *lane,
                   const struct bits *bits, const double *table, int64_t losses, int64_t effort, int64_t until)
{
    const int64_t *offsets = problem->offsets, *starts = problem->starts;
    const int32_t *literals = problem->literals, *occurrences = problem->occurrences;
    int32_t *false_list = lane->false, *place = bits->place;
    uint64_t random = lane->random[0];
    int64_t false_clauses = lane->counters[FALSE], flips = lane->counters[FLIPS], turn = lane->counters[TURN];
    int64_t spent = 0;
    while (spent < effort && false_clauses > 0 && flips < until) {
        int64_t begin = offsets[false_list[turn]], size = offsets[false_list[turn] + 1] - begin;
        fetch(problem, others, lane, false_clauses, turn);
        double chances[3], total = 0.0;
        for (int64_t i = 0; i < size; i++) {
            uint8_t *broken = bits->broken + i * bits->chunks;
            int64_t loss = count_broken(starts, others, bits->bits, literals[begin + i] ^ 1, broken);
            chances[i] = table[least(loss, losses - 1)];
            total += chances[i];
        }
        random = step(random);
        double left = unit(random) * total;
        int64_t chosen = 0;
        for (; chosen < size - 1; chosen++) {
            left -= chances[chosen];
            if (left < 0.0)
                break;
        }
        int64_t made = literals[begin + chosen], lost = made ^ 1, variable = made >> 1;

        for (int64_t at = starts[made]; at < starts[made + 1]; at += CHUNK)
            for (uint32_t found = both_false_before(bits->bits, others, at, starts[made + 1]); found; found &= found - 1) {
                // Take the clause off the list: the last one moves to its place.
                int32_t clause = occurrences[at + __builtin_ctz(found)], last = false_list[--false_clauses];
                false_list[place[clause]] = last;
                place[last] = place[clause];
            }
        const uint8_t *broken = bits->broken + chosen * bits->chunks;
        for (int64_t at = starts[lost]; at < starts[lost + 1]; at += CHUNK)
            for (uint32_t found = *broken++; found; found &= found - 1) {
                int32_t clause = occurrences[at + __builtin_ctz(found)];
                place[clause] = (int32_t)false_clauses;
                false_list[false_clauses++] = clause;
            }
        lane->values[variable] ^= 1;
        bits->bits[variable >> 5] ^= 1u << (variable & 31);

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
