// The rows of a sparse system: listed, moved, traced back.
#include "lists.h"

#include <string.h>

void link_columns(const struct sparse *s, int64_t begin, int64_t end)
{
    struct lists columns = columns_of(s);
    for (int64_t column = end - 1; column >= begin; column--)
        if (s->counts[column])
            link_item(columns, column, s->counts[column]);
}

int64_t link_rows(const struct sparse *s, int64_t end, int64_t effort)
{
    struct lists rows = rows_of(s);
    int64_t row = end;
    while (row > 0 && effort > 0) {
        row--;
        effort--;
        if (!s->active[row])
            continue;
        link_item(rows, row, s->size[row]);
        effort -= s->size[row];
        const int32_t *held = s->arena + s->start[row];
        for (int32_t entry = 0; entry < s->size[row]; entry++)
            add_node(s, row, held[entry]);
    }
    return row;
}

int64_t move_rows(const struct sparse *s, int64_t first, int64_t effort, int32_t *restrict arena, int64_t space)
{
    int64_t end = s->counters[ARENA], row = first;
    for (; row < s->rows && effort > 0; row++) {
        int64_t size = s->size[row];
        memcpy(arena + end, s->arena + s->start[row], size * sizeof *arena);
        s->start[row] = end;
        s->room[row] = size;
        end += size;
        effort -= size + 1;
    }
    s->counters[ARENA] = end;
    return row;
}

void replay(const int32_t *restrict log, int64_t additions, int64_t begin, int64_t end, uint8_t *restrict wanted,
            int64_t rows)
{
    for (int64_t entry = end - 1; entry >= begin; entry--)
        if (wanted[log[2 * entry]])
            wanted[log[2 * entry + 1]] ^= 1;
}
