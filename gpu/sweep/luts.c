// A network of gates of two inputs, covered by functions of three: GPUs compute any of those in one instruction.
#include "sweep.h"

enum { BIT_OF_FIRST = 0xAA, BIT_OF_SECOND = 0xCC, BIT_OF_THIRD = 0xF0 };
static const int projections[LEAVES] = {BIT_OF_FIRST, BIT_OF_SECOND, BIT_OF_THIRD};

struct cut {
    int32_t size, leaves[LEAVES], table;
    double flow;
};

static inline const int32_t *leaves_of(const struct cover *cover, int64_t node, int64_t cut)
{
    return cover->leaves + (node * CUTS + cut) * LEAVES;
}

// The operand itself as a cut of one leaf, for place CUTS; else a cut that it has.
static struct cut cut_of(const struct cover *cover, int32_t node, int32_t place)
{
    struct cut cut = {.size = 1, .leaves = {node}, .table = BIT_OF_FIRST};
    if (place < cover->counts[node]) {
        cut.size = cover->sizes[node * CUTS + place];
        cut.table = cover->tables[node * CUTS + place];
        for (int i = 0; i < LEAVES; i++)
            cut.leaves[i] = leaves_of(cover, node, place)[i];
    }
    return cut;
}

// Write the leaves of both cuts; return how many, or more than LEAVES.
static int join(struct cut *cut, const struct cut *a, const struct cut *b)
{
    int i = 0, j = 0, size = 0;
    while (i < a->size || j < b->size) {
        int32_t next = j == b->size || (i < a->size && a->leaves[i] <= b->leaves[j]) ? a->leaves[i] : b->leaves[j];
        if (size == LEAVES)
            return LEAVES + 1;
        cut->leaves[size++] = next;
        i += i < a->size && a->leaves[i] == next;
        j += j < b->size && b->leaves[j] == next;
    }
    return cut->size = size;
}

// The table of a cut over more leaves.
static int spread(const struct cut *from, const struct cut *over)
{
    int table = 0;
    for (int m = 0; m < 8; m++) {
        int index = 0;
        for (int i = 0, j = 0; i < from->size; i++) {
            while (over->leaves[j] != from->leaves[i])
                j++;
            index |= (m >> j & 1) << i;
        }
        table |= (from->table >> index & 1) << m;
    }
    return table;
}

// Drop the leaves that the table does not depend on.
static void reduce(struct cut *cut)
{
    for (int i = cut->size - 1; i >= 0; i--) {
        int step = 1 << i, low = ~projections[i] & 0xFF;
        if ((cut->table >> step & low) != (cut->table & low))
            continue;
        int table = 0;
        for (int m = 0; m < 8; m++) { // the leaves above move down by one place
            int index = (m & (step - 1)) | (m & ~(step - 1)) << 1;
            table |= (cut->table >> (index & 7) & 1) << m;
        }
        cut->table = table;
        for (int j = i; j + 1 < cut->size; j++)
            cut->leaves[j] = cut->leaves[j + 1];
        cut->size--;
    }
}

static int same(const struct cut *cut, const struct cover *cover, int64_t node, int64_t place)
{
    const int32_t *leaves = leaves_of(cover, node, place);
    int equal = cover->sizes[node * CUTS + place] == cut->size;
    for (int i = 0; equal && i < cut->size; i++)
        equal = leaves[i] == cut->leaves[i];
    return equal;
}

// Keep a cut among the best of its node, the one with the least flow first.
static void keep(const struct cover *cover, int64_t node, const struct cut *cut, double *flows)
{
    int count = cover->counts[node];
    for (int i = 0; i < count; i++)
        if (same(cut, cover, node, i))
            return;
    int place = count < CUTS ? count : CUTS - 1;
    if (count == CUTS && flows[place] <= cut->flow)
        return;
    for (; place > 0 && flows[place - 1] > cut->flow; place--) {
        int64_t at = node * CUTS + place;
        flows[place] = flows[place - 1];
        cover->sizes[at] = cover->sizes[at - 1];
        cover->tables[at] = cover->tables[at - 1];
        for (int i = 0; i < LEAVES; i++)
            cover->leaves[at * LEAVES + i] = cover->leaves[(at - 1) * LEAVES + i];
    }
    int64_t at = node * CUTS + place;
    flows[place] = cut->flow;
    cover->sizes[at] = cut->size;
    cover->tables[at] = cut->table;
    for (int i = 0; i < LEAVES; i++)
        cover->leaves[at * LEAVES + i] = i < cut->size ? cut->leaves[i] : 0;
    cover->counts[node] = count < CUTS ? count + 1 : CUTS;
}

