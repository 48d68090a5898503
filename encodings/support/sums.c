// Sums of XORs: a bit matrix in reduced echelon form over the variables that are not known.
#include "state.h"

void choose_pivot(const struct state *state, int64_t row)
{
    int64_t words = state->words, width = words + 1;
    uint64_t *own = state->matrix + row * width;
    int64_t word = 0;
    state->pivot[row] = -1;
    while (word < words && !(own[word] & state->hidden[word]))
        word++;
    if (word == words)
        return;
    int bit = __builtin_ctzll(own[word] & state->hidden[word]);
    state->pivot[row] = 64 * word + bit;
    for (int64_t other = 0; other < state->sums; other++) {
        uint64_t *restrict target = state->matrix + other * width;
        if (other == row || !(target[word] >> bit & 1))
            continue;
        for (int64_t w = 0; w < width; w++)
            target[w] ^= own[w];
    }
}

int64_t choose_pivots(const struct state *state, int64_t first, int64_t effort)
{
    int64_t row = first;
    for (; row < state->sums && effort > 0; row++, effort -= state->sums * (state->words + 1) / 4 + 1)
        choose_pivot(state, row);
    return row;
}
