// Functions of at most three leaves: gates put into gates (cut enumeration: Cong, Wu and Ding, FPGA 1999).
#include "gates.h"

enum {
    ODD = 0x96,      // the truth table of the parity of three leaves
    ODD_PAIR = 0x66, // of two
    SAME = 0xAA,     // of one: the leaf itself
};

struct cut {
    int32_t leaves[LEAVES]; // rising; -1 for one that is not there
    int8_t size;
    uint8_t table;
};

struct list {
    struct cut cuts[LISTED];
    int count;
};

// Put the cuts of a literal into a list: itself, and those of its variable. A fixed variable without gates is
// a constant. Gates may be fixed by what uses them, as those behind an output that must be true, and their
// functions are what is wanted.
static void load(const struct definitions *definitions, const struct cuts *cuts, int32_t code, struct list *list)
{
    int32_t v = code >> 1, node = cuts->nodes[v];
    uint8_t flip = -(code & 1);
    if (definitions->values[v] >= 0 && node < 0) {
        list->cuts[0] = (struct cut){{-1, -1, -1}, 0, -definitions->values[v] ^ flip};
        list->count = 1;
        return;
    }
    list->cuts[0] = (struct cut){{v, -1, -1}, 1, SAME ^ flip};
    list->count = 1;
    if (node < 0)
        return;
    for (int i = 0; i < cuts->counts[node]; i++) {
        const int32_t *leaves = cuts->leaves + (STORED * (int64_t)node + i) * LEAVES;
        int8_t size = (leaves[0] >= 0) + (leaves[1] >= 0) + (leaves[2] >= 0);
        uint8_t table = cuts->tables[STORED * (int64_t)node + i] ^ flip;
        list->cuts[list->count++] = (struct cut){{leaves[0], leaves[1], leaves[2]}, size, table};
    }
}

// Whether all leaves of a are among those of b.
static inline int inside(const struct cut *a, const struct cut *b)
{
    int j = 0;
    for (int i = 0; i < a->size; i++) {
        while (j < b->size && b->leaves[j] < a->leaves[i])
            j++;
        if (j == b->size || b->leaves[j] != a->leaves[i])
            return 0;
    }
    return 1;
}

// Add a cut unless one in the list has no other leaves; those whose leaves include its own go.
static void insert(struct list *list, const struct cut *cut)
{
    for (int i = 0; i < list->count; i++)
        if (list->cuts[i].size <= cut->size && inside(&list->cuts[i], cut))
            return;
    int place = 0;
    for (int i = 0; i < list->count; i++)
        if (cut->size >= list->cuts[i].size || !inside(cut, &list->cuts[i])) {
            if (place < i)
                list->cuts[place] = list->cuts[i];
            place++;
        }
    list->count = place;
    if (list->count == LISTED) { // a larger one makes room, the last of them
        place = -1;
        for (int i = 0; i < LISTED; i++)
            if (list->cuts[i].size > cut->size && (place < 0 || list->cuts[i].size >= list->cuts[place].size))
                place = i;
        if (place < 0)
            return;
    } else
        list->count++;
    list->cuts[place] = *cut;
}

// Fill a list with the conjunctions, or disjunctions if `either`, of the cuts of two others.
static void combine(const struct list *left, const struct list *right, int either, const uint8_t *spread,
                    struct list *target)
{
    target->count = 0;
    for (int i = 0; i < left->count; i++)
        for (int j = 0; j < right->count; j++) {
            const struct cut *a = &left->cuts[i], *b = &right->cuts[j];
            struct cut merged = {{-1, -1, -1}, 0, 0};
            int x = 0, y = 0, mask_a = 0, mask_b = 0;
            while ((x < a->size || y < b->size) && merged.size < LEAVES) {
                int32_t from_a = x < a->size ? a->leaves[x] : INT32_MAX;
                int32_t from_b = y < b->size ? b->leaves[y] : INT32_MAX;
                int bit = 1 << merged.size;
                merged.leaves[merged.size++] = from_a < from_b ? from_a : from_b;
                if (from_a <= from_b) {
                    mask_a |= bit;
                    x++;
                }
                if (from_b <= from_a) {
                    mask_b |= bit;
                    y++;
                }
            }
            if (x < a->size || y < b->size)
                continue;
            uint8_t first = spread[256 * mask_a + a->table], second = spread[256 * mask_b + b->table];
            merged.table = either ? first | second : first & second;
            insert(target, &merged);
        }
}

