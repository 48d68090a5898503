// The search in the kernel of the XOR system: 2048 lanes a row, bit-sliced counts.
//
// A lane is an assignment of the inputs, kept as the values of all linear nodes. A direction is a set of linear
// nodes that an assignment of the inputs can flip together; a basis of directions spans all moves.
#include "rows.h"

// Return 64 random bits (xorshift64*).
static inline uint64_t draw(const struct lanes *lanes)
{
    uint64_t random = lanes->random[0];
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    lanes->random[0] = random;
    // The low bits are the weak ones of the generator.
    uint64_t word = random * 0x2545F4914F6CDD1D;
    word ^= word >> 32;
    return word * 0x9E3779B97F4A7C15 ^ word >> 29;
}

void evaluate(const struct lanes *lanes, int64_t first)
{
    uint64_t *rows = lanes->rows;
    uint64_t *carry = row_of(rows, lanes->planes[CARRY_PLANE]), *over = carry + WIDTH;
    for (int64_t word = 0; word < WIDTH * lanes->planes[HEIGHT]; word++)
        row_of(rows, first)[word] = 0;
    const int32_t *end = lanes->code + FIELDS * lanes->instructions;
    for (const int32_t *i = lanes->code; i < end; i += FIELDS) {
        uint64_t *a = row_of(rows, i[2]), *b = row_of(rows, i[4]);
        uint64_t m = i[3] ? ~(uint64_t)0 : 0, n = i[5] ? ~(uint64_t)0 : 0;
        if (i[0] == AND)
            row_and(row_of(rows, i[1]), a, m, b, n);
        else if (i[0] == XOR)
            row_xor(row_of(rows, i[1]), a, b, m ^ n);
        else if (i[0] == CHECK) {
            row_and(carry, a, m, b, n);
            // Add the carry to a plane; what overflows goes to the next.
            for (uint64_t *plane = row_of(rows, first); row_any(carry); plane += WIDTH) {
                row_and(over, plane, 0, carry, 0);
                row_xor(plane, plane, carry, 0);
                row_and(carry, over, 0, over, 0);
            }
        }
    }
}

static inline int has(const struct lanes *lanes, int64_t direction, int64_t node)
{
    return lanes->columns[direction * lanes->words + (node >> 6)] >> (node & 63) & 1;
}

int64_t rebase(const struct lanes *lanes, const int32_t *order, int64_t ordered, int64_t first, int64_t budget)
{
    int64_t directions = lanes->directions, words = lanes->words, fixed = 0;
    if (first == 0)
        for (int64_t d = 0; d < directions; d++)
            lanes->basis[d] = -1;
    while (fixed < directions && lanes->basis[fixed] >= 0)
        fixed++;
    for (int64_t i = first; i < ordered && fixed < directions; i++) {
        if (budget <= 0)
            return i;
        budget -= directions;
        int64_t node = order[i], pivot = fixed;
        while (pivot < directions && !has(lanes, pivot, node))
            pivot++;
        if (pivot == directions)
            continue;
        uint64_t *mine = lanes->columns + fixed * words, *found = lanes->columns + pivot * words;
        for (int64_t w = 0; w < words; w++) {
            uint64_t swap = found[w];
            found[w] = mine[w];
            mine[w] = swap;
        }
        for (int64_t d = 0; d < directions; d++)
            if (d != fixed && has(lanes, d, node)) {
                for (int64_t w = 0; w < words; w++)
                    lanes->columns[d * words + w] ^= mine[w];
                budget -= words;
            }
        lanes->basis[fixed++] = (int32_t)node;
    }
    return ordered;
}

// XOR the words of a row into the nodes of a direction.
static void flip(const struct lanes *lanes, int64_t direction, const uint64_t *mask)
{
    for (int64_t w = 0; w < lanes->words; w++)
        for (uint64_t bits = lanes->columns[direction * lanes->words + w]; bits; bits &= bits - 1) {
            uint64_t *node = row_of(lanes->rows, 64 * w + __builtin_ctzll(bits) + 1);
            row_xor(node, node, mask, 0);
        }
}

void scatter(const struct lanes *lanes, int64_t begin, int64_t end, int64_t first, int64_t last)
{
    uint64_t *mask = row_of(lanes->rows, lanes->planes[CARRY_PLANE]);
    for (int64_t direction = first; direction < last; direction++) {
        for (int64_t word = 0; word < WIDTH; word++)
            mask[word] = begin <= word && word < end ? draw(lanes) : 0;
        flip(lanes, direction, mask);
    }
}

