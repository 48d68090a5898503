// The walk over bit-packed lanes: a block of lanes steps together, clauses and XORs.
//
//     step:  false constraints -> their variables -> flips -> constraints of flipped variables -> false ones
//
// The rule is that of turbosat.gpu.cuda.triton_walk, with the same random numbers (turbosat.gpu.draws), so that the
// slow twin of both is turbosat.gpu.gradient.reference.walk_step. Here only what changes is visited: constraints that
// are false in some lane of the block, their variables, and the constraints of those that flip. A flipped
// variable flips its XORs' words; clauses are counted anew.
#include "rows.h"

// Put a constraint on the list of those that are false in some lane.
static inline void enlist(const struct block *block, int64_t constraint)
{
    if (!block->listed[constraint]) {
        block->listed[constraint] = 1;
        block->false_list[block->counters[LISTED]++] = (int32_t)constraint;
    }
}

// Count the true literals of a clause up to two.
static inline void judge(const struct parity_problem *problem, const struct block *block, int64_t clause)
{
    int any = 0;
    for (int at = 0; at < PIECES; at++) {
        piece one = splat(0), more = splat(0);
        for (int64_t i = problem->offsets[clause]; i < problem->offsets[clause + 1]; i++) {
            int32_t literal = problem->literals[i];
            piece true_lanes = load(block->values, literal >> 1, at) ^ splat(-(uint32_t)(literal & 1));
            more |= one & true_lanes;
            one |= true_lanes;
        }
        store(block->alone, clause, at, one & ~more);
        store(block->false, clause, at, ~one);
        any |= some(~one);
    }
    if (any)
        enlist(block, clause);
}

// Find the lanes where an XOR is false.
static inline void judge_xor(const struct parity_problem *problem, const struct block *block, int64_t xor)
{
    int any = 0;
    for (int at = 0; at < PIECES; at++) {
        piece odd = splat(-(uint32_t)problem->parities[xor]);
        for (int64_t i = problem->xor_offsets[xor]; i < problem->xor_offsets[xor + 1]; i++)
            odd ^= load(block->values, problem->xor_variables[i], at);
        store(block->false, problem->clauses + xor, at, odd);
        any |= some(odd);
    }
    if (any)
        enlist(block, problem->clauses + xor);
}

void judge_block(const struct parity_problem *problem, const struct block *block, int64_t first, int64_t last)
{
    if (first == 0) {
        block->counters[LISTED] = 0;
        for (int64_t i = 0; i < block->constraints; i++)
            block->listed[i] = 0;
    }
    for (int64_t i = first; i < last; i++) {
        if (i < problem->clauses)
            judge(problem, block, i);
        else
            judge_xor(problem, block, i - problem->clauses);
    }
}

// Put a variable on the list of those wanted, once a step.
static inline void want(const struct block *block, int64_t variable)
{
    int64_t *counters = block->counters;
    if (block->seen[variable] != counters[CLOCK]) {
        block->seen[variable] = counters[CLOCK];
        block->wanted[counters[WANTED]++] = (int32_t)variable;
    }
}

// List the variables of false constraints.
static void begin(const struct parity_problem *problem, const struct block *block)
{
    int64_t *counters = block->counters;
    counters[CLOCK]++;
    counters[PLACE] = counters[WANTED] = counters[CHANGED] = counters[SEEN] = 0;
    for (int64_t place = 0; place < counters[LISTED]; place++) {
        int64_t constraint = block->false_list[place];
        if (constraint < problem->clauses) {
            for (int64_t i = problem->offsets[constraint]; i < problem->offsets[constraint + 1]; i++)
                want(block, problem->literals[i] >> 1);
        } else {
            int64_t xor = constraint - problem->clauses;
            for (int64_t i = problem->xor_offsets[xor]; i < problem->xor_offsets[xor + 1]; i++)
                want(block, problem->xor_variables[i]);
        }
    }
}

// Return a bit of each lane's threshold, chosen among eight by its loss.
static inline piece threshold_bit(const uint32_t *thresholds, int64_t bit, struct three by, int at)
{
    int64_t place = bit * BREAKS;
    piece p0 = load(thresholds, place, at), p1 = load(thresholds, place + 1, at);
    piece p2 = load(thresholds, place + 2, at), p3 = load(thresholds, place + 3, at);
    piece p4 = load(thresholds, place + 4, at), p5 = load(thresholds, place + 5, at);
    piece p6 = load(thresholds, place + 6, at), p7 = load(thresholds, place + 7, at);
    p0 ^= (p0 ^ p1) & by.low;
    p2 ^= (p2 ^ p3) & by.low;
    p4 ^= (p4 ^ p5) & by.low;
    p6 ^= (p6 ^ p7) & by.low;
    p0 ^= (p0 ^ p2) & by.middle;
    p4 ^= (p4 ^ p6) & by.middle;
    return p0 ^ ((p0 ^ p4) & by.high);
}

