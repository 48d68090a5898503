// Sparse elimination: peeling, substitution, then the cheapest pivots (Markowitz 1957).
#include "lists.h"

#include <string.h>

// Whether a row is left and holds a column.
static inline int holds(const struct sparse *s, int32_t row, int32_t column)
{
    if (!s->active[row])
        return 0;
    const int32_t *low = s->arena + s->start[row];
    int64_t size = s->size[row];
    if (!size)
        return 0;
    while (size > 1) { // the greatest that is not above the column is in low[0 … size - 1]
        int64_t half = size / 2;
        low = low[half] <= column ? low + half : low;
        size -= half;
    }
    return *low == column;
}

// The shortest row of a column; nodes out of date are dropped on the way.
static int32_t shortest_row(const struct sparse *s, int32_t column)
{
    int32_t best = -1, before = -1, node = s->head[column];
    while (node >= 0) {
        int32_t row = s->node_row[node], after = s->node_next[node];
        if (holds(s, row, column)) {
            if (best < 0 || s->size[row] < s->size[best])
                best = row;
            before = node;
        } else if (before < 0)
            s->head[column] = after;
        else
            s->node_next[before] = after;
        node = after;
    }
    return best;
}

// A column of a row: in few rows; of those in at most twice as many, the most preferred pivot.
static int32_t pivot_of(const struct sparse *s, int32_t row)
{
    const int32_t *held = s->arena + s->start[row], *counts = s->counts, *prefer = s->prefer;
    int32_t size = s->size[row], least = counts[held[0]], best = -1;
    for (int32_t entry = 1; entry < size; entry++)
        least = counts[held[entry]] < least ? counts[held[entry]] : least;
    int32_t most = least > 1 ? 2 * least : 1;
    for (int32_t entry = 0; entry < size; entry++) {
        int32_t column = held[entry];
        if (counts[column] <= most && (best < 0 || prefer[column] > prefer[best] ||
                                       (prefer[column] == prefer[best] && counts[column] < counts[best])))
            best = column;
    }
    return best;
}

static inline void drop_row(const struct sparse *s, int32_t row)
{
    unlink_item(rows_of(s), row);
    s->active[row] = 0;
    s->counters[ROWS]--;
}

// Add a row to a row; counts follow, but columns stay in the lists of their old counts.
static void add(const struct sparse *s, int32_t target, int32_t source)
{
    int64_t *counters = s->counters;
    const int32_t *left = s->arena + s->start[target], *left_end = left + s->size[target];
    const int32_t *right = s->arena + s->start[source], *right_end = right + s->size[source];
    int32_t *out = s->scratch;
    while (left < left_end && right < right_end) {
        int32_t a = *left, b = *right;
        if (a < b) {
            *out++ = a;
            left++;
        } else if (b < a) {
            *out++ = b;
            right++;
            s->counts[b]++;
            add_node(s, target, b);
        } else {
            s->counts[a]--;
            left++;
            right++;
        }
    }
    memcpy(out, left, (left_end - left) * sizeof *out);
    out += left_end - left;
    for (; right < right_end; right++) {
        *out++ = *right;
        s->counts[*right]++;
        add_node(s, target, *right);
    }
    int32_t size = out - s->scratch;
    if (size > s->room[target]) {
        s->start[target] = counters[ARENA];
        s->room[target] = size + size / 2;
        counters[ARENA] += s->room[target];
    }
    memcpy(s->arena + s->start[target], s->scratch, size * sizeof *out);
    counters[ENTRIES] += size - s->size[target];
    s->size[target] = size;
    s->parity[target] ^= s->parity[source];
    s->log[2 * counters[LOG]] = target;
    s->log[2 * counters[LOG]++ + 1] = source;
    if (size)
        relink_item(rows_of(s), target, size);
    else
        drop_row(s, target);
}

// Record a pivot and take its row away.
static void retire(const struct sparse *s, int32_t row, int32_t column)
{
    struct lists columns = columns_of(s);
    s->pivots[s->counters[RANK]] = column;
    s->pivot_rows[s->counters[RANK]++] = row;
    s->counters[ENTRIES] -= s->size[row];
    drop_row(s, row);
    const int32_t *held = s->arena + s->start[row];
    for (int32_t entry = 0; entry < s->size[row]; entry++) {
        int32_t other = held[entry];
        if (--s->counts[other])
            relink_item(columns, other, s->counts[other]);
        else {
            unlink_item(columns, other);
            s->counters[COLUMNS]--;
        }
    }
}

