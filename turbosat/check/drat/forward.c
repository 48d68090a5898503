// The forward pass: clauses come and go as the proof says, until the root literals conflict.
#include "state.h"

// A clause of one literal: it is a reason for the literal, now or once the present one is gone.
static void attach_unit(const struct state *s, int64_t o)
{
    const int64_t l = s->arena[o];
    if (s->value[l] < 0) {
        s->registers[CONFLICT] = o;
        return;
    }
    s->arena[o + 1] = s->units[l];
    s->units[l] = o;
    if (s->value[l] == 0)
        assign(s, l, o);
}

// The false literal b at a place of the trail is watched, with a true one: should a be taken back while b
// stays false, b's lists must be visited again. `done` is kept ascending once it is settled.
static void visit_again(const struct state *s, int64_t a, int64_t place, bool settled)
{
    const int32_t until = s->position[a >> 1] + 1;
    for (int core = 0; core < 2; core++) {
        const int64_t head = s->registers[core ? CORE_HEAD : REST_HEAD];
        int32_t *const done = s->done + core * (s->variables + 1);
        for (int64_t p = place; p < head && done[p] < until; p = settled ? p + 1 : head)
            done[p] = until;
    }
}

bool attach(const struct state *s, int64_t o, bool settled)
{
    int32_t *const clause = s->arena + o;
    const int64_t head = clause[-1], size = head >> 3, core = head & CORE;
    if (head & TAUTOLOGY)
        return true;
    clause[-1] = head | ALIVE;
    if (size == 0)
        s->registers[CONFLICT] = o;
    if (size == 1)
        attach_unit(s, o);
    if (size < 2)
        return true;
    int64_t first = -1, second = -1; // ranks of the two best literals: not false, or false last
    int64_t at_first = 0, at_second = 0, q = 0;
    for (; q < size && second < LOW; q++) {
        const int64_t l = clause[q], rank = s->value[l] < 0 ? s->position[l >> 1] : LOW;
        if (rank > first) {
            second = first;
            first = rank;
            at_second = at_first;
            at_first = q;
        } else if (rank > second) {
            second = rank;
            at_second = q;
        }
    }
    s->registers[LEFT] -= q;
    const int64_t a = clause[at_first], b = clause[at_second];
    if (!reserve(s, 2 * a + core) || !reserve(s, 2 * b + core))
        return false;
    clause[at_first] = clause[0];
    clause[at_second ? at_second : at_first] = clause[1];
    clause[0] = a;
    clause[1] = b;
    push(s, 2 * a + core, b << 32 | o);
    push(s, 2 * b + core, a << 32 | o);
    if (first < LOW)
        s->registers[CONFLICT] = o;
    if (second < LOW) {
        if (s->value[a] == 0)
            assign(s, a, o);
        visit_again(s, a, second, settled);
    }
    return true;
}

// Whether a clause is a unit under the root literals: one true, the others false.
static bool is_unit(const struct state *s, int64_t o)
{
    const int64_t size = s->arena[o - 1] >> 3;
    int64_t q = o, found = 0;
    for (; q < o + size && found < 2; q++) {
        const int8_t truth = s->value[s->arena[q]];
        if (truth == 0)
            found = 2;
        else
            found += truth > 0;
    }
    s->registers[LEFT] -= q - o;
    return found == 1 && !(s->arena[o - 1] & TAUTOLOGY);
}

// Apply the step at registers[STEP]: DONE, FALSE_EMPTY or NEED_ROOM.
static int64_t apply(const struct state *s, bool eager)
{
    int64_t *const reg = s->registers;
    const int64_t o = s->steps[reg[STEP]];
    if (o > 0) {
        const int32_t head = s->arena[o - 1];
        if (eager && head >> 3 == 0)
            return FALSE_EMPTY;
        if ((eager || head & ALIVE) && !attach(s, o, false))
            return NEED_ROOM;
    } else if (o < 0 && eager) {
        if (is_unit(s, -o)) {
            s->steps[reg[STEP]] = 0;
            reg[KEPT]++;
        } else {
            s->arena[-o - 1] &= ~ALIVE;
            reg[DELETED]++;
        }
    }
    return DONE;
}

int64_t forward(const struct state *s, int64_t until, int64_t eager, int64_t budget)
{
    int64_t *const reg = s->registers;
    reg[LEFT] = budget;
    while (reg[STEP] < until) {
        if (reg[PHASE] == APPLY) {
            const int64_t code = apply(s, eager);
            if (code != DONE)
                return code;
            reg[PHASE] = FOLLOW;
        }
        if (eager && !reg[CONFLICT] && reg[REST_HEAD] < reg[TRAIL]) {
            const int64_t code = propagate(s);
            if (code != DONE)
                return code;
        }
        reg[PHASE] = APPLY;
        if (eager && reg[CONFLICT])
            return REFUTED;
        reg[STEP]++;
        reg[WORK]++;
        if (--reg[LEFT] < 0)
            return MORE;
    }
    if (!reg[CONFLICT] && reg[REST_HEAD] < reg[TRAIL]) {
        const int64_t code = propagate(s);
        if (code != DONE)
            return code;
    }
    return reg[CONFLICT] ? REFUTED : DONE;
}
