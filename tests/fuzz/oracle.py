"""What must hold after any run, whatever was asked for."""

import os
import re
from dataclasses import dataclass

from tests.fuzz import contents, deliveries, options, reading
from tests.fuzz.cases import LONG, Description
from tests.fuzz.ends import SEEN
from tests.fuzz.meaning import TO_STDERR, TO_STDOUT, Meaning
from tests.fuzz.sandbox import Sandbox
from tests.fuzz.world import GRACE, Record

ANSWERS = {0: "UNKNOWN", 10: "SATISFIABLE", 20: "UNSATISFIABLE"}
CODES = (*ANSWERS, 1)  # those of docs/command-line.md
ERROR = re.compile(r"turbosat: \S")
RAW = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # what a terminal acts on
FRAME = re.compile(r'File "[^"]*?([\w.-]+)", line \d+, in (\S+)')
WIDTH = 78  # of v lines
BUSY = 3  # times slower than an idle machine: then the patience of a run says nothing
INCOMPLETE = ("gradient", "galois")  # engines that may give up
COMPLETE = ("time_limit", "workers", "lanes", "seed", "pool_after")  # numbers that limit nothing but time


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that must not be."""

    kind: str
    key: str  # what faults of one cause have in common
    detail: str

    @property
    def signature(self) -> str:
        return f"{self.kind}: {self.key}" if self.key else self.kind


class Oracle:
    """The judge of one run."""

    def __init__(self, description: Description, record: Record, sandbox: Sandbox) -> None:
        self.description, self.record, self.sandbox = description, record, sandbox
        self.meaning = Meaning(description)
        self.faults: list[Fault] = []
        self.answer = ANSWERS.get(record.code) if record.code is not None else None
        self.names = {sent.name for sent in record.sent}
        # Before turbosat has taken over, a signal ends Python as it would any program.
        self.early = any(not sent.caught and sent.name != "HUP" for sent in record.sent)
        self.errors: list[str] | None = None  # lines on standard error, None where they are not seen

    def judge(self) -> list[Fault]:
        """Return what is wrong."""
        self._ending()
        self._left_behind()
        if self.record.code is not None and not self.early:
            self._complaints()
            if not self.meaning.information:
                self._refusals()
                self._answer()
        return self.faults

    def fault(self, kind: str, key: str = "", detail: object = "") -> None:
        """Take note of a fault."""
        self.faults.append(Fault(kind, key, str(detail)[:2000]))

    def overshoot(self) -> float | None:
        """Return how many seconds the run went on after it had to end, None if it ended before."""
        moments = [sent.moment for sent in self.record.sent]
        if self.meaning.seconds is not None:
            moments.append(self.meaning.seconds)
        over = self.record.seconds - min(moments, default=float("inf"))
        return over if over > 0 else None

    # How it ended.

    def _ending(self) -> None:
        record = self.record
        if record.guarded or record.over_memory >= 0.5:
            limit = self.meaning.memory
            self.fault("memory", "with --memory" if limit else "", f"{record.peak >> 20} MiB, limit {limit}")
        elif record.code is None:
            self.fault("hang", self._what_blocks(), f"killed after {record.seconds:.1f} s")
        elif (over := self.overshoot()) is not None and over > record.lateness.allowed(GRACE):
            why = "signal" if record.sent and self.meaning.seconds is None else "limit"
            key = ", ".join(word for word in (why, self._what_blocks()) if word)
            self.fault("late", key, f"{over:.2f} s; {record.lateness}")
        code = record.code
        if code is None or code in CODES:
            return
        if code < 0:
            sent = [-code == {"INT": 2, "TERM": 15, "HUP": 1, "KILL": 9}[each.name] for each in record.sent]
            caught = [each.caught and each.name != "HUP" for each in record.sent]
            if any(yes and not ours for yes, ours in zip(sent, caught, strict=True)):
                return
        if not self.early:
            self.fault("exit code", str(code), f"stderr: {self._text(record.err)}")

    def _what_blocks(self) -> str:
        """Guess what a run waited for, or could not cope with."""
        file, stdin = self.meaning.file(), self.description["stdin"]["is"]
        waits = "" if file is None else f"input fifo {file['writer']}" if file["is"] == "fifo" else ""
        if file is None and stdin not in ("file", "pipe", "pipe slow"):
            waits = f"stdin {stdin}"
        places = [
            f"{role} to {kind}"
            for role, path in self.meaning.outputs.items()
            if (kind := self.meaning.target(path)) not in ("new", "existing", "twin", "/dev/null")
        ]
        streams = [f"{name} {self.description[name]['is']}" for name in ("stdout", "stderr")]
        unusual = [*self.description["limits"], *self.description["environment"]]
        ends = [stream for stream in streams if not stream.endswith(("pipe", "file", "terminal"))]
        pipes = [place for place in places if "fifo" in place]
        guesses = (pipes, [waits] if waits and "quick" not in waits else [], unusual, places, ends)
        return next((", ".join(guess) for guess in guesses if guess), "")

    def _left_behind(self) -> None:
        for name, what in self.sandbox.changes().items():
            self._change(name, what)
        for path in self.sandbox.canaries():
            self.fault("canary", "", path)
        if self.record.left:
            self.fault("left process", self._program(self.record.left[0]), self.record.left)
        if "KILL" not in self.names and (litter := self.sandbox.litter(self.meaning.outputs.values())):
            self.fault("left file", re.sub(r"[\d_].*", "", litter[0]), litter)

    def _change(self, name: str, what: str) -> None:
        """Judge what happened to a file of the current folder."""
        outputs = [os.path.normpath(path) for path in self.meaning.outputs.values()]
        expected = name in (*outputs, "nowhere-yet") or any(path.startswith(f"{name}/") for path in outputs)
        formula = self.meaning.target(name) == "formula"
        if name in self.description["files"] or name == "real":
            self.fault("input changed", f"{what}, as {self._roles(name)}", name)
        elif not expected:
            self.fault("stray file", name if len(name) < 9 else "", f"{name!r} is {what}")
        elif formula and what == "changed" and not self.meaning.has("--force", "-f"):
            self.fault("formula overwritten", "", name)

    def _program(self, command: str) -> str:
        return next(
            (name for name in ("raylet", "gcs_server", "ray", "kissat", "python") if name in command), ""
        )

    def _roles(self, name: str) -> str:
        kinds = ("input", "link to input", "hard link to input")
        roles = [
            role
            for role, path in self.meaning.outputs.items()
            if path == name or self.meaning.target(path) in kinds
        ]
        return " and ".join(roles) or "nothing"

    # What it said on standard error.

    def _text(self, data: bytes | None) -> str:
        return "" if data is None else data.decode(errors="backslashreplace")

    def _complaints(self) -> None:
        record, kind = self.record, self.description["stderr"]["is"]
        seen = record.out if kind == "stdout" else record.err
        text = self._text(seen)
        if "Traceback (most recent call last)" in text or "Exception ignored" in text:
            frames = FRAME.findall(text)
            last = text.strip().splitlines()[-1]
            where = "/".join(frames[-1]) if frames else ""
            self.fault("traceback", f"{last.partition(':')[0][:60]} in {where}", text[-1500:])
            return
        if record.err is None or kind not in ("pipe", "file"):
            return
        if kind == "file" and "fsize" in self.description["limits"]:
            return  # there may be no room for what it had to say
        if any(path in TO_STDERR for path in self.meaning.outputs.values()):
            return
        self._readable("stderr", record.err)
        self.errors = _split(text)
        foreign = [line for line in self.errors if not ERROR.match(line)]
        if len(self.errors) > 1 or foreign:
            self.fault("stderr", re.sub(r"\W*\d.*", "", (foreign or self.errors)[0])[:60], text)
        unheard = self.description["stdout"]["is"] in ("left", "closed", "full") or self.description[
            "environment"
        ].get("closed")
        if record.code == 1 and not self.errors and not unheard and not self.meaning.information:
            self.fault("silent error", self._what_blocks(), self._text(record.out))

    def _readable(self, where: str, data: bytes) -> None:
        """Check that nothing is written raw that a terminal would act on, or could not show."""
        encoding = self.description["environment"].get("variables", {}).get("PYTHONIOENCODING", "utf-8")
        encoding, _, _ = encoding.partition(":")
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            self.fault("undecodable", where, error)
            return
        if found := RAW.search(text):
            self.fault("raw control", where, repr(text[max(0, found.start() - 60) : found.end() + 20]))

    # What had to be refused, and what not.

    def _refusals(self) -> None:
        code, meaning, patience = self.record.code, self.meaning, self.description["patience"]
        if self.names:
            tired = meaning.seconds is None and self.record.sent[-1].moment >= patience
            if tired and code == 0 and patience >= LONG and self.record.lateness.slowdown < BUSY:
                self.fault("endless", self._what_blocks(), f"no answer in {patience} s")
            return
        if code in ANSWERS:
            if value := options.refused(meaning.groups):
                self.fault("accepted", value.split()[0], value)
            if place := meaning.same_place():
                self.fault("accepted output", place.split(" '")[0], f"{place} in {meaning.outputs}")
        elif code == 1 and not self.faults and meaning.simple() and self._plainly_read():
            self.fault("refused", "", self.errors)
        early = meaning.seconds is None or self.record.seconds < meaning.seconds - 0.05
        if code == 0 and early and self._must_answer():
            self.fault("gave up", self._what_blocks(), self._text(self.record.out)[-400:])

    def _plainly_read(self) -> bool:
        """Whether nobody can object to the formula, and its answer can be written."""
        writable = self.description["stdout"]["is"] in SEEN
        return writable and not self.meaning.has("--strict") and self.formula() is not None

    def _must_answer(self) -> bool:
        """Whether the run goes on until it has an answer."""
        # Where nobody reads what it prints, a run may end.
        limited = self.description["stdout"]["is"] == "left" or any(
            self.meaning.given(name) is not None
            for name, kind, _ in options.table()
            if options.is_number(kind) and name not in COMPLETE
        )
        engine = self.meaning.given("engine")
        return not limited and not self.description["limits"] and engine not in INCOMPLETE

    # The answer.

    def formula(self) -> reading.Reading | None:
        """Return the formula as read here, None if it is not beyond doubt."""
        data = self.sandbox.contents.get("-" if self.meaning.file() is None else self.meaning.input)
        if data is None or not self.meaning.input_data_whole:
            return None
        return reading.read(data, relaxed=self.meaning.relaxed)

    def _answer(self) -> None:
        out = self.record.out
        mixed = (
            any(path in TO_STDOUT for path in self.meaning.outputs.values())
            or self.description["stderr"]["is"] == "stdout"
        )
        if out is not None:
            lines = _split(self._text(out.replace(b"\r\n", b"\n"))) if mixed else self._lines(out)
            self._lines_of_answer(lines, mixed=mixed)
        if self.answer is None:
            return
        formula = self.formula()
        if formula is not None and self.answer != "UNKNOWN":
            holds = self._truth(formula)
            if holds is not None and holds != (self.answer == "SATISFIABLE"):
                self.fault("WRONG ANSWER", self.answer, formula.dimacs()[:500])
        for kind, key, detail in deliveries.faults(
            self.meaning, self.record, self.sandbox, self.answer, formula, self.errors
        ):
            self.fault(kind, key, detail)

    def _truth(self, formula: reading.Reading) -> bool | None:
        """Return whether the formula is satisfiable, if that is known."""
        file = self.meaning.file() or self.description["stdin"]
        by_making = contents.known(file["content"])  # type: ignore[arg-type]
        return formula.satisfiable() if by_making is None else by_making

    def _lines(self, out: bytes) -> list[str]:
        """Return the lines of standard output, after a look at each."""
        data = out.replace(b"\r\n", b"\n") if self.description["stdout"]["is"] == "terminal" else out
        self._readable("stdout", data)
        lines = _split(self._text(data))
        if data and not data.endswith(b"\n"):
            self.fault("stdout", "no newline at the end", lines[-1])
        for line in lines:
            if not re.match(r"[csv] |c$", line):
                self.fault("stdout", "a line of no kind", line)
                break
        if self.meaning.has("-q", "--quiet") and any(line.startswith("c") for line in lines):
            self.fault("stdout", "comments in spite of --quiet", lines[:3])
        return lines

    def _lines_of_answer(self, lines: list[str], *, mixed: bool) -> None:
        answers = [line[2:] for line in lines if re.match(r"s \S", line)]
        wanted = [] if self.answer is None else [self.answer]
        if self.record.code == 1 and answers == ["UNSATISFIABLE"] and self._proof_may_be_lost():
            wanted = answers
        if self.record.code is not None and self.record.code < 0:
            return  # killed by a signal at whatever moment
        limited = "fsize" in self.description["limits"] and self.description["stdout"]["is"] == "file"
        if answers != wanted and not (limited and not answers):
            if self.record.code in CODES or answers:
                self.fault("s line", f"{answers} with exit code {self.record.code}"[:80], lines[-3:])
            return
        values = [line for line in lines if line.startswith("v ")]
        if mixed or limited:
            return
        if self.answer != "SATISFIABLE" or self.meaning.has("-n", "--no-witness", "-qn", "-nq"):
            if values:
                self.fault("v line", f"with {self.answer}", values[:2])
            return
        self._model(values)

    def _proof_may_be_lost(self) -> bool:
        """Whether an answer may come with the exit code of an error, because its proof cannot be written."""
        path = self.meaning.outputs.get("proof")
        if path is None or self.errors == []:
            return False
        unusual = self.description["limits"] or self.description["environment"]
        return bool(unusual) or self.meaning.target(path) not in ("new", "existing", "/dev/null")

    def _model(self, values: list[str]) -> None:
        if any(len(line) > WIDTH for line in values):
            self.fault("v line", "too long", max(values, key=len))
        try:
            model = [int(word) for line in values for word in line.split()[1:]]
        except ValueError as error:
            self.fault("v line", "no literal", error)
            return
        if model[-1:] != [0] or 0 in model[:-1]:
            self.fault("v line", "no 0 at the end", values[-1:])
            return
        formula = self.formula()
        if formula is None:
            return
        if sorted(map(abs, model[:-1])) != list(range(1, formula.variables + 1)):
            self.fault(
                "v line",
                "not each variable once",
                f"{len(model) - 1} literals, {formula.variables} variables",
            )
        elif falsified := formula.falsified(model[:-1]):
            self.fault("WRONG MODEL", "", falsified)


def _split(text: str) -> list[str]:
    """Return lines, as programs see them that read ours."""
    return text.removesuffix("\n").split("\n") if text else []
