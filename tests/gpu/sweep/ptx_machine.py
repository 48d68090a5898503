"""PTX run by numpy: exactly the instructions that the sweep's kernels are written in, all others are errors.

Threads have registers and a place in the program of their own, as the ISA says; of those that still run, the
ones at the lowest place go on together. So they come together again where paths join, and what a whole warp
must do together is checked: votes, and jumps that are said to be uniform. Registers that were never written,
memory that nobody gave, and addresses out of line are errors.
"""

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[Any]  # (threads,)
WARP = 32
SHARED = 0x400  # where shared memory begins
WIDTHS = {"u32": np.uint32, "b32": np.uint32, "s32": np.uint32, "u64": np.uint64, "b64": np.uint64}


@dataclass
class Memory:
    """Buffers on the device, in bytes, far apart from each other."""

    buffers: dict[int, NDArray[np.uint8]] = field(default_factory=dict)

    def add(self, data: NDArray[Any]) -> int:
        """Return the address of a copy."""
        address = (len(self.buffers) + 1) << 40 | 0x10000
        self.buffers[address] = np.ascontiguousarray(data).view(np.uint8).ravel().copy()
        return address

    def words(self, addresses: Vector) -> Iterator[tuple[NDArray[np.uint32], NDArray[np.int64], Vector]]:
        """Yield each buffer's words, which threads (n,) mean it, and at which word."""
        bases = addresses >> np.uint64(40) << np.uint64(40) | np.uint64(0x10000)
        for base in [int(bases[0])] if (bases == bases[0]).all() else np.unique(bases).tolist():
            who = np.flatnonzero(bases == base)
            offsets = (addresses[who] - np.uint64(base)).astype(np.int64)
            assert not (offsets % 4).any()
            words = self.buffers[base].view(np.uint32)
            assert offsets.min() >= 0
            assert offsets.max() < 4 * words.size
            yield words, who, offsets // 4


class Kernel:
    """A parsed module with one kernel."""

    def __init__(self, text: str) -> None:
        head, _, body = text.partition("{")
        assert re.match(r"\.version 6\.3\n\.target sm_75\n\.address_size 64\n", head)
        self.parameters = re.findall(r"\.param \.(\w+) (\w+)", head)
        (self.most,) = map(int, re.findall(r"\.maxntid (\d+), 1, 1", head))
        self.shared = ".extern .shared .align 16 .b32 rows[]" in head
        self.widths: dict[str, Any] = {}
        self.tables: dict[str, list[str]] = {}
        self.labels: dict[str, int] = {}
        self.code: list[tuple[str | None, bool, list[str], list[str]]] = []  # guard, negated, parts, operands
        for line in body.rpartition("}")[0].splitlines():
            self._parse(line.strip())

    def _parse(self, line: str) -> None:
        if line.startswith(".reg"):
            for kind, names in re.findall(r"\.reg \.(\w+) ([^;]+);", line):
                for name in names.split(", "):
                    found = re.fullmatch(r"(%\w+)<(\d+)>", name)
                    each = [name] if found is None else [f"{found[1]}{i}" for i in range(int(found[2]))]
                    self.widths |= dict.fromkeys(each, np.bool_ if kind == "pred" else WIDTHS[kind])
            return
        found = re.match(r"(\w+):\s*(\.branchtargets ([^;]+);)?", line)
        if found:
            if found[2]:
                self.tables[found[1]] = found[3].split(", ")
                return
            assert found[1] not in self.labels
            self.labels[found[1]] = len(self.code)
            line = line[found.end() :]
        if not line:
            return
        match = re.fullmatch(r"(?:@(!?)(%\w+) )?([\w.]+)(?: (.+))?;", line)
        assert match is not None, line
        operands = re.findall(r"\{[^}]*\}|\[[^\]]*\]|[^,\s]+", match[4] or "")
        self.code.append((match[2], match[1] == "!", match[3].split("."), operands))


