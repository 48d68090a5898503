"""Read a DRAT proof, text or binary."""

from dataclasses import dataclass

import numpy as np

from turbosat.check import kernels
from turbosat.check.clock import Clock
from turbosat.check.errors import InputError
from turbosat.check.reading.scan import Items, Scanner
from turbosat.check.reading.source import Data, line_at, word_at


@dataclass
class Proof:
    """The steps of a proof up to its end, or up to the first thing that is no step: its `fault`."""

    name: str
    data: Data
    binary: bool
    items: Items
    fault: InputError | None

    def forget_literals(self) -> None:
        """Free what an index has copied."""
        self.items = self.items._replace(literals=np.empty(0, np.int32), ends=np.empty(0, np.int64))

    def place(self, index: int) -> str:
        """Return how messages name a step: its number, and its line or byte."""
        position = int(self.items.places[index])
        where = f"byte {position}" if self.binary else f"line {line_at(self.data, position)}"
        return f"step {index + 1} ({where})"


def parse_proof(data: Data, name: str, clock: Clock, *, binary: bool) -> Proof:
    """Decode a proof; what cannot be decoded becomes `fault`, for a conflict may come before it."""
    scanner = Scanner(data, clock, proof=True, binary=binary)
    code = scanner.run()
    fault = None
    if code != kernels.DONE:
        position = scanner.position
        if binary:
            place = f"byte {position}"
            found = f"byte {data[position]:#04x}" if position < len(data) else "the end"
        else:
            place, found = str(line_at(data, position)), word_at(data, position)
        if code == kernels.UNFINISHED:
            message = "the last step, begun here, is cut short"
        elif code == kernels.TOO_LARGE:
            message = "the literal is too large" if binary else f"the literal {found} is too large"
        elif binary and position != _step_start(scanner, position):
            message = f"expected a literal or 0, found {found}"
        else:
            message = f"expected {'a step (a or d)' if binary else 'a literal or 0'}, found {found}"
        fault = InputError(name, place, message)
    return Proof(name, data, binary, scanner.result(), fault)


def _step_start(scanner: Scanner, position: int) -> int:
    """Return `position` if a binary step should begin there: the byte before it ends a step."""
    return position if position == 0 or scanner.data[position - 1] == 0 else -1
