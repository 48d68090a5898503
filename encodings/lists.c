// Rows listed by what is in them: the transpose of a sparse matrix.
#include "clauses.h"

void count_keys(const int32_t *restrict keys, int64_t entries, int64_t first, int64_t last, int64_t *restrict counts,
                int64_t number)
{
    for (int64_t i = first; i < last; i++)
        counts[keys[i]]++;
}

int64_t list_rows(const int32_t *restrict keys, int64_t entries, const int64_t *restrict offsets, int64_t rows,
                  int64_t first, int64_t effort, int64_t *restrict places, int64_t number, int32_t *restrict lists)
{
    int64_t row = first;
    for (; row < rows && effort > 0; row++) {
        int64_t end = offsets[row + 1];
        effort -= end - offsets[row] + 1;
        for (int64_t j = offsets[row]; j < end; j++)
            lists[places[keys[j]]++] = row;
    }
    return row;
}
