"""What callers ask of engines, checked before it reaches a child process."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from turbosat.errors import UsageError


def checked_literals(literals: NDArray[np.int32], variables: int, what: str) -> NDArray[np.int32]:
    """Return `literals` as an int32 array; UsageError if one is not a literal of the formula."""
    array = np.asarray(literals)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise UsageError(f"expected {what} as a one-dimensional integer array")
    wide = array.astype(np.int64)
    if wide.size and (not wide.all() or int(np.abs(wide).max()) > variables):
        raise UsageError(f"expected {what} to be literals of the variables 1 to {variables}")
    return wide.astype(np.int32)


def checked_phases(values: NDArray[np.bool_], variables: int) -> NDArray[np.bool_]:
    """Return `values` as a bool array; UsageError unless there is one for every variable."""
    array = np.asarray(values)
    if array.dtype != np.bool_ or array.shape != (variables,):
        raise UsageError(f"expected phases as a bool array of shape ({variables},)")
    return array
