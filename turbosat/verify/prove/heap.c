// The variables of a question's cone in a binary heap, the most active first; and the clauses' arena kept small.
#include "search.h"

#include <stdlib.h>
#include <string.h>

void heap_up(struct search *s, int32_t place)
{
    int32_t variable = s->heap[place];
    while (place) {
        int32_t above = (place - 1) >> 1;
        if (s->activity[s->heap[above]] >= s->activity[variable])
            break;
        s->heap[place] = s->heap[above];
        s->place[s->heap[place]] = place;
        place = above;
    }
    s->heap[place] = variable;
    s->place[variable] = place;
}

void heap_insert(struct search *s, int32_t variable)
{
    s->heap[s->heap_size++] = variable;
    heap_up(s, s->heap_size - 1);
}

int32_t heap_pop(struct search *s)
{
    int32_t top = s->heap[0], last = s->heap[--s->heap_size], place = 0;
    s->place[top] = -1;
    if (!s->heap_size)
        return top;
    for (;;) {
        int32_t below = 2 * place + 1;
        if (below >= s->heap_size)
            break;
        if (below + 1 < s->heap_size && s->activity[s->heap[below + 1]] > s->activity[s->heap[below]])
            below++;
        if (s->activity[s->heap[below]] <= s->activity[last])
            break;
        s->heap[place] = s->heap[below];
        s->place[s->heap[place]] = place;
        place = below;
    }
    s->heap[place] = last;
    s->place[last] = place;
    return top;
}

// Move the clauses that are left together, and watch them anew: the first two literals are the watched ones.
static void compact(struct search *s)
{
    uint32_t *arena = s->arena;
    int64_t to = 0;
    for (int32_t literal = 0; literal < 2 * s->variables; literal++)
        s->watches[literal].size = 0;
    s->learned_size = 0;
    for (int64_t from = 0, size; from < s->arena_size; from += size) {
        size = (arena[from] >> SHIFT) + HEADER;
        if (arena[from] & DELETED)
            continue;
        memmove(arena + to, arena + from, (size_t)size * sizeof *arena);
        uint32_t clause = (uint32_t)to;
        bool passing = arena[clause] & TEMPORARY, binary = size == 2 + HEADER && !passing;
        if (arena[clause] & LEARNED && !binary)
            s->learned[s->learned_size++] = clause;
        else if (passing)
            s->temporary = clause;
        int32_t *literals = (int32_t *)(arena + clause + HEADER);
        for (int k = 0; k < 2; k++) {
            struct watches *w = &s->watches[literals[k]];
            w->at[w->size++] = (struct watch){clause | (binary ? BINARY : 0), literals[!k]};
        }
        to += size;
    }
    s->arena_size = to;
    s->wasted = s->learned_before = 0;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

// At level 0: delete the worse half of what was learned where there is much, and clean up.
void search_collect(struct search *s)
{
    if (s->learned_size > s->learned_limit) {
        uint64_t *order = search_grow(s, NULL, s->learned_size, sizeof *order);
        for (int64_t k = 0; k < s->learned_size; k++) {
            uint32_t clause = s->learned[k];
            order[k] = (uint64_t)s->arena[clause + 1] << 32 | (UINT32_MAX - clause);
        }
        qsort(order, (size_t)s->learned_size, sizeof *order, by_value);
        for (int64_t k = s->learned_size / 2; k < s->learned_size; k++) {
            uint32_t *clause = s->arena + (UINT32_MAX - (uint32_t)order[k]);
            if (clause[0] & DELETED || clause[1] <= 2)
                continue;
            clause[0] |= DELETED;
            s->wasted += (clause[0] >> SHIFT) + HEADER;
        }
        free(order);
        s->learned_limit += s->learned_limit / 10;
        compact(s);
    }
    else if (s->wasted > s->arena_size / 4)
        compact(s);
}
