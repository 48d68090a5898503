"""The weighted rule on the CPU: descent on weighted clauses, weight transfer in local minima."""

import numpy as np

from turbosat.gpu.kernels import FALSE, FLIP, FLIPS, GOOD, LOW, ONE, at, below, record, step
from turbosat.gpu.rules import WEIGHT_MAX, WEIGHT_ONE
from turbosat.jit import inline, jit

SAMPLES = 64  # with more candidates than these, the best of a random sample is taken
NEIGHBOURS = 64  # of a literal's clauses, how many are asked for weight


@jit
def weigh(problem, lane):
    """Compute all margins, and the variables of positive margin, from clause words and weights."""
    for variable in range(lane.margins.size):
        lane.margins[variable] = 0
    for clause in range(lane.words.size):
        word = lane.words[clause]
        weight = lane.weights[clause]
        if word < ONE:
            for entry in range(problem.offsets[clause], problem.offsets[clause + 1]):
                lane.margins[problem.literals[entry] >> 1] += weight
        elif word < 2 * ONE:
            lane.margins[word & LOW] -= weight
    good = 0
    for variable in range(lane.values.size):
        if lane.margins[variable] > 0:
            lane.good[good] = variable
            lane.place[variable] = good
            good += 1
        else:
            lane.place[variable] = -1
    lane.counters[GOOD] = good


@inline
def change(lane, variable, amount, good):
    """Add to a margin and keep the list of positive ones; return its length."""
    margin = lane.margins[variable] + amount
    lane.margins[variable] = margin
    place = lane.place[variable]
    if margin > 0:
        if place < 0:
            lane.place[variable] = good
            lane.good[good] = variable
            good += 1
    elif place >= 0:
        good -= 1
        last = lane.good[good]
        lane.good[place] = last
        lane.place[last] = place
        lane.place[variable] = -1
    return good


@inline
def flip(problem, lane, variable, false, good):
    """Flip a variable; return the false clauses, the variables of positive margin and the effort."""
    starts, occurrences = problem.starts, problem.occurrences
    offsets, literals = problem.offsets, problem.literals
    words, weights, false_list = lane.words, lane.weights, lane.false
    lane.values[variable] ^= 1
    made = 2 * variable + 1 - lane.values[variable]  # the literal that becomes true
    lost = made ^ 1
    spent = FLIP + np.int64(starts[2 * variable + 2] - starts[2 * variable])
    for position in range(starts[made], starts[made + 1]):
        clause = at(occurrences[position])
        word = words[clause]
        if word < ONE:  # was false: nobody can make it any more, the variable alone can break it
            false -= 1
            last = false_list[false]
            false_list[word] = last
            words[last] = word
            words[clause] = ONE | variable
            weight = np.int64(weights[clause])
            begin, end = offsets[clause], offsets[clause + 1]
            for entry in range(begin, end):
                good = change(lane, at(literals[entry] >> 1), -weight, good)
            good = change(lane, variable, -weight, good)
            spent += end - begin
        else:
            words[clause] = (word + ONE) ^ variable
            if word < 2 * ONE:
                good = change(lane, at(word), np.int64(weights[clause]), good)
    for position in range(starts[lost], starts[lost + 1]):
        clause = at(occurrences[position])
        word = (words[clause] - ONE) ^ variable
        if word < ONE:  # now false
            words[clause] = false
            false_list[false] = clause
            false += 1
            weight = np.int64(weights[clause])
            begin, end = offsets[clause], offsets[clause + 1]
            for entry in range(begin, end):
                good = change(lane, at(literals[entry] >> 1), weight, good)
            good = change(lane, variable, weight, good)
            spent += end - begin
        else:
            words[clause] = word
            if word < 2 * ONE:
                good = change(lane, at(word), -np.int64(weights[clause]), good)
    return false, good, spent


@inline
def best_variable(lane, good, random):
    """Return a variable of the largest margin, ties broken at random, and the generator."""
    chosen = np.int64(-1)
    most = np.int64(0)
    if good <= SAMPLES:
        random = step(random)
        first = below(random, good)  # the round begins anywhere, so that the first of equals is a fair one
        for turn in range(good):
            place = first + turn
            if place >= good:
                place -= good
            variable = at(lane.good[place])
            if lane.margins[variable] > most:
                most = lane.margins[variable]
                chosen = np.int64(variable)
    else:
        for _ in range(SAMPLES):
            random = step(random)
            variable = at(lane.good[below(random, good)])
            if lane.margins[variable] > most:
                most = lane.margins[variable]
                chosen = np.int64(variable)
    return chosen, random


