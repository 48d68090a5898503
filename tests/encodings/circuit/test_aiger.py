"""AIGER files: written and read again, ASCII and binary, in any order, mutated, from a pipe."""

import gzip
import io
import lzma
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.encodings.circuit import slow_aiger
from tests.encodings.circuit.circuit_cases import graphs, same
from turbosat.deadline import Deadline, Expired
from turbosat.dimacs.waiting import until
from turbosat.encodings.circuit import aiger, aiger_lines
from turbosat.encodings.circuit.aig import Aig, Literals
from turbosat.errors import InputError, OutputError, UsageError

relaxed = settings(max_examples=100, deadline=None)
HALF_ADDER = b"aag 7 2 0 2 3\n2\n4\n6\n12\n6 13 15\n12 2 4\n14 3 5\ni0 x\ni1 y\no0 s\no1 c\nc\nhalf adder\n"
MARKS = [
    b"\n",
    b" ",
    b"\r\n",
    b"0",
    b"1",
    b"9",
    b"-",
    b"c",
    b"c\n",
    b"i0 x\n",
    b"\x80",
    b"\xff",
    b"4294967296",
]


def text(aig: Aig, *, binary: bool) -> bytes:
    out = io.BytesIO()
    aiger.write(aig, out, binary=binary)
    return out.getvalue()


@relaxed
@given(graphs(), st.booleans())
def test_what_is_written_is_read(aig: Aig, binary: bool) -> None:
    data = text(aig, binary=binary)
    assert same(aig, aiger.parse(data))
    assert same(aig, slow_aiger.read(data))
    assert text(aiger.parse(text(aig, binary=not binary)), binary=binary) == data


@relaxed
@given(graphs(), st.data())
def test_any_numbering(aig: Aig, data: st.DataObject) -> None:
    """Variables may have any numbers, and gates stand in any order: the graph is another's, renumbered."""
    dice = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    spare = data.draw(st.sampled_from([0, 0, 3, 10**8]))
    numbers = np.append(0, 1 + dice.choice(aig.variables + min(spare, 50), aig.variables, replace=False))
    numbers[1:] += spare - min(spare, 50)
    order = dice.permutation(len(aig.ands))

    def there(literals: Literals) -> list[int]:
        return [int(2 * numbers[x >> 1] + (x & 1)) for x in literals.tolist()]

    own = there(2 * np.arange(1 + aig.variables, dtype=np.int32))
    lines = [[literal] for literal in own[1 : aig.inputs + 1]]
    for latch, (following, reset) in enumerate(zip(aig.next_state, aig.reset, strict=True)):
        name = own[aig.inputs + 1 + latch]
        lines.append([name, *there(following[None]), name if reset > 1 else int(reset)])
    lines += [[literal] for part in (aig.outputs, aig.bad, aig.constraints) for literal in there(part)]
    lines += [[len(each)] for each in aig.justice]
    lines += [[literal] for part in (*aig.justice, aig.fairness) for literal in there(part)]
    for i in order.tolist():
        lines.append([own[aig.first_and + i], *dice.permutation(there(aig.ands[i])).tolist()])
    counts = [len(aig.bad), len(aig.constraints), len(aig.justice), len(aig.fairness)]
    header = [aig.variables + spare, aig.inputs, aig.latches, len(aig.outputs), len(aig.ands), *counts]
    ending = data.draw(st.sampled_from(["\n", "\r\n"]))
    written = "".join(" ".join(map(str, line)) + ending for line in [header, *lines])
    shuffled = f"aag {written}".encode()
    found = aiger.parse(shuffled)
    assert same(slow_aiger.read(shuffled), found)
    assert (found.ands[:, 0] >= found.ands[:, 1]).all()
    assert (found.ands[:, 0] < 2 * np.arange(found.first_and, found.first_and + len(found.ands))).all()


@settings(max_examples=200, deadline=None)
@given(graphs(most=8), st.booleans(), st.data())
def test_mutated_files(aig: Aig, binary: bool, data: st.DataObject) -> None:
    held = bytearray(text(aig, binary=binary))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, max(len(held) - 1, 0)))
        end = at + data.draw(st.integers(0, 3))
        held[at:end] = data.draw(st.sampled_from(MARKS) | st.binary(max_size=2))
    judged(bytes(held))


