"""What a run writes beside its answer: whatever it is called and wherever it goes, it gets there."""

import bz2
import gzip
import json
import lzma
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import ROOT
from tests.proof.outputs import LONG, SAT, UNSAT, begin, end, proves, read_all, run
from turbosat import Status, UsageError, solve
from turbosat.proof.outlet import own_descriptor

NAMES: dict[bytes, Callable[[bytes], bytes]] = {
    b"x;touch PWNED;y.gz": gzip.decompress,
    b"z$(touch PWNED).gz": gzip.decompress,
    b"`touch PWNED`.bz2": bz2.decompress,
    b"my proof.xz": lzma.decompress,
    b"'\"\\ \n.lzma": lzma.decompress,
    b"\xff\xfe%s%n.gz": gzip.decompress,
    b"-n": bytes,
    b"x;touch PWNED": bytes,
}


@pytest.mark.parametrize("name", NAMES)
def test_a_proof_may_be_called_anything(name: bytes, formula: Path, out: Path) -> None:
    assert run("-q", "--", formula, name, cwd=out) == (20, b"s UNSATISFIABLE\n", b"")
    assert os.listdir(bytes(out)) == [name]
    proof = (out / os.fsdecode(name)).read_bytes()
    assert proves(formula, NAMES[name](proof))


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "q$(touch PWNED).gz": gzip.compress,
    "q;touch PWNED;.bz2": bz2.compress,
    "q`touch PWNED`.xz": lzma.compress,
    "q;touch PWNED;.lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "q$(touch PWNED).7z": bytes,
}


@pytest.mark.parametrize("proof", [(), ("proof",)])
@pytest.mark.parametrize("name", PACKED)
def test_a_formula_may_be_called_anything(name: str, proof: tuple[str, ...], out: Path) -> None:
    (out / name).write_bytes(PACKED[name](UNSAT.encode()))
    assert run("-q", name, *proof, cwd=out) == (20, b"s UNSATISFIABLE\n", b"")
    assert set(os.listdir(out)) == {name, *proof}


def test_7z_is_an_error_of_one_line(formula: Path, out: Path) -> None:
    name = "q$(touch PWNED).7z"
    (out / name).write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(100))
    code, said, complained = run("-q", name, cwd=out)
    assert (code, said, complained.count(b"\n")) == (1, b"", 1)
    assert b"found 7z" in complained
    code, said, complained = run("-q", formula, "p.7z", cwd=out)
    assert (code, said, complained.count(b"\n")) == (1, b"", 1)
    assert os.listdir(out) == [name]


