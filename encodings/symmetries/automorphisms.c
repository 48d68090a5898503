// The symmetries of clauses: a search for generators and their check. As in saucy (Darga, Sakallah and Markov,
// DAC 2008), two refinements run side by side and end as soon as what they leave to decide is equal.
#include "colouring.h"

enum { ALTERNATIVES = 16 }; // places that are tried for one literal, at most
enum { BESIDE = 1000 };     // literals in clauses with another one that are looked at, about

int64_t hash_clauses(const struct indexed *g, int64_t *marks, uint8_t *repeated)
{
    int64_t number = 0, slot = 0;
    for (int64_t c = 0; c < g->clauses; c++) {
        uint64_t sum = 0;
        for (int64_t j = g->offsets[c]; j < g->offsets[c + 1]; j++) {
            sum += hashed(g->codes[j]);
            marks[g->codes[j]] = c;
        }
        g->sums[c] = sum;
        repeated[c] = find_clause(g, sum, g->offsets[c + 1] - g->offsets[c], marks, c, &slot) >= 0;
        if (!repeated[c])
            g->slots[slot] = c;
        number += repeated[c];
    }
    return number;
}

// Tell whether the images of all clauses are clauses; `image` permutes literals as it does negations, and moves
// those in `moved`. Different clauses have different images: if all are clauses, none is left out.
static int clauses_kept(const struct indexed *g, const struct symmetries *s, int64_t moved, int64_t *effort)
{
    int64_t check = ++s->progress[STAMP], slot;
    for (int64_t i = 0; i < moved; i++) {
        int32_t literal = s->moved[i];
        for (int64_t j = g->starts[literal]; j < g->starts[literal + 1]; j++) {
            int64_t c = g->occurrences[j], size = g->offsets[c + 1] - g->offsets[c];
            if (s->stamps[c] >= check)
                continue;
            int64_t stamp = s->stamps[c] = ++s->progress[STAMP];
            uint64_t sum = 0;
            for (int64_t k = g->offsets[c]; k < g->offsets[c + 1]; k++) {
                int32_t image = s->image[g->codes[k]];
                sum += hashed(image);
                s->literal_stamps[image] = stamp;
            }
            *effort -= size;
            if (find_clause(g, sum, size, s->literal_stamps, stamp, &slot) < 0)
                return 0;
        }
    }
    return 1;
}

int64_t keeps_clauses(const struct indexed *g, const struct symmetries *s, const int32_t *sources, int64_t number,
                      const int32_t *images)
{
    int64_t literals = 2 * g->variables, stamp = ++s->progress[STAMP], moved = 0, effort = 0;
    int good = 1;
    for (; moved < number && good; moved++) { // sources are different literals
        int32_t literal = sources[moved];
        good = moved < literals && literal >= 0 && literal < literals && s->literal_stamps[literal] != stamp;
        if (!good)
            break;
        s->literal_stamps[literal] = stamp;
        s->moved[moved] = literal;
        s->image[literal] = images[moved];
    }
    int64_t again = ++s->progress[STAMP];
    for (int64_t i = 0; i < moved && good; i++) { // images are the same ones
        int32_t image = images[i];
        good = image >= 0 && image < literals && s->literal_stamps[image] == stamp;
        if (good)
            s->literal_stamps[image] = again;
    }
    for (int64_t i = 0; i < moved && good; i++)
        good = s->image[sources[i] ^ 1] == (images[i] ^ 1);
    good = good && clauses_kept(g, s, moved, &effort);
    for (int64_t i = 0; i < moved; i++)
        s->image[s->moved[i]] = s->moved[i];
    return good;
}

static int32_t find(const struct symmetries *s, int32_t literal)
{
    while (s->parent[literal] != literal)
        literal = s->parent[literal] = s->parent[s->parent[literal]];
    return literal;
}

// Note a generator, and the orbits that it joins; 0 where there is no room.
static int note(const struct symmetries *s, int64_t moved)
{
    int64_t at = s->progress[PAIRS], number = s->progress[FOUND];
    if (number == s->most || at + moved / 2 > s->room)
        return 0;
    for (int64_t i = 0; i < moved; i++) {
        int32_t literal = s->moved[i], one = find(s, literal), other = find(s, s->image[literal]);
        if (one != other) {
            s->parent[other] = one;
            if (s->failed[other] > s->failed[one])
                s->failed[one] = s->failed[other];
        }
        if (!(literal & 1)) {
            s->pairs[2 * at] = literal;
            s->pairs[2 * at++ + 1] = s->image[literal];
        }
    }
    s->bounds[number + 1] = s->progress[PAIRS] = at;
    s->progress[FOUND]++;
    return 1;
}

struct sides {
    const struct indexed *clauses;
    const struct colouring *left, *right;
    const struct refinement *scratch;
    const struct symmetries *state;
    int64_t mark, effort; // splits at which the sides began to differ
};

