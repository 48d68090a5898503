"""What is read without Typer is what Typer reads, and what it would refuse is left to it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from turbosat.cli.arguments import TyperUsageError, command
from turbosat.cli.words import called, plain_values
from turbosat.errors import UsageError
from turbosat.options import Display, Options, declared

ROOT = Path(__file__).parents[2]
FLAGS = [
    part
    for table in (Options, Display)
    for _, _, option in declared(table)
    for flag in (*option.flags, *(option.switch or ()))
    for part in flag.split("/")
]
VALUES = [
    "",
    "0",
    "1",
    "7",
    "-1",
    "2.5",
    "1e3",
    "inf",
    "nan",
    "cdcl",
    "CDCL",
    "cpu",
    "x",
    "a=b",
    "-",
    "--",
    "-q",
]
words = st.one_of(
    st.sampled_from(FLAGS),
    st.builds("{}={}".format, st.sampled_from(FLAGS), st.sampled_from(VALUES)),
    st.builds(
        "{}{}".format, st.sampled_from([flag for flag in FLAGS if flag[1] != "-"]), st.sampled_from(VALUES)
    ),
    st.sampled_from(
        ["-qn", "-nqv", "-qt", "-qt5", "-nj2", "-tq", "--nothing", "-z", "-qz", "--tim=3", "file", *VALUES]
    ),
)


def outcome(read: Any) -> Any:
    """Return what `read` makes of a command line, or what it raises."""
    seen: list[str] = []

    def go(*found: Any) -> int:
        seen.append(repr(found))
        return 0

    try:
        read(go)
    except TyperUsageError:
        return "Typer's"
    except UsageError as error:
        return str(error)
    return seen


@given(st.lists(words, max_size=6))
def test_plain_words_are_read_as_typer_reads_them(arguments: list[str]) -> None:
    arguments = [*arguments, "file"]  # standard input may be a terminal
    values = plain_values(arguments)
    if values is not None:
        by_typer = outcome(lambda go: command(go, "0", lambda: ("", True))(arguments, standalone_mode=False))
        assert outcome(lambda go: called(go, values)) == by_typer


@pytest.mark.parametrize(
    "word", ["--help", "-h", "--version", "--doctor", "--nothing", "-t", "--engine=x", "-j0"]
)
def test_all_else_is_left_to_typer(word: str) -> None:
    assert plain_values(["file", word]) is None


@pytest.mark.parametrize(
    "arguments", [["-qn", "-t5"], ["--seed=3", "--sat", "-j", "2"], ["--no-gradient", "-v"]]
)
def test_usual_words_need_no_typer(arguments: list[str]) -> None:
    code = (
        "import sys; from turbosat.cli.main import run; run(sys.argv[1:]); assert 'typer' not in sys.modules"
    )
    command = [sys.executable, "-c", code, *arguments, "examples/queens-16.cnf"]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
