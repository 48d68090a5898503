"""DIMACS: what is read is what was written, whatever its form; verdicts are Kissat's."""

import bz2
import gzip
import io
import lzma
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from itertools import chain, repeat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.turbosat.strategies import formulas, texts, wide_formulas
from turbosat.cdcl.process.binaries import find_kissat
from turbosat.dimacs import compression
from turbosat.dimacs.compression import sniff
from turbosat.dimacs.integers import PADDING, TOO_LARGE, tokenise
from turbosat.dimacs.reader import Strictness, looks_like_dimacs
from turbosat.errors import InputError, UsageError
from turbosat.formula.files import dumps, parse, read, write
from turbosat.formula.formula import Formula

SMALL = Formula.from_clauses([[1, -2], [2, 3], []], 4, xors=[[1, -2, 3]])
TEXT = b"p cnf 4 4\n1 -2 0\n2 3 0\n0\nx1 -2 3 0\n"


def zstd(data: bytes) -> bytes:
    if sys.version_info >= (3, 14):
        from compression import zstd

        return zstd.compress(data)
    import zstandard

    return bytes(zstandard.compress(data))


def lzma_alone(data: bytes) -> bytes:
    return lzma.compress(data, format=lzma.FORMAT_ALONE)


COMPRESSORS: list[Callable[[bytes], bytes]] = [gzip.compress, bz2.compress, lzma.compress, lzma_alone, zstd]


def test_a_small_file() -> None:
    assert parse(TEXT) == SMALL
    assert dumps(SMALL) == TEXT


@given(st.one_of(formulas(), wide_formulas()))
def test_reading_what_was_written(formula: Formula) -> None:
    text = dumps(formula)
    assert parse(text) == formula
    assert parse(text, strictness="strict") == parse(text, strictness=Strictness.RELAXED) == formula


@given(st.data(), st.one_of(formulas(), wide_formulas()), st.integers(1, 60))
def test_blanks_comments_and_the_size_of_chunks_do_not_matter(
    data: st.DataObject, formula: Formula, chunk: int
) -> None:
    text = data.draw(texts(formula))
    assert parse(text) == formula
    assert parse(text, chunk=chunk) == formula
    assert parse(text, strictness="relaxed", chunk=chunk) == formula


@pytest.mark.parametrize("compress", COMPRESSORS)
@given(formula=formulas())
@settings(max_examples=20)
def test_compressed(compress: Callable[[bytes], bytes], formula: Formula) -> None:
    assert parse(compress(dumps(formula))) == formula


@pytest.mark.parametrize("compress", COMPRESSORS)
def test_compressed_files_are_known_by_content(compress: Callable[[bytes], bytes], tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    flat = rng.integers(1, 10**6, 100_000) * rng.choice([-1, 1], 100_000)
    formula = Formula(flat.astype(np.int32), np.arange(0, 100_001, 4))
    path = tmp_path / "misleading.txt"
    path.write_bytes(compress(dumps(formula)))
    assert read(path) == formula
    assert looks_like_dimacs(path)


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress, zstd])
@pytest.mark.parametrize("chunk", [1, 5, 1 << 17])
def test_several_compressed_streams(compress: Callable[[bytes], bytes], chunk: int) -> None:
    assert parse(compress(TEXT[:15]) + compress(b"") + compress(TEXT[15:]), chunk=chunk) == SMALL


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress])
@pytest.mark.parametrize("chunk", [1, 5, 1 << 17])
def test_padding_of_compressed_streams(compress: Callable[[bytes], bytes], chunk: int) -> None:
    padded = compress(TEXT[:15]) + bytes(8) + compress(TEXT[15:]) + bytes(512)
    assert parse(padded, chunk=chunk) == SMALL


def test_compression_bombs_come_in_pieces() -> None:
    bomb = gzip.compress(b"c\n" * (16 << 20))
    kind = compression.sniff(bomb)
    assert kind is not None
    assert max(map(len, compression.decompressed(iter([bomb]), kind, "bomb"))) <= 1 << 18


def test_sniffing() -> None:
    known = [sniff(compress(TEXT)) for compress in COMPRESSORS]
    assert [*known, sniff(b"7z\xbc\xaf\x27\x1c")] == [*compression.Compression]
    assert sniff(TEXT) is sniff(b"") is sniff(b"\x1f") is None