// Return the lanes in which a variable flips: those where a random number is below its threshold. Numbers of
// BITS bits are compared from the highest bit down, so that most lanes are decided after two. `first_word` is
// that of the variable in the block, among the words of all variables.
static inline piece chosen(const struct parity_problem *problem, const struct block *block, int64_t variable,
                           uint32_t key, uint32_t first_word, int at)
{
    piece value = load(block->values, variable, at);
    struct three make = {splat(0), splat(0), splat(0)}, breaks = make;
    int64_t begin = problem->starts[2 * variable], end = problem->starts[2 * variable + 2];
    int64_t middle = problem->starts[2 * variable + 1];
    for (int64_t i = begin; i < end; i++) {
        int64_t clause = problem->occurrences[i];
        increment(&make, load(block->false, clause, at));
        increment(&breaks, load(block->alone, clause, at) & (i < middle ? value : ~value));
    }
    for (int64_t i = problem->xor_starts[variable]; i < problem->xor_starts[variable + 1]; i++) {
        piece false_lanes = load(block->false, problem->clauses + problem->xor_occurrences[i], at);
        increment(&make, false_lanes);
        increment(&breaks, ~false_lanes);
    }
    piece open = (make.low | make.middle | make.high) & load(block->masks, ACTIVE, at);
    struct three lost = loss(make, breaks);
    piece places;
    for (int i = 0; i < PIECE; i++)
        places[i] = first_word + (uint32_t)(PIECE * at + i);
    piece start = mix(places * splat((uint32_t)GOLDEN) + splat(key));
    piece less = splat(0);
    for (int64_t bit = BITS - 1; bit >= 0 && some(open); bit--) {
        piece number = mix(start + splat((uint32_t)bit * (uint32_t)STRIDE));
        piece limit = threshold_bit(block->thresholds, bit, lost, at);
        less |= open & limit & ~number;
        open &= ~(limit ^ number);
    }
    return less;
}

// Flip the next variable by chance; return the visits.
static inline int64_t flip(const struct parity_problem *problem, const struct block *block, uint32_t key,
                           uint32_t first_word, uint32_t words)
{
    int64_t variable = block->wanted[block->counters[PLACE]];
    int any = 0;
    for (int at = 0; at < PIECES; at++) {
        piece flipped = chosen(problem, block, variable, key, (uint32_t)variable * words + first_word, at);
        store(block->flipped, variable, at, flipped);
        if (some(flipped)) {
            store(block->values, variable, at, load(block->values, variable, at) ^ flipped);
            any = 1;
        }
    }
    if (any)
        block->changed[block->counters[CHANGED]++] = (int32_t)variable;
    return CHOICE + problem->starts[2 * variable + 2] - problem->starts[2 * variable] +
           problem->xor_starts[variable + 1] - problem->xor_starts[variable];
}

// Count flips down.
static inline void count_down(const struct block *block, piece flipped, int at)
{
    int64_t plane = 0;
    for (; plane < LEFT_PLANES && some(flipped); plane++) {
        piece left = load(block->left, plane, at);
        store(block->left, plane, at, left ^ flipped);
        flipped &= ~left;
    }
    if (plane == LEFT_PLANES)
        store(block->masks, OVER, at, load(block->masks, OVER, at) | flipped);
}

// Bring constraints up to date with the next flipped variable, and count its flips; return the visits.
static inline int64_t update(const struct parity_problem *problem, const struct block *block)
{
    int64_t variable = block->changed[block->counters[PLACE]], stamp = block->counters[CLOCK], visits = 0;
    for (int at = 0; at < PIECES; at++)
        count_down(block, load(block->flipped, variable, at), at);
    for (int64_t i = problem->xor_starts[variable]; i < problem->xor_starts[variable + 1]; i++) {
        int64_t constraint = problem->clauses + problem->xor_occurrences[i];
        int any = 0;
        for (int at = 0; at < PIECES; at++) {
            piece odd = load(block->false, constraint, at) ^ load(block->flipped, variable, at);
            store(block->false, constraint, at, odd);
            any |= some(odd);
        }
        if (any)
            enlist(block, constraint);
        visits++;
    }
    for (int64_t i = problem->starts[2 * variable]; i < problem->starts[2 * variable + 2]; i++) {
        int64_t clause = problem->occurrences[i];
        if (block->touched[clause] != stamp) {
            block->touched[clause] = stamp;
            judge(problem, block, clause);
            visits += problem->offsets[clause + 1] - problem->offsets[clause];
        }
    }
    return visits;
}

