// CDCL as in MiniSat (Eén and Sörensson, SAT 2003), but deciding and propagating in the question's cone only.
#include "search.h"

#include <stdlib.h>
#include <string.h>

static inline int8_t value(const struct search *s, int32_t literal)
{
    return s->values[literal];
}

static inline bool inside(const struct search *s, int32_t literal)
{
    return s->whole || s->domain[literal >> 1] == s->stamp;
}

void *search_grow(struct search *s, void *old, int64_t items, int64_t size)
{
    void *block = realloc(old, (size_t)items * (size_t)size);
    if (!block)
        longjmp(s->escape, 1);
    return block;
}

static void watch(struct search *s, int32_t literal, uint32_t clause, int32_t blocker)
{
    struct watches *w = &s->watches[literal];
    if (w->size == w->room) {
        int32_t room = w->room ? 2 * w->room : 4;
        w->at = search_grow(s, w->at, room, sizeof *w->at);
        w->room = room;
    }
    w->at[w->size++] = (struct watch){clause, blocker};
}

void search_enqueue(struct search *s, int32_t literal, uint32_t reason)
{
    s->values[literal] = 1;
    s->values[literal ^ 1] = -1;
    s->level[literal >> 1] = s->levels;
    s->reason[literal >> 1] = reason;
    s->trail[s->trail_size++] = literal;
}

void search_backtrack(struct search *s, int32_t level)
{
    if (s->levels <= level)
        return;
    for (int32_t at = s->trail_size - 1; at >= s->limits[level]; at--) {
        int32_t literal = s->trail[at], variable = literal >> 1;
        s->values[literal] = s->values[literal ^ 1] = 0;
        s->phase[variable] = literal & 1;
        if (s->place[variable] < 0 && s->domain[variable] == s->stamp)
            heap_insert(s, variable);
    }
    s->head = s->trail_size = s->limits[level];
    s->levels = level;
}

// Store a clause of at least two literals; the first two are watched.
static uint32_t store(struct search *s, const int32_t *literals, int32_t size, uint32_t flags)
{
    if (s->arena_size + size + HEADER > s->arena_room) {
        int64_t room = 2 * s->arena_room + size + HEADER;
        if (room >= BINARY)
            longjmp(s->escape, 1);
        s->arena = search_grow(s, s->arena, room, sizeof *s->arena);
        s->arena_room = room;
    }
    uint32_t clause = (uint32_t)s->arena_size, *at = s->arena + clause;
    at[0] = (uint32_t)size << SHIFT | flags;
    at[1] = 0;
    memcpy(at + HEADER, literals, (size_t)size * sizeof *literals);
    s->arena_size += size + HEADER;
    uint32_t mark = size == 2 && !(flags & TEMPORARY) ? BINARY : 0;
    watch(s, literals[0], clause | mark, literals[1]);
    watch(s, literals[1], clause | mark, literals[0]);
    return clause;
}

bool search_add(struct search *s, const int32_t *literals, int32_t size, uint32_t flags)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < size; i++) {
        if (value(s, literals[i]) > 0)
            return true;
        if (!value(s, literals[i]))
            s->lits[kept++] = literals[i];
    }
    if (kept < 2 && !(flags & TEMPORARY)) {
        if (!kept) {
            s->inconsistent = true;
            return false;
        }
        search_enqueue(s, s->lits[0], NO_CLAUSE);
        s->inconsistent |= search_propagate(s) != NO_CLAUSE;
        return !s->inconsistent;
    }
    if (kept > 1) {
        uint32_t clause = store(s, s->lits, kept, flags);
        if (flags & TEMPORARY)
            s->temporary = clause;
    }
    return kept > 1;
}