void gather(const struct lanes *lanes, int64_t end, int64_t first, int64_t last)
{
    uint64_t *mask = row_of(lanes->rows, lanes->planes[CARRY_PLANE]);
    for (int64_t direction = first; direction < last; direction++) {
        int64_t node = lanes->basis[direction];
        if (node < 0)
            continue;
        uint64_t wanted = lanes->prefer[node] ? ~(uint64_t)0 : 0;
        for (int64_t word = 0; word < WIDTH; word++)
            mask[word] = word < end ? row_of(lanes->rows, node + 1)[word] ^ wanted : 0;
        flip(lanes, direction, mask);
    }
}

void disperse(const struct lanes *lanes, const int64_t *weights, int64_t dispersed, int64_t first, int64_t last)
{
    (void)dispersed;
    int64_t directions = lanes->directions;
    for (int64_t lane = first; lane < last && directions > 0; lane++) {
        int64_t word = lane >> 6;
        uint64_t bit = (uint64_t)1 << (lane & 63);
        for (int64_t turn = 0; turn < weights[lane]; turn++) {
            int64_t chosen = lane - 1;
            if (weights[lane] > 1 || lane > directions)
                chosen = (int64_t)((draw(lanes) >> 33) % (uint64_t)directions);
            for (int64_t w = 0; w < lanes->words; w++)
                for (uint64_t bits = lanes->columns[chosen * lanes->words + w]; bits; bits &= bits - 1)
                    row_of(lanes->rows, 64 * w + __builtin_ctzll(bits) + 1)[word] ^= bit;
        }
    }
}

// Return bits that are 1 with probability chance / 2^PRECISION.
static inline uint64_t coin(const struct lanes *lanes, int32_t chance)
{
    uint64_t result = 0;
    for (int bit = 0; bit < PRECISION; bit++) {
        uint64_t word = draw(lanes);
        result = chance >> bit & 1 ? result | word : result & word;
    }
    return result;
}

// Decide by Metropolis' rule in which lanes of a word the next counts replace those of now; return them.
static inline uint64_t accept(const struct lanes *lanes, int64_t word, uint64_t *now, uint64_t *next)
{
    int32_t chance = lanes->chances[word];
    uint64_t first = draw(lanes), second = 0, third = 0, fourth = 0; // the first accepts an equal count
    if (chance) {
        second = coin(lanes, chance);
        third = second & coin(lanes, chance);
        fourth = third & coin(lanes, chance);
        first = ~(uint64_t)0;
    }
    // next <= now + allowance, where the allowance is -1 (first is 0), 0, 1, 2 or 3: next - now is compared by
    // borrow and carry, one plane after the other.
    uint64_t more[2] = {second ^ third ^ fourth, third};
    uint64_t carry = 0, borrow = ~first; // next < now + allowance, or equal
    int64_t height = lanes->planes[HEIGHT];
    for (int64_t plane = 0; plane < height; plane++) {
        uint64_t a = now[WIDTH * plane], add = plane < 2 ? more[plane] : 0;
        uint64_t total = a ^ add ^ carry;
        carry = (a & add) | (carry & (a ^ add));
        uint64_t b = next[WIDTH * plane];
        borrow = (~total & b) | (~(total ^ b) & borrow);
    }
    uint64_t accepted = carry | ~borrow;
    for (int64_t plane = 0; plane < height; plane++) {
        uint64_t *a = now + WIDTH * plane;
        *a ^= (*a ^ next[WIDTH * plane]) & accepted;
    }
    return accepted;
}

// Tell whether a lane has no false check.
static int solved(const struct lanes *lanes)
{
    const uint64_t *now = row_of(lanes->rows, lanes->planes[NOW_PLANE]);
    for (int64_t word = 0; word < WIDTH; word++) {
        uint64_t some = 0;
        for (int64_t plane = 0; plane < lanes->planes[HEIGHT]; plane++)
            some |= now[WIDTH * plane + word];
        if (~some)
            return 1;
    }
    return 0;
}

int64_t scan(const struct lanes *lanes, const int32_t *order, int64_t ordered)
{
    uint64_t *mask = row_of(lanes->rows, lanes->planes[CARRY_PLANE]);
    uint64_t *now = row_of(lanes->rows, lanes->planes[NOW_PLANE]);
    uint64_t *next = row_of(lanes->rows, lanes->planes[NEXT_PLANE]);
    for (int64_t i = 0; i < ordered; i++) {
        for (int64_t word = 0; word < WIDTH; word++)
            mask[word] = ~(uint64_t)0;
        flip(lanes, order[i], mask);
        evaluate(lanes, lanes->planes[NEXT_PLANE]);
        for (int64_t word = 0; word < WIDTH; word++)
            mask[word] = ~accept(lanes, word, now + word, next + word);
        flip(lanes, order[i], mask);
        if (solved(lanes))
            return i + 1;
    }
    return ordered;
}
