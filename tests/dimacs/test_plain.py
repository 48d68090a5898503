"""The reader of what is plainly right says what the parser says, or nothing."""

from array import array
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dimacs.malformed import MALFORMED, Malformed
from tests.turbosat.strategies import formulas, texts
from turbosat.dimacs import plain
from turbosat.dimacs.writer import value_lines
from turbosat.errors import InputError
from turbosat.formula.files import dumps, parse
from turbosat.formula.formula import Formula

CLAUSES = formulas(xors=False)


def formula_of(small: plain.Plain) -> Formula:
    return Formula.from_dimacs_array(np.asarray(small.flat, np.int32), small.variables)


@given(CLAUSES)
def test_what_was_written_is_read(formula: Formula) -> None:
    small = plain.parse(dumps(formula))
    assert small is not None
    assert formula_of(small) == formula
    assert small.clauses == formula.clauses


@given(formulas().flatmap(texts))
def test_other_forms_are_read_as_the_parser_does(text: bytes) -> None:
    small = plain.parse(text)
    assert small is None or formula_of(small) == parse(text)


@given(
    CLAUSES.flatmap(texts), st.integers(0, 200), st.sampled_from([*b"0123456789- \t\n\r\fcpx%+_.", 0, 200])
)
def test_what_the_parser_refuses_is_not_read(text: bytes, place: int, byte: int) -> None:
    changed = text[:place] + bytes([byte]) + text[place + 1 :]
    small = plain.parse(changed)
    try:
        expected = parse(changed)
    except InputError:
        assert small is None
    else:
        assert small is None or formula_of(small) == expected


@pytest.mark.parametrize("case", MALFORMED, ids=lambda case: case.name)
def test_malformed_files_are_left_to_the_parser(case: Malformed) -> None:
    assert case.options or plain.parse(case.data) is None


@pytest.mark.parametrize(
    "text",
    [
        b"p cnf 3 2\n1 -2 0\n2 3 0\n",
        b"c text\nc\np cnf 3 2 \nc 1 0\n1 -2\n\t0 2 3 0",
        b"p cnf 0 0\n",
        b"p cnf 2 1\n0",
    ],
)
def test_what_is_plainly_right(text: bytes) -> None:
    small = plain.parse(text)
    assert small is not None
    assert formula_of(small) == parse(text)


def test_large_files_are_left_to_the_parser(tmp_path: Path) -> None:
    path = tmp_path / "f.cnf"
    line = b"1 -2 3 0\n"
    lines = plain.LARGEST // len(line)
    path.write_bytes(b"p cnf 3 %d\n" % lines + lines * line)
    assert plain.read(str(path)) is None
    path.write_bytes(b"p cnf 3 %d\n" % (lines - 9) + (lines - 9) * line)
    assert plain.read(str(path)) is not None
    assert plain.read(str(tmp_path)) is None


@given(st.data())
def test_models_are_checked(data: st.DataObject) -> None:
    formula = data.draw(CLAUSES)
    small = plain.parse(dumps(formula))
    assert small is not None
    size = formula.variables
    values = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)), np.bool_)
    model = array("i", [number if value else -number for number, value in enumerate(values.tolist(), 1)])
    assert small.satisfied(model) == formula.satisfied(values)


@pytest.mark.parametrize("variables", [0, 1, 9, 10, 14, 15, 16, 999, 12_345])
def test_models_are_written_as_by_the_writer(variables: int) -> None:
    model = array("i", [number if number % 3 else -number for number in range(1, variables + 1)])
    assert b"".join(plain.value_lines(model)) == b"".join(value_lines(np.asarray(model, np.int32)))