// What the permutation is for sure, and for the rest: itself. Returns the literals moved.
static int64_t read_image(struct sides *d)
{
    const struct symmetries *s = d->state;
    int64_t moved = 0, literals = 2 * d->clauses->variables;
    for (int64_t i = 2 * d->mark; i < 2 * d->left->colours[SPLITS]; i++) {
        int32_t cell = d->left->splits[i];
        if (cell >= literals || d->left->size[cell] != 1)
            continue;
        int32_t literal = d->left->order[cell], image = d->right->order[cell];
        if (literal == image || s->image[literal] == image)
            continue;
        s->image[literal] = image;
        s->moved[moved++] = literal;
    }
    return moved;
}

// Return a literal in a clause with another one that may stay where it is, and is not alone; -1 for none. It
// tells the other one from those that are to different literals as it is to this one.
static int32_t stays_beside(struct sides *d, int32_t literal)
{
    const struct indexed *g = d->clauses;
    int64_t read = 0;
    for (int64_t i = g->starts[literal]; i < g->starts[literal + 1] && read < BESIDE; i++) {
        int64_t c = g->occurrences[i];
        for (int64_t j = g->offsets[c]; j < g->offsets[c + 1]; j++, read++) {
            int32_t cell = d->left->cell[g->codes[j]];
            if (d->left->size[cell] > 1 && d->right->cell[g->codes[j]] == cell && (g->codes[j] | 1) != (literal | 1)) {
                d->effort -= read;
                return g->codes[j];
            }
        }
    }
    d->effort -= read;
    return -1;
}

// Choose a literal of the left side and its image, where cells of both sides differ: first what makes the
// permutation an involution, then what stays where it is. -1 where none differ.
static int32_t choose(struct sides *d, int32_t *image)
{
    const struct colouring *left = d->left, *right = d->right;
    int32_t literal = -1, literals = 2 * d->clauses->variables;
    int fixed = 0;
    for (int64_t i = 2 * d->mark; i < 2 * left->colours[SPLITS]; i++) {
        int32_t cell = left->splits[i], size = left->size[cell], common = -1;
        d->effort--;
        if (cell >= literals || size == 1)
            continue;
        int differ = 0;
        for (int32_t j = cell; j < cell + size; j++) {
            if (left->cell[right->order[j]] == cell)
                common = right->order[j];
            else
                differ = 1;
        }
        d->effort -= size;
        for (int32_t j = cell; j < cell + size && differ; j++) {
            int32_t one = left->order[j], there = right->place[one];
            if (right->size[right->cell[one]] == 1 && right->cell[left->order[there]] == cell) {
                *image = left->order[there];
                return one;
            }
        }
        if (!differ || fixed)
            continue;
        if (common >= 0)
            literal = *image = common, fixed = 1;
        else if (literal < 0)
            literal = left->order[cell], *image = right->order[cell];
    }
    if (literal >= 0 && !fixed) {
        int32_t beside = stays_beside(d, literal);
        beside = beside < 0 ? stays_beside(d, literal ^ 1) : beside;
        if (beside >= 0)
            literal = *image = beside;
    }
    return literal;
}

// Choose a literal that is not alone, and where it is on the other side, where no cells differ: it stays where it
// is at first. -1 where all are alone.
static int32_t choose_any(struct sides *d, int32_t *image)
{
    for (int32_t cell = 0; cell < 2 * d->clauses->variables; cell += d->left->size[cell], d->effort--)
        if (d->left->size[cell] > 1)
            return *image = d->left->order[cell];
    return -1;
}

// Let a literal and its image be cells of their own on their sides, and refine both.
static int tell_apart_left(struct sides *d, int32_t literal)
{
    d->left->colours[SUM] = 0;
    individualise(d->left, d->scratch, literal);
    return refine(d->clauses, d->left, d->scratch, NULL, &d->effort);
}

static int tell_apart_right(struct sides *d, int32_t image)
{
    d->right->colours[SUM] = 0;
    individualise(d->right, d->scratch, image);
    return refine(d->clauses, d->right, d->scratch, d->left, &d->effort);
}

// Add a step: the literal, and in the stack where it may go, the likeliest on top.
static int add_step(struct sides *d, int64_t step, int32_t literal, int32_t image)
{
    const struct symmetries *s = d->state;
    int32_t cell = d->right->cell[image], size = d->right->size[cell];
    int64_t top = step ? s->step_ends[step - 1] : 0, room = 2 * d->clauses->variables - top - 1;
    if (room < 0)
        return 0;
    for (int32_t i = cell, taken = 1; i < cell + size && taken < ALTERNATIVES && room > 0; i++)
        if (d->right->order[i] != image) {
            s->stack[top++] = d->right->order[i];
            taken++, room--;
        }
    s->stack[top++] = image;
    s->step[step] = literal;
    s->step_marks[step] = (int32_t)d->left->colours[SPLITS];
    s->step_ends[step] = (int32_t)top;
    return 1;
}

