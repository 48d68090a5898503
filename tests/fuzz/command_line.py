"""The fuzzer of the command line.

python -m tests.fuzz.command_line --runs 10000 --seed 1 --jobs 2 [--folder FOUND]
python -m tests.fuzz.command_line --again 'JSON'

Each run is described by one line of JSON that depends on the seed and the run's number alone. What fails is
made smaller, one description for each kind of fault, and saved to the folder. Exit code 1 if anything failed.
"""

import argparse
import json
import multiprocessing
import os
import re
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Self

from tests.fuzz.cases import Description, describe
from tests.fuzz.worker import Judged, serve
from tests.fuzz.world import COMMAND

EXAMPLES = 3  # descriptions that are kept of each kind of fault
PLAIN: Description = {
    "argv": [["-q"], ["f.cnf"], ["proof"]],
    "files": {
        "f.cnf": {"is": "regular", "content": {"family": "parity-false", "n": 9, "seed": 0, "x": True}}
    },
    "targets": {"proof": "new"},
    "stdin": {"is": "null"},
    "stdout": {"is": "pipe"},
    "stderr": {"is": "pipe"},
    "limits": {},
    "environment": {},
    "signals": [],
    "patience": 60,
    "launcher": "module",
}


class Found:
    """The faults so far, one kind after the other."""

    def __init__(self, folder: Path | None) -> None:
        self.counts: Counter[str] = Counter()
        self.examples: dict[str, list[Judged]] = defaultdict(list)
        self._folder = folder

    def add(self, judged: Judged, number: int | None) -> list[str]:
        """Take note of a run; return the kinds of fault that are new."""
        fresh = []
        for fault in judged.faults:
            signature = fault.signature
            fresh += [] if self.counts[signature] else [signature]
            self.counts[signature] += 1
            if len(self.examples[signature]) < EXAMPLES:
                self.examples[signature].append(judged)
                self._save(signature, f"run-{number}", judged.description, fault.detail)
        return fresh

    def save_smaller(self, signature: str, description: Description) -> None:
        """Save the smaller description of a kind."""
        self._save(signature, "small", description, "")
        say(f"  smaller: {json.dumps(description)}")

    def _save(self, signature: str, name: str, description: Description, detail: str) -> None:
        if self._folder is not None:
            place = self._folder / re.sub(r"[^\w.-]+", "-", signature)[:100]
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{name}.json").write_text(json.dumps(description) + "\n")
            if detail:
                (place / f"{name}.txt").write_text(detail + "\n", errors="backslashreplace")


def say(text: str) -> None:
    """Print a line, whatever is in it."""
    print(text.encode("utf-8", "backslashreplace").decode(), flush=True)


