// The exhaustive sweep: an interpreter whose instructions work on rows of WIDTH words, 64 candidates a word.
#include "rows.h"

// Run the instructions of a level; return how many, and in `dead` whether no candidate is left.
static inline int64_t run_level(const struct tape *tape, const struct sweeper *sweeper, int64_t level, uint64_t *alive,
                                int *dead)
{
    uint64_t *rows = sweeper->rows;
    const uint64_t *signs = sweeper->signs;
    const int32_t *begin = tape->code + FIELDS * tape->starts[level];
    const int32_t *end = tape->code + FIELDS * tape->starts[level + 1];
    for (const int32_t *i = begin; i < end; i += FIELDS) {
        uint64_t *target = row_of(rows, i[1]), *a = row_of(rows, i[2]), *b = row_of(rows, i[4]);
        uint64_t m = signs[i[3]], n = signs[i[5]];
        if (i[0] == AND)
            row_and(target, a, m, b, n);
        else if (i[0] == CHECK)
            row_check(alive, a, m, b, n);
        else if (i[0] == XOR)
            row_xor(target, a, b, m ^ n);
        else if (!row_any(alive)) {
            *dead = 1;
            return (i - begin) / FIELDS + 1;
        }
    }
    return (end - begin) / FIELDS;
}

int64_t sweep(const struct tape *tape, const struct sweeper *sweeper, int64_t alive, int64_t budget)
{
    int64_t *counters = sweeper->counters;
    uint64_t *signs = sweeper->signs;
    int64_t levels = tape->levels, spent = 0;
    while (counters[BLOCK] < counters[END] && spent < budget && counters[FOUND] + WIDTH <= sweeper->capacity) {
        int64_t block = counters[BLOCK];
        for (int64_t j = 0; j < tape->linear; j++) {
            uint64_t odd = (uint64_t)__builtin_parityll(tape->high[j] & (uint64_t)block) ^ tape->flips[j];
            signs[2 + 2 * j] = -odd;
            signs[3 + 2 * j] = ~-odd;
        }
        spent++;
        int64_t level = counters[LEVEL] < levels - 1 ? counters[LEVEL] : levels - 1;
        int dead = 0;
        for (; level >= 0; level--) {
            uint64_t *ok = row_of(sweeper->rows, alive + level);
            row_and(ok, ok + WIDTH, 0, ok + WIDTH, 0);
            spent += run_level(tape, sweeper, level, ok, &dead);
            if (dead)
                break;
        }
        for (int64_t word = 0; word < WIDTH && !dead; word++) {
            uint64_t bits = row_of(sweeper->rows, alive)[word];
            if (bits) {
                int64_t place = counters[FOUND]++;
                sweeper->found_block[place] = block;
                sweeper->found_word[place] = (int32_t)word;
                sweeper->found_bits[place] = bits;
            }
        }
        // What a level computes depends on the bits of the block number from level - 1 on.
        int64_t shift = dead && level > 1 ? level - 1 : 0;
        int64_t following = ((block >> shift) + 1) << shift;
        counters[LEVEL] = 64 - __builtin_clzll((uint64_t)(block ^ following));
        counters[BLOCK] = following < counters[END] ? following : counters[END];
    }
    return spent;
}