uint32_t search_propagate(struct search *s)
{
    uint32_t conflict = NO_CLAUSE;
    while (s->head < s->trail_size && conflict == NO_CLAUSE) {
        int32_t false_literal = s->trail[s->head++] ^ 1;
        struct watches *w = &s->watches[false_literal];
        struct watch *from = w->at, *to = from, *end = from + w->size;
        s->spent += w->size;
        while (from < end) {
            struct watch each = *from++;
            int8_t known = value(s, each.blocker);
            if (known > 0 || !inside(s, each.blocker)) {
                *to++ = each;
                continue;
            }
            if (each.clause & BINARY) {
                *to++ = each;
                if (known < 0) {
                    conflict = each.clause & ~BINARY;
                    break;
                }
                search_enqueue(s, each.blocker, each.clause & ~BINARY);
                continue;
            }
            uint32_t *head = s->arena + each.clause;
            if (head[0] & DELETED)
                continue;
            int32_t *literals = (int32_t *)(head + HEADER), size = (int32_t)(head[0] >> SHIFT);
            int32_t other = literals[0] ^ literals[1] ^ false_literal;
            each.blocker = other;
            if (value(s, other) > 0) {
                *to++ = each;
                continue;
            }
            int32_t k = 2;
            while (k < size && value(s, literals[k]) < 0)
                k++;
            if (k < size) {
                literals[0] = other;
                literals[1] = literals[k];
                literals[k] = false_literal;
                watch(s, literals[1], each.clause, other);
                continue;
            }
            *to++ = each;
            if (value(s, other) < 0) {
                conflict = each.clause;
                break;
            }
            if (inside(s, other))
                search_enqueue(s, other, each.clause);
        }
        while (from < end)
            *to++ = *from++;
        w->size = (int32_t)(to - w->at);
    }
    return conflict;
}

static void bump(struct search *s, int32_t variable)
{
    if ((s->activity[variable] += s->increment) > 1e100) {
        for (int32_t v = 0; v < s->variables; v++)
            s->activity[v] *= 1e-100;
        s->increment *= 1e-100;
    }
    if (s->place[variable] >= 0)
        heap_up(s, s->place[variable]);
}

// Whether a literal of a learned clause follows from the others by its reason alone.
static bool redundant(const struct search *s, int32_t literal)
{
    uint32_t reason = s->reason[literal >> 1];
    if (reason == NO_CLAUSE)
        return false;
    const int32_t *literals = (const int32_t *)(s->arena + reason + HEADER);
    int32_t size = (int32_t)(s->arena[reason] >> SHIFT);
    for (int32_t k = 0; k < size; k++) {
        int32_t variable = literals[k] >> 1;
        if (variable != literal >> 1 && !s->seen[variable] && s->level[variable])
            return false;
    }
    return true;
}

// Learn the first unique implication point's clause in s->lits; return its size and the level to return to.
static int32_t analyse(struct search *s, uint32_t conflict, int32_t *back)
{
    int32_t open = 0, size = 1, at = s->trail_size, literal = -1, marked = 0;
    do {
        const int32_t *literals = (const int32_t *)(s->arena + conflict + HEADER);
        int32_t length = (int32_t)(s->arena[conflict] >> SHIFT);
        for (int32_t k = 0; k < length; k++) {
            int32_t each = literals[k], variable = each >> 1;
            if (each == literal || s->seen[variable] || !s->level[variable])
                continue;
            s->seen[variable] = 1;
            s->stack[marked++] = variable;
            bump(s, variable);
            if (s->level[variable] == s->levels)
                open++;
            else
                s->lits[size++] = each;
        }
        do
            literal = s->trail[--at];
        while (!s->seen[literal >> 1]);
        conflict = s->reason[literal >> 1];
    } while (--open);
    s->lits[0] = literal ^ 1;
    int32_t kept = 1;
    for (int32_t k = 1; k < size; k++)
        if (!redundant(s, s->lits[k]))
            s->lits[kept++] = s->lits[k];
    while (marked)
        s->seen[s->stack[--marked]] = 0;
    *back = 0;
    for (int32_t k = 1; k < kept; k++) {
        int32_t level = s->level[s->lits[k] >> 1];
        if (level > *back) {
            *back = level;
            int32_t swapped = s->lits[1];
            s->lits[1] = s->lits[k];
            s->lits[k] = swapped;
        }
    }
    return kept;
}

