// Clauses made regular, shortened, renumbered.
#include "clauses.h"

static inline void sort(int32_t *codes, int64_t size)
{
    for (int64_t i = 1; i < size; i++) {
        int32_t code = codes[i];
        int64_t place = i;
        for (; place > 0 && codes[place - 1] > code; place--)
            codes[place] = codes[place - 1];
        codes[place] = code;
    }
}

int64_t tidy(const int32_t *restrict literals, int64_t entries, const int64_t *restrict offsets, int64_t clauses,
             int64_t longest, int64_t first, int64_t effort, int32_t *restrict stamps, int64_t variables,
             int32_t *restrict codes, int64_t *restrict ends, int64_t *restrict written)
{
    int64_t place = written[ENTRIES], clause = written[CLAUSES];
    int64_t i = first;
    for (; i < clauses && effort > 0; i++) {
        int64_t start = place, begin = offsets[i], end = offsets[i + 1], j = begin;
        effort -= end - begin + 1;
        for (; j < end; j++) {
            int32_t literal = literals[j], code = literal < 0 ? -2 * literal - 1 : 2 * literal - 2;
            if (stamps[code ^ 1] == i)
                break;
            if (stamps[code] == i)
                continue;
            stamps[code] = i;
            codes[place++] = code;
        }
        if (j < end) { // a tautology
            place = start;
            continue;
        }
        if (place - start <= longest)
            sort(codes + start, place - start);
        ends[++clause] = place;
    }
    written[ENTRIES] = place;
    written[CLAUSES] = clause;
    return i;
}

int64_t compact(const int32_t *restrict codes, int64_t entries, const int64_t *restrict offsets, int64_t clauses,
                const uint8_t *restrict dropped, const int8_t *restrict values, int64_t variables, int64_t longest,
                int64_t first, int64_t effort, int32_t *restrict kept, int64_t room, int64_t *restrict ends,
                int64_t *restrict written)
{
    int64_t place = written[ENTRIES], clause = written[CLAUSES];
    int64_t i = first;
    for (; i < clauses && effort > 0; i++) {
        effort--;
        if (dropped[i])
            continue;
        int64_t start = place, end = offsets[i + 1];
        effort -= end - offsets[i];
        for (int64_t j = offsets[i]; j < end; j++)
            if (values[codes[j] >> 1] < 0)
                kept[place++] = codes[j];
        if (place - start <= longest)
            sort(kept + start, place - start);
        ends[++clause] = place;
    }
    written[ENTRIES] = place;
    written[CLAUSES] = clause;
    return i;
}

void mark(const int32_t *restrict codes, int64_t entries, int64_t first, int64_t last, uint8_t *restrict used,
          int64_t variables)
{
    for (int64_t i = first; i < last; i++)
        used[codes[i] >> 1] = 1;
}

void rename(int32_t *restrict codes, int64_t entries, int64_t first, int64_t last, const int32_t *restrict numbers,
            int64_t variables)
{
    for (int64_t i = first; i < last; i++)
        codes[i] = numbers[codes[i] >> 1] << 1 | (codes[i] & 1);
}
