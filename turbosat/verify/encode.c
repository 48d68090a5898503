// Clauses of gates: a conjunction has three; a choice, recognised over its three gates, has four, or six with
// those that follow where both branches agree. An exclusive or is a choice between a literal and its negation.
#include "circuit.h"

static inline int32_t signed_literal(int32_t literal)
{
    return literal & 1 ? -(literal >> 1) : literal >> 1;
}

static inline int32_t *written(int32_t *to, int32_t a, int32_t b, int32_t c)
{
    *to++ = a;
    *to++ = b;
    if (c)
        *to++ = c;
    *to++ = 0;
    return to;
}

// Whether a gate is choice ? yes : no. It is -(c & t) & -(-c & e), in whatever order; that is c ? -t : -e.
static int is_choice(const int32_t *ands, const int32_t *gate, int32_t *choice, int32_t *yes, int32_t *no)
{
    if (!(gate[0] & 1) || !(gate[1] & 1))
        return 0;
    const int32_t *a = ands + 2 * (int64_t)(gate[0] >> 1), *b = ands + 2 * (int64_t)(gate[1] >> 1);
    if (a[0] < 0 || b[0] < 0)
        return 0;
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++)
            if (a[i] == (b[j] ^ 1)) {
                int flip = a[i] & 1; // the choice itself is positive
                *choice = a[i] ^ flip;
                *yes = (flip ? b[1 - j] : a[1 - i]) ^ 1;
                *no = (flip ? a[1 - i] : b[1 - j]) ^ 1;
                return 1;
            }
    return 0;
}

int64_t encode_cone(const int32_t *ands, int64_t room, uint8_t *known, int32_t *stack, int32_t *clauses, int64_t space,
                    int64_t *progress, int64_t effort)
{
    int64_t waiting = progress[WAITING];
    int32_t *to = clauses + progress[WRITTEN], *end = clauses + space;
    for (; waiting && effort && end - to >= LARGEST; effort--) {
        int32_t variable = stack[--waiting], needs[3], count = 2;
        const int32_t *gate = ands + 2 * (int64_t)variable;
        if (gate[0] < 0)
            continue;
        int32_t choice, yes, no;
        if (is_choice(ands, gate, &choice, &yes, &no)) {
            int32_t c = signed_literal(choice), t = signed_literal(yes), e = signed_literal(no);
            to = written(to, -c, -t, variable);
            to = written(to, -c, t, -variable);
            to = written(to, c, -e, variable);
            to = written(to, c, e, -variable);
            if (yes != (no ^ 1)) {
                to = written(to, -t, -e, variable);
                to = written(to, t, e, -variable);
                needs[count++] = no >> 1;
            }
            needs[0] = choice >> 1;
            needs[1] = yes >> 1;
        } else {
            int32_t a = signed_literal(gate[0]), b = signed_literal(gate[1]);
            to = written(to, -variable, a, 0);
            to = written(to, -variable, b, 0);
            to = written(to, variable, -a, -b);
            needs[0] = gate[0] >> 1;
            needs[1] = gate[1] >> 1;
        }
        for (int i = 0; i < count; i++)
            if (!known[needs[i]]) {
                known[needs[i]] = 1;
                stack[waiting++] = needs[i];
            }
    }
    progress[WAITING] = waiting;
    progress[WRITTEN] = to - clauses;
    return waiting == 0;
}
