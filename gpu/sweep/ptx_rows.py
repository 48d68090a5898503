"""The sweep of long programs in PTX: an interpreter whose words lie in rows of shared memory.

Straight-line code of tens of thousands of instructions takes long to assemble, and more to fetch than to run.
Here the instructions are data, 16 bytes each, the same for all warps: what computes it, where its result goes
and what it reads. A warp is a block of its own, and its rows are 32 words, one a lane: lanes never see each
other's, so nothing waits for anything. Each function that occurs has a piece of code of its own to jump to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from turbosat.core.sweep import CHECK, LEAVES
from turbosat.errors import UnsupportedError
from turbosat.gpu.sweep.luts import EVERY, LUT, Luts
from turbosat.gpu.sweep.ptx import check_into, function_into, kernel, leave_if_none, place_into

BLOCK: Final = 32  # threads: a warp
ROW: Final = 4 * BLOCK  # bytes
TARGET_SHIFT: Final = 8  # of the row that is written, above the number of the piece of code
MOST_ROWS: Final = (1 << 32 - TARGET_SHIFT) // ROW  # whose places an instruction can name
_STORE: Final = ("st.shared.b32 [%target], %r;", "bra STEP;")


@dataclass(frozen=True, slots=True)
class Rows:
    """A kernel, the instructions it reads, uint32 (instructions, 4), and the rows of 32 words that it needs.

    An instruction is the place in bytes of the row written, shifted, with the piece of code below; then the
    places of three rows read. Row 0 is false.
    """

    text: str
    code: NDArray[np.uint32]
    rows: int

    @property
    def shared(self) -> int:
        """Bytes of shared memory of a block."""
        return self.rows * ROW


def interpreter(luts: Luts, check: Callable[[], None] = lambda: None) -> Rows:
    """Return the interpreter for a network's functions, without loops, and its instructions.

    UnsupportedError where more words are alive at the same time than instructions can name. `check` is called
    now and then and may raise.
    """
    assert not luts.turns
    last = luts.last_reads()
    place = {0: 0} | {1 + i: 1 + i for i in range(luts.inputs) if 1 + i in last}
    rows = luts.inputs + 1
    free = [1 + i for i in range(luts.inputs) if 1 + i not in last]
    pieces: dict[tuple[int, ...], int] = {}  # of code: what each computes, and its number

    def piece(*what: int) -> int:
        return pieces.setdefault(what, len(pieces))

    code = []
    for at, step in enumerate(luts.code):
        if at % EVERY == 0:
            check()
        target = 0
        reads = luts.reads(step)
        read = [place[node] for node in reads]
        if step[0] == CHECK:
            signs = step[1] & 1 | (step[2] & 1) << 1
            read, does = [place[c >> 1] for c in step[1:]], piece(CHECK, signs)
        elif step[0] == LUT:
            does = piece(LUT, step[2], len(reads))
        else:
            does = piece(step[0])
        free += [place[node] for node in sorted(set(reads)) if last[node] == at]
        if step[0] == LUT:
            if not free:
                free.append(rows)
                rows += 1
                if rows > MOST_ROWS:
                    raise UnsupportedError(f"more than {MOST_ROWS} words at a time")
            target = place[step[1]] = free.pop()
        read += [0] * (LEAVES - len(read))
        code.append((target * ROW << TARGET_SHIFT | does, *(row * ROW for row in read)))
    code += [(piece(-1, -1), 0, 0, 0)] * 2  # the one after the last is fetched, too
    return Rows(_text(luts.inputs, pieces), np.array(code, np.uint32), rows)


def _text(inputs: int, pieces: dict[tuple[int, ...], int]) -> str:
    """Return the kernel: inputs go to their rows, then instruction after instruction is looked up."""
    body = ["st.shared.b32 [%mine], 0;"]
    for i in range(inputs):
        body += [*place_into("%r", i), f"st.shared.b32 [%mine+{ROW * (1 + i)}], %r;"]
    body += ["mov.u64 %next, %code;", "ld.global.nc.v4.u32 {%n0, %n1, %n2, %n3}, [%next];"]
    # The next instruction is on its way while this one is done.
    body += ["STEP:", "and.b32 %piece, %n0, 0xff;", f"shr.u32 %target, %n0, {TARGET_SHIFT};"]
    body += ["add.u32 %target, %target, %mine;"]
    body += [f"add.u32 %n{i}, %n{i}, %mine;" for i in (1, 2, 3)]
    body += [f"ld.shared.b32 %x{i}, [%n{i}];" for i in (1, 2, 3)]
    body += ["add.u64 %next, %next, 16;", "ld.global.nc.v4.u32 {%n0, %n1, %n2, %n3}, [%next];"]
    names = ["%x1", "%x2", "%x3"]
    body += [f"PIECES: .branchtargets {', '.join(f'P{i}' for i in range(len(pieces)))};"]
    body += ["brx.idx.uni %piece, PIECES;"]
    for (kind, *what), number in pieces.items():
        body.append(f"P{number}:")
        if kind == LUT and len(what) == 2:
            table, size = what
            body += [function_into("%r", table, names[:size]), *_STORE]
        elif kind == CHECK:
            body += [check_into(what[0], *names[:2]), "bra STEP;"]
        elif what:
            body.append("bra DONE;")
        else:
            body += [*leave_if_none(), "bra STEP;"]
    body.append("DONE:")
    return kernel(
        inputs,
        body,
        block=BLOCK,
        registers=(
            ".reg .b32 %mine, %piece, %target, %r, %n<4>, %x<4>;",
            ".reg .b64 %code, %next;",
        ),
        parameters=(("u64", "code"),),
        head=(
            "ld.param.u64 %code, [code];",
            "mov.u32 %mine, rows;",
            "mad.lo.u32 %mine, %lane, 4, %mine;",
        ),
        outside=(".extern .shared .align 16 .b32 rows[];",),
    )
