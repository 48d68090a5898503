"""Linear programming on cardinality constraints: multipliers with which they sum to 0 >= 1.

A sum of at-least constraints with multipliers of at least 0 refutes them if what it asks for is more than
all variables can give, each from 0 to 1 (Farkas' lemma; as proofs, the cutting planes of W. Cook, C. Coullard
and G. Turan, 1987, without their rounding). HiGHS finds the multipliers in floating point. Integers near
them are taken, and their sum is exact: whatever they are, a sum with multipliers of at least 0 is sound.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.cardinalities import Cardinalities

SCALES: Final = 1, 2, 6, 60, 2520, 1 << 20, 1 << 30, 1 << 40  # denominators tried
ROOM: Final = 1 << 62  # sums stay below, in integers of 64 bits


def refuting(
    rows: Cardinalities, variables: int, seconds: float, iterations: int
) -> tuple[NDArray[np.int64] | None, int]:
    """Return integers (rows,), of at least 0, with which the rows sum to a contradiction, and iterations.

    None where there are none, or where they are not found in the time, and with the iterations, allowed.
    Raises ImportError where HiGHS is missing.
    """
    ray, taken = _ray(rows, variables, seconds, iterations)
    largest = 0.0 if ray is None else float(ray.max(initial=0.0))
    if ray is None or not 0.0 < largest < np.inf:
        return None, taken
    entries = int(rows.codes.size)
    for scale in SCALES:
        if scale * entries >= ROOM:
            break
        multipliers = np.rint(ray / largest * scale).astype(np.int64)
        if contradictory(rows, variables, multipliers):
            return multipliers, taken
    return None, taken


def contradictory(rows: Cardinalities, variables: int, multipliers: NDArray[np.int64]) -> bool:
    """Say whether the rows, with these multipliers (rows,), ask for more than variables can give; exactly."""
    if (multipliers < 0).any() or int(multipliers.max(initial=0)) * max(1, rows.codes.size) >= ROOM:
        return False  # where there is no overflow, int64 is exact
    signs, bounds = rows.inequalities()
    each = np.repeat(multipliers, np.diff(rows.offsets)) * signs
    coefficients = np.zeros(variables, np.int64)
    np.add.at(coefficients, rows.codes >> 1, each)
    return int((multipliers * bounds).sum()) > int(np.maximum(coefficients, 0).sum())


def _ray(
    rows: Cardinalities, variables: int, seconds: float, iterations: int
) -> tuple[NDArray[np.float64] | None, int]:
    """Return multipliers (rows,) that should refute the rows, None if there are none, and iterations."""
    import highspy

    signs, bounds = rows.inequalities()
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = variables, len(rows)
    program.col_cost_ = np.zeros(variables)
    program.col_lower_, program.col_upper_ = np.zeros(variables), np.ones(variables)
    program.row_lower_ = bounds.astype(np.float64)
    program.row_upper_ = np.full(len(rows), highspy.kHighsInf)
    matrix = program.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kRowwise
    matrix.start_, matrix.index_ = rows.offsets.astype(np.int32), rows.codes >> 1
    matrix.value_ = signs.astype(np.float64)
    solver = highspy.Highs()
    for name, value in (
        ("log_to_console", False),
        ("output_flag", False),
        ("threads", 1),
        ("parallel", "off"),
        ("presolve", "off"),  # it would find that there is no solution, but not why
        ("solver", "simplex"),
        ("time_limit", seconds),
        ("simplex_iteration_limit", iterations),
    ):
        solver.setOptionValue(name, value)
    solver.passModel(program)
    solver.run()
    taken = int(solver.getInfo().simplex_iteration_count)
    if solver.getModelStatus() != highspy.HighsModelStatus.kInfeasible:
        return None, taken
    _, known, ray = solver.getDualRay()
    return (np.maximum(np.asarray(ray), 0.0) if known else None), taken
