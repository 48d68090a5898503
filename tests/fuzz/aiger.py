"""The fuzzer of the AIGER reader, guided by coverage.

python -m tests.fuzz.aiger --runs 1000000 --seed 1 [--corpus FOLDER] [--folder FOUND]

Files that run new code of the reader, or bring new errors, are kept and mutated further. Each is read by the
slow twin, too: both must refuse it, with one clear line, or read the same graph. Exit code 1 if they differ;
what they differ on is printed, and saved to the folder.
"""

import argparse
import random
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.encodings.circuit import slow_aiger
from tests.encodings.circuit.circuit_cases import same
from tests.fuzz.coverage import instrument
from turbosat.encodings.circuit import aiger
from turbosat.encodings.circuit.aig import Aig
from turbosat.errors import InputError

READER = [f"turbosat.encodings.circuit.aiger_{part}" for part in ("lines", "binary", "parser")]
SEEDS = [
    b"aag 0 0 0 0 0\n",
    b"aag 7 2 0 2 3\n2\n4\n6\n12\n6 13 15\n12 2 4\n14 3 5\ni0 x\ni1 y\no0 s\no1 c\nc\nhalf adder\n",
    b"aig 5 2 0 2 3\n10\n6\n\x02\x02\x03\x02\x01\x02i0 x\ni1 y\no0 s\no1 c\nc\nhalf adder\n",
    b"aag 7 2 1 2 4\n2\n4\n6 8 1\n6\n7\n8 4 10\n10 13 15\n12 2 6\n14 3 7\nl0 q\n",
    b"aig 7 2 1 2 4\n14 6\n6\n7\n\x02\x04\x03\x04\x01\x02\x02\x08",
    b"aag 3 1 1 0 1 1 1 2 1\n2\n4 6 4\n6\n3\n2\n1\n2\n4\n6\n1\n6 5 2\nb0 bad\nc0 c\nc\nx\n",
    b"aag 2 1 0 1 1\r\n2\r\n4\r\n4 2 3\r\ni0 x\r\nc\r\nx\r\n",
    b"aag 1000000 1 0 1 2\n2\n2000001\n2000000 900 2\n900 2 3\n",
]
WORDS = [
    *(b"\n", b"\r\n", b" ", b"  ", b"\t", b"\r", b"-", b"\0", b"\x80", b"\xff", b"\x7f", b"aag ", b"aig "),
    *(b"0", b"1", b"2", b"00", b"4294967296", b"536870911", b"536870912", b"1073741823", b"9999999999"),
    *(
        b"99999999999",
        b"c\n",
        b"c",
        b"i0 x\n",
        b"l0 \n",
        b"o0 y\n",
        b"b0 z\n",
        b"j0 j\n",
        b"f0 f\n",
        b"c0 c\n",
    ),
]
LONGEST = 600  # bytes of a file that is kept
_DIGITS = re.compile(rb"[0-9]+")

Reader = Callable[[bytes], Aig]


def shape(aig: Aig) -> tuple[int, ...]:
    """Return how many there are of everything, up to two."""
    sections = (aig.outputs, aig.bad, aig.constraints, aig.justice, aig.fairness, aig.ands)
    counts = [aig.inputs, aig.latches, *(len(each) for each in sections)]
    counts += [len(aig.symbols), len(aig.comments)]
    return tuple(min(2, count) for count in counts)


