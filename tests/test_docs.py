"""What the documents say: links, paths, names and options are there, and examples run as they are shown."""

import importlib
import importlib.util
import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
import typer

from tests.processes import ROOT
from turbosat.benchmarks import families
from turbosat.benchmarks.commands import gen, main
from turbosat.check import command as checker
from turbosat.check.errors import UsageError as CheckUsageError
from turbosat.cli.arguments import TyperUsageError, command
from turbosat.errors import UsageError
from turbosat.options import Display, Options, declared
from turbosat.verify.cli import main as verify

README, OPTIONS = ROOT / "README.md", ROOT / "docs" / "command-line.md"
CIRCUITS = ROOT / "docs" / "circuits.md"
NAMES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
DOCUMENTS = [*(ROOT / name for name in NAMES), *sorted((ROOT / "docs").glob("*.md"))]
RUN = (README, OPTIONS, CIRCUITS)  # documents whose examples are run
SOURCES = ("turbosat", "gpu", "cdcl", "encodings", "benchmarks")
FOLDERS = (*SOURCES, "tests", "docs", "examples", "bin", ".ci")  # of the repository
SUFFIXES = (".py", ".md", ".toml", ".c", ".h")
PROGRAMS = {
    "turbosat": "turbosat",
    "turbosat-check": "turbosat.check.cli",
    "turbosat-bench": "turbosat.benchmarks.commands.main",
    "turbosat-verify": "turbosat.verify.cli.main",
}

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
SPAN = re.compile(r"`([^`]+)`")
PATH = re.compile(r"[\w.*-]+(/[\w.*-]+)*/?")
NAME = re.compile(r"turbosat(\.\w+)+")
FLAG = re.compile(r"(?<![\w-])--?[a-z][\w-]*")
STATED = re.compile(r"# exit code (\d+)")
BETWEEN = {"&&", "||", "|", ";", ">", "<"}  # words of a shell that end a command's arguments


@dataclass(frozen=True, slots=True)
class Example:
    """A command of a console block as it stands there, the exit code it states, and the lines below it."""

    text: str
    code: int | None
    shown: tuple[str, ...]


def prose(text: str) -> str:
    """Return a document without its blocks of code."""
    return FENCE.sub("", text)


def blocks(text: str, *languages: str) -> list[str]:
    """Return the blocks of code in these languages."""
    return [body for language, body in FENCE.findall(text) if language in languages]