def judged(data: bytes) -> Aig | None:
    """Read as the slow twin does: the same graph, or a clear error."""
    try:
        expected = slow_aiger.read(data)
    except slow_aiger.Wrong:
        with pytest.raises(InputError) as caught:
            aiger.parse(data, "some file")
        message = str(caught.value)
        assert message.startswith("some file:")
        assert "expected " in message
        assert message.isprintable()
        return None
    found = aiger.parse(data)
    assert same(expected, found)
    return found


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "f:1: expected the header 'aag M I L O A'.* found the end of the file"),
        (b"p cnf 1 1\n1 0\n", "f:1: expected the header .* found 'p'"),
        (b"aag 1 1 0 0 1\n", "f:1: expected M = at least I . L . A = 2 in the header, found M = 1"),
        (b"aig 3 1 0 0 1\n", "f:1: expected M = I . L . A = 2 in the header, found M = 3"),
        (b"aag 536870912 1 0 0 0\n", "f:1: expected at most 536870911 variables in the header"),
        (b"aag 1 1 0 0 0\n", "f:2: expected the literal of an input, found the end of the file"),
        (b"aag 1 1 0 0 0\n3\n", "f:2: expected an even literal from 2 to 2, found 3"),
        (b"aag 1 1 0 0 0\n2", "f:2: expected a newline, found the end of the file"),
        (b"aag 1 1 0 1 0\n2\n9\n", "f:3: expected a literal of at most 3, found 9"),
        (b"aag 2 1 0 1 0\n2\n5\n", "f:3: expected a literal that is defined, found 5"),
        (b"aag 1 1 0 1 0\n2\r\n2\n", "f:2: expected a newline, found a carriage return"),
        (b"aag 1 1 0 1 0\r\n2\r\n2\n", "f:3: expected a carriage return and a newline, as after the header"),
        (b"aag 1 1 0 1 0\n2\n2 \n", "f:3: expected a newline, found a space"),
        (b"aag 0 0 0 1 0\n-1\n", "f:2: expected the literal of an output, found '-1'"),
        (b"aag 0 0 0 1 0\n00000000000\n", "f:2: expected a number of at most 10 digits, found more"),
        (b"aag 3 1 0 0 2\n2\n4 6 2\n6 4 2\n", "f:3: expected gates without a cycle"),
        (b"aag 3 1 0 0 2\n2\n4 2 2\n4 2 2\n", "f:4: expected one definition of 4, found a second"),
        (b"aag 1 0 1 0 0\n2\n", "f:2: expected a space and another number, found the end of the line"),
        (b"aag 1 0 1 0 0\n2 3 4\n", "f:2: expected a reset value of 0, 1 or 2, the latch itself, found 4"),
        (b"aag 1 1 0 0 0 0 0 1 0\n2\n7\n", "f:4: expected a literal of a justice property"),
        (b"aag 0 0 0 0 0\nx\n", "f:2: expected a symbol, 'c' for comments, or the end of the file"),
        (b"aag 0 0 0 0 0\ni0 x\n", "f:2: expected a symbol of i below 0, found i0"),
        (b"aag 0 0 0 0 0\nb", "f:2: expected a number after 'b', found the end of the file"),
        (b"aag 0 0 0 0 0\nc0", "f:2: expected a space before the symbol's name, found the end of the file"),
        (b"aig 2 1 0 0 1\n\x02", "f: byte 15: expected 1 AND gates of two bytes or more, found the end"),
        (b"aig 2 1 0 0 1\n\x00\x00", "f: byte 14: expected operands below the gate 4, found the differences"),
        (b"aig 2 1 0 0 1\n\x80\x80\x80\x80\x80\x01", "f: byte 14: expected a difference of at most 5 bytes"),
        (b"aig 2 1 0 0 1\n\x02\x02z", "f: byte 16: expected a symbol"),
        (b"aig 536870911 0 0 0 536870911\n\x02\x02", "expected 536870911 AND gates"),
        (b"aag 536870911 536870911 0 0 0\n2\n4\n", "f:4: expected the literal of an input, found the end"),
    ],
)
def test_errors_say_where(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        aiger.parse(data, "f")
    with pytest.raises(slow_aiger.Wrong):
        slow_aiger.read(data)


def test_symbols_and_comments_are_any_bytes(tmp_path: Path) -> None:
    data = HALF_ADDER.replace(b"x\n", b"\xff \r\n").replace(b"half", b"\0\n\xfe")
    aig = judged(data)
    assert aig is not None
    assert aig.symbols["i", 0] == b"\xff \r"
    for name, unpack in (("a.aig.gz", gzip.open), ("a.aag.xz", lzma.open), ("a", open)):
        aiger.write(aig, tmp_path / name, binary=".aig" in name)
        assert same(aig, aiger.read(tmp_path / name))
        with unpack(tmp_path / name, "rb") as file:
            assert same(aig, aiger.parse(file.read()))


def test_extension_sections_as_abc_writes_them() -> None:
    """ABC's `&w` writes `c` and at once sections of a letter, four bytes of size, and data."""
    for data in (b"aig 1 1 0 1 0\n2\ncn\0\0\0\x04half\nc\n", b"aig 1 1 0 1 0\n2\ni0 x\nca\0\0\0\0"):
        aig = judged(data)
        assert aig is not None
        assert (aig.comments, aig.extended) == (data[data.rindex(b"\nc", 0, 25) + 2 :], True)
        assert text(aig, binary=True) == data
    returned = judged(b"aag 0 0 0 1 0\r\n0\r\nc\r\nx")
    assert returned is not None
    assert (returned.comments, returned.extended) == (b"x", False)
    judged(b"aag 0 0 0 1 0\r\n0\r\nc\nx")
    judged(b"aag 0 0 0 1 0\r\n0\r\ncx")
    judged(b"aag 0 0 0 1 0\n0\nc")


def test_many_lines_cross_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aiger_lines, "BLOCK", 2)
    assert judged(HALF_ADDER) is not None
    for cut in range(len(HALF_ADDER)):
        judged(HALF_ADDER[:cut])
        judged(HALF_ADDER[:cut] + b"\n" + HALF_ADDER[cut:])
        judged(HALF_ADDER[:cut] + HALF_ADDER[cut + 1 :])


