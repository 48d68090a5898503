"""Compressed files as text that programs find under a name."""

import bz2
import gzip
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from turbosat import solve
from turbosat.dimacs import unpacked as module
from turbosat.dimacs.unpacked import name_of, unpacked
from turbosat.dimacs.waiting import for_ever
from turbosat.errors import InputError
from turbosat.formula import files

TEXT = b"p cnf 3 2\n1 -2 0\n2 3 0\n"


class Stop(Exception):
    pass


def nothing() -> None:
    pass


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_the_text_is_there_twice(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "f.cnf.packed"
    path.write_bytes(compress(TEXT))
    text = unpacked(str(path), nothing, for_ever)
    assert text is not None
    with text:
        assert Path(name_of(text)).read_bytes() == TEXT
        assert files.read(text) == files.parse(TEXT)


def test_messages_name_the_compressed_file(tmp_path: Path) -> None:
    path = tmp_path / "f.cnf.gz"
    path.write_bytes(gzip.compress(b"p cnf 3 2\n1 -2 0\n2 x 0\n"))
    text = unpacked(str(path), nothing, for_ever)
    assert text is not None
    with text, pytest.raises(InputError, match=r"f\.cnf\.gz:3: expected a literal, found 'x'"):
        files.read(text)


def test_what_cannot_be_unpacked_leaves_nothing_open(tmp_path: Path) -> None:
    path = tmp_path / "f.cnf.gz"
    path.write_bytes(gzip.compress(TEXT)[:-4])
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(InputError, match="truncated"):
        unpacked(str(path), nothing, for_ever)

    def stop() -> None:
        raise Stop

    path.write_bytes(gzip.compress(TEXT))
    with pytest.raises(Stop):
        unpacked(str(path), stop, for_ever)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_large_text_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", len(TEXT) - 1)
    path = tmp_path / "f.cnf.gz"
    path.write_bytes(gzip.compress(TEXT))
    assert unpacked(str(path), nothing, for_ever) is None


def test_nothing_is_unpacked_twice(tmp_path: Path) -> None:
    path = tmp_path / "f.cnf.gz"
    path.write_bytes(gzip.compress(lzma.compress(TEXT)))
    before = len(os.listdir("/proc/self/fd"))
    assert unpacked(str(path), nothing, for_ever) is None
    assert len(os.listdir("/proc/self/fd")) == before
    with pytest.raises(InputError, match="found binary data"):
        solve(path)
