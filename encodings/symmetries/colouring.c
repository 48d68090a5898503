// Colour refinement of the graph of literals and clauses.
#include "colouring.h"

void begin_colouring(const struct indexed *g, const struct colouring *p, const struct refinement *r)
{
    int64_t literals = 2 * g->variables;
    for (int64_t v = 0, first = 0; v < p->vertices; v++) {
        int64_t c = v - literals;
        if (c >= 0 && (c == 0 || g->offsets[c + 1] - g->offsets[c] != g->offsets[c] - g->offsets[c - 1]))
            first = v;
        p->order[v] = p->place[v] = v;
        p->cell[v] = first;
        if (v == first) {
            p->size[v] = 0;
            r->queue[r->steps[QUEUE_SIZE]++] = v;
            r->queued[v] = 1;
        }
        p->size[first]++;
    }
}

static inline void enqueue(const struct refinement *r, int32_t cell)
{
    if (r->queued[cell])
        return;
    r->queued[cell] = 1;
    int64_t at = r->steps[QUEUE_HEAD] + r->steps[QUEUE_SIZE]++;
    r->queue[at < r->vertices ? at : at - r->vertices] = cell;
}

static inline void place_vertex(const struct colouring *p, int32_t vertex, int32_t place)
{
    p->order[place] = vertex;
    p->place[vertex] = place;
}

// Let the vertices of a cell from a place on be a cell of their own; tell whether the leader did so, too.
static inline int split(const struct colouring *p, const struct colouring *leader, int32_t cell, int32_t at)
{
    int64_t noted = p->colours[SPLITS]++;
    int32_t end = cell + p->size[cell];
    p->splits[2 * noted] = cell;
    p->splits[2 * noted + 1] = at;
    p->size[cell] = at - cell;
    p->size[at] = end - at;
    for (int32_t i = at; i < end; i++)
        p->cell[p->order[i]] = at;
    return !leader || (noted < leader->colours[SPLITS] && leader->splits[2 * noted] == cell &&
                       leader->splits[2 * noted + 1] == at);
}

void undo_splits(const struct colouring *p, int64_t mark)
{
    while (p->colours[SPLITS] > mark) {
        int64_t last = --p->colours[SPLITS];
        int32_t cell = p->splits[2 * last], at = p->splits[2 * last + 1], end = at + p->size[at];
        for (int32_t i = at; i < end; i++)
            p->cell[p->order[i]] = cell;
        p->size[cell] += p->size[at];
    }
}

void individualise(const struct colouring *p, const struct refinement *r, int32_t vertex)
{
    int32_t cell = p->cell[vertex], last = cell + p->size[cell] - 1, other = p->order[last];
    place_vertex(p, other, p->place[vertex]);
    place_vertex(p, vertex, last);
    split(p, NULL, cell, last);
    enqueue(r, last);
}

// Count an edge from the splitting cell to a vertex.
static inline void touch(const struct colouring *p, const struct refinement *r, int32_t vertex)
{
    int32_t cell = p->cell[vertex], size = p->size[cell];
    if (size == 1) { // cannot be split
        p->colours[SUM] = (int64_t)((uint64_t)p->colours[SUM] + hashed(cell));
        return;
    }
    if (r->counts[vertex]++)
        return;
    int32_t touched = r->touches[cell]++, to = cell + size - 1 - touched, other = p->order[to];
    if (!touched)
        r->cells[r->steps[TOUCHED]++] = cell;
    place_vertex(p, other, p->place[vertex]);
    place_vertex(p, vertex, to);
}

// Sort the vertices at [from, to) by their counts, of which none is above `most`.
static void sort_by_counts(const struct colouring *p, const struct refinement *r, int32_t from, int32_t to, int32_t most)
{
    int32_t *frequencies = r->frequencies;
    memset(frequencies, 0, (most + 1) * sizeof *frequencies);
    for (int32_t i = from; i < to; i++)
        frequencies[r->counts[p->order[i]]]++;
    for (int32_t count = 0, sum = from; count <= most; count++) {
        int32_t here = frequencies[count];
        frequencies[count] = sum;
        sum += here;
    }
    memcpy(r->spare, p->order + from, (to - from) * sizeof *r->spare);
    for (int32_t i = 0; i < to - from; i++)
        place_vertex(p, r->spare[i], frequencies[r->counts[r->spare[i]]]++);
}