// Which of what was assumed makes `literal` false: into s->lits, itself included.
static void explain(struct search *s, int32_t literal)
{
    s->core_size = 0;
    s->lits[s->core_size++] = literal;
    if (!s->levels || !s->level[literal >> 1])
        return;
    s->seen[literal >> 1] = 1;
    for (int32_t at = s->trail_size - 1; at >= s->limits[0]; at--) {
        int32_t each = s->trail[at], variable = each >> 1;
        if (!s->seen[variable])
            continue;
        s->seen[variable] = 0;
        uint32_t reason = s->reason[variable];
        if (reason == NO_CLAUSE) {
            s->lits[s->core_size++] = each;
            continue;
        }
        const int32_t *literals = (const int32_t *)(s->arena + reason + HEADER);
        int32_t size = (int32_t)(s->arena[reason] >> SHIFT);
        for (int32_t k = 0; k < size; k++)
            if (literals[k] != each && s->level[literals[k] >> 1])
                s->seen[literals[k] >> 1] = 1;
    }
}

static uint32_t glue(struct search *s, int32_t size)
{
    uint32_t levels = 0;
    s->glue_count++;
    for (int32_t k = 0; k < size; k++) {
        int32_t level = s->level[s->lits[k] >> 1];
        levels += s->glue_stamp[level] != s->glue_count;
        s->glue_stamp[level] = s->glue_count;
    }
    return levels;
}

static int64_t luby(int64_t index)
{
    int64_t size = 1, power = 0;
    while (size < index + 1) {
        size = 2 * size + 1;
        power++;
    }
    while (size - 1 != index) {
        size = (size - 1) >> 1;
        power--;
        index %= size;
    }
    return (int64_t)1 << power;
}

// Learn from a conflict; false where nothing is left.
static bool learn(struct search *s, uint32_t conflict)
{
    int32_t back, size = analyse(s, conflict, &back);
    s->conflicts++;
    s->increment /= 0.95;
    if (size == 1 && s->lits[0] == (s->switch_literal ^ 1)) { // the temporary clause alone is contradictory
        s->core_size = 0;
        return false;
    }
    if (size == 1) {
        search_backtrack(s, 0);
        search_enqueue(s, s->lits[0], NO_CLAUSE);
        s->whole = true; // what is learned here holds for later questions, too
        s->inconsistent |= search_propagate(s) != NO_CLAUSE;
        s->whole = false;
        s->core_size = 0;
        return !s->inconsistent;
    }
    uint32_t worth = glue(s, size), flags = LEARNED;
    for (int32_t k = 0; k < size; k++)
        if (s->lits[k] == (s->switch_literal ^ 1))
            flags |= TEMPORARY;
    search_backtrack(s, back);
    uint32_t clause = store(s, s->lits, size, flags);
    s->arena[clause + 1] = worth;
    if (s->learned_size == s->learned_room) {
        int64_t room = 2 * s->learned_room + 64;
        s->learned = search_grow(s, s->learned, room, sizeof *s->learned);
        s->learned_room = room;
    }
    s->learned[s->learned_size++] = clause;
    search_enqueue(s, s->lits[0], clause);
    return true;
}

int64_t search_on(struct search *s, int64_t effort)
{
    int64_t end = s->spent + effort;
    for (;;) {
        uint32_t conflict = search_propagate(s);
        if (conflict != NO_CLAUSE) {
            if (!s->levels) {
                s->inconsistent = true;
                s->core_size = 0;
                return REFUTED;
            }
            if (!learn(s, conflict))
                return REFUTED;
            continue;
        }
        if (s->spent > end)
            return UNDECIDED;
        if (s->conflicts >= s->restart) {
            s->restart = s->conflicts + 100 * luby(s->luby++);
            bool much = s->learned_size > s->learned_limit;
            search_backtrack(s, much ? 0 : s->levels < s->assumed_size ? s->levels : s->assumed_size);
            if (much)
                search_collect(s);
        }
        int32_t next = -1;
        while (s->levels < s->assumed_size && next < 0) {
            next = s->assumed[s->levels];
            if (value(s, next) < 0) {
                explain(s, next);
                return REFUTED;
            }
            if (value(s, next) > 0) {
                s->limits[s->levels++] = s->trail_size;
                next = -1;
            }
        }
        while (next < 0 && s->heap_size) {
            int32_t variable = heap_pop(s);
            if (!value(s, 2 * variable))
                next = 2 * variable + s->phase[variable];
        }
        if (next < 0)
            return SATISFIED;
        s->limits[s->levels++] = s->trail_size;
        search_enqueue(s, next, NO_CLAUSE);
    }
}
