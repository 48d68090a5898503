// What the passes of a DRAT check share.
#pragma once
#include <stdbool.h>
#include "kernels.h"

// Make sure that a list has room for one more watch; false if the pool has none, and must grow first.
bool reserve(const struct state *s, int64_t list);

// Propagate to a fixpoint or to a conflict: DONE; else MORE or NEED_ROOM.
int64_t propagate(const struct state *s);

// Watch the clause at o under the root trail; false if the pool must grow first.
bool attach(const struct state *s, int64_t o, bool settled);

// Take back the literals above a root trail of length n that is at its fixpoint.
void backtrack(const struct state *s, int64_t n);

// Begin to mark a clause (or else the reason of a true literal) and all reasons behind it as core.
void begin_marking(const struct state *s, int64_t clause, int64_t literal);

// Go on with that; false if the budget is spent.
bool go_on_marking(const struct state *s);

// Append a watch to a list that has room.
static inline void push(const struct state *s, int64_t list, int64_t watch)
{
    int32_t *const place = s->lists + 3 * list;
    s->pool[place[0] + place[1]++] = watch;
}

// Put a literal on the trail.
static inline void assign(const struct state *s, int64_t literal, int64_t reason)
{
    const int64_t n = s->registers[TRAIL]++;
    s->value[literal] = 1;
    s->value[literal ^ 1] = -1;
    s->reason[literal >> 1] = reason;
    s->position[literal >> 1] = n;
    s->trail[n] = literal;
}
