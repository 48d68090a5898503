// The walk of a team: a random false clause, and of its variables one by what it would break (probSAT, Balint and
// Schöning, SAT 2012).
//
// On clauses of at most three literals nothing is counted. A lane is the bits of its values and the list of its false
// clauses, which are there by their literals: what a flip makes true is found by looking through the list, what it
// breaks by the other literals of the clauses that the variable is in. So it has room in shared memory, and the only
// reads from beyond are two in a row. On longer clauses there is a word for each.
#pragma once
#include "team_lane.h"

// The chance of a variable by the clauses that it breaks.
FN uint32_t team_chance(const uint32_t *table, uint32_t loss)
{
    return fixed(table, team_least(loss, LOSSES - 1));
}

// Take the clauses with a literal off the list of short ones, in whose order the rest stays; return how many stay.
FN uint32_t team_sift(struct team_lane *lane, uint32_t literal)
{
    uint32_t left = 0;
    for (uint32_t base = 0; base < lane->false_clauses; base += W) {
        PER(uint32_t, pair);
        PER(uint32_t, third);
        PER(int, stays);
        PER(int, rank);
        EACH(t)
        {
            uint32_t at = base + t < lane->false_clauses ? base + t : 0;
            AT(pair, t) = lane->list[2 * at];
            AT(third, t) = lane->list[2 * at + 1];
            AT(stays, t) = base + t < lane->false_clauses && (AT(pair, t) & 0xffffu) != literal &&
                           AT(pair, t) >> 16 != literal && AT(third, t) != literal;
        }
        uint32_t kept = (uint32_t)tally(stays, rank);
        if (left != base || kept != W)
            EACH(t)
                if (AT(stays, t)) {
                    lane->list[2 * (left + AT(rank, t))] = AT(pair, t);
                    lane->list[2 * (left + AT(rank, t)) + 1] = AT(third, t);
                }
        left += kept;
    }
    SYNC();
    return left;
}

// Move some entries of the list of short clauses to a lower place.
FN void team_pull(struct team_lane *lane, uint32_t to, uint32_t from, uint32_t count)
{
    for (uint32_t base = 0; base < count && to != from; base += W) {
        PER(uint32_t, pair);
        PER(uint32_t, third);
        EACH(t)
        {
            uint32_t at = from + (base + t < count ? base + t : 0);
            AT(pair, t) = lane->list[2 * at];
            AT(third, t) = lane->list[2 * at + 1];
        }
        SYNC();
        EACH(t)
            if (base + t < count) {
                lane->list[2 * (to + base + t)] = AT(pair, t);
                lane->list[2 * (to + base + t) + 1] = AT(third, t);
            }
        SYNC();
    }
}

// Flip a variable of a random false clause of at most three literals.
FN void team_step_short(const struct team_problem_view *problem, struct team_lane *lane, const uint32_t *table)
{
    uint32_t turn = team_below(lane, lane->false_clauses);
    uint32_t pair = lane->list[2 * turn], third = lane->list[2 * turn + 1];
    uint32_t one = pair & 0xffffu, two = pair >> 16;
    // The literals that may become false, whose clauses may break.
    uint32_t at_one = fixed(problem->starts, one ^ 1u), end_one = fixed(problem->starts, (one ^ 1u) + 1);
    uint32_t at_two = fixed(problem->starts, two ^ 1u), end_two = fixed(problem->starts, (two ^ 1u) + 1);
    uint32_t at_third = fixed(problem->starts, third ^ 1u), end_third = fixed(problem->starts, (third ^ 1u) + 1);
    if (third == two) // a clause of two
        end_third = at_third;
    uint32_t second = end_one - at_one, last = second + end_two - at_two, total = last + end_third - at_third;
    team_make_room(lane, total, 2);
    uint32_t loss_one = 0, loss_two = 0, broken = 0; // loss_two: of both
    for (uint32_t base = 0; base < total; base += W) {
        PER(uint32_t, others);
        PER(uint32_t, own);
        PER(int, breaks);
        PER(int, rank);
        EACH(t)
        {
            uint32_t i = base + t, at;
            if (i >= last) {
                at = at_third + i - last;
                AT(own, t) = third ^ 1u;
            } else if (i >= second) {
                at = at_two + i - second;
                AT(own, t) = two ^ 1u;
            } else {
                at = at_one + i;
                AT(own, t) = one ^ 1u;
            }
            AT(others, t) = fixed(problem->others, i < total ? at : at_one);
            AT(breaks, t) = i < total && !(team_true(lane->values, AT(others, t) & 0xffffu) |
                                           team_true(lane->values, AT(others, t) >> 16));
        }
        int found = tally(breaks, rank);
        loss_one += (uint32_t)before(rank, found, (int)second - (int)base);
        loss_two += (uint32_t)before(rank, found, (int)last - (int)base);
        EACH(t)
            if (AT(breaks, t)) {
                uint32_t place = lane->false_clauses + broken + (uint32_t)AT(rank, t);
                lane->list[2 * place] = AT(own, t) | AT(others, t) << 16;
                lane->list[2 * place + 1] = AT(others, t) >> 16;
            }
        broken += (uint32_t)found;
    }
    uint32_t chance_one = team_chance(table, loss_one), chance_two = team_chance(table, loss_two - loss_one);
    uint32_t chance_third = third == two ? 0 : team_chance(table, broken - loss_two);
    uint32_t chosen = team_below(lane, chance_one + chance_two + chance_third);
    uint32_t literal = third, from = loss_two, count = broken - loss_two;
    if (chosen < chance_one) {
        literal = one;
        from = 0;
        count = loss_one;
    } else if (chosen < chance_one + chance_two) {
        literal = two;
        from = loss_one;
        count = loss_two - loss_one;
    }
    SYNC();
    LEADER lane->values[literal >> 6] ^= 1u << (literal >> 1 & 31);
    SYNC();
    uint32_t left = team_sift(lane, literal);
    team_pull(lane, left, lane->false_clauses + from, count);
    lane->effort += FLIP + total + lane->false_clauses;
    lane->false_clauses = left + count;
    team_record(problem, lane, literal >> 1);
}

