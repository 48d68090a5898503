"""A tiny reader of DIMACS that shares nothing with turbosat; it reads what is beyond doubt, checks models."""

import bz2
import gzip
import lzma
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pysat.solvers import Solver

HEADER = re.compile(rb"p cnf (\d{1,7}) (\d{1,9})\s*")
NUMBER = re.compile(rb"-?[1-9]\d{0,8}|0")
SMALL = 20_000  # literals: what is larger is not solved here
PIECE = 5  # literals of an XOR that are written as clauses at once


@dataclass(frozen=True, slots=True)
class Reading:
    """A formula as read here."""

    variables: int
    clauses: list[list[int]]
    xors: list[list[int]]  # each sums to 1, a negative literal counts 1 less

    def falsified(self, model: Iterable[int]) -> str:
        """Return what a complete model falsifies, nothing if it is one."""
        true = set(model)
        for clause in self.clauses:
            if not any(literal in true for literal in clause):
                return f"clause {clause[:20]}"
        for xor in self.xors:
            if sum(literal in true for literal in xor) % 2 == 0:
                return f"XOR {xor[:20]}"
        return ""

    def satisfiable(self) -> bool | None:
        """Solve a small formula with MiniSat, which turbosat does not use; None if it is not small."""
        if sum(map(len, self.clauses)) + sum(map(len, self.xors)) > SMALL:
            return None
        if [] in self.clauses or [] in self.xors:
            return False
        with Solver(
            "minisat22", bootstrap_with=[*self.clauses, *expanded(self.xors, self.variables)]
        ) as solver:
            solver.conf_budget(20_000)
            answer: bool | None = solver.solve_limited()
        return answer

    def dimacs(self) -> bytes:
        """Return the formula in the plainest form."""
        lines = [f"p cnf {self.variables} {len(self.clauses) + len(self.xors)}"]
        lines += (" ".join(map(str, [*clause, 0])) for clause in self.clauses)
        lines += ("x" + " ".join(map(str, [*xor, 0])) for xor in self.xors)
        return ("\n".join(lines) + "\n").encode()


def expanded(xors: list[list[int]], variables: int) -> list[list[int]]:
    """Return XORs as clauses; what is long is split by fresh variables."""
    clauses = []
    for xor in xors:
        rest = list(xor)
        while len(rest) > PIECE:
            variables += 1
            clauses += _clauses([*rest[: PIECE - 1], -variables])  # the fresh one is the sum of these
            rest = [variables, *rest[PIECE - 1 :]]
        clauses += _clauses(rest)
    return clauses


def _clauses(xor: list[int]) -> list[list[int]]:
    """Forbid every assignment of a short XOR in which an even number of literals holds."""
    even = (bits for bits in range(2 ** len(xor)) if bits.bit_count() % 2 == 0)
    return [[-x if bits >> place & 1 else x for place, x in enumerate(xor)] for bits in even]


def unpacked(data: bytes) -> bytes | None:
    """Return plain bytes of plain or compressed ones, None where that is in doubt."""
    kinds: list[tuple[bytes, Callable[[bytes], bytes]]] = [
        (b"\x1f\x8b", gzip.decompress),
        (b"BZh", bz2.decompress),
        (b"\xfd7zXZ\0", lzma.decompress),
        (b"\x5d\0\0", lzma.decompress),
        (b"\x28\xb5\x2f\xfd", _unzstd),
    ]
    for magic, unpack in kinds:
        if data.startswith(magic):
            try:
                return unpack(data)
            except Exception:  # whatever: it is in doubt
                return None
    return data


def _unzstd(data: bytes) -> bytes:
    import zstandard

    one = zstandard.ZstdDecompressor(max_window_size=2**31).decompressobj()
    plain: bytes = one.decompress(data)
    if not one.eof or one.unused_data:
        raise ValueError("not one frame")
    return plain


def read(data: bytes, *, relaxed: bool = False) -> Reading | None:
    """Return the formula of a file, None where its meaning is in any doubt."""
    plain = unpacked(data)
    plain = None if plain is None else plain.replace(b"\r\n", b"\n")
    if plain is None or any(odd in plain for odd in (b"\0", b"\r", b"\v", b"\f")):
        return None
    lines = iter(plain.split(b"\n"))
    header = None
    for line in lines:
        if not line.startswith(b"c") and line:
            header = HEADER.fullmatch(line)
            break
    if header is None:
        return None
    variables, count = map(int, header.groups())
    clauses: list[list[int]] = []
    xors: list[list[int]] = []
    clause: list[int] = []
    for line in lines:
        if line.startswith(b"c"):
            continue
        if line.startswith(b"%"):
            if any(rest not in (b"", b"0") for rest in lines):
                return None
            break
        xor = line.startswith(b"x")
        words = line[xor:].split()
        if not all(map(NUMBER.fullmatch, words)):
            return None
        if xor and (clause or words.count(b"0") != 1 or words[-1] != b"0"):
            return None
        for literal in map(int, words):
            if literal:
                clause.append(literal)
            else:
                (xors if xor else clauses).append(clause)
                clause = []
    largest = max((abs(literal) for part in (*clauses, *xors) for literal in part), default=0)
    if clause or (
        not relaxed and (largest > variables or count not in (len(clauses), len(clauses) + len(xors)))
    ):
        return None
    return Reading(max(variables, largest) if relaxed else variables, clauses, xors)