def section(text: str, heading: str) -> str:
    """Return what stands below a heading, up to the next of its rank or above."""
    rank = len(heading) - len(heading.lstrip("#"))
    _, found, rest = f"\n{text}".partition(f"\n{heading}\n")
    assert found, heading
    return re.split(rf"^#{{1,{rank}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def examples(block: str) -> list[Example]:
    """Return the commands of a console block."""
    found = []
    for piece in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = piece.splitlines()
        last = next(number for number, line in enumerate(lines) if not line.endswith("\\"))
        text = "\n".join(lines[: last + 1])
        stated = STATED.search(text)
        found.append(Example(text, stated and int(stated[1]), tuple(lines[last + 1 :])))
    return found


def words_of(text: str) -> Iterator[list[str]]:
    """Yield the words of each command in a document's blocks."""
    for block in blocks(text, "console"):
        for each in examples(block):
            yield shlex.split(each.text.replace("\\\n", " "), comments=True)
    for block in blocks(text, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            yield shlex.split(line, comments=True)


def calls(words: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield our programs that a shell would start, with their arguments."""
    rest = list(words)
    while rest:
        end = next((number for number, word in enumerate(rest) if word in BETWEEN), len(rest))
        part, rest = rest[:end], rest[end + 1 :]
        while part and re.match(r"\w+=", part[0]):
            del part[0]
        if part and Path(part[0]).name not in PROGRAMS and "--" in part:  # what another program is to start
            part = part[part.index("--") + 1 :]
        if part and Path(part[0]).name in PROGRAMS:
            yield Path(part[0]).name, part[1:]


def solver_command() -> Any:
    """Return turbosat's command, which parses and does nothing."""
    return command(lambda *_: 0, "0", lambda: ("", True))


def bench_commands() -> dict[str, Any]:
    """Return the commands of turbosat-bench by name."""
    group: Any = typer.main.get_command(main.app)
    return dict(group.commands)


def verify_commands() -> dict[str, Any]:
    """Return the commands of turbosat-verify by name, which parse and do nothing."""
    group: Any = typer.main.get_command(verify.commands(lambda _: 0))
    return dict(group.commands)


def complaint(program: str, arguments: list[str]) -> str:
    """Return why a program would refuse its arguments, nothing if it would not."""
    try:
        if program == "turbosat":
            solver_command()(arguments, prog_name=program, standalone_mode=False)
        elif program == "turbosat-check":
            checker._options(arguments)
        elif program == "turbosat-verify":
            commands = verify.commands(lambda _: 0)
            typer.main.get_command(commands)(arguments, prog_name=program, standalone_mode=False)
        else:
            name, *rest = arguments
            if name not in bench_commands():
                return f"no command {name}"
            chosen = bench_commands()[name]
            if name == "gen" and rest:
                chosen = typer.main.get_command(gen._application(families.find(rest.pop(0))))
            chosen.make_context(name, rest)
    except (UsageError, CheckUsageError) as error:
        return str(error)
    except TyperUsageError as error:
        return str(error.format_message())
    return ""


def flags(program: str) -> set[str]:
    """Return all options of a program."""
    if program == "turbosat-check":
        return {flag for action in checker._parser()._actions for flag in action.option_strings}
    known = {"turbosat": [solver_command()], "turbosat-verify": list(verify_commands().values())}
    chosen = known.get(program) or list(bench_commands().values())
    more = {"turbosat": {"-h"}, "turbosat-verify": {"-h", "--version"}}
    found = {"--help"} | more.get(program, set())
    for each in chosen:
        found |= {flag for parameter in each.params for flag in (*parameter.opts, *parameter.secondary_opts)}
    return {flag for flag in found if flag.startswith("-")}


def named_flags(text: str) -> set[str]:
    """Return the options that a text names, in backticks."""
    spans = (span for span in SPAN.findall(prose(text)) if span.startswith(("-", *PROGRAMS)))
    return {flag for span in spans for flag in FLAG.findall(span)}


def anchors(text: str) -> set[str]:
    """Return where links into a document may point to, as GitHub makes it from headings."""
    found: set[str] = set()
    for heading in HEADING.findall(prose(text)):
        plain = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        names = itertools.chain([plain], (f"{plain}-{number}" for number in itertools.count(1)))
        found.add(next(name for name in names if name not in found))
    return found


def broken_links(text: str, folder: Path) -> list[str]:
    """Return the relative links of a document that lead nowhere."""
    broken = []
    for link in LINK.findall(prose(text)):
        place, _, anchor = link.partition("#")
        target = folder / place
        if "://" in link or (target.exists() and not anchor):
            continue
        there = text if not place else target.read_text() if target.is_file() else ""
        if anchor not in anchors(there):
            broken.append(link)
    return broken


def missing_paths(text: str) -> list[str]:
    """Return what looks like a file of the repository, in backticks or in a command, and is none."""
    spans = [word for span in SPAN.findall(prose(text)) for word in span.split()]
    words = [word.strip(",;:") for word in spans] + [word for line in words_of(text) for word in line]
    paths = [
        word
        for word in words
        if PATH.fullmatch(word)
        and word != "__init__.py"  # of any folder
        and (word.partition("/")[0] in FOLDERS if "/" in word else word.endswith(SUFFIXES))
    ]
    return [path for path in paths if not any(ROOT.glob(path.rstrip("/")))]


def missing_names(text: str) -> list[str]:
    """Return what looks like a module of turbosat, or something in one, and is none."""
    words = [word for span in SPAN.findall(prose(text)) for word in span.split()]
    ours = [word for word in words if NAME.fullmatch(word)]
    for line in words_of(text):
        for word, name in itertools.pairwise(line):
            if word == "-m" and name.startswith(("turbosat.", "tests.")):
                ours.append(name)
    return [name for name in ours if not _is_there(name)]


def _is_there(name: str) -> bool:
    module, _, rest = name.rpartition(".")
    try:
        if importlib.util.find_spec(name) is not None:
            return True
    except ModuleNotFoundError:  # what is above is no package
        pass
    return bool(module) and _is_there(module) and hasattr(importlib.import_module(module), rest)


def wrong_calls(text: str) -> list[str]:
    """Return the commands of a document that our programs would refuse, and why."""
    found = [call for words in words_of(text) for call in calls(words)]
    spoken = [span.split() for span in SPAN.findall(prose(text)) if re.match(r"turbosat(-\w+)? -", span)]
    found += [(words[0], ["f", *words[1:]]) for words in spoken if words[0] == "turbosat"]
    wrong = []
    for program, arguments in found:
        if why := complaint(program, arguments):
            wrong.append(f"{program} {shlex.join(arguments)}: {why}")
    return wrong


def name_of(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(document: Path) -> None:
    assert broken_links(document.read_text(), document.parent) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_paths_and_names_are_there(document: Path) -> None:
    text = document.read_text()
    assert missing_paths(text) == []
    assert missing_names(text) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_commands_are_understood(document: Path) -> None:
    assert wrong_calls(document.read_text()) == []


@pytest.mark.parametrize("document", [each for each in DOCUMENTS if each != OPTIONS], ids=name_of)
def test_options_exist(document: Path) -> None:
    known = set().union(*map(flags, PROGRAMS)) | {"--sanitize"}
    assert named_flags(document.read_text()) <= known


PLANTED = """# A document

See [that](#a-document), [this](#nowhere), [a file](docs/none.md) and [another](README.md#none).
It is in `turbosat/none.py`, `none.py`, `gpu/none/`, `docs/none*.md`, or in `turbosat/api.py`.
It calls `turbosat.solve`, `turbosat.none`, `turbosat.options.none` and `turbosat --none`.

```console
$ turbosat --time soon f && turbosat f
$ turbosat-check --prove f p > out
$ turbosat-bench run --solver turbosat \\
      --none -o folder f
$ turbosat-bench none
$ turbosat-bench gen parity --bytes 3
$ other -- turbosat --engine none f
```

```sh
python -m turbosat.none && A=b bin/none --none
```
"""


def test_planted_mistakes_are_found() -> None:
    assert broken_links(PLANTED, ROOT) == ["#nowhere", "docs/none.md", "README.md#none"]
    paths = ["turbosat/none.py", "none.py", "gpu/none/", "docs/none*.md", "bin/none"]
    assert missing_paths(PLANTED) == paths
    assert missing_names(PLANTED) == ["turbosat.none", "turbosat.options.none", "turbosat.none"]
    wrong = [line.partition(":")[0] for line in wrong_calls(PLANTED)]
    assert wrong == [
        "turbosat --time soon f",
        "turbosat-check --prove f p",
        "turbosat-bench run --solver turbosat --none -o folder f",
        "turbosat-bench none",
        "turbosat-bench gen parity --bytes 3",
        "turbosat --engine none f",
        "turbosat f --none",
    ]
    assert named_flags(PLANTED) == {"--none"}


def test_readme_is_short_and_begins_with_what_ci_runs() -> None:
    text = README.read_text()
    assert len(text.splitlines()) <= 130
    first, second = blocks(text, "sh")
    assert blocks(section(text, "## Set-up"), "sh") == [first, second]
    assert first.endswith(".venv/bin/turbosat examples/queens-16.cnf\n")
    assert second.endswith(".venv/bin/python -m pytest\n")


def test_all_options_are_described() -> None:
    text = OPTIONS.read_text()
    table, check = section(text, "### Options"), section(text, "## turbosat-check")
    rows = "\n".join(line.split("|")[1] for line in table.splitlines() if line.startswith("|"))
    assert named_flags(rows) == flags("turbosat")
    assert named_flags(text.replace(check, "")) <= flags("turbosat")
    assert named_flags(check) == flags("turbosat-check")
    for name, kind, option in [*declared(Options), *declared(Display)]:
        if get_origin(kind) is Literal and option.flags:
            own = [row for row in rows.splitlines() if option.flags[0] in row]
            assert set(get_args(kind)) <= set(re.findall(r"\w+", " ".join(own))), name


def test_all_options_for_circuits_are_described() -> None:
    table = section(CIRCUITS.read_text(), "## The command turbosat-verify")
    rows = "\n".join(line.split("|")[1] for line in table.splitlines() if line.startswith("|"))
    assert named_flags(rows) == flags("turbosat-verify")


def test_all_exit_codes_of_the_checker_are_described() -> None:
    known = re.findall(r"^ *(\d+(?:, \d+)?)  ", checker.EPILOG, re.MULTILINE)
    rows = section(OPTIONS.read_text(), "## turbosat-check").splitlines()
    assert {row.split("|")[1].strip() for row in rows if re.match(r"\| *\d", row)} == set(known) != set()


def test_all_environment_variables_are_described() -> None:
    sources = (path for folder in SOURCES for path in (ROOT / folder).rglob("*.py"))
    read = {name for path in sources for name in re.findall(r'"(TURBOSAT_\w+)"', path.read_text())}
    text = section(OPTIONS.read_text(), "## Environment variables")
    assert read == set(re.findall(r"TURBOSAT_\w+", text)) != set()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder with the example files."""
    folder = tmp_path / "here"
    shutil.copytree(ROOT / "examples", folder / "examples")
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment whose PATH has this checkout's programs."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, module in PROGRAMS.items():
        script = programs / name
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m {module} "$@"\n')
        script.chmod(0o755)
    path = os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)])
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}


def shells() -> list[Any]:
    """Return the console blocks of the documents whose examples are run."""
    return [
        pytest.param(block, id=f"{document.stem}-{number}")
        for document in RUN
        for number, block in enumerate(blocks(document.read_text(), "console"))
    ]


def like(line: str) -> str:
    """Return a line without what is another time in every run."""
    return re.sub(r"\d+\.\d+", "#", line)


def shell(
    text: str, place: Path, environment: dict[str, str], seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run an example as a reader would."""
    return subprocess.run(
        ["sh", "-c", text],
        cwd=place,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )


@pytest.mark.parametrize("block", shells())
def test_examples_run_as_shown(block: str, place: Path, environment: dict[str, str]) -> None:
    """Who answers is a race, and a model is cut short: these lines are not compared."""
    assert any(each.code is not None for each in examples(block))
    for each in examples(block):
        if each.code is None:
            continue
        run = shell(each.text, place, environment, 300)
        assert run.returncode == each.code, f"{each.text}\n{run.stdout[-2000:]}{run.stderr}"
        said = set(map(like, run.stdout.splitlines()))
        expected = [line for line in each.shown if line[:2] in ("c ", "s ") and "answered by" not in line]
        assert {like(line) for line in expected} <= said, f"{each.text}\n{run.stdout[-2000:]}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_python_examples_run(document: Path, place: Path, environment: dict[str, str]) -> None:
    found = blocks(document.read_text(), "python")
    assert found or document != README
    for block in found:
        command = [sys.executable, "-P", "-W", "error", "-c", block]
        run = subprocess.run(
            command, cwd=place, env=environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert (run.returncode, run.stderr) == (0, ""), block