// A variable flips: count its clauses anew, keep the list, and the margins if the rule has weights.
FN void team_flip(const struct team_problem_view *problem, struct team_lane *lane, uint32_t variable, int weighted)
{
    uint32_t value = lane->values[variable >> 5] >> (variable & 31) & 1u;
    SYNC();
    LEADER lane->values[variable >> 5] ^= 1u << (variable & 31);
    for (int lost = 0; lost < 2; lost++) { // first the literal that becomes true, then the one that becomes false
        uint32_t literal = 2 * variable + (lost ? 1u - value : value), end = fixed(problem->starts, literal + 1);
        team_make_room(lane, lost ? end - fixed(problem->starts, literal) : 0, 1);
        for (uint32_t base = fixed(problem->starts, literal); base < end; base += W) {
            PER(uint32_t, clause);
            PER(int, edge); // whether the clause becomes true, or false
            PER(int, rank);
            EACH(t)
            {
                AT(edge, t) = 0;
                AT(clause, t) = 0;
                if (base + t < end) {
                    uint32_t each = fixed(problem->occurrences, base + t), word = lane->words[each];
                    AT(clause, t) = each;
                    if (lost) {
                        word = (word - TEAM_ONE) ^ variable;
                        lane->words[each] = word;
                        AT(edge, t) = word < TEAM_ONE;
                        if (weighted && !AT(edge, t) && word < 2 * TEAM_ONE)
                            ADD(lane->margins + (word & TEAM_LOW), -(int32_t)lane->weights[each]);
                    } else {
                        AT(edge, t) = word < TEAM_ONE;
                        if (!AT(edge, t))
                            lane->words[each] = (word + TEAM_ONE) ^ variable;
                        if (weighted && !AT(edge, t) && word < 2 * TEAM_ONE)
                            ADD(lane->margins + (word & TEAM_LOW), (int32_t)lane->weights[each]);
                    }
                }
            }
            int found = tally(edge, rank);
            SYNC();
            for (int turn = 0; turn < found; turn++) {
                PER(int, mine);
                EACH(t)
                    AT(mine, t) = AT(edge, t) && AT(rank, t) == turn;
                uint32_t each = first_of(mine, clause);
                int32_t weight = weighted ? (int32_t)lane->weights[each] : 0;
                if (lost) {
                    LEADER {
                        lane->list[lane->false_clauses] = each;
                        lane->words[each] = lane->false_clauses;
                    }
                    lane->false_clauses++;
                } else {
                    uint32_t place = lane->words[each], end_of_list = lane->list[--lane->false_clauses];
                    SYNC();
                    LEADER {
                        lane->list[place] = end_of_list;
                        lane->words[end_of_list] = place;
                        lane->words[each] = TEAM_ONE | variable;
                    }
                    weight = -weight;
                }
                if (weighted) {
                    team_spread(problem, lane, each, weight);
                    LEADER ADD(lane->margins + variable, weight);
                }
                SYNC();
            }
        }
    }
    SYNC();
    lane->effort += FLIP + fixed(problem->starts, 2 * variable + 2) - fixed(problem->starts, 2 * variable);
    team_record(problem, lane, variable);
}

// Flip a variable of a random false clause of any length.
FN void team_step_walk(const struct team_problem_view *problem, struct team_lane *lane, const uint32_t *table)
{
    uint32_t clause = lane->list[team_below(lane, lane->false_clauses)], variable = 0, chances = 0;
    for (uint32_t i = fixed(problem->offsets, clause); i < fixed(problem->offsets, clause + 1); i++) {
        uint32_t literal = fixed(problem->literals, i) ^ 1u, end = fixed(problem->starts, literal + 1), loss = 0;
        lane->effort += end - fixed(problem->starts, literal);
        for (uint32_t base = fixed(problem->starts, literal); base < end; base += W) {
            PER(int, alone);
            PER(int, rank);
            EACH(t)
                AT(alone, t) =
                    base + t < end && lane->words[fixed(problem->occurrences, base + t)] >> TEAM_SHIFT == 1;
            loss += (uint32_t)tally(alone, rank);
        }
        // Each takes the place of those before it with its part of the chances so far: one draw for each, no memory.
        uint32_t chance = team_chance(table, loss);
        chances += chance;
        if (team_below(lane, chances) < chance)
            variable = literal >> 1;
    }
    team_flip(problem, lane, variable, 0);
}