def test_names_from_python_reach_no_shell(formula: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(out)
    assert solve(formula, proof="z$(touch PWNED).gz").status is Status.UNSATISFIABLE
    assert os.listdir(out) == ["z$(touch PWNED).gz"]


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz", "lzma", "zst"])
def test_proofs_are_compressed_as_their_name_says(suffix: str, formula: Path, out: Path) -> None:
    proof = out / f"proof.{suffix}"
    assert run("-q", formula, proof, cwd=out)[0] == 20
    data = proof.read_bytes()
    if suffix == "zst":
        zstandard = pytest.importorskip("zstandard")
        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    elif suffix in ("xz", "lzma"):
        data = lzma.decompress(data)
    else:
        data = {"gz": gzip, "bz2": bz2}[suffix].decompress(data)
    assert proves(formula, data)


@pytest.mark.parametrize("flags", [(), ("--binary",), ("-v",)])
@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("to", ["pipe", "file"])
def test_a_proof_on_the_standard_output_is_text(
    to: str, name: str, flags: tuple[str, ...], formula: Path, out: Path
) -> None:
    printed = out / "printed"
    with open(printed, "wb") as file:
        stdout = subprocess.PIPE if to == "pipe" else file.fileno()
        code, said, complained = run(*flags, formula, name, cwd=out, stdout=stdout)
    said = said if to == "pipe" else printed.read_bytes()
    lines = said.splitlines()
    assert (code, complained, lines[-1]) == (20, b"", b"s UNSATISFIABLE")
    assert lines[-2] == b"0"
    assert proves(formula, b"\n".join(lines[:-1]) + b"\n")
    assert os.listdir(out) == ["printed"]


def test_what_is_there_before_a_proof_on_the_standard_output_stays(formula: Path, out: Path) -> None:
    with open(out / "log", "ab") as log:
        log.write(b"before\n")
        log.flush()
        assert run("-q", formula, "/dev/stdout", cwd=out, stdout=log)[0] == 20
    lines = (out / "log").read_bytes().splitlines()
    assert (lines[0], lines[-1]) == (b"before", b"s UNSATISFIABLE")
    assert proves(formula, b"\n".join(lines[1:-1]) + b"\n")


def test_a_proof_to_a_descriptor(formula: Path, out: Path) -> None:
    assert run("-q", formula, "/dev/stderr", cwd=out)[0] == 20
    assert proves(formula, run("-q", formula, "/dev/stderr", cwd=out)[2])
    with open(out / "file", "wb") as file:
        words = ("-q", formula, f"/dev/fd/{file.fileno()}")
        assert run(*words, cwd=out, pass_fds=[file.fileno()]) == (20, b"s UNSATISFIABLE\n", b"")
    assert proves(formula, (out / "file").read_bytes())
    script = '"$0" -m turbosat -q "$1" >(gzip > g.gz); exec "$0" -c "import time"'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", script, sys.executable, formula], cwd=out, env=environment)
    assert done.returncode == 0
    until = time.monotonic() + LONG
    while not (data := (out / "g.gz").read_bytes()) and time.monotonic() < until:
        time.sleep(0.02)  # bash does not wait for it
    assert proves(formula, gzip.decompress(data))


def test_what_cannot_be_written_to_is_refused(formula: Path, out: Path) -> None:
    with open(formula, "rb") as file:
        for name in (f"/dev/fd/{file.fileno()}", "/dev/fd/1000000", "/dev/fd/99999999999999999999"):
            for words in (("-q", formula, name), ("-q", "--json", name, formula)):
                code, said, complained = run(*words, cwd=out, pass_fds=[file.fileno()])
                assert (code, said, complained.count(b"\n")) == (1, b"", 1), name
                assert complained.startswith(b"turbosat: error: /dev/fd/")
    assert formula.read_text() == UNSAT


def test_descriptors_of_this_process_are_known(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/dev/fd/7")
    assert own_descriptor("/dev/stdout") == own_descriptor("/proc/self/fd/1") == 1
    assert own_descriptor(f"/proc/{os.getpid()}/fd/3") == 3
    assert own_descriptor(str(link)) == 7
    link.unlink()
    link.symlink_to(link)
    for name in (str(link), "7", "/dev/null", f"/proc/{os.getppid()}/fd/1", "/dev/fd/²", str(tmp_path / "1")):
        assert own_descriptor(name) is None


def test_the_reader_of_a_named_pipe_sees_all_of_the_proof(formula: Path, out: Path) -> None:
    pipe = out / "pipe"
    os.mkfifo(pipe)
    data: list[bytes] = []
    reader = read_all(pipe, data)
    assert run("-q", formula, pipe, cwd=out) == (20, b"s UNSATISFIABLE\n", b"")
    reader.join(LONG)
    assert proves(formula, data[0])
    process = begin("-q", formula, pipe, cwd=out)  # and one that comes late
    time.sleep(1)
    assert process.poll() is None
    reader = read_all(pipe, data)
    assert end(process) == (20, b"s UNSATISFIABLE\n", b"")
    reader.join(LONG)
    assert proves(formula, data[1])


def test_no_output_destroys_the_formula_or_another(formula: Path, out: Path) -> None:
    os.link(formula, out / "hard")
    (out / "soft").symlink_to(formula)
    for option in ("--json", "--certificate", ""):
        for name in (str(formula), "hard", "soft", "../in/f.cnf"):
            words = (option, name, formula) if option else (formula, name)
            code, said, complained = run("-q", "--force", *words, cwd=out)
            assert (code, said, complained.count(b"\n")) == (1, b"", 1)
            assert b" would overwrite the formula\n" in complained
            assert formula.read_text() == UNSAT
    for name in ("hard", "/dev/stdin"):
        with open(formula, "r+b") as file:
            code, said, complained = run("-q", "--force", "-", name, cwd=out, stdin=file)
        assert (code, said, complained.count(b"\n")) == (1, b"", 1)
        assert formula.read_text() == UNSAT
    for pair in (("--json", "a", formula, "a"), ("--json", "./a", "--certificate", "a", formula)):
        code, said, complained = run("-q", *pair, cwd=out)
        assert (code, said, complained.count(b"\n")) == (1, b"", 1)
        assert b" would go to the same file\n" in complained
    with open(out / "log", "wb") as log:
        code, _, complained = run("-q", formula, "log", cwd=out, stdout=log)
        assert (code, b" would go to the same file\n" in complained) == (1, True)
    assert set(os.listdir(out)) == {"hard", "soft", "log"}
    assert run("-q", "--json=/dev/null", formula, "/dev/null", cwd=out)[0] == 20  # room for all


def test_outputs_spare_what_looks_like_a_formula(formula: Path, out: Path) -> None:
    other = out / "other"
    other.write_text(SAT)
    for words in (("--json", other, formula), ("--certificate", other, formula), (formula, other)):
        code, said, complained = run("-q", *words, cwd=out)
        assert (code, said, complained.count(b"\n")) == (1, b"", 1)
        assert other.read_text() == SAT
    assert run("-q", "--force", "--json", other, formula, cwd=out)[0] == 20
    assert json.loads(other.read_text())["status"] == "UNSATISFIABLE"


def test_no_file_is_made_in_vain(out: Path) -> None:
    sat = out / "sat.cnf"
    sat.write_text(SAT)
    assert run("-q", "--certificate", "c", sat, cwd=out)[0] == 10
    with pytest.raises(UsageError):
        solve(sat, proof=str(out / "p"), certificate=str(out / "p"))
    assert os.listdir(out) == ["sat.cnf"]


def test_what_was_there_gives_way_to_the_new_proof(formula: Path, out: Path) -> None:
    proof = out / "proof"
    proof.write_bytes(b"old" * 100_000)
    assert run("-q", formula, proof, cwd=out)[0] == 20
    assert proves(formula, proof.read_bytes())
    assert stat.S_IMODE(proof.stat().st_mode) == stat.S_IMODE(formula.stat().st_mode)
