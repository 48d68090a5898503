"""Files that cannot be read: the exact line that says so; and the forms that can."""

import bz2
import gzip
import lzma
from pathlib import Path

import pytest

from tests.families import dimacs, pigeonhole
from turbosat.check import InputError, check, check_model, check_proof

GOOD = b"p cnf 2 1\n1 2 0\n"


@pytest.mark.parametrize(
    ("cnf", "message"),
    [
        (b"", "<cnf>:1: expected 'p cnf VARIABLES CLAUSES', found the end of the file"),
        (b"c only\n1 2 0\n", "<cnf>:2: expected 'p cnf VARIABLES CLAUSES', found '1'"),
        (b"p cnf x 1\n", "<cnf>:1: expected 'p cnf VARIABLES CLAUSES', found 'p cnf x 1'"),
        (b"p inccnf\n", "<cnf>:1: expected 'p cnf VARIABLES CLAUSES', found 'p inccnf'"),
        (b"p cnf -1 2\n", "<cnf>:1: expected 'p cnf VARIABLES CLAUSES', found 'p cnf -1 2'"),
        (b"p cnf 2 1\np cnf 2 1\n", "<cnf>:2: a second header"),
        (b"p cnf 2 1\n1\np cnf 2 1\n", "<cnf>:3: expected a literal or 0, found 'p'"),
        (b"p cnf 2 1\n1 two 0\n", "<cnf>:2: expected a literal or 0, found 'two'"),
        (b"p cnf 2 1\n1 2x 0\n", "<cnf>:2: expected a literal or 0, found '2x'"),
        (b"p cnf 2 1\n\n1 -0\n", "<cnf>:3: expected a literal or 0, found '-0'"),
        (b"p cnf 2 1\n1 - 0\n", "<cnf>:2: expected a literal or 0, found '-'"),
        (b"p cnf 2 1\nd 1 0\n", "<cnf>:2: expected a literal or 0, found 'd'"),
        (b"p cnf 2 1\n\x00\n", "<cnf>:2: expected a literal or 0, found '\\x00'"),
        (
            b"p cnf 2 1\n1 99999999999999999999 0\n",
            "<cnf>:2: the literal '99999999999999999999' is too large",
        ),
        (b"p cnf 1073741824 1\n", "<cnf>:1: more than 1073741823 variables"),
        (b"p cnf 2 1\n1 2 0\n-1\n2\n", "<cnf>:3: the last clause, begun here, has no closing 0"),
        (b"\x1f\x8bnot gzip", "<cnf>: damaged gzip data: "),
        (b"BZhnot", "<cnf>: damaged bzip2 data: "),
        (b"\xfd7zXZ\x00not", "<cnf>: damaged xz data: "),
        (b"\x5d\x00\x00", "<cnf>: damaged lzma data: "),
        (b"\x28\xb5\x2f\xfdnot", "<cnf>: damaged zstd data: "),
    ],
)
def test_formulas(cnf: bytes, message: str) -> None:
    with pytest.raises(InputError) as caught:
        check(cnf, b"v 1 0\n")
    assert str(caught.value) == message or (
        message.endswith("data: ") and str(caught.value).startswith(message)
    )
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("solution", "message"),
    [
        (b"s MAYBE\n", "<model>:1: expected SATISFIABLE or another status, found 's MAYBE'"),
        (b"s SATISFIABLE\ns SATISFIABLE\n", "<model>:2: a second status"),
        (b"v 1 0\nv 2 0\n", "<model>:2: literals after the closing 0"),
        (b"v 1 0 2\n", "<model>:1: literals after the closing 0"),
        (b"v 1 x 0\n", "<model>:1: expected a literal or 0, found 'x'"),
        (b"v 1\nc\n\nvv\n", "<model>:4: expected a literal or 0, found 'vv'"),
        (b"v 5000000000 0\n", "<model>:1: the literal 5000000000 is too large"),
    ],
)
def test_solutions(solution: bytes, message: str) -> None:
    with pytest.raises(InputError) as caught:
        check_model(GOOD, solution)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("proof", "message"),
    [
        (b"1 2 0\nd1 0\n", "<proof>:2: expected a literal or 0, found 'd1'"),
        (b"1 2 0\nx1 0\n", "<proof>:2: expected a literal or 0, found 'x1'"),
        (b"1 2 0\n1 d 2 0\n", "<proof>:2: expected a literal or 0, found 'd'"),
        (b"1 9999999999 0\n", "<proof>:1: the literal '9999999999' is too large"),
        (b"1 2 0\nd 1 2", "<proof>:2: the last step, begun here, is cut short"),
        (b"a\x02\x00b\x02\x00", "<proof>:byte 3: expected a step (a or d), found byte 0x62"),
        (b"a\x02\x01\x00", "<proof>:byte 2: expected a literal or 0, found byte 0x01"),
        (b"a\xff\xff\xff\xff\xff\x00", "<proof>:byte 1: the literal is too large"),
        (b"a\x02", "<proof>:byte 0: the last step, begun here, is cut short"),
        (b"a\x02\x00d\x82", "<proof>:byte 3: the last step, begun here, is cut short"),
    ],
)
def test_proofs(proof: bytes, message: str) -> None:
    with pytest.raises(InputError) as caught:
        check_proof(GOOD, proof)
    assert str(caught.value) == message


def test_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.cnf: No such file or directory$"):
        check(tmp_path / "none.cnf", b"")
    with pytest.raises(InputError, match=r"Is a directory$"):
        check(tmp_path, b"")
    with pytest.raises(InputError, match=r"not a path$"):
        check("a\0b", b"")


def compressed(data: bytes) -> list[bytes]:
    zstandard = pytest.importorskip("zstandard")
    zstd = zstandard.ZstdCompressor().compress
    return [
        gzip.compress(data), bz2.compress(data), lzma.compress(data),
        lzma.compress(data, lzma.FORMAT_ALONE), zstd(data), zstd(data[:5]) + zstd(data[5:]),
    ]  # fmt: skip


def test_compressed() -> None:
    for cnf in compressed(GOOD):
        for answer in compressed(b"s SATISFIABLE\nv 1 -2 0\n"):
            assert check(cnf, answer).verdict.verified
    cnf = b"p cnf 2 4\n1 2 0\n-1 2 0\n1 -2 0\n-1 -2 0\n"
    for proof in (b"2 0\n0\n", b"a\x04\x00a\x00"):
        for answer in compressed(proof):
            assert check(cnf, answer).verdict.verified


def test_header_and_file_may_differ() -> None:
    verdict = check_model(b"p cnf 1 3\n1 2 0\n%\n0\n", b"v 2 0\n")
    assert verdict.verified
    assert verdict.notes == (
        "<cnf>: the header promises 3 clauses, the file has 1",
        "<cnf>: the header promises 1 variables, the file uses 2",
    )


def test_large_text_is_read_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    from turbosat.check.reading import scan

    monkeypatch.setattr(scan, "SLICE", 7)
    variables, clauses = pigeonhole(3, 3)
    text = dimacs(variables, clauses).replace(" 0\n", "\n0\nc between\n").encode()
    assert check_model(text, b"v 1 -2 -3 -4 5 -6 -7 -8 9 0\n").verified
    assert check_proof(
        b"p cnf 2 4\n1 2 0\n-1 2 0\n1 -2 0\n-1 -2 0\n", b"a\x04\x06\x00d\x04\x06\x00a\x04\x00"
    ).verified
