// Rows and columns of a sparse system in doubly linked lists by their number of entries.
#pragma once
#include "gf2.h"

// next, previous and size of each item; behind the items, the heads of the lists.
struct lists {
    int32_t *next, *previous, *size, *heads;
};

static inline struct lists lists_of(int32_t *array, int64_t items)
{
    int64_t width = items + TOP + 1;
    return (struct lists){array, array + width, array + 2 * width, array + items};
}

static inline struct lists rows_of(const struct sparse *s)
{
    return lists_of(s->row_list, s->rows);
}

static inline struct lists columns_of(const struct sparse *s)
{
    return lists_of(s->column_list, s->columns);
}

// Put an item at the front of the list of its size.
static inline void link_item(struct lists lists, int32_t item, int32_t size)
{
    size = size < TOP ? size : TOP;
    int32_t after = lists.heads[size];
    lists.heads[size] = item;
    lists.next[item] = after;
    lists.previous[item] = lists.heads - lists.next + size;
    lists.size[item] = size;
    if (after >= 0)
        lists.previous[after] = item;
}

static inline void unlink_item(struct lists lists, int32_t item)
{
    int32_t after = lists.next[item], before = lists.previous[item];
    lists.next[before] = after;
    if (after >= 0)
        lists.previous[after] = before;
}

static inline void relink_item(struct lists lists, int32_t item, int32_t size)
{
    if (lists.size[item] != (size < TOP ? size : TOP)) {
        unlink_item(lists, item);
        link_item(lists, item, size);
    }
}

// Note that a row holds a column.
static inline void add_node(const struct sparse *s, int32_t row, int32_t column)
{
    int64_t node = s->counters[NODES]++;
    s->node_row[node] = row;
    s->node_next[node] = s->head[column];
    s->head[column] = node;
}
