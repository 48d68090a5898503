import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from turbosat.formula.rows import repeats, sorted_rows

ROWS = st.lists(st.tuples(st.lists(st.integers(0, 3), max_size=4), st.integers(0, 1)), max_size=12)


@given(ROWS)
def test_rows_are_sorted_and_repeats_found(rows: list[tuple[list[int], int]]) -> None:
    flat = np.array([x for row, _ in rows for x in row], np.int32)
    offsets = np.append(0, np.cumsum([len(row) for row, _ in rows])).astype(np.int64)
    ordered = sorted_rows(flat, offsets)
    wanted = [sorted(row) for row, _ in rows]
    assert [ordered[a:b].tolist() for a, b in itertools.pairwise(offsets)] == wanted
    found = repeats(ordered, offsets, np.array([label for _, label in rows], np.int64))
    keys = [(sorted(row), label) for row, label in rows]
    assert found.tolist() == [key in keys[:i] for i, key in enumerate(keys)]
