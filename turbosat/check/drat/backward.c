// The backward pass: steps are taken back one by one, and the lemmas that are core by then are checked.
#include "state.h"

void backtrack(const struct state *s, int64_t n)
{
    int64_t *const reg = s->registers;
    for (int64_t p = n; p < reg[TRAIL]; p++) {
        const int32_t l = s->trail[p];
        s->value[l] = s->value[l ^ 1] = 0;
        s->seen[l >> 1] = 0;
    }
    reg[TRAIL] = reg[CORE_HEAD] = reg[REST_HEAD] = n;
}

// Cut the root trail to length n, and go back to the lists visited with the help of the rest.
static void cut_root(const struct state *s, int64_t n)
{
    int64_t *const reg = s->registers;
    const int64_t old = reg[TRAIL], heads[2] = {reg[REST_HEAD], reg[CORE_HEAD]};
    backtrack(s, n);
    for (int64_t p = n; p < old; p++) { // a unit clause can stand behind a literal that had another reason
        const int32_t l = s->trail[p];
        int32_t o = s->units[l];
        while (o && !(s->arena[o - 1] & ALIVE))
            o = s->arena[o + 1];
        s->units[l] = o;
        if (o)
            assign(s, l, o);
    }
    for (int core = 0; core < 2; core++) {
        const int32_t *const done = s->done + core * (s->variables + 1);
        int64_t head = heads[core] < n ? heads[core] : n;
        while (head > 0 && done[head - 1] > n)
            head--;
        reg[core ? CORE_HEAD : REST_HEAD] = head;
    }
}

// Mark a clause as core, and put its variables on the stack.
static void mark_clause(const struct state *s, int64_t o)
{
    const int64_t head = s->arena[o - 1], size = head >> 3;
    s->arena[o - 1] = head | CORE;
    int64_t n = s->registers[MARKED];
    for (int64_t q = o; q < o + size; q++) {
        const int32_t v = s->arena[q] >> 1;
        if (!s->seen[v]) {
            s->seen[v] = 1;
            s->stack[n++] = v;
        }
    }
    s->registers[MARKED] = n;
    s->registers[LEFT] -= size;
}

void begin_marking(const struct state *s, int64_t clause, int64_t literal)
{
    int64_t *const reg = s->registers;
    const int64_t v = literal >> 1;
    reg[MARKED] = reg[MARKING] = 0;
    if (clause)
        mark_clause(s, clause);
    else if (!s->seen[v]) {
        s->seen[v] = 1;
        s->stack[reg[MARKED]++] = v;
    }
}

bool go_on_marking(const struct state *s)
{
    int64_t *const reg = s->registers;
    while (reg[MARKING] < reg[MARKED]) {
        if (--reg[LEFT] < 0)
            return false;
        const int64_t o = s->reason[s->stack[reg[MARKING]++]];
        if (o)
            mark_clause(s, o);
    }
    for (int64_t i = 0; i < reg[MARKED]; i++)
        if (s->position[s->stack[i]] >= reg[ROOT])
            s->seen[s->stack[i]] = 0;
    reg[MARKED] = reg[MARKING] = 0;
    return true;
}

int64_t mark(const struct state *s, int64_t budget)
{
    int64_t *const reg = s->registers;
    reg[LEFT] = budget;
    if (reg[PHASE] == APPLY) {
        reg[ROOT] = reg[TRAIL];
        begin_marking(s, reg[CONFLICT], 0);
        reg[PHASE] = FOLLOW;
    }
    if (!go_on_marking(s))
        return MORE;
    reg[PHASE] = APPLY;
    return DONE;
}

static int64_t next_step(const struct state *s)
{
    s->registers[PHASE] = APPLY;
    s->registers[STEP]--;
    s->registers[WORK]++;
    s->registers[LEFT]--;
    return DONE;
}

static int64_t take_back(const struct state *s)
{
    int64_t *const reg = s->registers;
    const int64_t o = s->steps[reg[STEP]];
    if (o < 0 && !attach(s, -o, true))
        return NEED_ROOM;
    if (o <= 0)
        return next_step(s);
    const int32_t head = s->arena[o - 1], size = head >> 3;
    s->arena[o - 1] = head & ~ALIVE;
    if (reg[CONFLICT] == o)
        reg[CONFLICT] = 0;
    for (int64_t q = o; q < o + size && q < o + 2; q++) {
        const int32_t l = s->arena[q];
        if (s->value[l] > 0 && s->reason[l >> 1] == o) {
            reg[CONFLICT] = 0;
            cut_root(s, s->position[l >> 1]);
            break;
        }
    }
    if (!(head & CORE))
        return next_step(s);
    reg[PHASE] = FOLLOW;
    return DONE;
}