def test_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "small.cnf"
    write(SMALL, path)
    assert read(path) == read(str(path)) == Formula.from_file(path) == SMALL
    with path.open("rb") as file:
        assert read(file) == SMALL
        assert not file.closed
    assert read(io.BytesIO(TEXT)) == SMALL
    for data in (bytearray(TEXT), memoryview(TEXT)):
        assert parse(data) == SMALL
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT)))
    assert read("-") == SMALL
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"p\n")))
    with pytest.raises(InputError, match=r"^<stdin>:1: expected"):
        read("-")


def test_targets(tmp_path: Path) -> None:
    stream = io.BytesIO()
    write(SMALL, stream, comments=["one", "", "two\nthree  "])
    assert stream.getvalue() == b"c one\nc\nc two\nc three\n" + TEXT
    with pytest.raises(FileNotFoundError):
        write(SMALL, tmp_path / "missing" / "file.cnf")


def test_writing_large_formulas() -> None:
    rng = np.random.default_rng(5)
    ends = np.sort(rng.integers(0, 100_000, 30_000))
    literals = (10 ** rng.uniform(0, 8, 100_000)).astype(np.int32) * rng.choice([-1, 1], 100_000)
    formula = Formula(literals.astype(np.int32), np.concatenate([[0], ends, [100_000]]))
    lines = [f"p cnf {formula.variables} {len(formula)}", *(" ".join(map(str, (*c, 0))) for c in formula)]
    assert dumps(formula).decode().splitlines() == lines
    assert parse(dumps(formula)) == formula


class Long:
    """A stream that begins with a comment of many blocks."""

    def __init__(self, blocks: int) -> None:
        self._blocks = chain([b"c text"], repeat(b"x" * 100_000, blocks), [b"\r", b"\np cnf 1 1\n1 0\n"])

    def read(self, size: int = -1) -> bytes:
        return next(self._blocks, b"")


def test_a_long_comment_is_not_kept() -> None:
    tracemalloc.start()
    formula = read(Long(300))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert formula == Formula.from_clauses([[1]])
    assert peak < 5_000_000


def test_an_xor_that_always_holds() -> None:
    assert dumps(Formula.from_clauses([], 2, [[2, -2], [], [1]])) == b"p cnf 2 3\nx1 -1 0\nx0\nx1 0\n"
    xors = parse(b"p cnf 2 3\nx1 -1 0\nx0\nx 1 2 1 0\n").xors
    assert list(xors) == [((), False), ((), True), ((2,), True)]
    only = Formula(
        np.zeros(0, np.int32), np.zeros(1, np.int64), 0, Formula.from_clauses([], 1, [[1, -1]]).xors
    )
    assert dumps(only) == b"p cnf 0 1\n"


@pytest.mark.parametrize("count", [2, 3])
def test_the_header_may_count_xors_or_not(count: int) -> None:
    formula = parse(b"p cnf 3 %d\n1 2 0\nx1 2 0\n-1 0\n" % count)
    assert (len(formula), len(formula.xors)) == (2, 1)


def test_a_percent_sign_ends_a_file() -> None:
    text = b"p cnf 3 2\n1 -2 0\n2 3 0\n %\n0\n\n"
    formula = Formula.from_clauses([[1, -2], [2, 3]])
    for chunk in (1, 2, 9, 1 << 17):
        for end in (b"", b"%", b"%\r\n0\r\n"):
            assert parse(text[: -6 if end else None] + end, chunk=chunk) == formula
        assert parse(text + b"anything \xff", strictness="relaxed", chunk=chunk) == formula
        with pytest.raises(InputError, match=r":7: expected only 0 after the line with '%' .*, found 'anyth"):
            parse(text + b"anything \xff", chunk=chunk)
    with pytest.raises(InputError, match=r":4: expected a literal, found '%' \(reading stops there without"):
        parse(text, strictness="strict")


def test_a_percent_sign_is_told_of() -> None:
    told: list[str] = []
    read(io.BytesIO(b"p cnf 3 1\n1 -2 0\n%\n0\n"), note=told.append)
    read(io.BytesIO(b"p cnf 3 1\n1 -2 0\n"), note=told.append)
    assert told == ["line 3 begins with '%', as at the end of SATLIB's files"]


def test_relaxed_counts() -> None:
    assert parse(b"p cnf 1 9\n1 -7 0\nx8 0\n", strictness="relaxed").variables == 8
    assert parse(b"p cnf 9 0\n1 -7 0\n", strictness="relaxed").variables == 9


@pytest.mark.parametrize("text", [b"1 -2 0 " * 400_000, b"1 " * 10**6 + b"0", b"1 0\nc\n" * 300_000])
def test_long_lines_clauses_and_comments(text: bytes) -> None:
    count = text.count(b"0")
    formula = parse(b"c " + b"x" * 500_000 + b"\np cnf 2 %d\n" % count + text + b"c " + b"y" * 500_000)
    assert (len(formula), formula.literals.size) == (count, text.count(b"1") + text.count(b"2"))