class Team:
    """The workers."""

    def __init__(self, jobs: int, seed: int, command: tuple[str, ...]) -> None:
        self._lock = tempfile.TemporaryDirectory(prefix="fuzz-")
        self.idle: list[Connection] = []
        self._processes = []
        context = multiprocessing.get_context("spawn")
        for _ in range(jobs):
            ours, theirs = context.Pipe()
            arguments = theirs, Path(self._lock.name) / "lock", seed, command
            process = context.Process(target=serve, args=arguments)
            process.start()
            theirs.close()
            self.idle.append(ours)
            self._processes.append(process)
        self.all = list(self.idle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Let everyone finish and go; at once, if there was an exception."""
        for connection in self.all:
            connection.close()
        for process in self._processes:
            if kind is not None:
                process.terminate()
            process.join()
        self._lock.cleanup()

    def ask(self, kind: str, request: Any) -> Any:
        """Have one thing done."""
        self.idle[0].send((kind, request))
        return self.idle[0].recv()


def fuzz(arguments: argparse.Namespace, team: Team) -> Found:
    """Run them all."""
    found = Found(arguments.folder)
    numbers = iter(range(arguments.first, arguments.first + arguments.runs))
    busy: dict[Connection, tuple[str, Any]] = {}
    smaller: list[tuple[Description, str]] = []
    began, done, codes, late = time.monotonic(), 0, Counter[str](), []
    while True:
        while team.idle:
            if smaller:
                task: tuple[str, Any] = "shrink", smaller.pop()
            elif (number := next(numbers, None)) is not None:
                task = "number", number
            else:
                break
            connection = team.idle.pop()
            connection.send(task)
            busy[connection] = task
        if not busy:
            break
        for ready in wait(list(busy)):
            connection = next(each for each in busy if each is ready)
            kind, request = busy.pop(connection)
            answer = connection.recv()
            team.idle.append(connection)
            if kind == "shrink":
                found.save_smaller(request[1], answer)
                continue
            done += 1
            codes[str(answer.code)] += 1
            if arguments.verbose:
                say(f"run {request}: {answer.code}, {answer.seconds:.2f} s: {json.dumps(answer.description)}")
            late += [answer.overshoot] if answer.overshoot is not None else []
            for signature in found.add(answer, request):
                detail = next(fault.detail for fault in answer.faults if fault.signature == signature)
                say(f"run {request}: {signature}: {detail[-300:]!r}")
                if arguments.shrink:
                    smaller.append((answer.description, signature))
            if done % 100 == 0:
                say(f"{done} runs in {time.monotonic() - began:.0f} s, {sum(found.counts.values())} faults")
    say(f"{done} runs in {time.monotonic() - began:.0f} s; exit codes: {dict(sorted(codes.items()))}")
    if late:
        late.sort()
        median, last = late[len(late) // 2], late[-1]
        say(f"{len(late)} ended by a limit or a signal: median {median:.2f} s later, last {last:.2f} s")
    return found


def main() -> int:
    """Run the program; return its exit code."""
    parser = argparse.ArgumentParser(prog="tests.fuzz.command_line", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--first", type=int, default=0, help="the number of the first run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where failing descriptions go")
    parser.add_argument("--verbose", action="store_true", help="tell of every run")
    parser.add_argument("--again", help="the JSON of one description, or a file with it")
    parser.add_argument("--show", type=int, help="print the description of a run, do not run it")
    parser.add_argument(
        "--no-shrink", dest="shrink", action="store_false", help="keep descriptions as they are"
    )
    parser.add_argument("--program", nargs="+", help="what is run instead of turbosat")
    arguments = parser.parse_args()
    if arguments.show is not None:
        say(json.dumps(describe(arguments.seed, arguments.show)))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the workers end, and the folders go
    command = tuple(arguments.program or COMMAND)
    with Team(1 if arguments.again else arguments.jobs, arguments.seed, command) as team:
        if arguments.again:
            text = Path(arguments.again).read_text() if os.path.exists(arguments.again) else arguments.again
            return _again(team, json.loads(text))
        if not arguments.program:
            _warm_up(team)
        found = fuzz(arguments, team)
    for signature, times in found.counts.most_common():
        say(f"{times:6} {signature}")
    return 1 if found.counts else 0


def _again(team: Team, description: Description) -> int:
    judged: Judged = team.ask("description", {**PLAIN, **description})
    say(f"exit code {judged.code} after {judged.seconds:.2f} s, {judged.lateness}")
    if judged.overshoot is not None:
        say(f"{judged.overshoot:.2f} s after it had to end")
    for fault in judged.faults:
        say(f"{fault.signature}: {fault.detail}")
    return 1 if judged.faults else 0


def _warm_up(team: Team) -> None:
    """Let kernels be compiled and files be read once, before anything is measured."""
    for words in ([], ["--engine=galois"], ["--engine=gradient", "--time=20"], ["-j2", "--time=4"]):
        argv = [*([word] for word in words), ["f.cnf"], *([] if words else [["proof"]])]
        team.ask("description", {**PLAIN, "argv": argv})


if __name__ == "__main__":
    sys.exit(main())