// Bring the root trail to its fixpoint, and assume the negation of the lemma.
static int64_t negate(const struct state *s)
{
    int64_t *const reg = s->registers;
    if (!reg[CONFLICT]) {
        const int64_t code = propagate(s);
        if (code != DONE)
            return code;
    }
    reg[ROOT] = reg[TRAIL];
    reg[PHASE] = LEAVE;
    if (reg[CONFLICT]) { // cannot be while the forward pass is right; then anything follows
        begin_marking(s, reg[CONFLICT], 0);
        return DONE;
    }
    const int64_t o = s->steps[reg[STEP]], size = s->arena[o - 1] >> 3;
    reg[LEFT] -= size;
    for (int64_t q = o; q < o + size; q++) {
        const int32_t l = s->arena[q];
        if (s->value[l] > 0) {
            begin_marking(s, 0, l);
            return DONE;
        }
        if (s->value[l] == 0)
            assign(s, l ^ 1, 0);
    }
    reg[PHASE] = NEGATED;
    return DONE;
}

static int64_t refute(const struct state *s)
{
    int64_t *const reg = s->registers;
    const int64_t code = propagate(s);
    if (code != DONE)
        return code;
    if (reg[CONFLICT]) {
        begin_marking(s, reg[CONFLICT], 0);
        reg[CONFLICT] = 0;
        reg[PHASE] = LEAVE;
        return DONE;
    }
    if (s->codes == 0)
        return NEED_OCCURRENCES;
    reg[LEVEL] = reg[TRAIL];
    reg[CANDIDATE] = 0;
    reg[PHASE] = RESOLVE;
    return DONE;
}

// The resolvents with all clauses there at that time, core or not. Only what their refutations use is marked:
// a candidate that never becomes core is no part of the proof that remains.
static int64_t resolve(const struct state *s)
{
    int64_t *const reg = s->registers;
    const int32_t pivot = s->arena[s->steps[reg[STEP]] - 2] ^ 1;
    for (;; reg[CANDIDATE]++) {
        const int64_t i = s->first[pivot] + reg[CANDIDATE];
        if (i == s->first[pivot + 1]) {
            reg[RAT]++;
            reg[PHASE] = LEAVE;
            return DONE;
        }
        if (--reg[LEFT] < 0)
            return MORE;
        const int64_t d = s->occurrences[i], head = s->arena[d - 1], end = d + (head >> 3);
        if (!(head & ALIVE))
            continue;
        int64_t q = d;
        while (q < end && (s->arena[q] == pivot || s->value[s->arena[q]] <= 0))
            q++;
        reg[LEFT] -= q - d;
        if (q < end) {
            begin_marking(s, 0, s->arena[q]);
            reg[CANDIDATE]++;
            return DONE;
        }
        for (q = d; q < end; q++) {
            const int32_t l = s->arena[q];
            if (l != pivot && s->value[l] == 0)
                assign(s, l ^ 1, 0);
        }
        reg[PHASE] = RESOLVENT;
        return DONE;
    }
}

static int64_t refute_resolvent(const struct state *s)
{
    int64_t *const reg = s->registers;
    const int64_t code = propagate(s);
    if (code != DONE)
        return code;
    if (!reg[CONFLICT]) {
        const int32_t pivot = s->arena[s->steps[reg[STEP]] - 2] ^ 1;
        reg[FAILED] = s->occurrences[s->first[pivot] + reg[CANDIDATE]];
        backtrack(s, reg[ROOT]);
        return FAIL;
    }
    begin_marking(s, reg[CONFLICT], 0);
    reg[CONFLICT] = 0;
    reg[PHASE] = RESOLVED;
    return DONE;
}

static int64_t go_on(const struct state *s)
{
    int64_t *const reg = s->registers;
    switch (reg[PHASE]) {
    case APPLY:
        return take_back(s);
    case FOLLOW:
        return negate(s);
    case NEGATED:
        return refute(s);
    case RESOLVE:
        return resolve(s);
    case RESOLVENT:
        return refute_resolvent(s);
    case RESOLVED:
        backtrack(s, reg[LEVEL]);
        reg[CANDIDATE]++;
        reg[PHASE] = RESOLVE;
        return DONE;
    default:
        backtrack(s, reg[ROOT]);
        return next_step(s);
    }
}

int64_t backward(const struct state *s, int64_t until, int64_t budget)
{
    s->registers[LEFT] = budget;
    while (s->registers[STEP] >= until) {
        if (s->registers[LEFT] < 0 || !go_on_marking(s))
            return MORE;
        const int64_t code = go_on(s);
        if (code != DONE)
            return code;
    }
    return DONE;
}
