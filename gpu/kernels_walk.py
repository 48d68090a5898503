"""The walk rule on the CPU: focused stochastic flips without weights, with cached breaks."""

import numpy as np

from turbosat.gpu.kernels import FALSE, FLIP, FLIPS, ONE, at, record, step, unit
from turbosat.jit import jit


@jit
def walk(problem, lane, table, effort, until):
    """Flip until effort or flips are spent or no clause is false; return the effort.

    Each flip takes a random variable of a false clause, in proportion to table[break] (Balint and Schöning,
    SAT 2012). The false clauses take turns instead of being drawn (Balint, Biere, Fröhlich and Schöning,
    SAT 2014); on random 3-SAT of ratio 4.2 this measured no worse and not clearly better. Only the clauses of
    the flipped variable are visited. Breaks are moved without branches, which processors would mispredict: a
    change that concerns no variable goes to the bin at the end of `breaks`.
    """
    literals, starts, occurrences = problem.literals, problem.starts, problem.occurrences
    words, breaks, values, false_list = lane.words, lane.breaks, lane.values, lane.false
    bin_ = at(breaks.size - 1)
    top = np.int64(table.size - 1)
    random = lane.random[0]
    false = lane.counters[FALSE]
    flips = lane.counters[FLIPS]
    spent = np.int64(0)
    while spent < effort and false > 0 and flips < until:
        clause = false_list[np.uint64(flips) % np.uint64(false)]
        begin, end = problem.offsets[clause], problem.offsets[clause + 1]
        total = 0.0
        for entry in range(begin, end):
            total += table[min(breaks[at(literals[entry] >> 1)], top)]
        random = step(random)
        left = unit(random) * total
        entry = begin
        while entry < end - 1:
            left -= table[min(breaks[at(literals[entry] >> 1)], top)]
            if left < 0.0:
                break
            entry += 1
        variable = np.int64(literals[entry] >> 1)

        values[variable] ^= 1
        made = 2 * variable + 1 - values[variable]  # the literal that becomes true
        lost = made ^ 1
        alone = 0
        for position in range(starts[made], starts[made + 1]):
            clause = at(occurrences[position])
            word = words[clause]
            if word < ONE:  # take it off the list: the last one moves to its place
                false -= 1
                last = false_list[false]
                false_list[word] = last
                words[last] = word
                words[clause] = ONE | variable
                alone += 1
            else:
                words[clause] = (word + ONE) ^ variable
                breaks[at(word) if word < 2 * ONE else bin_] -= 1
        breaks[variable] = alone
        for position in range(starts[lost], starts[lost + 1]):
            clause = at(occurrences[position])
            word = (words[clause] - ONE) ^ variable
            if word < ONE:
                word = false
                false_list[false] = clause
                false += 1
            words[clause] = word
            breaks[at(word) if word >> 32 == 1 else bin_] += 1

        flips += 1
        spent += np.int64(starts[2 * variable + 2] - starts[2 * variable]) + FLIP
        record(lane, variable, false)
    lane.random[0] = random
    lane.counters[FALSE] = false
    lane.counters[FLIPS] = flips
    return spent
