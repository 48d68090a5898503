// The weighted rule of a team: the best variable of some false clauses; in a local minimum weight moves to them.
//
// Divide and distribute fixed weights (DDFW, Ishtaiq and others, 2005) with the linear transfer of Chowdhury, Codel
// and Heule (NFM 2023). Weights are of 16 bits, in units of a TEAM_UNIT-th of a clause's first weight.
#pragma once
#include "team_walk.h"

#define LOOK 32         // false clauses that are looked at together, whatever the width
#define NEIGHBOURS 64   // of a literal's clauses, how many are asked for weight
#define TRIES 100       // to find a random giver
#define BIAS 0x80000000u // margins as unsigned numbers

// The constants of turbosat.gpu.rules.Weighted, in their order.
enum { TEAM_CURRENT, TEAM_BASE, TEAM_FIRST, TEAM_FIRST_BASE, TEAM_SIDEWAYS, TEAM_RANDOM };

FN uint32_t team_hash(uint32_t x) // Wellons, lowbias32
{
    x = (x ^ x >> 16) * 0x7feb352du;
    x = (x ^ x >> 15) * 0x846ca68bu;
    return x ^ x >> 16;
}

// The best variable of each thread's false clause: its margin, biased, and a number that breaks ties.
FN void team_best_of(const struct team_problem_view *problem, const struct team_lane *lane, uint32_t clause,
                     uint32_t salt, uint32_t *margin, uint32_t *luck, uint32_t *variable)
{
    for (uint32_t i = fixed(problem->offsets, clause); i < fixed(problem->offsets, clause + 1); i++) {
        uint32_t each = fixed(problem->literals, i) >> 1, biased = (uint32_t)lane->margins[each] ^ BIAS;
        uint32_t hashed = team_hash(each + salt);
        if (biased > *margin || (biased == *margin && hashed > *luck)) {
            *margin = biased;
            *luck = hashed;
            *variable = each;
        }
    }
}

// Find a variable of the greatest margin, ties broken at random, in the first LOOK false clauses from a random one on
// that have one of positive margin, or in all; return its margin, biased.
FN uint32_t team_best(const struct team_problem_view *problem, struct team_lane *lane, uint32_t *variable)
{
    uint32_t count = lane->false_clauses, most = 0, tie = 0;
    uint32_t salt = team_draw(lane), first = team_below(lane, count);
    for (uint32_t base = 0; base < count && most <= BIAS; base += LOOK) {
        uint32_t end = team_least(base + LOOK, count);
        for (uint32_t at = base; at < end; at += W) {
            PER(uint32_t, margin);
            PER(uint32_t, luck);
            PER(uint32_t, best);
            PER(int, equal);
            EACH(t)
            {
                AT(margin, t) = AT(luck, t) = AT(best, t) = 0;
                if (at + t < end) {
                    uint32_t place = first + at + t;
                    place -= place >= count ? count : 0;
                    team_best_of(problem, lane, lane->list[place], salt, &AT(margin, t), &AT(luck, t), &AT(best, t));
                }
            }
            uint32_t here = greatest(margin);
            if (here < most)
                continue;
            EACH(t)
                AT(luck, t) = AT(margin, t) == here ? AT(luck, t) : 0;
            uint32_t high = greatest(luck);
            if (here == most && high <= tie)
                continue;
            EACH(t)
                AT(equal, t) = AT(margin, t) == here && AT(luck, t) == high;
            most = here;
            tie = high;
            *variable = first_of(equal, best);
        }
        lane->effort += end - base;
    }
    return most;
}

// Find the heaviest true neighbour of a clause, of those asked; return its weight and one, 0 if there is none.
FN uint32_t team_giver(const struct team_problem_view *problem, struct team_lane *lane, uint32_t clause,
                       uint32_t *giver)
{
    uint32_t heaviest = 0;
    for (uint32_t i = fixed(problem->offsets, clause); i < fixed(problem->offsets, clause + 1); i++) {
        uint32_t literal = fixed(problem->literals, i);
        uint32_t begin = fixed(problem->starts, literal), end = fixed(problem->starts, literal + 1);
        if (end - begin > NEIGHBOURS) {
            begin += team_below(lane, end - begin - NEIGHBOURS + 1);
            end = begin + NEIGHBOURS;
        }
        lane->effort += end - begin;
        for (uint32_t base = begin; base < end; base += W) {
            PER(uint32_t, weight);
            PER(uint32_t, from);
            PER(int, equal);
            EACH(t)
            {
                AT(weight, t) = AT(from, t) = 0;
                if (base + t < end) {
                    AT(from, t) = fixed(problem->occurrences, base + t);
                    if (lane->words[AT(from, t)] >= TEAM_ONE)
                        AT(weight, t) = lane->weights[AT(from, t)] + 1u;
                }
            }
            uint32_t most = greatest(weight);
            if (most > heaviest) {
                EACH(t)
                    AT(equal, t) = AT(weight, t) == most;
                heaviest = most;
                *giver = first_of(equal, from);
            }
        }
    }
    return heaviest;
}

// Move weight to a false clause, from a true neighbour or from any true clause.
FN void team_give(const struct team_problem_view *problem, struct team_lane *lane, const uint32_t *rule, uint32_t clause)
{
    uint32_t giver = 0, heaviest = team_giver(problem, lane, clause, &giver);
    if (heaviest <= TEAM_UNIT || team_draw(lane) >> 22 < fixed(rule, TEAM_RANDOM))
        for (int turn = 0; turn < TRIES; turn++) {
            uint32_t other = team_below(lane, fixed(problem->shape, CLAUSES));
            if (lane->words[other] >= TEAM_ONE && lane->weights[other] >= TEAM_UNIT) {
                giver = other;
                heaviest = lane->weights[other] + 1u;
                break;
            }
        }
    uint32_t own = lane->weights[clause];
    if (heaviest == 0 || own >= TEAM_FULL)
        return;
    uint32_t weight = heaviest - 1, word = lane->words[giver];
    uint32_t amount = weight > TEAM_UNIT ? (weight * fixed(rule, TEAM_CURRENT) >> 10) + fixed(rule, TEAM_BASE)
                                         : (weight * fixed(rule, TEAM_FIRST) >> 10) + fixed(rule, TEAM_FIRST_BASE);
    amount = team_least(team_least(amount, weight), TEAM_FULL - own);
    SYNC();
    LEADER {
        lane->weights[giver] = (uint16_t)(weight - amount);
        lane->weights[clause] = (uint16_t)(own + amount);
        if (word < 2 * TEAM_ONE)
            ADD(lane->margins + (word & TEAM_LOW), (int32_t)amount);
    }
    team_spread(problem, lane, clause, (int32_t)amount);
    SYNC();
    lane->effort += fixed(problem->offsets, clause + 1) - fixed(problem->offsets, clause);
}

// Flip the best variable, or move weight.
FN void team_step_weighted(const struct team_problem_view *problem, struct team_lane *lane, const uint32_t *rule)
{
    uint32_t variable = 0, most = team_best(problem, lane, &variable);
    if (most > BIAS || (most == BIAS && team_draw(lane) >> 22 < fixed(rule, TEAM_SIDEWAYS))) {
        team_flip(problem, lane, variable, 1);
        return;
    }
    for (uint32_t place = 0; place < lane->false_clauses; place++)
        team_give(problem, lane, rule, lane->list[place]);
    lane->effort += FLIP;
}
