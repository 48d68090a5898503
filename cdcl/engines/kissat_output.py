"""What Kissat prints, taken in as it comes: answer, model, statistics, reports, errors."""

from __future__ import annotations

import os
import re
from array import array
from contextlib import suppress
from typing import TYPE_CHECKING

from turbosat.dimacs.plain import integers
from turbosat.errors import Cause, EngineError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The columns of a report line, read down and then right in Kissat's three-line heading.
COLUMNS = (
    *(
        "seconds",
        "megabytes",
        "level",
        "switched",
        "reductions",
        "restarts",
        "rate",
        "conflicts",
        "redundant",
    ),
    *(
        "size_glue",
        "size",
        "glue",
        "tier1",
        "tier2",
        "trail",
        "binary",
        "irredundant",
        "variables",
        "remaining",
    ),
)


SMALL = 1 << 18  # bytes of `v` lines that are kept
_NO_MODEL = re.compile(rb"\n(?!v )")  # the end of the last of some `v` lines
_PARSE_ERROR = re.compile(rb":\d+: parse error: ")
_UNNAMED = b"can not get absolute path of "  # a file without a name: Kissat takes none beside a proof


class Output:
    """The lines of one run, on the file that was named `source` to Kissat.

    `variables` is the header's number, None before it was read; `status` the word of the `s` line; `exit`
    the exit code that it announces last of all; `error` Kissat's own complaint, and its `cause`; `progress`
    the last report line by column; `counts` the statistics.
    """

    def __init__(self, source: str = "") -> None:
        self.source = source
        self.variables: int | None = None
        self.status = ""
        self.exit: int | None = None
        self.error = ""
        self.cause: Cause | None = None
        self.progress: dict[str, float] = {}
        self.counts: dict[str, float] = {}
        self._rest = b""
        self._model = b""  # `v` lines
        self._values: NDArray[np.bool_] | None = None  # of those that are not kept
        self._garbled = False

    def feed(self, data: bytes) -> None:
        """Take in what was read from the pipe."""
        text = self._rest + data
        place, last = 0, text.rfind(b"\n") + 1
        self._rest = text[last:]
        while place < last:
            begin, model = place, text.startswith(b"v ", place)
            ends = _NO_MODEL.search(text, place, last) if model else None
            place = ends.end() if ends else last if model else text.index(b"\n", place) + 1
            if model:
                self._assign(text[begin:place])
            else:
                self._line(text[begin : place - 1])

    def _line(self, line: bytes) -> None:
        if line.startswith(b"c "):
            if line[3:4] == b" ":
                self._report(line)
            elif line.find(b":") > 0:
                self._count(line)
            elif line.startswith(b"c parsed 'p cnf "):
                self.variables = int(line.split()[4])
            elif line.startswith(b"c exit ") and line[7:].isdigit():
                self.exit = int(line[7:])
        elif line.startswith(b"s "):
            self.status = line[2:].decode()
        elif line.startswith(b"kissat: "):
            self._complain(line[8:])

    def literals(self) -> array[int] | None:
        """Return the model as signed literals, int32 (variables,), None where only `values` has it."""
        found = None if self._values is not None or self._garbled else integers(_words(self._model))
        last = self.variables or 0
        if found is None or max(found, default=0) > last or min(found, default=0) < -last:
            return None
        false = {-literal for literal in found if literal < 0}
        return array("i", (-each if each in false else each for each in range(1, last + 1)))

    def values(self) -> NDArray[np.bool_]:
        """Return the model, (variables,); variables that were not printed are true.

        Raises EngineError where it was no model.
        """
        import numpy as np

        self._digest()
        if self._garbled:
            raise EngineError("kissat: what it printed for a model is none")
        return np.ones(self.variables or 0, np.bool_) if self._values is None else self._values

    def _assign(self, lines: bytes) -> None:
        """Take in `v` lines: of a large model there are millions, and they are not kept."""
        self._model += lines
        if len(self._model) > SMALL:
            self._digest()

    def _digest(self) -> None:
        """Turn the `v` lines that are kept into values."""
        import numpy as np

        from turbosat.dimacs.integers import PADDING, tokenise
        from turbosat.validation import MAX_VARIABLE

        text, self._model = _words(self._model), b""
        found = tokenise(text + bytes(PADDING), len(text))
        largest = MAX_VARIABLE + 1 if found is None else int(np.abs(found[0]).max(initial=0))
        if found is None or largest > MAX_VARIABLE:
            self._garbled = True
            return
        values = np.ones(self.variables or 0, np.bool_) if self._values is None else self._values
        if largest > values.size:
            values = np.concatenate([values, np.ones(largest - values.size, np.bool_)])
        values[-found[0][found[0] < 0] - 1] = False
        self._values = values

    def _complain(self, complaint: bytes) -> None:
        """Take in what follows Kissat's name: which of its functions wrote it shows in the first words."""
        text = complaint.removeprefix(b"fatal ").removeprefix(b"error: ")
        rest = text.removeprefix(os.fsencode(self.source)) if self.source else b""
        if text.startswith(b"out-of-memory "):
            self.cause, text = Cause.MEMORY, text.replace(b"out-of-memory", b"out of memory", 1)
        elif (rest != text and _PARSE_ERROR.match(rest)) or text.startswith(_UNNAMED):
            self.cause = Cause.REJECTED
        self.error = text.decode(errors="replace")

    def _report(self, line: bytes) -> None:
        fields = line[3:].split()
        if len(fields) == len(COLUMNS):
            with suppress(ValueError):  # some other text: reports are for looking at only
                numbers = [float(field.rstrip(b"%")) for field in fields]
                self.progress = dict(zip(COLUMNS, numbers, strict=True))

    def _count(self, line: bytes) -> None:
        name, _, rest = line[2:].partition(b":")
        fields = rest.split()
        if not fields or b" " in name:
            return
        # "process-time:  24s  24.04 seconds": what stands before the unit is the exact figure.
        value = fields[fields.index(b"seconds") - 1] if b"seconds" in fields else fields[0]
        with suppress(ValueError):  # a file name or the like
            self.counts[name.decode().replace("-", "_")] = float(value)


def _words(lines: bytes) -> bytes:
    """Return what stands in `v` lines."""
    return (b"\n" + lines).replace(b"\nv ", b"\n")