def test_a_pipe_is_waited_for_until_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with Deadline(0.2) as deadline, pytest.raises(Expired):
        aiger.read(path, check=deadline.check, wait=until(deadline))

    def send() -> None:
        with open(path, "wb") as pipe:
            pipe.write(HALF_ADDER)

    sender = threading.Thread(target=send)
    sender.start()
    with Deadline(20) as deadline:
        assert same(aiger.parse(HALF_ADDER), aiger.read(path, check=deadline.check, wait=until(deadline)))
    sender.join()


def test_what_is_no_aiger_file_need_not_end() -> None:
    with pytest.raises(InputError, match="/dev/zero:1: expected the header"):
        aiger.read("/dev/zero")
    with pytest.raises(InputError, match="expected an AIGER file, found a directory"):
        aiger.read("/")


def test_what_cannot_be_written(tmp_path: Path) -> None:
    aig = aiger.parse(HALF_ADDER)
    with pytest.raises(OutputError, match="No such file"):
        aiger.write(aig, tmp_path / "none" / "x", binary=True)
    with pytest.raises(UsageError, match="found i2"):
        text(Aig(2, aig.ands[:0], symbols={("i", 2): b"x"}), binary=True)
    with pytest.raises(UsageError, match="on one line"):
        text(Aig(2, aig.ands[:0], symbols={("i", 1): b"x\ny"}), binary=True)


@pytest.mark.slow
def test_the_corpus_is_written_as_it_was_read(corpus: Path) -> None:
    files = sorted((corpus / "aiger").glob("*/*.aig"))
    assert files
    for path in files:
        aig = aiger.read(path)
        assert text(aig, binary=True) == path.read_bytes()
        assert same(aig, aiger.parse(text(aig, binary=False)))