// Choose a row and a column of it with few entries besides, of two candidates: the rarest column with the
// shortest of its rows, the shortest row with its rarest column.
static void cheapest(const struct sparse *s, int32_t *row, int32_t *column)
{
    struct lists rows = rows_of(s), columns = columns_of(s);
    int size = 2, count = 2;
    while (rows.heads[size] < 0)
        size++;
    *row = rows.heads[size];
    *column = pivot_of(s, *row);
    while (columns.heads[count] < 0)
        count++;
    int32_t rare = columns.heads[count], least = shortest_row(s, rare);
    int64_t cost = (int64_t)(s->size[*row] - 1) * (s->counts[*column] - 1);
    if ((int64_t)(s->size[least] - 1) * (s->counts[rare] - 1) < cost) {
        *row = least;
        *column = pivot_of(s, least);
    }
}

// Choose the next row and column; why there are none, else PAUSED.
static int choose(const struct sparse *s, int64_t *effort)
{
    struct lists rows = rows_of(s), columns = columns_of(s);
    int32_t row, column;
    while ((column = columns.heads[1]) >= 0) { // in one row only: the row defines it and concerns nothing else
        if (*effort <= 0)
            return PAUSED;
        row = shortest_row(s, column);
        *effort -= s->size[row] + OVERHEAD;
        retire(s, row, pivot_of(s, row));
    }
    if (!s->counters[ROWS])
        return DONE;
    row = rows.heads[1] >= 0 ? rows.heads[1] : rows.heads[2];
    if (row >= 0)
        column = pivot_of(s, row);
    else if (!s->counters[SETTLED])
        return STUCK;
    else
        cheapest(s, &row, &column);
    int64_t *counters = s->counters;
    counters[ROW] = row;
    counters[COLUMN] = column;
    counters[NODE] = s->head[column];
    counters[FOUND] = counters[AT] = counters[WORK] = counters[GROWN] = 0;
    counters[MARK]++;
    counters[STAGE] = GATHERING;
    return PAUSED;
}

// Collect the other rows of the column in `targets`; DENSE or FULL where they are not to be added to.
static int gather(const struct sparse *s, int64_t *effort, double density)
{
    int64_t *counters = s->counters, mark = counters[MARK];
    int32_t row = counters[ROW], column = counters[COLUMN], node = counters[NODE];
    for (; node >= 0 && *effort > 0; node = s->node_next[node], *effort -= 8) {
        int32_t target = s->node_row[node];
        if (target == row || s->stamp[target] == mark || !holds(s, target, column))
            continue;
        s->stamp[target] = mark;
        s->targets[counters[FOUND]++] = target;
        int64_t longest = s->size[target] + s->size[row] - 2;
        counters[WORK] += longest + OVERHEAD;
        if (longest > s->room[target])
            counters[GROWN] += longest + longest / 2;
    }
    counters[NODE] = node;
    if (node >= 0)
        return PAUSED;
    counters[STAGE] = CHOOSING;
    int64_t found = counters[FOUND], grown = counters[GROWN];
    if (counters[WORK] > density * counters[ROWS] * counters[COLUMNS])
        return DENSE;
    if (counters[ARENA] + grown > s->capacity || counters[NODES] + found * (s->size[row] - 1) > s->nodes ||
        counters[LOG] + found > s->additions) {
        counters[NEED] = grown > found * s->size[row] ? grown : found * s->size[row];
        return FULL;
    }
    counters[STAGE] = ADDING;
    return PAUSED;
}

// Add the row to its targets; FALSE if one becomes 0 = 1.
static int add_to_targets(const struct sparse *s, int64_t *effort)
{
    int64_t *counters = s->counters;
    int32_t row = counters[ROW];
    while (counters[AT] < counters[FOUND]) {
        if (*effort <= 0)
            return PAUSED;
        int32_t target = s->targets[counters[AT]++];
        *effort -= s->size[target] + s->size[row] + OVERHEAD;
        add(s, target, row);
        if (!s->size[target] && s->parity[target]) {
            counters[FALSE_ROW] = target;
            return FALSE;
        }
    }
    retire(s, row, counters[COLUMN]);
    counters[STAGE] = CHOOSING;
    return PAUSED;
}

int64_t eliminate(const struct sparse *s, int64_t effort, double density)
{
    int status = PAUSED;
    while (effort > 0 && status == PAUSED)
        if (s->counters[STAGE] == CHOOSING)
            status = choose(s, &effort);
        else if (s->counters[STAGE] == GATHERING)
            status = gather(s, &effort, density);
        else
            status = add_to_targets(s, &effort);
    return status;
}
