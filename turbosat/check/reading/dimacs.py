"""Read a formula: DIMACS CNF, with the xor lines of CryptoMiniSat."""

import re
from dataclasses import dataclass

import numpy as np

from turbosat.check import kernels
from turbosat.check.clock import Clock
from turbosat.check.errors import InputError
from turbosat.check.reading.scan import Items, Scanner
from turbosat.check.reading.source import Data, Source, line_at, name_of, read, word_at

_HEADER = re.compile(rb"p[ \t]+cnf[ \t]+(\d{1,18})[ \t]+(\d{1,18})[ \t\r]*(?:\n|\Z)")


@dataclass(frozen=True)
class Formula:
    """A parsed formula; `data` stays for the line numbers of messages."""

    name: str
    data: Data
    header: tuple[int, int]
    items: Items
    variables: int  # the larger of the header's number and the largest used
    notes: tuple[str, ...]

    def describe(self, index: int) -> str:
        """Return how messages name an item: its number, line and literals."""
        flat, ends, kinds, places = self.items
        start = int(ends[index - 1]) if index else 0
        literals = flat[start : ends[index]].tolist()
        text = " ".join(str(literal) for literal in [*literals[:12], 0])
        if len(literals) > 12:
            text = text[:-1] + f"... ({len(literals)} literals)"
        title = "xor" if kinds[index] == kernels.XOR else "clause"
        line = line_at(self.data, int(places[index]))
        return f"{title} {index + 1} ({self.name}:{line}): {'x' if title == 'xor' else ''}{text}"


def read_formula(source: Source, clock: Clock) -> Formula:
    """Read and parse a formula; raise InputError with the line of whatever is wrong."""
    name = name_of(source, "cnf")
    data = read(source, "cnf", clock)
    scanner = Scanner(data, clock, proof=False, binary=False)
    header: tuple[int, int] | None = None
    while (code := scanner.run(headed=header is not None)) != kernels.DONE:
        position = scanner.position
        line = str(line_at(data, position))
        found_word = word_at(data, position)
        if code == kernels.HEADER:
            if header is not None:
                raise InputError(name, line, "a second header")
            found = _HEADER.match(data, position)
            if found is None:
                text = (
                    bytes(data[position : position + 80])
                    .split(b"\n", 1)[0]
                    .decode("ascii", "backslashreplace")
                )
                raise InputError(
                    name, line, f"expected 'p cnf VARIABLES CLAUSES', found {text.strip()[:40]!r}"
                )
            header = int(found[1]), int(found[2])
            if header[0] > kernels.LARGEST:
                raise InputError(name, line, f"more than {kernels.LARGEST} variables")
            scanner.skip(found.end())
        elif code == kernels.NO_HEADER:
            raise InputError(name, line, f"expected 'p cnf VARIABLES CLAUSES', found {found_word}")
        elif code == kernels.BAD:
            raise InputError(name, line, f"expected a literal or 0, found {found_word}")
        elif code == kernels.TOO_LARGE:
            raise InputError(name, line, f"the literal {found_word} is too large")
        else:
            raise InputError(name, line, "the last clause, begun here, has no closing 0")
    if header is None:
        raise InputError(name, "1", "expected 'p cnf VARIABLES CLAUSES', found the end of the file")
    items = scanner.result()
    used = int(np.abs(items.literals).max(initial=0))
    notes = []
    if len(items.ends) != header[1]:
        notes.append(f"{name}: the header promises {header[1]} clauses, the file has {len(items.ends)}")
    if used > header[0]:
        notes.append(f"{name}: the header promises {header[0]} variables, the file uses {used}")
    return Formula(name, data, header, items, max(used, header[0]), tuple(notes))
