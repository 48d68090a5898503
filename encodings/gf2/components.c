// The rows of each connected component of a system added up.
#include "gf2.h"

static inline int32_t root(int32_t *parent, int32_t row)
{
    while (parent[row] != row) {
        parent[row] = parent[parent[row]];
        row = parent[row];
    }
    return row;
}

int64_t join_rows(const struct sparse *s, const struct components *c, int64_t first, int64_t effort)
{
    int64_t row = first;
    for (; row < s->rows && effort > 0; row++) {
        effort--;
        if (!s->active[row])
            continue;
        const int32_t *held = s->arena + s->start[row];
        effort -= s->size[row];
        for (int32_t entry = 0; entry < s->size[row]; entry++) {
            int32_t column = held[entry];
            if (c->seen[column] < 0)
                c->seen[column] = row;
            int32_t a = root(c->parent, c->seen[column]), b = root(c->parent, row);
            if (a < b)
                c->parent[b] = a;
            else
                c->parent[a] = b;
            c->odd[column] ^= 1;
        }
    }
    return row;
}

static void find_root(const struct sparse *s, const struct components *c, int64_t row)
{
    c->parent[row] = root(c->parent, row);
    c->lengths[row] = 0;
    c->longest[row] = row;
}

static void find_longest(const struct sparse *s, const struct components *c, int64_t row)
{
    int32_t *longest = &c->longest[c->parent[row]];
    if (s->active[row] && s->size[row] > s->size[*longest])
        *longest = row;
}

static void count_column(const struct sparse *s, const struct components *c, int64_t column)
{
    if (c->seen[column] >= 0 && c->odd[column])
        c->lengths[c->parent[c->seen[column]]]++;
}

// Note that a row goes into the sum, or that what the longest one holds will be replaced.
static void add_row(const struct sparse *s, const struct components *c, int64_t row)
{
    int32_t target = c->longest[c->parent[row]];
    if (!s->active[row] || c->lengths[c->parent[row]] >= s->size[target])
        return;
    if (row != target) {
        int64_t entry = s->counters[LOG]++;
        s->parity[target] ^= s->parity[row];
        s->log[2 * entry] = target;
        s->log[2 * entry + 1] = row;
        return;
    }
    const int32_t *held = s->arena + s->start[row];
    for (int32_t entry = 0; entry < s->size[row]; entry++)
        s->counts[held[entry]]--;
}

// Empty the longest row of a component, given by its first, whose sum is to be written.
static void empty_longest(const struct sparse *s, const struct components *c, int64_t row)
{
    int32_t target = c->longest[row];
    if (s->active[row] && c->parent[row] == row && c->lengths[row] < s->size[target]) {
        s->size[target] = 0;
        c->lengths[row] = -1;
    }
}

static void write_column(const struct sparse *s, const struct components *c, int64_t column)
{
    if (c->seen[column] < 0 || !c->odd[column])
        return;
    int32_t first = c->parent[c->seen[column]], target = c->longest[first];
    if (c->lengths[first] >= 0)
        return;
    s->arena[s->start[target] + s->size[target]++] = column;
    s->counts[column]++;
}

static void drop_empty(const struct sparse *s, const struct components *c, int64_t row)
{
    int32_t target = c->longest[row];
    if (c->lengths[row] >= 0 || s->size[target])
        return;
    s->active[target] = 0;
    if (s->parity[target])
        s->counters[FALSE_ROW] = target;
}

void sum_rows(const struct sparse *s, const struct components *c, int64_t stage, int64_t first, int64_t last)
{
    static void (*const stages[SUMS])(const struct sparse *, const struct components *, int64_t) = {
        find_root, find_longest, count_column, add_row, empty_longest, write_column, drop_empty,
    };
    for (int64_t i = first; i < last; i++)
        stages[stage](s, c, i);
}
