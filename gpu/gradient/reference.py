"""The slow twin of every synchronous kernel: one step of a population in plain integers.

Everything works on a Matrix in row order (turbosat.gpu.cuda.rows), on unpacked lanes, bool or integer arrays
(rows, lanes), and draws the same random numbers as the kernels, so that results must be equal, not close.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.matrix import Matrix
from turbosat.encodings.parity_matrix import ParityMatrix
from turbosat.gpu import draws
from turbosat.gpu.rules import BITS, BREAKS, PUSH, REACH, WEIGHT_MAX, WEIGHT_ONE, Weighted

Values = NDArray[np.bool_]
Integers = NDArray[np.int64]


def counts(matrix: Matrix, values: Values) -> Integers:
    """Return R = P·A, true literals of each clause in each lane, int64 (constraints, lanes).

    An XOR, after the clauses, has 1 where it holds and 0 where it does not.
    """
    true = values[matrix.literals >> 1] ^ (matrix.literals & 1).astype(np.bool_)[:, None]  # (entries, lanes)
    result = np.zeros((matrix.constraints, values.shape[1]), np.int64)
    for clause in range(matrix.clauses):
        result[clause] = true[matrix.offsets[clause] : matrix.offsets[clause + 1]].sum(axis=0)
    for number, (row, parity) in enumerate(_xors(matrix)):
        result[matrix.clauses + number] = values[row].sum(axis=0) % 2 == parity
    return result


def breaks(matrix: Matrix, values: Values) -> Integers:
    """Return how many constraints each variable alone satisfies, int64 (variables, lanes)."""
    alone = counts(matrix, values) == 1
    result = np.zeros(values.shape, np.int64)
    for clause in range(matrix.clauses):
        for literal in matrix.literals[matrix.offsets[clause] : matrix.offsets[clause + 1]]:
            true = values[literal >> 1] ^ bool(literal & 1)
            result[literal >> 1] += alone[clause] & true
    for number, (row, _) in enumerate(_xors(matrix)):
        result[row] += alone[matrix.clauses + number]
    return result


def makes(matrix: Matrix, values: Values) -> Integers:
    """Return in how many false constraints each variable is, int64 (variables, lanes)."""
    false = counts(matrix, values) == 0
    result = np.zeros(values.shape, np.int64)
    for clause in range(matrix.clauses):
        for literal in matrix.literals[matrix.offsets[clause] : matrix.offsets[clause + 1]]:
            result[literal >> 1] += false[clause]
    for number, (row, _) in enumerate(_xors(matrix)):
        result[row] += false[matrix.clauses + number]
    return result


def _xors(matrix: Matrix) -> Iterator[tuple[NDArray[np.int32], bool]]:
    """Yield the variables, which are distinct, and the parity of each XOR."""
    if isinstance(matrix, ParityMatrix):
        for number, parity in enumerate(matrix.parities.tolist()):
            yield matrix.xor_variables[matrix.xor_offsets[number] : matrix.xor_offsets[number + 1]], parity


def margins(matrix: Matrix, values: Values, weights: NDArray[np.int32]) -> Integers:
    """Return make − break of every variable, int64 (variables, lanes), for weights (clauses, lanes)."""
    columns = [matrix.margins(values[:, i].copy(), weights[:, i]) for i in range(values.shape[1])]
    return np.stack(columns, axis=1)


def walk_step(
    matrix: Matrix,
    values: Values,
    thresholds: NDArray[np.int32],
    active: NDArray[np.bool_],
    key: NDArray[np.uint32],
) -> Values:
    """Return the lanes, a multiple of 32, after one step of the walk under thresholds (BREAKS, words)."""
    made = np.minimum(makes(matrix, values), BREAKS - 1)
    loss = np.maximum(np.minimum(breaks(matrix, values), BREAKS - 1) - (made - 1), 0)
    words = values.shape[1] // 32
    index = np.arange(matrix.variables, dtype=np.int64)[:, None] * words + np.arange(words)
    start = draws.bases(key, index)  # (variables, words)
    number = np.zeros(values.shape, np.int64)
    for bit in range(BITS):
        word = draws.draw(start, bit)
        ones = word[:, :, None] >> np.arange(32, dtype=np.uint32) & np.uint32(1)  # (variables, words, 32)
        number += ones.reshape(values.shape).astype(np.int64) << bit
    limit = np.take_along_axis(
        thresholds.repeat(32, axis=1), np.minimum(loss, BREAKS - 1), axis=0
    )  # (variables, lanes)
    result: Values = values ^ ((made > 0) & active & (number < limit))
    return result


@dataclass
class WeightedLanes:
    """What a step of weighted descent changes."""

    values: Values  # (variables, lanes)
    weights: NDArray[np.int32]  # (clauses, groups), lane i in group i // (lanes // groups)


def weighted_step(
    matrix: Matrix,
    state: WeightedLanes,
    rules: list[Weighted],
    active: NDArray[np.bool_],
    keys: NDArray[np.uint32],
) -> None:
    """Take one synchronous step of weighted descent in place, lane i under rules[i], keys (streams,)."""
    lanes = state.values.shape[1]
    per_group = lanes // state.weights.shape[1]
    spread = state.weights.repeat(per_group, axis=1)  # (clauses, lanes)
    true = counts(matrix, state.values)
    margin = margins(matrix, state.values, spread)
    chosen = np.zeros(state.values.shape, np.bool_)
    takers: list[tuple[int, int, int]] = []  # clause, group, giver
    for lane in np.flatnonzero(active).tolist():
        best = {}
        for clause in np.flatnonzero(true[:, lane] == 0).tolist():
            row = matrix.literals[matrix.offsets[clause] : matrix.offsets[clause + 1]] >> 1
            best[clause] = max(row.tolist(), key=lambda v: (margin[v, lane], _tie(keys, v * lanes + lane, 0)))
        if any(margin[v, lane] > 0 for v in best.values()):
            picked = [v for v in best.values() if margin[v, lane] > 0]
        elif _tie(keys, lane, 0, draws.LANE) % 1024 < rules[lane].sideways:
            picked = [v for v in best.values() if margin[v, lane] == 0]
        else:
            picked = []
            for clause in best:
                giver = _giver(matrix, clause, lane, lanes, true, spread, rules[lane], keys)
                if giver >= 0:
                    takers.append((clause, lane, giver))
        for v in picked:
            chosen[v, lane] = _tie(keys, v * lanes + lane, 1) % 1024 < PUSH
    state.values ^= chosen
    _transfer(state.weights, takers, rules, per_group)


def _tie(keys: NDArray[np.uint32], index: int, number: int, stream: int = draws.TIE) -> int:
    """Return one draw."""
    return int(draws.draw(draws.bases(keys[stream : stream + 1], np.array([index])), number)[0])


def _giver(
    matrix: Matrix,
    clause: int,
    lane: int,
    lanes: int,
    true: Integers,
    weights: NDArray[np.int32],
    rule: Weighted,
    keys: NDArray[np.uint32],
) -> int:
    """Return the true clause that gives weight: the heaviest neighbour seen, else one at random, else -1."""
    giver, heaviest = -1, 0
    index = clause * lanes + lane
    if _tie(keys, index, 0, draws.ENTRY) % 1024 >= rule.random:
        for literal in matrix.literals[matrix.offsets[clause] : matrix.offsets[clause + 1]].tolist():
            first = int(matrix.starts[literal])
            length = int(matrix.starts[literal + 1]) - first
            turn = (_tie(keys, index, 1, draws.ENTRY) >> 1) % length
            for place in range(min(length, REACH)):
                other = int(matrix.occurrences[first + (turn + place) % length])
                if true[other, lane] > 0 and weights[other, lane] > heaviest:
                    giver, heaviest = other, int(weights[other, lane])
    if giver < 0:
        other = (_tie(keys, index, 2, draws.ENTRY) >> 1) % matrix.clauses
        if true[other, lane] > 0:
            giver = other
    return giver


def _transfer(
    weights: NDArray[np.int32], takers: list[tuple[int, int, int]], rules: list[Weighted], per_group: int
) -> None:
    """Move weight to each taker (clause, lane, giver) at once; several takers share what a giver has."""
    before = weights.copy()
    asked: dict[tuple[int, int], int] = {}
    for _, lane, giver in takers:
        at = giver, lane // per_group
        asked[at] = asked.get(at, 0) + 1
    for clause, lane, giver in takers:
        group, rule = lane // per_group, rules[lane]
        weight = int(before[giver, group])
        if weight > WEIGHT_ONE:
            amount = (weight * rule.current >> 10) + rule.base
        else:
            amount = (weight * rule.first >> 10) + rule.first_base
        amount = min(amount, weight // asked[giver, group])
        if before[clause, group] < WEIGHT_MAX:
            weights[clause, group] += amount
            weights[giver, group] -= amount