// Fill `found` with the cuts of a gate's output; return how many pairs of cuts that took.
static int64_t of_gate(const struct definitions *definitions, const struct cuts *cuts, int64_t gate, struct list *found)
{
    const int32_t *inputs = definitions->inputs + definitions->offsets[gate];
    int64_t size = definitions->offsets[gate + 1] - definitions->offsets[gate], work;
    const uint8_t *spread = definitions->spread;
    struct list left, right, other;
    load(definitions, cuts, inputs[0], &left);
    load(definitions, cuts, inputs[1], &right);
    combine(&left, &right, 0, spread, found);
    work = left.count * right.count;
    if (definitions->kinds[gate]) {
        struct list then = *found;
        load(definitions, cuts, inputs[0] ^ 1, &left);
        load(definitions, cuts, inputs[2], &right);
        combine(&left, &right, 0, spread, &other);
        combine(&then, &other, 1, spread, found);
        return work + left.count * right.count + then.count * other.count;
    }
    for (int64_t i = 2; i < size; i++) {
        load(definitions, cuts, inputs[i], &right);
        other = *found;
        combine(&other, &right, 0, spread, found);
        work += other.count * right.count;
    }
    return work;
}

// Write down which cuts are parities, the variable for what it is; return whether one has several leaves.
static int parities_of(const struct list *list, int32_t v, int32_t *rows, int64_t *count)
{
    int linear = 0;
    for (int i = 0; i < list->count; i++) {
        const struct cut *cut = &list->cuts[i];
        uint8_t odd = cut->size == 3 ? ODD : cut->size == 2 ? ODD_PAIR : SAME;
        if (cut->size == 0 || (cut->table != odd && cut->table != (odd ^ 0xFF)))
            continue;
        int32_t *row = rows + (LEAVES + 2) * (*count)++;
        row[0] = v;
        for (int j = 0; j < LEAVES; j++)
            row[j + 1] = cut->leaves[j];
        row[LEAVES + 1] = cut->table != odd;
        linear |= cut->size > 1;
    }
    return linear;
}

int64_t compose(const struct definitions *definitions, const struct cuts *cuts, const int32_t *defined, int64_t first,
                int64_t last, int64_t effort, int32_t *rows, int64_t room, int64_t *counters)
{
    int64_t place = first;
    for (; place < last && effort > 0; place++) {
        int32_t v = defined[place];
        int64_t begin = definitions->starts[v], end = definitions->starts[v + 1];
        struct list list = {.count = 0}, found;
        effort--;
        for (int64_t d = begin; d < end && d < begin + DEFINITIONS; d++) {
            int64_t gate = definitions->gates_of[d];
            uint8_t flip = -(definitions->outputs[gate] & 1);
            effort -= of_gate(definitions, cuts, gate, &found);
            for (int i = 0; i < found.count; i++) {
                struct cut *cut = &found.cuts[i];
                cut->table ^= flip;
                if (cut->leaves[0] != v && cut->leaves[1] != v && cut->leaves[2] != v)
                    insert(&list, cut);
            }
        }
        int linear = parities_of(&list, v, rows, &counters[ROWS]);
        // What is a parity of others is a leaf from here on: elimination puts the XORs together.
        int64_t node = cuts->nodes[v];
        int stored = 0;
        for (int size = 0; size < (linear ? 2 : LEAVES + 1); size++)
            for (int i = 0; i < list.count && stored < STORED; i++) {
                if (list.cuts[i].size != size)
                    continue;
                for (int j = 0; j < LEAVES; j++)
                    cuts->leaves[(STORED * node + stored) * LEAVES + j] = list.cuts[i].leaves[j];
                cuts->tables[STORED * node + stored++] = list.cuts[i].table;
            }
        cuts->counts[node] = stored;
    }
    return place;
}
