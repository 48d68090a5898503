// States copied: what is known under one more input is tried in a copy.
#include "state.h"

#define COPY(field, count) memcpy(target->field, source->field, (count) * sizeof *source->field)

void copy_state(const struct state *source, const struct state *target)
{
    int64_t variables = source->variables, clauses = source->clauses, width = source->words + 1;
    COPY(rank, variables);
    COPY(how, variables);
    COPY(which, variables);
    COPY(order, source->counters[KNOWN]);
    COPY(unknown, clauses);
    COPY(last, clauses);
    COPY(row_unknown, source->rows);
    COPY(row_last, source->rows);
    COPY(open, 2 * variables);
    COPY(weight, variables);
    COPY(tests, variables);
    COPY(used, source->entries);
    COPY(disjoint, variables);
    COPY(matrix, source->sums * width);
    COPY(pivot, source->sums);
    COPY(hidden, source->words);
    COPY(dense, source->counters[DENSE_ROWS] * width);
    COPY(counters, COUNTERS);
}