// Look for a symmetry that keeps the base up to a level and moves its literal there to another; both sides have
// told these apart. After so many wrong choices: 0. What is left once no cells differ may have to move, too: so many
// times more literals of it are told apart where it does not stay as it is.
static int extend(struct sides *d, int64_t tries)
{
    const struct symmetries *s = d->state;
    int64_t steps = 0, more = tries, literals = 2 * d->clauses->variables;
    for (;;) {
        int32_t image = -1, literal = choose(d, &image);
        if (literal < 0) {
            int64_t moved = read_image(d);
            int kept = clauses_kept(d->clauses, s, moved, &d->effort), noted = kept && note(s, moved);
            for (int64_t i = 0; i < moved; i++)
                s->image[s->moved[i]] = s->moved[i];
            if (kept)
                return noted;
            if (more > 0 && (literal = choose_any(d, &image)) >= 0)
                more--;
        }
        if (literal >= 0) {
            if (steps == literals || !add_step(d, steps, literal, image) || !tell_apart_left(d, literal))
                return 0;
            s->step_sums[steps++] = d->left->colours[SUM];
        }
        // The next place for the literal of the last step that has one left.
        for (;;) {
            if (!steps || d->effort <= 0)
                return 0;
            int64_t first = steps > 1 ? s->step_ends[steps - 2] : 0;
            undo_splits(d->right, s->step_marks[steps - 1]);
            if (s->step_ends[steps - 1] == first) {
                undo_splits(d->left, s->step_marks[--steps]);
                continue;
            }
            d->left->colours[SUM] = s->step_sums[steps - 1];
            if (tell_apart_right(d, s->stack[--s->step_ends[steps - 1]]))
                break;
            if (!tries--)
                return 0;
        }
    }
}

// Tell literals apart, one by one, until each is alone in its cell.
static int descend(struct sides *d)
{
    const struct symmetries *s = d->state;
    int64_t depth = 0, literals = 2 * d->clauses->variables;
    for (int64_t cell = 0; cell < literals; cell += d->left->size[cell])
        while (d->left->size[cell] > 1) {
            int32_t least = d->left->order[cell];
            for (int32_t i = cell + 1; i < cell + d->left->size[cell]; i++)
                least = d->left->order[i] < least ? d->left->order[i] : least;
            d->effort -= d->left->size[cell];
            s->base[depth] = least;
            s->base_marks[depth] = (int32_t)d->left->colours[SPLITS];
            if (!tell_apart_left(d, least))
                return 0;
            s->base_sums[depth++] = d->left->colours[SUM];
        }
    s->progress[DEPTH] = depth;
    return 1;
}

static void copy_colouring(const struct colouring *from, const struct colouring *to)
{
    int64_t bytes = from->vertices * sizeof *from->order;
    memcpy(to->order, from->order, bytes);
    memcpy(to->place, from->place, bytes);
    memcpy(to->cell, from->cell, bytes);
    memcpy(to->size, from->size, bytes);
    memcpy(to->splits, from->splits, 2 * bytes);
    memcpy(to->colours, from->colours, 2 * sizeof *from->colours);
}

// Whether a literal is in a smaller cell than another; they come in the same order however they are numbered.
static inline int before(const struct colouring *p, int32_t one, int32_t other)
{
    int32_t mine = p->cell[one], its = p->cell[other];
    if (mine == its)
        return one < other;
    return p->size[mine] != p->size[its] ? p->size[mine] < p->size[its] : mine < its;
}

// Sort literals by how many others are to the last literal of the base as they are: those nearest to it make
// symmetries that move little.
static void sort_targets(const struct colouring *left, int32_t *targets, int64_t number)
{
    for (int64_t gap = number / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11)
        for (int64_t i = gap; i < number; i++) {
            int32_t literal = targets[i];
            int64_t j = i;
            for (; j >= gap && before(left, literal, targets[j - gap]); j -= gap)
                targets[j] = targets[j - gap];
            targets[j] = literal;
        }
}

int64_t find_symmetries(const struct indexed *g, const struct colouring *left, const struct colouring *right,
                        const struct refinement *r, const struct symmetries *s, int64_t tries, int64_t effort)
{
    struct sides d = {g, left, right, r, s, 0, effort};
    if (!descend(&d))
        return 0;
    copy_colouring(left, right);
    int64_t depth = s->progress[DEPTH];
    for (int64_t level = depth - 1; level >= 0; level--) {
        int64_t mark = d.mark = s->base_marks[level], top = left->colours[SPLITS];
        undo_splits(right, mark);
        int32_t literal = s->base[level], cell = right->cell[literal], size = right->size[cell];
        d.effort -= size;
        int64_t targets = 0;
        for (int32_t i = cell; i < cell + size; i++)
            if (find(s, right->order[i]) != find(s, literal))
                s->targets[targets++] = right->order[i];
        sort_targets(left, s->targets, targets);
        for (int64_t i = 0; i < targets; i++) {
            int32_t orbit = find(s, s->targets[i]);
            d.effort--;
            if (orbit == find(s, literal) || s->failed[orbit] == depth - level)
                continue;
            left->colours[SUM] = s->base_sums[level];
            if (!tell_apart_right(&d, s->targets[i]) || !extend(&d, tries))
                s->failed[find(s, orbit)] = (int32_t)(depth - level);
            undo_splits(left, top);
            undo_splits(right, mark);
            if (d.effort <= 0 || s->progress[FOUND] == s->most)
                return 0;
        }
        undo_splits(left, mark);
    }
    return 1;
}
