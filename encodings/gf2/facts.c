// Masks compared: which are equal, which have few bits, which three sum to a constant.
#include "gf2.h"

void few_bits(const uint64_t *restrict masks, int64_t rank, int64_t width, int64_t *restrict bits, int64_t begin,
              int64_t end)
{
    for (int64_t row = begin; row < end; row++) {
        const uint64_t *mask = masks + row * width;
        int64_t found = 0;
        for (int64_t word = 0; word < width && found <= 3; word++)
            for (uint64_t value = mask[word]; value && found <= 3; value &= value - 1, found++)
                if (found < 3)
                    bits[4 * row + found] = 64 * word + __builtin_ctzll(value);
        bits[4 * row + 3] = found;
    }
}

void equal_masks(const int64_t *restrict order, int64_t compared, const uint64_t *restrict hashes, int64_t rank,
                 const uint64_t *restrict masks, int64_t width, int64_t *restrict leader, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++) {
        int64_t row = order[i];
        leader[row] = row;
        // The one before leads to the right one unless two masks share a hash.
        for (int64_t j = i - 1; j >= 0 && hashes[order[j]] == hashes[row]; j--) {
            int64_t other = leader[order[j]], word = 0;
            while (word < width && masks[row * width + word] == masks[other * width + word])
                word++;
            if (word == width) {
                leader[row] = other;
                break;
            }
        }
    }
}

// What columns are, and the order of their hashes.
struct columns {
    const uint64_t *sums, *masks;
    const int64_t *order, *places;
    int64_t size, width;
};

// One word of what a column is: a pivot's mask, or for -1 - j the single bit j.
static inline uint64_t word_of(const struct columns *columns, int64_t column, int64_t word)
{
    int64_t place = columns->places[column];
    if (place >= 0)
        return columns->masks[place * columns->width + word];
    return (-1 - place) >> 6 == word ? (uint64_t)1 << ((-1 - place) & 63) : 0;
}

// The greatest c < most, in sorted order of sums, with a + b + c = 0, or -1.
static int64_t third(const struct columns *columns, int64_t a, int64_t b, int64_t most)
{
    uint64_t wanted = columns->sums[a] ^ columns->sums[b];
    int64_t low = 0, high = columns->size, found = -1;
    while (low < high) {
        int64_t middle = (low + high) >> 1;
        if (columns->sums[columns->order[middle]] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < columns->size && columns->sums[columns->order[low]] == wanted; low++) {
        int64_t c = columns->order[low], word = 0;
        if (c >= most || c <= found)
            continue;
        while (word < columns->width &&
               (word_of(columns, a, word) ^ word_of(columns, b, word)) == word_of(columns, c, word))
            word++;
        if (word == columns->width)
            found = c;
    }
    return found;
}

static inline void note(int64_t *triple, int64_t most, int64_t *progress, int64_t a, int64_t b, int64_t c)
{
    if (progress[TRIPLES] == most)
        return;
    int64_t *row = triple + 3 * progress[TRIPLES]++;
    row[0] = a;
    row[1] = b;
    row[2] = c;
}

void triples(const uint64_t *sums, int64_t size, const int64_t *order, const int64_t *places, const uint64_t *masks,
             int64_t rank, int64_t width, int64_t *progress, int64_t effort, int64_t *triple, int64_t most)
{
    struct columns columns = {sums, masks, order, places, size, width};
    int64_t a = progress[PLACE];
    for (; a < size && effort > 0 && progress[TRIPLES] < most; effort -= a, a++)
        for (int64_t b = 1; b < a; b++) {
            int64_t c = third(&columns, a, b, b);
            if (c >= 0)
                note(triple, most, progress, a, b, c);
        }
    progress[PLACE] = a;
}

void neighbours(const uint64_t *sums, int64_t size, const int64_t *order, const int64_t *places, const uint64_t *masks,
                int64_t rank, int64_t width, int64_t *progress, int64_t effort, int64_t *triple, int64_t most)
{
    struct columns columns = {sums, masks, order, places, size, width};
    int64_t a = progress[PLACE];
    for (; a < size && effort > 0 && progress[TRIPLES] < most; a++) {
        effort--;
        if (places[a] < 0)
            continue;
        effort -= width;
        for (int64_t word = 0; word < width; word++)
            for (uint64_t value = masks[places[a] * width + word]; value; value &= value - 1) {
                int64_t b = 64 * word + __builtin_ctzll(value), c = third(&columns, a, b, size);
                effort -= 20;
                if (c >= 0 && places[c] >= 0)
                    note(triple, most, progress, a, b, c);
            }
    }
    progress[PLACE] = a;
}
