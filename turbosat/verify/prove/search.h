// A CDCL search for many small questions: what cones.c asks and search.c answers.
#ifndef SEARCH_H
#define SEARCH_H

#include "cones.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#define NO_CLAUSE UINT32_MAX
#define BINARY 0x80000000u // in a watch: the clause is its blocker and the watched literal

enum { LEARNED = 1, DELETED = 2, TEMPORARY = 4, SHIFT = 3, HEADER = 2 }; // of a clause: size and flags, glue

struct watch {
    uint32_t clause;
    int32_t blocker;
};

struct watches {
    struct watch *at;
    int32_t size, room;
};

struct search {
    jmp_buf escape; // to where there is no memory
    int32_t variables, switch_literal; // the last variable turns the temporary clause on
    bool inconsistent, whole; // whole: outside of a question, all variables are in the domain
    uint32_t *arena;
    int64_t arena_size, arena_room, wasted;
    struct watches *watches; // by literal: clauses that hold it
    int8_t *values; // by literal: 1 true, -1 false, 0 neither
    uint8_t *phase, *seen, *kept; // kept: latches in clauses
    int32_t *level, *trail, *limits, trail_size, head, levels;
    uint32_t *reason;
    double *activity, increment;
    int32_t *heap, *place, heap_size;
    uint32_t *learned;
    int64_t learned_size, learned_before, learned_room, learned_limit;
    bool asked; // a question is open
    uint32_t *domain, stamp, temporary;
    int32_t *keeping, keeping_size; // the kept latches and what is in the constraints' cone
    int32_t *lits, *stack, *assumed, assumed_size, core_size;
    uint64_t *glue_stamp, glue_count;
    int64_t spent, conflicts, restart, luby;
};

void *search_grow(struct search *s, void *old, int64_t items, int64_t size);
bool search_add(struct search *s, const int32_t *literals, int32_t size, uint32_t flags);
uint32_t search_propagate(struct search *s);
void search_enqueue(struct search *s, int32_t literal, uint32_t reason);
void search_backtrack(struct search *s, int32_t level);
void search_collect(struct search *s);
int64_t search_on(struct search *s, int64_t effort);
void heap_insert(struct search *s, int32_t variable);
int32_t heap_pop(struct search *s);
void heap_up(struct search *s, int32_t place);

#endif