@inline
def level_variable(problem, lane, false, random):
    """Return a variable of margin 0 in a false clause, or -1, and the generator."""
    chosen = np.int64(-1)
    for _ in range(min(false, SAMPLES)):
        random = step(random)
        clause = lane.false[below(random, false)]
        begin, end = problem.offsets[clause], problem.offsets[clause + 1]
        random = step(random)
        shift = below(random, end - begin)
        for turn in range(min(end - begin, SAMPLES)):
            entry = begin + shift + turn
            if entry >= end:
                entry -= end - begin
            variable = np.int64(problem.literals[entry] >> 1)
            if lane.margins[variable] == 0:
                chosen = variable
                break
        if chosen >= 0:
            break
    return chosen, random


@inline
def giver(problem, lane, clause, random):
    """Return the heaviest true neighbour of a clause (of those asked), the generator and the effort."""
    heaviest = np.int64(-1)
    most = np.int64(-1)
    spent = np.int64(0)
    for entry in range(problem.offsets[clause], problem.offsets[clause + 1]):
        literal = problem.literals[entry]
        begin, end = np.int64(problem.starts[literal]), np.int64(problem.starts[literal + 1])
        if end - begin > NEIGHBOURS:
            random = step(random)
            begin += below(random, end - begin - NEIGHBOURS + 1)
            end = begin + NEIGHBOURS
        spent += end - begin
        for position in range(np.uint64(begin), np.uint64(end)):
            other = at(problem.occurrences[position])
            if lane.weights[other] > most and lane.words[other] >= ONE:
                most = np.int64(lane.weights[other])
                heaviest = np.int64(other)
    return heaviest, random, spent


@inline
def transfer(problem, lane, rule, random, good):
    """Move weight from true neighbours to every false clause; return generator, list length and effort."""
    current, base, first, first_base, _, chance = rule
    false = lane.counters[FALSE]
    clauses = lane.words.size
    spent = np.int64(0)
    for index in range(false):
        clause = lane.false[index]
        source, random, cost = giver(problem, lane, clause, random)
        spent += cost + problem.offsets[clause + 1] - problem.offsets[clause]
        random = step(random)
        if source < 0 or lane.weights[source] < WEIGHT_ONE or below(random, 1024) < chance:
            for _ in range(100):
                random = step(random)
                other = below(random, clauses)
                if lane.words[other] >= ONE and lane.weights[other] >= WEIGHT_ONE:
                    source = other
                    break
        if source < 0 or lane.weights[clause] > WEIGHT_MAX:
            continue
        weight = np.int64(lane.weights[source])
        if weight > WEIGHT_ONE:
            amount = min((weight * current >> 10) + base, weight)
        else:
            amount = min((weight * first >> 10) + first_base, weight)
        lane.weights[source] -= amount
        lane.weights[clause] += amount
        word = lane.words[source]
        if word < 2 * ONE:
            good = change(lane, at(word), amount, good)
        for entry in range(problem.offsets[clause], problem.offsets[clause + 1]):
            good = change(lane, at(problem.literals[entry] >> 1), amount, good)
    return random, good, spent


@jit
def descend(problem, lane, rule, effort, until):
    """Flip and move weights until effort or flips are spent or no clause is false; return the effort.

    `rule` holds the constants of rules.Weighted, in their order. A variable of positive margin is always in
    a false clause, so the list of these is all that a choice has to look at.
    """
    counters = lane.counters
    random = lane.random[0]
    false = counters[FALSE]
    good = counters[GOOD]
    flips = counters[FLIPS]
    sideways = rule[4]
    spent = np.int64(0)
    while spent < effort and false > 0 and flips < until:
        variable = np.int64(-1)
        if good > 0:
            variable, random = best_variable(lane, good, random)
            spent += min(good, SAMPLES)
        else:
            random = step(random)
            if below(random, 1024) < sideways:
                variable, random = level_variable(problem, lane, false, random)
        if variable < 0:
            counters[FALSE] = false
            random, good, cost = transfer(problem, lane, rule, random, good)
            spent += cost + FLIP
            continue
        false, good, cost = flip(problem, lane, variable, false, good)
        spent += cost
        flips += 1
        record(lane, variable, false)
    lane.random[0] = random
    counters[FALSE] = false
    counters[GOOD] = good
    counters[FLIPS] = flips
    return spent
