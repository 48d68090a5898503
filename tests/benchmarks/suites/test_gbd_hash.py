"""The database's hash of a formula: fixed figures of its own program, a slow reading, real files."""

import bz2
import gzip
import hashlib
import lzma
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from turbosat.benchmarks import gbd_hash
from turbosat.benchmarks.gbd_hash import describe, known_status
from turbosat.errors import InputError

CLAUSES = st.lists(st.lists(st.integers(-300, 300).filter(bool), max_size=5), max_size=30)
BLANKS = st.sampled_from([" ", "  ", "\t", "\n", "\r\n", "\n\n ", "\nc a comment 1 2 0 +1 %\n", "\nc\n"])
FORMS = st.sampled_from(["%d", "%d", "%d", "%+d", "%03d"])


@given(CLAUSES, st.data(), st.integers(1, 200))
@settings(max_examples=200)
def test_only_the_numbers_count(
    tmp_path_factory: pytest.TempPathFactory, clauses: list[list[int]], data: st.DataObject, block: int
) -> None:
    numbers = [number for clause in clauses for number in [*clause, 0]]
    text = "c first\np cnf 300 7\n" + "".join(
        (data.draw(FORMS) % number if number else "0") + data.draw(BLANKS) for number in numbers
    )
    path = tmp_path_factory.getbasetemp() / "spelled.cnf"
    path.write_text(text, newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gbd_hash, "BLOCK", block)
        found = describe(path)
    assert found.hash == hashlib.md5(" ".join(map(str, numbers)).encode()).hexdigest()
    assert (found.variables, found.clauses) == (300, len(clauses)) or block < 20


@pytest.mark.parametrize(
    ("text", "digest"),  # computed by gbdc 0.4.3
    [
        ("p cnf 2 2\n1 2 0\n-1 0\n", "c6ce184c63bd60d30c531eac029fd725"),
        ("p cnf 2 2\n1 2 0\n-1\n", "c6ce184c63bd60d30c531eac029fd725"),
        ("1 2 0 c hello\n-1 0", "c6ce184c63bd60d30c531eac029fd725"),
        ("p cnf 2 2\n1 2 0\n0\n", "7a997b9c0f1cc36f06f481a0692a599c"),
        ("1 2 0", "4a2a81c6e15de07704f091753d10ba32"),
    ],
)
def test_figures_of_the_original(tmp_path: Path, text: str, digest: str) -> None:
    path = tmp_path / "small.cnf"
    path.write_text(text)
    assert describe(path).hash == digest


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_compression_does_not_count(tmp_path: Path, pack: "type[bytes]") -> None:
    path = tmp_path / "small.cnf.packed"
    path.write_bytes(pack(b"p cnf 2 2\n1 2 0\n-1 0\n"))
    assert describe(path).hash == "c6ce184c63bd60d30c531eac029fd725"


def test_satlib_ends_with_a_percent_sign(tmp_path: Path) -> None:
    path = tmp_path / "uf.cnf"
    path.write_text("c 100%\np cnf 2 2\n 1 2 0\n-1 0\n%\n0\n\n")
    assert describe(path).hash == "c6ce184c63bd60d30c531eac029fd725"
    assert describe(path).clauses == 2


def test_comments_tell_status_and_family(tmp_path: Path) -> None:
    path = tmp_path / "told.cnf"
    path.write_text("c family pigeons\nc status UNSAT\np cnf 2 1\n1 2 0\n")
    assert (describe(path).known, describe(path).family) == ("unsat", "pigeons")
    path.write_text("c no family\nc my status SAT\np cnf 2 1\n1 2 0\n")
    assert (describe(path).known, describe(path).family) == ("unknown", "")


def test_words_for_a_status() -> None:
    assert list(map(known_status, ("SAT", "unsat", "Satisfiable", "20", "?", ""))) == [
        *("sat", "unsat", "sat", "unsat", "unknown", "unknown")
    ]


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        describe(tmp_path / "nothing.cnf")


def test_files_of_the_competition_are_named_by_it(corpus: Path) -> None:
    """One of the 13 names is not the file's hash by gbdc, either."""
    named = [path for path in corpus.rglob("*.cnf*") if re.match("[0-9a-f]{32}-", path.name)]
    agree = [path.name.startswith(describe(path).hash) for path in named]
    assert len(named) == 13
    assert sum(agree) == 12