// Split one touched cell by the counts of its vertices.
static int split_cell(const struct colouring *p, const struct refinement *r, const struct colouring *leader, int32_t cell)
{
    int32_t size = p->size[cell], end = cell + size, from = end - r->touches[cell];
    int32_t least = r->counts[p->order[from]], most = least;
    for (int32_t i = from + 1; i < end; i++) {
        int32_t count = r->counts[p->order[i]];
        least = count < least ? count : least;
        most = count > most ? count : most;
    }
    p->colours[SUM] = (int64_t)((uint64_t)p->colours[SUM] +
                                hashed(((uint64_t)cell << 32 | (uint32_t)least) ^ hashed(end - from)));
    if (least != most)
        sort_by_counts(p, r, from, end, most);
    int same = 1, was_queued = r->queued[cell];
    int32_t at = end, largest = 0, keep = cell;
    for (int32_t i = end - 1; i >= from; i--) { // from the end: a split takes all that is behind
        if (i > from && r->counts[p->order[i]] == r->counts[p->order[i - 1]])
            continue;
        if (at - i >= largest)
            largest = at - i, keep = i;
        at = i;
        if (i > cell && same)
            same = split(p, leader, cell, i);
    }
    if (from - cell >= largest)
        keep = cell;
    for (int32_t i = from; i < end; i++)
        r->counts[p->order[i]] = 0;
    r->touches[cell] = 0;
    if (p->size[cell] == size)
        return same;
    for (int32_t i = cell; i < end; i += p->size[i])
        if (i != (was_queued ? cell : keep))
            enqueue(r, i);
    return same;
}

static void sort_cells(int32_t *cells, int64_t number)
{
    for (int64_t gap = number / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11)
        for (int64_t i = gap; i < number; i++) {
            int32_t cell = cells[i];
            int64_t j = i;
            for (; j >= gap && cells[j - gap] > cell; j -= gap)
                cells[j] = cells[j - gap];
            cells[j] = cell;
        }
}

static int split_touched(const struct colouring *p, const struct refinement *r, const struct colouring *leader)
{
    int64_t number = r->steps[TOUCHED];
    int same = 1;
    sort_cells(r->cells, number); // the order in which they were touched is not the same in isomorphic graphs
    for (int64_t i = 0; i < number; i++) {
        int32_t cell = r->cells[i];
        if (same) {
            same = split_cell(p, r, leader, cell);
            continue;
        }
        for (int32_t j = cell + p->size[cell] - r->touches[cell]; j < cell + p->size[cell]; j++)
            r->counts[p->order[j]] = 0;
        r->touches[cell] = 0;
    }
    r->steps[TOUCHED] = 0;
    return same;
}

// Split other cells by their edges into one.
static int split_by(const struct indexed *g, const struct colouring *p, const struct refinement *r,
                    const struct colouring *leader, int32_t cell, int64_t *effort)
{
    int32_t size = p->size[cell], literals = 2 * g->variables;
    int64_t longer = p->vertices - literals, read = size;
    memcpy(r->splitter, p->order + cell, size * sizeof *r->splitter);
    if (r->splitter[0] >= literals) {
        for (int32_t i = 0; i < size; i++) {
            int64_t c = r->splitter[i] - literals;
            for (int64_t j = g->offsets[c]; j < g->offsets[c + 1]; j++)
                touch(p, r, g->codes[j]);
            read += g->offsets[c + 1] - g->offsets[c];
        }
        *effort -= read;
        return split_touched(p, r, leader);
    }
    for (int32_t i = 0; i < size; i++)
        touch(p, r, r->splitter[i] ^ 1);
    int same = split_touched(p, r, leader);
    for (int32_t i = 0; i < size && same; i++) {
        int32_t literal = r->splitter[i];
        for (int64_t j = g->starts[literal]; j < g->starts[literal + 1]; j++) {
            int64_t c = g->occurrences[j];
            const int32_t *codes = g->codes + g->offsets[c];
            touch(p, r, c < longer ? literals + c : codes[0] ^ codes[1] ^ literal);
        }
        read += g->starts[literal + 1] - g->starts[literal];
    }
    *effort -= read;
    return same && split_touched(p, r, leader);
}

// Refine until nothing is to be split: 1; 0 if that leaves the leader's course, or `effort` is spent.
// Without a leader, a refinement that ends for its effort may be gone on with.
int refine(const struct indexed *g, const struct colouring *p, const struct refinement *r,
           const struct colouring *leader, int64_t *effort)
{
    int64_t *steps = r->steps;
    int same = 1;
    while (steps[QUEUE_SIZE] > 0 && same && *effort > 0) {
        int32_t cell = r->queue[steps[QUEUE_HEAD]];
        steps[QUEUE_HEAD] = steps[QUEUE_HEAD] + 1 < r->vertices ? steps[QUEUE_HEAD] + 1 : 0;
        steps[QUEUE_SIZE]--;
        r->queued[cell] = 0;
        p->colours[SUM] = (int64_t)hashed((uint64_t)p->colours[SUM] + cell);
        same = split_by(g, p, r, leader, cell, effort);
    }
    if (steps[QUEUE_SIZE] == 0 && same)
        return !leader || (p->colours[SPLITS] == leader->colours[SPLITS] && p->colours[SUM] == leader->colours[SUM]);
    for (; leader && steps[QUEUE_SIZE] > 0; steps[QUEUE_SIZE]--) {
        r->queued[r->queue[steps[QUEUE_HEAD]]] = 0;
        steps[QUEUE_HEAD] = steps[QUEUE_HEAD] + 1 < r->vertices ? steps[QUEUE_HEAD] + 1 : 0;
    }
    return 0;
}

int64_t refine_colouring(const struct indexed *g, const struct colouring *p, const struct refinement *r, int64_t effort)
{
    return refine(g, p, r, NULL, &effort);
}
