"""Malformed files: the exact message, in whatever pieces they come."""

import os
import re
from pathlib import Path

import pytest

from tests.dimacs.malformed import MALFORMED, Malformed
from turbosat.errors import InputError
from turbosat.formula.files import parse, read

CASES = pytest.mark.parametrize("case", MALFORMED, ids=lambda case: case.name)


def mode(case: Malformed) -> str:
    return case.options[0].removeprefix("--") if case.options else "normal"


def test_the_table() -> None:
    assert len({case.name for case in MALFORMED}) == len(MALFORMED) >= 45
    assert all(re.match(r"\{file\}(:\d+)?: expected .*, found ", case.message) for case in MALFORMED)


@CASES
def test_the_message(case: Malformed, tmp_path: Path) -> None:
    path = tmp_path / "file.cnf"
    path.write_bytes(case.data)
    with pytest.raises(InputError) as caught:
        read(path, strictness=mode(case))
    message = str(caught.value)
    assert message == case.message.replace("{file}", str(path))
    assert message.isprintable()


@CASES
@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 40])
def test_the_size_of_chunks_does_not_matter(case: Malformed, chunk: int) -> None:
    if len(case.data) > 10_000:
        chunk *= 5_000
    with pytest.raises(InputError) as caught:
        parse(case.data, "F", strictness=mode(case), chunk=chunk)
    assert str(caught.value) == case.message.replace("{file}", "F")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"/missing\.cnf: expected a DIMACS file, found no such file$"):
        read(tmp_path / "missing.cnf")
    with pytest.raises(InputError, match=r": expected a DIMACS file, found a directory$"):
        read(tmp_path)
    with pytest.raises(InputError, match="expected a DIMACS file, found embedded null byte"):
        read("a\0b")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "secret.cnf"
    path.write_bytes(b"p cnf 0 0\n")
    path.chmod(0)
    with pytest.raises(InputError, match="found one without permission to read it"):
        read(path)


def test_binary_junk_is_never_printed() -> None:
    for junk in (os.urandom(4096), bytes(range(256)), b"p cnf 1 1\n" + os.urandom(4096)):
        with pytest.raises(InputError) as caught:
            parse(junk)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 150


def test_a_literal_without_end() -> None:
    with pytest.raises(
        InputError, match=r"^F:2: expected a literal, found more than 1048576 bytes without a blank$"
    ):
        parse(b"p cnf 1 1\n" + b"0" * (1 << 22), "F")
