"""TURBOSAT_OPTIONS: options for clients that pass none."""

from pathlib import Path

import pytest

from tests.cli.test_options import parse
from turbosat.cli.arguments import options_of_environment
from turbosat.cli.main import run
from turbosat.cli.words import ENVIRONMENT
from turbosat.errors import UsageError


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  \n", []),
        ("-t 60 --unsat", ["-t", "60", "--unsat"]),
        ("--mix 'kissat,cadical' -q", ["--mix", "kissat,cadical", "-q"]),
    ],
)
def test_words_are_those_of_a_shell(text: str, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, text)
    assert options_of_environment() == words


@pytest.mark.parametrize(
    "text",
    ["file.cnf", "-q file.cnf", "-q proof --sat x", "--nothing", "-t", "-t x", "'", "--sat --unsat", "--"],
)
def test_what_is_no_option_is_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, text)
    with pytest.raises(UsageError, match=f"^{ENVIRONMENT}"):
        options_of_environment()


def test_the_command_line_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, "--seed 7 -t 60")
    _, options, _ = parse(*options_of_environment(), "--seed", "8", "file")
    assert (options["seed"], options["time_limit"]) == (8, 60)


def test_a_run_takes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "f.cnf"
    file.write_text("p cnf 2 2\n1 2 0\n-1 0\n")
    monkeypatch.setenv(ENVIRONMENT, "-q --no-witness")
    assert run([str(file)]) == 10
    assert capfd.readouterr().out == "s SATISFIABLE\n"
    monkeypatch.setenv(ENVIRONMENT, "other.cnf")
    assert run([str(file)]) == 1
    assert "TURBOSAT_OPTIONS must hold options only" in capfd.readouterr().err
