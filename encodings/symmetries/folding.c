// Partial automorphisms of clauses, grown from one pair of literals along what is determined.
#include "colouring.h"

enum { OPEN = 8 };      // literals of a clause that may be without an image when a clause is sought for it
enum { CROWDED = 256 }; // candidates that are looked at: of more, hardly ever a single one fits
enum { FEW = 24 };      // where two literals or more of the clause are without an image
enum { NONE = -1, SEVERAL = -2 };

// Collect the literals of a clause that have no place in the map; return how many, OPEN + 1 for more.
static int64_t list_open(const struct indexed *g, const int32_t *map, int64_t clause, int32_t *open)
{
    int64_t number = 0;
    for (int64_t j = g->offsets[clause]; j < g->offsets[clause + 1]; j++)
        if (map[g->codes[j]] < 0) {
            if (number == OPEN)
                return OPEN + 1;
            open[number++] = g->codes[j];
        }
    return number;
}

// Pair open literals with those of a candidate: 2 if all are alike, 1 if one pair is so in kind only, else 0.
static int paired(const struct folding *f, const int32_t *from, const int32_t *to, int64_t number, int64_t *partner,
                  int64_t *odd)
{
    uint32_t taken = 0;
    *odd = NONE;
    for (int64_t i = 0; i < number; i++) {
        int64_t k = 0;
        while (k < number && (taken >> k & 1 || f->profiles[from[i]] != f->profiles[to[k]]))
            k++;
        if (k == number && *odd != NONE)
            return 0;
        partner[i] = k;
        if (k == number)
            *odd = i;
        else
            taken |= 1u << k;
    }
    if (*odd == NONE)
        return 2;
    int64_t left = 0;
    while (taken >> left & 1)
        left++;
    partner[*odd] = left;
    return f->kinds[from[*odd]] == f->kinds[to[left]];
}

// Whether the image of a clause, all of it mapped, is a clause.
static int kept(const struct indexed *g, const struct folding *f, int64_t clause)
{
    int64_t stamp = ++f->progress[FOLD_STAMP], slot, size = g->offsets[clause + 1] - g->offsets[clause];
    uint64_t sum = 0;
    f->progress[FOLD_READ] += 2 * size;
    for (int64_t j = g->offsets[clause]; j < g->offsets[clause + 1]; j++) {
        int32_t image = f->image[g->codes[j]];
        sum += hashed(image);
        f->stamps[image] = stamp;
    }
    return find_clause(g, sum, size, f->stamps, stamp, &slot) >= 0;
}

static void set_pair(const struct folding *f, int32_t from, int32_t to)
{
    f->image[from] = to;
    f->image[from ^ 1] = to ^ 1;
    f->source[to] = from;
    f->source[to ^ 1] = from ^ 1;
}

static void clear_pair(const struct folding *f, int32_t from, int32_t to)
{
    f->image[from] = f->image[from ^ 1] = NONE;
    f->source[to] = f->source[to ^ 1] = NONE;
}

// Map a literal unless a clause that is mapped with it would go to none.
static int map_literal(const struct indexed *g, const struct folding *f, int32_t from, int32_t to)
{
    if (f->image[from] >= 0 || f->source[to] >= 0)
        return 0;
    set_pair(f, from, to);
    int good = 1;
    int64_t ends[2];
    for (int sign = 0; sign < 2; sign++) {
        int64_t j = g->starts[from ^ sign], end = g->starts[(from ^ sign) + 1];
        for (; good && j < end; j++) {
            int64_t clause = g->occurrences[j];
            good = --f->left[clause] || kept(g, f, clause);
        }
        ends[sign] = j;
        f->progress[FOLD_READ] += j - g->starts[from ^ sign];
    }
    if (good) {
        f->trail[f->progress[FOLD_MAPPED]++] = from;
        return 1;
    }
    for (int sign = 0; sign < 2; sign++)
        for (int64_t j = g->starts[from ^ sign]; j < ends[sign]; j++)
            f->left[g->occurrences[j]]++;
    clear_pair(f, from, to);
    return 0;
}

// Candidates for the image of a clause, by those of its literals that are mapped.
struct fitting {
    int32_t open[OPEN];            // literals of the clause that are not
    int64_t number;                // of these
    int64_t alike;                 // the clause whose other literals are like the open ones, NONE or SEVERAL,
    int64_t loose;                 // and that of which all but one are
};

static void find_candidates(const struct indexed *g, const struct folding *f, int64_t clause, struct fitting *c)
{
    int32_t to[OPEN], anchor = NONE;
    int64_t partner[OPEN], odd, size = g->offsets[clause + 1] - g->offsets[clause];
    c->number = list_open(g, f->image, clause, c->open);
    int64_t fewest = 1 + (c->number > 1 ? FEW : CROWDED);
    c->alike = c->loose = NONE;
    f->progress[FOLD_READ] += size;
    if (!c->number || c->number > OPEN || c->number == size)
        return;
    int64_t stamp = ++f->progress[FOLD_STAMP];
    for (int64_t j = g->offsets[clause]; j < g->offsets[clause + 1]; j++) {
        int32_t image = f->image[g->codes[j]];
        if (image < 0)
            continue;
        f->stamps[image] = stamp;
        if (g->starts[image + 1] - g->starts[image] < fewest) {
            fewest = g->starts[image + 1] - g->starts[image];
            anchor = image;
        }
    }
    if (anchor < 0)
        return;
    for (int64_t i = g->starts[anchor]; i < g->starts[anchor + 1] && c->alike != SEVERAL; i++) {
        int64_t candidate = g->occurrences[i], hits = 0;
        f->progress[FOLD_READ]++;
        if (g->offsets[candidate + 1] - g->offsets[candidate] != size)
            continue;
        for (int64_t j = g->offsets[candidate]; j < g->offsets[candidate + 1]; j++)
            hits += f->stamps[g->codes[j]] == stamp;
        f->progress[FOLD_READ] += size;
        if (hits != size - c->number || list_open(g, f->source, candidate, to) != c->number)
            continue;
        int how = paired(f, c->open, to, c->number, partner, &odd);
        if (how == 1)
            c->loose = c->loose == NONE ? candidate : SEVERAL;
        else if (how == 2)
            c->alike = c->alike == NONE ? candidate : SEVERAL;
    }
}