static void enumerate(const struct cover *cover, int32_t node)
{
    double flows[CUTS];
    int32_t a = cover->first[node] >> 1, b = cover->second[node] >> 1;
    for (int32_t i = 0; i <= cover->counts[a]; i++)
        for (int32_t j = 0; j <= cover->counts[b]; j++) {
            struct cut x = cut_of(cover, a, i), y = cut_of(cover, b, j), cut = {0};
            if (join(&cut, &x, &y) > LEAVES)
                continue;
            int s = spread(&x, &cut) ^ (cover->first[node] & 1 ? 0xFF : 0);
            int t = spread(&y, &cut) ^ (cover->second[node] & 1 ? 0xFF : 0);
            cut.table = cover->kinds[node] == AND ? s & t : s ^ t;
            reduce(&cut);
            cut.flow = 1;
            for (int l = 0; l < cut.size; l++)
                cut.flow += cover->flows[cut.leaves[l]];
            keep(cover, node, &cut, flows);
        }
    cover->flows[node] = flows[0] / (cover->references[node] > 1 ? cover->references[node] : 1);
}

// Count the reads of a node's chosen cut, and of what nobody read before; return the functions that takes. A step
// of -1 undoes what a step of 1 has done.
static int64_t refer(const struct cover *cover, int32_t node, int step)
{
    int64_t area = 1, top = 0;
    cover->stack[top++] = node;
    while (top) {
        int32_t next = cover->stack[--top];
        int32_t cut = cover->chosen[next];
        for (int i = 0; i < cover->sizes[next * (int64_t)CUTS + cut]; i++) {
            int32_t leaf = leaves_of(cover, next, cut)[i];
            int32_t before = cover->references[leaf], after = before + step;
            cover->references[leaf] = after;
            if ((step > 0 ? before : after) == 0 && cover->kinds[leaf] != LINEAR) {
                cover->stack[top++] = leaf;
                area++;
            }
        }
    }
    return area;
}

int64_t cover_network(const struct cover *cover, int64_t rounds)
{
    int32_t *references = cover->references;
    int64_t nodes = cover->nodes, area = 0;
    for (int64_t node = 0; node < nodes; node++) {
        cover->counts[node] = cover->chosen[node] = references[node] = 0;
        cover->flows[node] = 0;
        if (cover->kinds[node] != LINEAR) {
            references[cover->first[node] >> 1]++;
            references[cover->second[node] >> 1]++;
        }
    }
    for (int64_t node = 0; node < nodes; node++)
        if (cover->kinds[node] != LINEAR)
            enumerate(cover, (int32_t)node);
    for (int64_t node = 0; node < nodes; node++)
        references[node] = 0;
    for (int64_t i = 0; i < cover->wanted; i++)
        if (references[cover->roots[i]]++ == 0 && cover->kinds[cover->roots[i]] != LINEAR)
            area += refer(cover, cover->roots[i], 1);
    for (int64_t round = 0; round < rounds; round++)
        for (int64_t node = 0; node < nodes; node++) {
            if (!references[node] || cover->kinds[node] == LINEAR)
                continue;
            int32_t best = cover->chosen[node];
            int64_t before = refer(cover, (int32_t)node, -1), least = before;
            for (int32_t cut = 0; cut < cover->counts[node]; cut++) {
                cover->chosen[node] = cut;
                int64_t needed = refer(cover, (int32_t)node, 1);
                refer(cover, (int32_t)node, -1);
                if (needed < least) {
                    least = needed;
                    best = cut;
                }
            }
            cover->chosen[node] = best;
            area += refer(cover, (int32_t)node, 1) - before;
        }
    return area;
}
