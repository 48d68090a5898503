"""File names of any bytes: read, written, told of in messages and JSON, never raw on a terminal."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT
from turbosat import InputError, Status, solve
from turbosat.check.cli import main as check
from turbosat.errors import printable

PIGEONS = (ROOT / "examples" / "pigeons-8.cnf").read_bytes()
NAMES = (
    b"esc\x1b[31m\x1b]0;title\x07.cnf",
    b"line\nbreak\r\t.cnf",
    b"bytes\xff\xfe\x80.cnf",
    "\u202eright.cnf".encode(),
)


def run(program: str, *arguments: bytes) -> tuple[int, bytes, bytes]:
    """Run a program of turbosat's; return exit code, stdout, stderr."""
    code = f"import sys; from {program} import main; sys.exit(main())"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command: list[str | bytes] = [sys.executable, "-P", "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, check=False, env=environment, timeout=120)
    return done.returncode, done.stdout, done.stderr


def shown(text: bytes) -> bool:
    """Whether lines hold nothing that a terminal would not show as it is."""
    return all(line.isprintable() for line in text.decode().split("\n"))


@pytest.fixture(params=NAMES, ids=printable)
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a formula of an odd name, in a folder of one."""
    folder = tmp_path / os.fsdecode(b"d\x1b\xff\n")
    folder.mkdir()
    path = folder / os.fsdecode(request.param)
    path.write_bytes(PIGEONS)
    return path


def test_printable() -> None:
    assert printable(b"a\xffb\x1b") == r"a\xffb\x1b"
    assert printable("é \u202e\u2028\x9b\x7f\ud800") == r"é \u202e\u2028\x9b\x7f\ud800"
    assert printable(Path("plain name.cnf")) == "plain name.cnf"
    assert printable(printable("\x00")) == printable("\x00")


def test_formula_proof_and_statistics(file: Path) -> None:
    proof, statistics = file.with_suffix(".proof"), file.with_suffix(".json")
    arguments = [b"-v", b"--json", os.fsencode(statistics), os.fsencode(file), os.fsencode(proof)]
    code, out, err = run("turbosat.cli.main", *arguments)
    assert (code, err) == (20, b"")
    assert shown(out)
    assert f"c reading {printable(file)}\n".encode() in out
    assert json.loads(statistics.read_bytes())["file"] == str(file)
    assert check([str(file), str(proof)]) == 0


def test_errors_are_one_line(file: Path) -> None:
    broken = file.with_suffix(".broken")
    broken.write_bytes(PIGEONS[:-4])
    nowhere = file.parent / "none" / "proof"
    for arguments in ([file / "none"], [file.parent], [broken], [file, nowhere], [Path(f"--{file.name}")]):
        code, out, err = run("turbosat.cli.main", *map(os.fsencode, arguments))
        assert code == 1
        assert err.startswith(b"turbosat: error: ")
        assert err.count(b"\n") == 1
        assert shown(err)
        assert shown(out)


def test_api(file: Path) -> None:
    assert solve(file).status is Status.UNSATISFIABLE
    assert solve(str(file)).status is Status.UNSATISFIABLE
    with pytest.raises(InputError) as caught:
        solve(file / "none")
    assert str(caught.value).startswith(printable(file))
    assert str(caught.value).isprintable()


def test_benchmarks(file: Path, tmp_path: Path) -> None:
    bench = "turbosat.benchmarks.commands.main"
    experiment = tmp_path / os.fsdecode(b"experiment\xff\x1b")
    suite = [
        os.fsencode(file.parent),
        b"--solver",
        b"kissat",
        b"--timeout",
        b"60",
        b"-o",
        os.fsencode(experiment),
    ]
    code, out, err = run(bench, b"run", *suite)
    assert (code, shown(out), shown(err)) == (0, True, True)
    assert b"Traceback" not in err
    page = tmp_path / "page.html"
    for arguments in (
        [b"report", os.fsencode(experiment)],
        [b"report", os.fsencode(experiment), b"-o", os.fsencode(page)],
        [b"report", os.fsencode(experiment), b"--format", b"json"],
        [b"export", os.fsencode(experiment)],
        [b"features", b"--no-structure", os.fsencode(file)],
    ):
        code, out, err = run(bench, *arguments)
        assert (code, shown(out), err) == (0, True, b"")
    assert printable(file.name) in (experiment / "runs.csv").read_text()
    code, _, err = run(bench, b"features", os.fsencode(file / "none"))
    assert (code, err.count(b"\n"), shown(err)) == (1, 1, True)