class Fuzzer:
    """Files that are kept, and what is known of the reader's code."""

    def __init__(self, seed: int, read: Reader = aiger.parse, hits: set[int] | None = None) -> None:
        self.dice = random.Random(seed)
        self.read = read
        self.hits = set() if hits is None else hits
        self.seen: set[int | str] = set()
        self.kept: list[bytes] = []
        self.faults: dict[str, bytes] = {}
        self.accepted = 0

    def run(self, data: bytes) -> None:
        """Read one file twice; keep it if it showed something new."""
        self.hits.clear()
        found: Aig | None = None
        outcome = "accepted"
        try:
            found = self.read(data)
        except InputError as error:
            outcome = re.sub("[0-9]+|found .*", "#", str(error))
            if not str(error).isprintable() or "expected " not in str(error):
                self.faults.setdefault(f"unclear: {outcome}", data)
        except Exception as error:
            outcome = f"{type(error).__name__}: {error}"[:80]
            self.faults.setdefault(outcome, data)
        try:
            expected = slow_aiger.read(data)
        except slow_aiger.Wrong:
            if found is not None:
                self.faults.setdefault("accepted what is wrong", data)
        else:
            self.accepted += 1
            outcome = f"accepted: {shape(expected)}"
            if found is None:
                self.faults.setdefault(f"refused: {outcome}", data)
            elif not same(found, expected):
                self.faults.setdefault("another graph", data)
        new: set[int | str] = {*self.hits, outcome}
        new -= self.seen
        if new and len(data) <= LONGEST:
            self.seen |= new
            self.kept.append(data)

    def mutated(self) -> bytes:
        """Return one of the files that are kept, changed in a few places; the newest ones more often."""
        dice = self.dice
        data = dice.choice(self.kept[-8:] if dice.random() < 0.3 else self.kept)
        for _ in range(dice.choice((1, 1, 1, 2, 3, 6))):
            at = dice.randrange(len(data) + 1)
            end = min(len(data), at + dice.choice((0, 0, 1, 1, 2, 5, 20)))
            kind = dice.randrange(7)
            if kind == 0:  # a word in the place of some bytes
                data = data[:at] + dice.choice(WORDS) + data[end:]
            elif kind == 1:  # other bytes
                data = data[:at] + dice.randbytes(dice.randrange(3)) + data[end:]
            elif kind == 2:  # a number, mostly a near one
                numbers = list(_DIGITS.finditer(data))
                if numbers:
                    number = dice.choice(numbers[:9] if dice.random() < 0.4 else numbers)
                    near = int(number[0][:18]) + dice.choice((-2, -1, 1, 2, 10))
                    data = data[: number.start()] + b"%d" % max(near, 0) + data[number.end() :]
            elif kind in (3, 4):  # lines doubled, left out, in another order
                lines = data.splitlines(keepends=True)
                if lines:
                    line = lines.pop(dice.randrange(len(lines)))
                    for _ in range(dice.randrange(3)):
                        lines.insert(dice.randrange(len(lines) + 1), line)
                data = b"".join(lines)
            elif kind == 5:  # the end of another one
                other = dice.choice(self.kept)
                data = data[:at] + other[dice.randrange(len(other) + 1) :]
            else:
                data = data[:at] + data[at:end] + data[at:]
        return data


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz the AIGER reader.")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--corpus", type=Path, help="a folder of files to begin with")
    parser.add_argument("--folder", type=Path, help="where what fails is saved")
    options = parser.parse_args()
    fuzzer = Fuzzer(options.seed, hits=instrument(READER))
    files = sorted(options.corpus.rglob("*.a?g")) if options.corpus else []
    for data in (*SEEDS, *(file.read_bytes() for file in files if file.stat().st_size <= LONGEST)):
        fuzzer.run(data)
    began = time.monotonic()
    for _ in range(options.runs):
        fuzzer.run(fuzzer.mutated())
    blocks = len([each for each in fuzzer.seen if isinstance(each, int)])
    print(
        f"{options.runs} files, {fuzzer.accepted} graphs; {blocks} blocks of code, {len(fuzzer.kept)} files "
        f"kept, {time.monotonic() - began:.0f} s"
    )
    for place, (fault, data) in enumerate(fuzzer.faults.items()):
        print(f"{fault}\n    {data!r}")
        if options.folder:
            options.folder.mkdir(parents=True, exist_ok=True)
            (options.folder / f"{options.seed}-{place}").write_bytes(data)
    return 1 if fuzzer.faults else 0


if __name__ == "__main__":
    sys.exit(main())
