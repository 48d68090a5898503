// Unit propagation with two watched literals, core clauses first.
#include <string.h>
#include "state.h"

enum { OPEN, READ, WRITTEN, END, FIELDS }; // of a list left unfinished
enum { CLOSED, HELD, PAUSED }; // why: core clauses have the first word, or there is no budget or room

bool reserve(const struct state *s, int64_t list)
{
    int32_t *const place = s->lists + 3 * list;
    int64_t *const pool = s->pool;
    const int64_t start = place[0], capacity = place[2];
    if (place[1] < capacity)
        return true;
    int64_t n = 0;
    for (int64_t i = start; i < start + place[1]; i++) // throw out what is dead before taking more room
        if (s->arena[(pool[i] & LOW) - 1] & ALIVE)
            pool[start + n++] = pool[i];
    place[1] = n;
    if (4 * n < 3 * capacity)
        return true;
    const int64_t size = capacity ? 2 * capacity : 4;
    const int power = __builtin_ctzll(size);
    int64_t fresh = s->free[power];
    if (fresh >= 0)
        s->free[power] = pool[fresh];
    else {
        fresh = s->registers[TOP];
        if (fresh + size > s->capacity) {
            s->registers[NEEDED] = size;
            return false;
        }
        s->registers[TOP] = fresh + size;
    }
    if (n)
        memcpy(pool + fresh, pool + start, n * sizeof *pool);
    if (capacity) {
        pool[start] = s->free[power - 1];
        s->free[power - 1] = start;
    }
    place[0] = fresh;
    place[2] = size;
    return true;
}

// End a visit of a list that was read to i and written to j: what comes behind follows.
static void close_list(const struct state *s, int64_t list, int64_t i, int64_t j, int64_t end)
{
    memmove(s->pool + j, s->pool + i, (end - i) * sizeof *s->pool);
    s->lists[3 * list + 1] = j + (end - i) - s->lists[3 * list];
}

int64_t propagate(const struct state *s)
{
    int32_t *const arena = s->arena, *const trail = s->trail;
    int8_t *const value = s->value;
    int64_t *const pool = s->pool, *const reg = s->registers;
    int64_t heads[2] = {reg[REST_HEAD], reg[CORE_HEAD]};
    int64_t n = reg[TRAIL], left = reg[LEFT], visits = 0, conflict = 0, code = DONE;
    while (!conflict) {
        const int core = heads[1] < n;
        if (heads[core] >= n)
            break;
        const int64_t f = trail[heads[core]] ^ 1, list = 2 * f + core;
        int64_t *const open = s->open + FIELDS * core;
        int64_t i = s->lists[3 * list], j = i, end = i + s->lists[3 * list + 1];
        const int64_t was = open[OPEN];
        if (was != CLOSED) {
            i = open[READ];
            j = open[WRITTEN];
            end = open[END];
            open[OPEN] = CLOSED;
        }
        if (was != PAUSED)
            visits += 1 + ((end - i) >> 3);
        bool held = false; // whether the list is left unfinished
        while (i < end) {
            if (--left < 0) {
                code = MORE;
                break;
            }
            int64_t w = pool[i];
            if (value[w >> 32] > 0) {
                pool[j++] = w;
                i++;
                continue;
            }
            const int64_t o = w & LOW, head = arena[o - 1];
            if (!(head & ALIVE)) {
                i++;
                continue;
            }
            const int64_t other = arena[o] ^ arena[o + 1] ^ f;
            const int8_t truth = value[other];
            w = other << 32 | o;
            if (truth <= 0) {
                // Going on where the last search ended spares a long clause to be read from its start.
                const int64_t last = o + (head >> 3);
                int64_t q = o + arena[o - 3], rest = last - (o + 2), l = 0;
                for (; rest > 0; rest--) {
                    if (q == last)
                        q = o + 2;
                    l = arena[q++];
                    if (value[l] >= 0)
                        break;
                }
                left -= (last - (o + 2) - rest) >> 2;
                if (rest > 0) {
                    const int64_t target = 2 * l + (head & CORE);
                    if (!reserve(s, target)) {
                        code = NEED_ROOM;
                        break;
                    }
                    arena[o] = other;
                    arena[o + 1] = l;
                    arena[q - 1] = f;
                    arena[o - 3] = q - o;
                    push(s, target, w);
                    i++;
                    continue;
                }
            }
            if (!core && head & CORE) {
                if (!reserve(s, list + 1)) {
                    code = NEED_ROOM;
                    break;
                }
                push(s, list + 1, w);
            } else
                pool[j++] = w;
            i++;
            if (truth > 0)
                continue;
            if (truth < 0) {
                conflict = o;
                break;
            }
            value[other] = 1;
            value[other ^ 1] = -1;
            s->reason[other >> 1] = o;
            s->position[other >> 1] = n;
            trail[n++] = other;
            if (!core) { // the core has the first word
                held = i < end;
                break;
            }
        }
        if (held || code != DONE) {
            open[OPEN] = held ? HELD : PAUSED;
            open[READ] = i;
            open[WRITTEN] = j;
            open[END] = end;
            if (code != DONE)
                break;
            continue;
        }
        close_list(s, list, i, j, end);
        if (!conflict)
            s->done[core * (s->variables + 1) + heads[core]++] = n;
    }
    if (conflict && s->open[OPEN] != CLOSED) { // of other clauses
        close_list(s, 2 * (int64_t)(trail[heads[0]] ^ 1), s->open[READ], s->open[WRITTEN], s->open[END]);
        s->open[OPEN] = CLOSED;
    }
    reg[TRAIL] = n;
    reg[CORE_HEAD] = heads[1];
    reg[REST_HEAD] = heads[0];
    reg[CONFLICT] = conflict;
    reg[WORK] += visits;
    reg[LEFT] = left;
    return code;
}