parsed = functools.lru_cache(8)(Kernel)


class Run:
    """Some blocks of a launch, run to their end."""

    def __init__(
        self,
        kernel: Kernel,
        memory: Memory,
        blocks: range,
        block: int,
        arguments: dict[str, int],
        shared: int,
        random: np.random.Generator,
    ) -> None:
        assert block <= kernel.most
        assert block % WARP == 0
        self.kernel, self.memory, self.arguments, self.random = kernel, memory, arguments, random
        self.thread = np.tile(np.arange(block, dtype=np.uint32), len(blocks))
        self.block = np.repeat(np.array(blocks, np.uint32), block)
        self.of = np.repeat(np.arange(len(blocks)), block)
        self.size = block
        self.shared = random.integers(0, 2**32, size=(len(blocks), shared // 4), dtype=np.uint32)
        self.registers: dict[str, Vector] = {}
        self.written: dict[str, Vector] = {}  # by which threads
        self.special = {
            "%tid.x": self.thread,
            "%ctaid.x": self.block,
            "%ntid.x": np.full(self.thread.size, block, np.uint32),
            "%laneid": self.thread % WARP,
        }
        self.place = np.zeros(
            self.thread.size, np.int64
        )  # in the program; past its end for those that are done
        self.steps = 0

    def run(self, most: int) -> None:
        """Run to the end, in at most so many steps."""
        end = len(self.kernel.code)
        while True:
            place = int(self.place.min())
            if place >= end:
                return
            self.steps += 1
            assert self.steps < most, "it never ends"
            self._step(place, np.flatnonzero(self.place == place))

    def _step(self, place: int, who: NDArray[np.int64]) -> None:
        guard, negated, parts, operands = self.kernel.code[place]
        self.place[who] += 1
        if guard is not None:
            who = who[self._read(guard, who) != negated]
            if not who.size:
                return
        method: Callable[..., None] = getattr(self, f"_{parts[0]}")
        method(who, parts[1:], operands)

    def _read(self, name: str, who: NDArray[np.int64]) -> Vector:
        if name in self.special:
            return self.special[name][who]
        if name.startswith("%"):
            assert name in self.registers, f"{name} is read before it is written"
            assert self.written[name][who].all(), f"{name} is read before it is written"
            return self.registers[name][who]
        if name == "rows":
            assert self.kernel.shared
            return np.full(who.size, SHARED, np.uint32)
        return np.full(who.size, int(name, 0) & (2**64 - 1), np.uint64)

    def _write(self, name: str, who: NDArray[np.int64], values: Vector) -> None:
        width = self.kernel.widths[name]
        if name not in self.registers:
            self.registers[name] = np.zeros(self.thread.size, width)
            self.written[name] = np.zeros(self.thread.size, np.bool_)
        self.registers[name][who] = values.astype(width)
        self.written[name][who] = True

    def _whole(self, who: NDArray[np.int64]) -> NDArray[np.int64]:
        """Check that whole warps are here; return their number of each thread."""
        warps = who // WARP
        assert (np.bincount(warps)[warps] == WARP).all(), "a part of a warp"
        return warps

    def _two(self, who: NDArray[np.int64], parts: list[str], names: list[str]) -> tuple[Vector, Vector]:
        width = WIDTHS[parts[-1]]
        return self._read(names[1], who).astype(width), self._read(names[2], who).astype(width)

    def _mov(self, who: NDArray[np.int64], parts: list[str], names: list[str]) -> None:
        assert self.kernel.widths[names[0]] is WIDTHS[parts[0]]
        self._write(names[0], who, self._read(names[1], who))

    def _add(self, who: NDArray[np.int64], parts: list[str], names: list[str]) -> None:
        a, b = self._two(who, parts, names)
        self._write(names[0], who, a + b)

    def _sub(self, who: NDArray[np.int64], parts: list[str], names: list[str]) -> None:
        a, b = self._two(who, parts, names)
        self._write(names[0], who, a - b)

    def _mul(self, who: NDArray[np.int64], parts: list[str], names: list[str]) -> None:
        assert parts in (["lo", "u32"], ["wide", "u32"])
        a, b = self._two(who, parts, names)
        wide = a.astype(np.uint64) * b.astype(np.uint64)
        assert self.kernel.widths[names[0]] is (np.uint32 if parts[0] == "lo" else np.uint64)
        self._write(names[0], who, wide)

    def _mad(self, who: NDArray[np.int64], parts: list[str], names: list[str]) -> None:
        assert parts == ["lo", "u32"]
        a, b = self._two(who, parts, names)
        self._write(names[0], who, a * b + self._read(names[3], who).astype(np.uint32))

    def _and(self, who: NDArray[np.int64], parts: list[str], names: list[str]) -> None:
        a, b = self._two(who, parts, names)
        self._write(names[0], who, a & b)

    def _or(self, who: NDArray[np.int64], parts: list[str], names: list[str]) -> None:
        a, b = self._two(who, parts, names)
        self._write(names[0], who, a | b)

    def _shl(self, who: NDArray[np.int64], parts: list[str], names: list[str]) -> None:
        a, b = self._two(who, parts, names)
        self._write(names[0], who, np.where(b < 32, a << (b & np.uint32(31)), 0))

    def _shr(self, who: NDArray[np.int64], parts: list[str], names: list[str]) -> None:
        a, b = self._two(who, parts, names)
        signed = a.view(np.int32) if parts[0] == "s32" else a
        self._write(names[0], who, signed >> np.minimum(b, 31).astype(signed.dtype))

    def _lop3(self, who: NDArray[np.int64], parts: list[str], names: list[str]) -> None:
        assert parts == ["b32"]
        words = [self._read(name, who).astype(np.uint32) for name in names[1:4]]
        table = int(names[4], 0)
        assert 0 <= table < 256
        literals = [(~word, word) for word in words]
        fewer = table if table.bit_count() <= 4 else 255 ^ table
        result = np.zeros(who.size, np.uint32)
        for index in range(8):
            if fewer >> index & 1:
                a, b, c = (index >> 2, index >> 1 & 1, index & 1)
                result |= literals[0][a] & literals[1][b] & literals[2][c]
        self._write(names[0], who, result if fewer == table else ~result)

    def _setp(self, who: NDArray[np.int64], parts: list[str], names: list[str]) -> None:
        assert parts[1] == "u32"
        a, b = self._two(who, parts, names)
        compare = {"eq": a == b, "ne": a != b, "le": a <= b, "lt": a < b, "ge": a >= b, "gt": a > b}
        self._write(names[0], who, compare[parts[0]])

    def _selp(self, who: NDArray[np.int64], parts: list[str], names: list[str]) -> None:
        a, b = self._two(who, parts, names)
        self._write(names[0], who, np.where(self._read(names[3], who), a, b))

    def _vote(self, who: NDArray[np.int64], parts: list[str], names: list[str]) -> None:
        assert parts == ["sync", "any", "pred"]
        assert names[2] == "0xffffffff"
        warps = self._whole(who)
        some = np.zeros(int(warps.max()) + 1, np.bool_)
        np.logical_or.at(some, warps, self._read(names[1], who))
        self._write(names[0], who, some[warps])

    def _bra(self, who: NDArray[np.int64], parts: list[str], names: list[str]) -> None:
        self.place[who] = self.kernel.labels[names[0]]

    def _brx(self, who: NDArray[np.int64], parts: list[str], names: list[str]) -> None:
        assert parts == ["idx", "uni"]
        table = np.array([self.kernel.labels[label] for label in self.kernel.tables[names[1]]])
        which = self._read(names[0], who)
        self._whole(who)
        assert (which.reshape(-1, WARP) == which.reshape(-1, WARP)[:, :1]).all(), "not uniform"
        self.place[who] = table[which]

    def _ret(self, who: NDArray[np.int64], parts: list[str], names: list[str]) -> None:
        self.place[who] = len(self.kernel.code)

    def _address(self, who: NDArray[np.int64], name: str, wide: bool) -> Vector:
        match = re.fullmatch(r"\[(%\w+)(?:\+(\d+))?\]", name)
        assert match is not None, name
        assert self.kernel.widths[match[1]] is (np.uint64 if wide else np.uint32)
        width = np.uint64 if wide else np.uint32
        addresses: Vector = self._read(match[1], who).astype(width)
        addresses += width(int(match[2] or 0))
        return addresses

    def _cells(self, who: NDArray[np.int64], name: str) -> tuple[Vector, Vector]:
        """Return the block, and the word of its shared memory."""
        offsets = self._address(who, name, wide=False).astype(np.int64) - SHARED
        assert not (offsets % 4).any()
        assert offsets.min() >= 0
        return self.of[who], offsets // 4

    def _ld(self, who: NDArray[np.int64], parts: list[str], names: list[str]) -> None:
        if parts[0] == "param":
            kinds = {name: kind for kind, name in self.kernel.parameters}
            assert kinds[names[1][1:-1]] == parts[1]
            value = WIDTHS[parts[1]](self.arguments[names[1][1:-1]])
            self._write(names[0], who, np.full(who.size, value))
        elif parts[0] == "shared":
            self._write(names[0], who, self.shared[self._cells(who, names[1])])
        else:
            assert parts in (["volatile", "global", "u32"], ["global", "nc", "v4", "u32"])
            targets = names[0].strip("{}").split(", ")
            for i, target in enumerate(targets):
                values = np.zeros(who.size, np.uint32)
                addresses = self._address(who, names[1], wide=True)
                assert not (addresses % np.uint64(4 * len(targets))).any()
                for words, which, at in self.memory.words(addresses + np.uint64(4 * i)):
                    values[which] = words[at]
                self._write(target, who, values)

    def _st(self, who: NDArray[np.int64], parts: list[str], names: list[str]) -> None:
        values = self._read(names[1], who).astype(np.uint32)
        if parts[0] == "shared":
            self.shared[self._cells(who, names[0])] = values
            return
        assert parts == ["global", "u32"]
        for words, which, at in self.memory.words(self._address(who, names[0], wide=True)):
            words[at] = values[which]

    def _atom(self, who: NDArray[np.int64], parts: list[str], names: list[str]) -> None:
        assert parts == ["global", "add", "u32"]
        values = self._read(names[2], who).astype(np.uint32)
        before = np.zeros(who.size, np.uint32)
        for words, which, at in self.memory.words(self._address(who, names[1], wide=True)):
            for i in self.random.permutation(which.size):
                before[which[i]] = words[at[i]]
                words[at[i]] += values[which[i]]
        self._write(names[0], who, before)

    def _red(self, who: NDArray[np.int64], parts: list[str], names: list[str]) -> None:
        assert parts == ["global", "add", "u32"]
        values = self._read(names[1], who).astype(np.uint32)
        for words, which, at in self.memory.words(self._address(who, names[0], wide=True)):
            np.add.at(words, at, values[which])


def launch(
    text: str,
    memory: Memory,
    grid: int,
    block: int,
    arguments: list[int],
    *,
    shared: int = 0,
    together: int = 64,
    seed: int = 0,
    most: int = 1_000_000,
) -> None:
    """Run a whole grid, `together` blocks at a time."""
    kernel, random = parsed(text), np.random.default_rng(seed)
    told = dict(zip((name for _, name in kernel.parameters), arguments, strict=True))
    for first in range(0, grid, together):
        blocks = range(first, min(first + together, grid))
        Run(kernel, memory, blocks, block, told, shared, random).run(most)
