"""A matrix in the order kernels read it: rows of like length side by side, so that tiles end together."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.matrix import Matrix
from turbosat.encodings.parity_matrix import ParityMatrix


@dataclass(frozen=True, slots=True)
class Rows:
    """A renumbered Matrix: clauses and XORs by falling length, variables by falling number of occurrences.

    `variable_at[r]` and `clause_at[r]` are the matrix's numbers of row r. Occurrence lists of both signs of a
    variable lie side by side, as in Matrix: starts[2v], starts[2v + 1], starts[2v + 2].
    """

    matrix: Matrix
    variable_at: NDArray[np.int64]  # (variables,)
    clause_at: NDArray[np.int64]  # (clauses,)

    def to_rows(self, values: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Turn values bool (k, variables) of the matrix into bool (variables, k) of the rows."""
        return np.ascontiguousarray(values[:, self.variable_at].T)

    def from_rows(self, values: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Undo to_rows."""
        result = np.empty((values.shape[1], values.shape[0]), np.bool_)
        result[:, self.variable_at] = values.T
        return result

    def weights_to_rows(self, weights: NDArray[np.int32]) -> NDArray[np.int32]:
        """Turn weights int32 (k, clauses) of the matrix into int32 (clauses, k) of the rows."""
        return np.ascontiguousarray(weights[:, self.clause_at].T)

    def weights_from_rows(self, weights: NDArray[np.int32]) -> NDArray[np.int32]:
        """Undo weights_to_rows."""
        result = np.empty((weights.shape[1], weights.shape[0]), np.int32)
        result[:, self.clause_at] = weights.T
        return result


def arrange(matrix: Matrix) -> Rows:
    """Sort the rows of a matrix and of its transpose by falling length; equal rows keep their order."""
    lengths = np.diff(matrix.offsets)
    clause_at = np.argsort(-lengths, kind="stable")
    variable_at = np.argsort(-matrix.degrees, kind="stable")
    row_of = np.empty(matrix.variables, np.int32)
    row_of[variable_at] = np.arange(matrix.variables, dtype=np.int32)
    clause_row = np.empty(matrix.clauses, np.int32)
    clause_row[clause_at] = np.arange(matrix.clauses, dtype=np.int32)

    renamed = row_of[matrix.literals >> 1] << 1 | matrix.literals & 1
    offsets, literals = _gather(matrix.offsets, renamed, clause_at)
    # Row v of pairs of occurrence lists, then the lists themselves.
    codes = (variable_at[:, None] * 2 + np.arange(2)).ravel()  # (2 · variables,)
    starts, occurrences = _gather(matrix.starts, clause_row[matrix.occurrences], codes)
    ordered = replace(matrix, offsets=offsets, literals=literals, starts=starts, occurrences=occurrences)
    if isinstance(ordered, ParityMatrix):
        ordered = _arrange_xors(ordered, variable_at, row_of)
    return Rows(ordered, variable_at, clause_at)


def _arrange_xors(
    matrix: ParityMatrix, variable_at: NDArray[np.int64], row_of: NDArray[np.int32]
) -> ParityMatrix:
    """Rename the variables of XORs and sort the XORs by falling length."""
    xor_at = np.argsort(-np.diff(matrix.xor_offsets), kind="stable")
    xor_row = np.empty(matrix.xors, np.int32)
    xor_row[xor_at] = np.arange(matrix.xors, dtype=np.int32)
    offsets, variables = _gather(matrix.xor_offsets, row_of[matrix.xor_variables], xor_at)
    starts, occurrences = _gather(matrix.xor_starts, xor_row[matrix.xor_occurrences], variable_at)
    return replace(
        matrix,
        xor_offsets=offsets,
        xor_variables=variables,
        parities=matrix.parities[xor_at],
        xor_starts=starts,
        xor_occurrences=occurrences,
    )


def _gather(
    offsets: NDArray[np.int64], entries: NDArray[np.int32], order: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return offsets and entries of the rows `order`, one after the other."""
    lengths = np.diff(offsets)[order]
    result = np.zeros(order.size + 1, np.int64)
    np.cumsum(lengths, out=result[1:])
    at = np.repeat(offsets[:-1][order] - result[:-1], lengths) + np.arange(result[-1])
    return result, entries[at]