def test_check_is_called_and_may_stop() -> None:
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        parse(b"p cnf 1 1\n" + b"c text\n" * 500_000, check=check)


def test_misuse() -> None:
    with pytest.raises(UsageError, match="expected bytes, found str"):
        parse("p cnf 0 0\n")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="expected a strictness of relaxed, normal, strict, found 'lax'"):
        parse(TEXT, strictness="lax")
    with pytest.raises(UsageError, match=r"expected a path or a stream, found 5 \(int\)"):
        read(5)  # type: ignore[arg-type]
    assert read(io.StringIO(TEXT.decode())) == parse(TEXT)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (TEXT, True),
        (b"c text\n\n" + TEXT, True),
        (b"p  cnf 1 1\r\n", True),
        (b"c text\n" * 20_000, True),
        (b"", False),
        (b"\n\n", False),
        (b"1 -2 0\nd 3 0\n", False),
        (b"p wcnf 1 1\n", False),
        (b"a\x02\x04\x00d\x02\x00", False),
        (gzip.compress(b"1 0\n"), False),
        (gzip.compress(TEXT)[:12], False),
    ],
)
def test_looking_like_dimacs(data: bytes, expected: bool, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    assert looks_like_dimacs(path) is expected


def test_what_is_no_file_does_not_look_like_dimacs(tmp_path: Path) -> None:
    assert not looks_like_dimacs(tmp_path)
    assert not looks_like_dimacs(tmp_path / "missing")


@given(st.lists(st.integers(-(10**18), 10**18).filter(bool)), st.integers(0, 20))
def test_tokens(numbers: list[int], zeros: int) -> None:
    text = " ".join("0" * zeros * (n > 0) + str(n) for n in numbers).encode()
    tokens = tokenise(text + bytes(PADDING), len(text))
    assert tokens is not None
    assert tokens[0].tolist() == [max(-TOO_LARGE, min(n, TOO_LARGE)) for n in numbers]
    assert tokens[1].tolist() == [match.start() for match in re.finditer(rb"\S+", text)]


@given(st.text("01-2 \n\t9", max_size=12))
def test_tokens_are_refused_unless_they_are_integers(text: str) -> None:
    tokens = tokenise(text.encode() + bytes(PADDING), len(text))
    if all(re.fullmatch("[0-9]+|-[1-9][0-9]*", word) for word in text.split()):
        assert tokens is not None
        assert tokens[0].tolist() == [min(int(word), TOO_LARGE) for word in text.split()]
    else:
        assert tokens is None


PIECES = [
    *(b"0 1 -1 2 -2 3 -3 4 00 01 -0 -01 +1 - -- 1-2 1c c p 99999 9999999999 x1y , 1.0".split()),
    *(b" ,\n,\t,\r\n,\r, \n,\n\n,0\n,1 0\n,c text\n,c\r\n,p cnf 2 2\n,\0,\xff,0c,\n0, 0,c".split(b",")),
    b"0" * 30 + b"1",
    b"1" + b"0" * 30,
]


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    """DIMACS text with some bytes deleted, replaced or put in between."""
    text = bytearray(draw(texts(draw(formulas(3, xors=False)))))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(text)))
        width = draw(st.sampled_from([0, 0, 1, 3]))
        text[place : place + width] = draw(st.sampled_from([b"", *PIECES]))
    return bytes(text)


@given(mutants())
@settings(max_examples=400, deadline=None)
def test_verdicts_are_those_of_kissat(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    # x lines and % are no DIMACS to Kissat, and large numbers of variables take it gigabytes.
    if re.search(rb"(?m)^[^c\n]*[x%]", data) or any(
        10**7 < int(n) < 2**30 for n in re.findall(rb"[0-9]+", data)
    ):
        return
    path = tmp_path_factory.getbasetemp() / "mutant.cnf"
    path.write_bytes(data)
    for mode, options in (("normal", []), ("strict", ["--strict"]), ("relaxed", ["--relaxed"])):
        command = [find_kissat(), "--conflicts=0", "-q", "-n", *options, str(path)]
        code = subprocess.run(command, capture_output=True, check=False).returncode
        assert code in (0, 1, 10, 20)
        if code == 1:
            with pytest.raises(InputError) as caught:
                parse(data, strictness=mode)
            assert "from here on" not in str(caught.value)  # every error is diagnosed
        else:
            parse(data, strictness=mode)
