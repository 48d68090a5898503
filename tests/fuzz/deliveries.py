"""What was to be delivered: proofs, certificates, statistics; accepted by the checker, or said to be lost."""

import json
import subprocess
import sys
from collections.abc import Iterator

from tests.fuzz.meaning import TO_STDERR, TO_STDOUT, Meaning
from tests.fuzz.reading import Reading
from tests.fuzz.sandbox import OLD, OTHER, Sandbox
from tests.fuzz.world import Record
from tests.processes import ROOT

Found = tuple[str, str, object]  # kind, key and detail of a fault
CHECK = "from turbosat.check.cli import main; raise SystemExit(main())"
SECONDS = 60
VERIFIED, TIMEOUT = 0, 3
LOST = ("fifo unread", "/dev/full", "full disk", "closed", "socket", "folder", "nowhere", "")
SAID = (b"c ", b"s ", b"v ")  # how lines begin that are no proof
UNSURE = ("fifo left",)  # what fits into a pipe is written without its reader


def faults(
    meaning: Meaning,
    record: Record,
    sandbox: Sandbox,
    answer: str,
    formula: Reading | None,
    errors: list[str] | None,
) -> Iterator[Found]:
    """Yield what is wrong with what a run with an answer was to deliver."""
    for role, path in meaning.outputs.items():
        kind = meaning.target(path)
        due = role == "json" or (role == "proof" and answer == "UNSATISFIABLE")
        data = record.delivered.get(path)
        if path in TO_STDOUT and role == "proof" and record.out is not None and len(meaning.outputs) == 1:
            data = b"".join(line for line in record.out.splitlines(keepends=True) if line[:2] not in SAID)
        elif path in TO_STDOUT or path in TO_STDERR or kind in UNSURE or kind == "/dev/null":
            continue  # mixed with what else is said there
        if data is None or kind in LOST:
            empty = formula is None or [] in formula.clauses or [] in formula.xors
            if due and errors == [] and kind in LOST and not (role == "proof" and empty):
                yield f"{role} lost", kind, f"exit code {record.code}, and not a word"
            continue
        if errors or (errors is None and "fsize" in meaning.description["limits"]):
            continue  # the run says itself what is not there, unless there was no room to say it
        if role == "json":
            yield from _statistics(data, answer, kind)
        elif answer == "UNSATISFIABLE" and formula is not None:
            fresh = data not in (b"", OLD, OTHER)
            if role == "proof" and data in (OLD, OTHER):
                yield "proof missing", kind, "the file is as it was"
            elif role == "proof" or fresh:
                yield from _checked(role, kind, sandbox, formula, data)


def _statistics(data: bytes, answer: str, kind: str) -> Iterator[Found]:
    try:
        status = json.loads(data)["status"]
    except (ValueError, KeyError, TypeError) as error:
        yield "json", f"not JSON, {kind}", f"{error}: {data[:200]!r}"
        return
    if status != answer:
        yield "json", f"another status, {kind}", f"{status}, {answer}"


def _checked(role: str, kind: str, sandbox: Sandbox, formula: Reading, data: bytes) -> Iterator[Found]:
    """Ask turbosat-check, as a program of its own."""
    files = [sandbox.side / "formula.cnf", sandbox.side / "claim"]
    for file, content in zip(files, (formula.dimacs(), data), strict=True):
        file.write_bytes(content)
    command = [sys.executable, "-P", "-c", CHECK, f"--{role}", f"--time={SECONDS}", *map(str, files)]
    environment = {
        "PYTHONPATH": str(ROOT),
        "PATH": "",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(sandbox.side),
    }
    run = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, cwd=sandbox.side
    )
    if run.returncode not in (VERIFIED, TIMEOUT):
        yield f"{role} rejected", kind, f"{len(data)} bytes: {run.stdout}{run.stderr}"
