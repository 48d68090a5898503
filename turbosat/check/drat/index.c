// The clauses of a formula and of its proof laid out in one array, deletions matched to them; and listed.
#include <stdbool.h>
#include "kernels.h"

static uint64_t mixed(int64_t literal)
{
    const uint64_t mix = 0x9E3779B97F4A7C15;
    uint64_t code = (uint64_t)(literal + 1) * mix;
    code = (code ^ (code >> 32)) * mix;
    return code ^ (code >> 32);
}

// Whether the clause at o has just the literals of an item, `size` of them, which are stamped.
static bool same(const struct layout *layout, int64_t o, int64_t size, int32_t tag)
{
    if (layout->arena[o - 1] >> 3 != size)
        return false;
    for (int64_t q = o; q < o + size; q++)
        if (layout->stamp[layout->arena[q]] != tag)
            return false;
    return true;
}

// Take the latest clause with these literals out of the lists; return its offset, or 0.
static int32_t taken(const struct layout *layout, uint64_t code, int64_t size, int32_t tag, int64_t *budget)
{
    int32_t *const slot = layout->table + (code & (uint64_t)(layout->slots - 1));
    for (int32_t *link = slot; *link; link = layout->links + *link) {
        --*budget;
        const int32_t found = *link, o = layout->offsets[found];
        if (layout->hashes[found] == code && same(layout, o, size, tag)) {
            *link = layout->links[found];
            return o;
        }
    }
    return 0;
}

int64_t lay_out(const struct layout *layout, int64_t budget)
{
    int32_t *const arena = layout->arena, *const stamp = layout->stamp;
    int64_t *const cursor = layout->cursor;
    int64_t top = cursor[USED], count = cursor[CLAUSES], tag = cursor[LAID], item = cursor[ITEM];
    for (; item < layout->items && budget > 0; item++) {
        const int64_t end = layout->ends[item], start = item ? layout->ends[item - 1] : 0;
        const int64_t base = top + 3;
        int64_t size = 0, flags = 0;
        uint64_t code = 0;
        tag++;
        for (int64_t q = start; q < end; q++) {
            const int64_t literal = layout->literals[q];
            const int64_t e = literal > 0 ? 2 * literal : 1 - 2 * literal;
            if (stamp[e] == tag)
                continue;
            stamp[e] = tag;
            if (stamp[e ^ 1] == tag)
                flags = TAUTOLOGY;
            arena[base + size++] = e;
            code += mixed(e);
        }
        budget -= 4 + end - start;
        if (layout->kinds[item] == DELETION) {
            layout->steps[tag - 1] = -taken(layout, code, size, tag, &budget);
            continue;
        }
        arena[top] = 2;
        arena[top + 1] = size ? arena[base] : 0;
        arena[top + 2] = size << 3 | flags;
        count++;
        int32_t *const slot = layout->table + (code & (uint64_t)(layout->slots - 1));
        layout->offsets[count] = base;
        layout->hashes[count] = code;
        layout->links[count] = *slot;
        *slot = count;
        layout->steps[tag - 1] = base;
        top = base + (size > 2 ? size : 2);
    }
    cursor[USED] = top;
    cursor[CLAUSES] = count;
    cursor[LAID] = tag;
    cursor[ITEM] = item;
    return item < layout->items ? MORE : DONE;
}

int64_t count_occurrences(const struct occurrences *lists, int64_t step, int64_t budget)
{
    for (; step < lists->moves && budget > 0; step++, budget--) {
        const int64_t o = lists->steps[step];
        if (o <= 0 || lists->arena[o - 1] & TAUTOLOGY)
            continue;
        const int64_t size = lists->arena[o - 1] >> 3;
        for (int64_t q = o; q < o + size; q++)
            lists->first[lists->arena[q]]++;
        budget -= size;
    }
    return step;
}

int64_t list_occurrences(const struct occurrences *lists, int64_t step, int64_t budget)
{
    for (; step < lists->moves && budget > 0; step++, budget--) {
        const int64_t o = lists->steps[step];
        if (o <= 0 || lists->arena[o - 1] & TAUTOLOGY)
            continue;
        const int64_t size = lists->arena[o - 1] >> 3;
        for (int64_t q = o; q < o + size; q++)
            lists->occurrences[--lists->first[lists->arena[q]]] = o;
        budget -= size;
    }
    return step;
}