// Map the open literals of a clause that can be told apart to those of a candidate.
static void map_to(const struct indexed *g, const struct folding *f, const struct fitting *c, int64_t candidate)
{
    int32_t to[OPEN];
    int64_t partner[OPEN], odd;
    list_open(g, f->source, candidate, to);
    paired(f, c->open, to, c->number, partner, &odd);
    for (int64_t i = 0; i < c->number; i++) {
        int alone = 1;
        for (int64_t k = 0; k < c->number; k++)
            alone &= k == i || k == odd || f->profiles[c->open[k]] != f->profiles[c->open[i]];
        if (i == odd || alone)
            map_literal(g, f, c->open[i], to[partner[i]]);
    }
}

// Map what follows from the literals that are mapped.
static void follow(const struct indexed *g, const struct folding *f, int64_t effort)
{
    int64_t end = f->progress[FOLD_READ] + effort;
    struct fitting c;
    for (int64_t i = 0; i < f->progress[FOLD_MAPPED]; i++)
        for (int sign = 0; sign < 2; sign++) {
            int32_t literal = f->trail[i] ^ sign;
            for (int64_t j = g->starts[literal]; j < g->starts[literal + 1]; j++) {
                if (f->progress[FOLD_READ]++ >= end)
                    return;
                if (!f->left[g->occurrences[j]])
                    continue;
                find_candidates(g, f, g->occurrences[j], &c);
                int64_t candidate = c.alike == NONE ? c.loose : c.alike;
                if (candidate >= 0)
                    map_to(g, f, &c, candidate);
            }
        }
}

void grow_map(const struct indexed *g, const struct folding *f, int64_t from, int64_t to, int64_t effort)
{
    map_literal(g, f, (int32_t)from, (int32_t)to);
    follow(g, f, effort);
}

void clear_map(const struct indexed *g, const struct folding *f)
{
    while (f->progress[FOLD_MAPPED]) {
        int32_t last = f->trail[--f->progress[FOLD_MAPPED]];
        for (int32_t literal = last & ~1; literal <= (last | 1); literal++) {
            for (int64_t j = g->starts[literal]; j < g->starts[literal + 1]; j++)
                f->left[g->occurrences[j]]++;
            f->progress[FOLD_READ] += g->starts[literal + 1] - g->starts[literal];
        }
        clear_pair(f, last, f->image[last]);
    }
}

int64_t list_alike(const struct indexed *g, const struct folding *f, int64_t literal, int64_t effort, int32_t *found,
                   int64_t most)
{
    int64_t stamp = ++f->progress[FOLD_STAMP], tail = 0, number = 0, end = f->progress[FOLD_READ] + effort;
    f->queue[tail++] = (int32_t)literal >> 1;
    f->stamps[literal & ~1] = stamp;
    for (int64_t head = 0; head < tail; head++)
        for (int32_t each = f->queue[head] << 1, last = each + 1; each <= last; each++)
            for (int64_t i = g->starts[each]; i < g->starts[each + 1]; i++) {
                int64_t clause = g->occurrences[i];
                f->progress[FOLD_READ] += g->offsets[clause + 1] - g->offsets[clause];
                if (f->progress[FOLD_READ] >= end)
                    return number;
                for (int64_t j = g->offsets[clause]; j < g->offsets[clause + 1]; j++) {
                    int32_t variable = g->codes[j] >> 1;
                    if (f->stamps[2 * variable] == stamp)
                        continue;
                    f->stamps[2 * variable] = stamp;
                    f->queue[tail++] = variable;
                    for (int32_t other = 2 * variable; other < 2 * variable + 2; other++)
                        if (f->profiles[other] == f->profiles[literal]) {
                            if (number == most)
                                return number;
                            found[number++] = other;
                        }
                }
            }
    return number;
}

static int32_t root_of(int32_t *roots, int32_t literal)
{
    while (roots[literal] != literal)
        literal = roots[literal] = roots[roots[literal]];
    return literal;
}

int64_t merge_literals(int32_t *roots, int64_t variables, const int32_t *sources, int64_t number,
                       const int32_t *images, uint8_t *used)
{
    int64_t contradictions = 0;
    for (int64_t i = 0; i < number; i++) {
        int32_t one = root_of(roots, sources[i]), other = root_of(roots, images[i]);
        used[i] = one >> 1 != other >> 1;
        contradictions += one == (other ^ 1);
        if (used[i]) {
            int32_t least = one < other ? one : other, greatest = one ^ other ^ least;
            roots[greatest] = least;
            roots[greatest ^ 1] = least ^ 1;
        }
    }
    for (int32_t literal = 0; literal < 2 * variables; literal++)
        roots[literal] = root_of(roots, literal);
    return contradictions;
}