// Count in which lanes the constraints on the list are false, and take those off that are false in none.
static inline void count_false(const struct block *block)
{
    int64_t listed = block->counters[LISTED];
    for (int64_t place = 0; place < listed;) {
        int64_t constraint = block->false_list[place];
        int any = 0;
        for (int at = 0; at < PIECES; at++)
            any |= some(load(block->false, constraint, at));
        if (any) {
            place++;
            continue;
        }
        block->listed[constraint] = 0;
        block->false_list[place] = block->false_list[--listed];
    }
    block->counters[LISTED] = listed;
    for (int at = 0; at < PIECES; at++) {
        for (int64_t plane = 0; plane < block->planes; plane++)
            store(block->now, plane, at, splat(0));
        for (int64_t place = 0; place < listed;) {
            struct three count = {splat(0), splat(0), splat(0)};
            for (int64_t end = place + 7 < listed ? place + 7 : listed; place < end; place++)
                increment(&count, load(block->false, block->false_list[place], at));
            add(block->now, count.low, 0, at);
            add(block->now, count.middle, 1, at);
            add(block->now, count.high, 2, at);
        }
    }
}

// Count the false constraints of each lane and keep the best values; return the visits.
static int64_t tally(const struct block *block)
{
    int64_t visits = block->counters[LISTED];
    int any = 0;
    count_false(block);
    for (int at = 0; at < PIECES; at++) {
        piece unsolved = splat(0);
        for (int64_t plane = 0; plane < block->planes; plane++)
            unsolved |= load(block->now, plane, at);
        store(block->masks, SOLVED, at, ~unsolved);
        lower(block->now, block->least, block->planes, at);
        piece better = lower(block->now, block->best, block->planes, at);
        if (!some(better))
            continue;
        any = 1;
        for (int64_t v = 0; v < block->variables; v++) {
            piece best = load(block->best_values, v, at);
            store(block->best_values, v, at, best ^ ((best ^ load(block->values, v, at)) & better));
        }
    }
    return any ? visits + block->variables : visits;
}

void tally_block(const struct block *block)
{
    tally(block);
}

int64_t run_block(const struct parity_problem *problem, const struct block *block, const uint32_t *keys,
                  int64_t steps, int64_t first_word, int64_t words, int64_t effort, int64_t patience)
{
    int64_t *counters = block->counters;
    int64_t done = 0, left = patience;
    counters[SPENT] = 0;
    while (done < steps && counters[SPENT] < effort) {
        if (counters[PHASE] == NEXT) {
            begin(problem, block);
            counters[PHASE] = FLIP;
        }
        int64_t before = counters[SEEN];
        if (counters[PHASE] == FLIP) {
            for (; counters[PLACE] < counters[WANTED] && counters[SEEN] - before < left; counters[PLACE]++)
                counters[SEEN] += flip(problem, block, keys[done], (uint32_t)first_word, (uint32_t)words);
            if (counters[PLACE] < counters[WANTED])
                break;
            counters[PLACE] = 0;
            counters[PHASE] = UPDATE;
        }
        if (counters[PHASE] == UPDATE) {
            for (; counters[PLACE] < counters[CHANGED] && counters[SEEN] - before < left; counters[PLACE]++)
                counters[SEEN] += update(problem, block);
            if (counters[PLACE] < counters[CHANGED])
                break;
        }
        counters[SEEN] += tally(block);
        counters[PHASE] = NEXT;
        left -= counters[SEEN] - before;
        counters[SPENT] += 1 + counters[SEEN] / VISITS;
        done++;
        int ended = 0;
        for (int at = 0; at < PIECES; at++) {
            piece over = load(block->masks, SOLVED, at) | load(block->masks, OVER, at);
            ended |= some(over & load(block->masks, ACTIVE, at));
        }
        if (ended)
            break;
    }
    return done;
}
