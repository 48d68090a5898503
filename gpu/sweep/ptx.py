"""The sweep in PTX, NVIDIA's assembly: what every kernel begins and ends with, and straight-line code.

A thread evaluates 32 candidates at a time, one a bit; the words of a launch are shared out among its threads:

    place     0 … t - 1          t … t + 4             t + 5 … t + 36                t + 37 …
    in        a turn's number    the bits of a word    the bits of a word's number   `high`, of a whole launch

For each of its words a thread takes 2^t turns, in t nested loops. The first five bits of a word's number are
the lane, so that a warp does 1024 candidates at a time. It leaves a turn where none of them is left: all
branches but the last ones are taken by whole warps. A warp that has done all of its words says so, and only
then; where survivors find no room, warps leave without a word. So a launch after which all warps have spoken
has looked at all of its candidates and has noted all survivors.

What instructions mean is in NVIDIA's "Parallel Thread Execution ISA"; version 6.3 is what compute capability
7.5 needs, and newer drivers and devices take it, too.
"""

from typing import Final

from turbosat.core.sweep import CHECK, LEAVES
from turbosat.gpu.sweep.luts import LEVEL, LUT, Luts

VERSION, TARGET = "6.3", "sm_75"
WORD_PLACES: Final = 5
LANE_PLACES: Final = 5
WARP_PLACES: Final = WORD_PLACES + LANE_PLACES  # inputs that vary inside a warp
NUMBER_PLACES: Final = 32  # inputs that a word's number holds
PATTERNS: Final = (0xAAAAAAAA, 0xCCCCCCCC, 0xF0F0F0F0, 0xFF00FF00, 0xFFFF0000)  # of the first places
ENTRY: Final = "sweep"
SURVIVORS, SPOKEN, STATE = 0, 4, 8  # bytes of the state: survivors, warps that are done; its size
FOUND: Final = 12  # bytes of a survivor: the word's number, its bits, the turn
ALL: Final = 0xFFFFFFFF

# Beside buffers: the room for survivors, the high places, the first and the last word, words a thread.
PARAMETERS: Final = (
    ("u64", "state"),
    ("u64", "found"),
    ("u32", "room"),
    ("u32", "high"),
    ("u32", "first"),
    ("u32", "last"),
    ("u32", "words"),
)
_REGISTERS: Final = (
    ".reg .pred %p, %q;",
    ".reg .b32 %alive, %number, %left, %step, %lane, %room, %high, %last, %slot, %turn, %t;",
    ".reg .b64 %state, %found, %at;",
)
_HEAD: Final = (
    "ld.param.u64 %state, [state];",
    "ld.param.u64 %found, [found];",
    "ld.param.u32 %room, [room];",
    "ld.param.u32 %high, [high];",
    "ld.param.u32 %last, [last];",
    "ld.param.u32 %left, [words];",
    "ld.volatile.global.u32 %t, [%state];",
    "setp.gt.u32 %p, %t, %room;",
    f"vote.sync.any.pred %q, %p, {ALL:#x};",
    "@%q bra END;",
    "mov.u32 %step, %ntid.x;",
    "mov.u32 %t, %ctaid.x;",
    "mul.lo.u32 %t, %t, %left;",
    "mov.u32 %lane, %tid.x;",
    "mad.lo.u32 %number, %t, %step, %lane;",
    "ld.param.u32 %t, [first];",
    "add.u32 %number, %number, %t;",
    "mov.u32 %lane, %laneid;",
)
_BEGIN: Final = (
    "WORD:",
    "mov.b32 %turn, 0;",
    "setp.le.u32 %p, %number, %last;",
)
_SURVIVORS: Final = (
    "setp.eq.u32 %p, %alive, 0;",
    "@%p bra NEXT;",
    "atom.global.add.u32 %slot, [%state], 1;",
    "setp.ge.u32 %p, %slot, %room;",
    "@%p bra NEXT;",
    f"mul.wide.u32 %at, %slot, {FOUND};",
    "add.u64 %at, %at, %found;",
    "st.global.u32 [%at], %number;",
    "st.global.u32 [%at+4], %alive;",
    "st.global.u32 [%at+8], %turn;",
    "NEXT:",
)
_END: Final = (
    "add.u32 %number, %number, %step;",
    "sub.u32 %left, %left, 1;",
    "setp.ne.u32 %p, %left, 0;",
    "@%p bra WORD;",
    "ld.volatile.global.u32 %t, [%state];",
    "setp.gt.u32 %p, %t, %room;",
    f"vote.sync.any.pred %q, %p, {ALL:#x};",
    "@%q bra END;",
    "setp.ne.u32 %p, %lane, 0;",
    "@%p bra END;",
    f"red.global.add.u32 [%state+{SPOKEN}], 1;",
    "END:",
    "ret;",
)


def leave_if_none(alive: str = "%alive", level: int = 0) -> list[str]:
    """Return what goes on to a loop's next turn, where a whole warp has no candidate left in this one."""
    return [
        f"setp.ne.u32 %p, {alive}, 0;",
        f"vote.sync.any.pred %q, %p, {ALL:#x};",
        *([f"@!%q or.b32 %turn, %turn, {(1 << level) - 1:#x};"] if level else []),
        "@!%q bra NEXT;",
    ]


def kernel(
    inputs: int,
    body: list[str],
    *,
    block: int,
    turns: int = 0,
    registers: tuple[str, ...] = (),
    parameters: tuple[tuple[str, str], ...] = (),
    head: tuple[str, ...] = (),
    outside: tuple[str, ...] = (),
) -> str:
    """Return a module with one kernel: `body` takes candidates of a word from %alive.

    With `turns` it has a label for each loop, LEVEL0 being the innermost, where the bit of %turn is read.
    `block` is the most threads that a launch may have in a block; `head` comes once, before the words, and
    `outside` before the kernel.
    """
    counted = ALL if inputs - turns >= WORD_PLACES else (1 << (1 << (inputs - turns))) - 1
    following = ["add.u32 %turn, %turn, 1;"] if turns else []
    for level in range(turns):  # what depends on bits that have changed is done again
        following += [f"and.b32 %t, %turn, {1 << level:#x};", "setp.ne.u32 %p, %t, 0;"]
        following.append(f"@%p bra LEVEL{level};")
    told = ", ".join(f".param .{kind} {name}" for kind, name in PARAMETERS + parameters)
    lines = [
        f".version {VERSION}",
        f".target {TARGET}",
        ".address_size 64",
        *outside,
        f".visible .entry {ENTRY}({told})",
        f".maxntid {block}, 1, 1",
        "{",
        *_REGISTERS,
        *registers,
        *_HEAD,
        *head,
        *_BEGIN,
        f"selp.b32 %alive, {counted:#x}, 0, %p;",
        *body,
        *_SURVIVORS,
        *following,
        *_END,
        "}",
    ]
    return "\n".join(lines) + "\n"


def place_into(target: str, place: int, turns: int = 0) -> list[str]:
    """Return what writes the word of an input's place to a register."""
    if place < turns:
        source, bit = "%turn", place
    elif place < turns + WORD_PLACES:
        return [f"mov.b32 {target}, {PATTERNS[place - turns]:#x};"]
    else:
        bit = place - turns - WORD_PLACES
        source, bit = ("%number", bit) if bit < NUMBER_PLACES else ("%high", bit - NUMBER_PLACES)
    return [f"shl.b32 {target}, {source}, {31 - bit};", f"shr.s32 {target}, {target}, 31;"]


def function_into(target: str, table: int, names: list[str]) -> str:
    """Return what computes a function of up to three registers; the first is the lowest bit of its table."""
    if not names:
        return f"mov.b32 {target}, {ALL * (table & 1):#x};"
    padded = names + [names[-1]] * (LEAVES - len(names))
    # With fewer words the table says the same whatever the highest bits of its index are.
    a, b, c = reversed(padded)
    return f"lop3.b32 {target}, {a}, {b}, {c}, {table:#x};"


def check_into(signs: int, a: str, b: str, alive: str = "%alive") -> str:
    """Return what takes the candidates with both words true; bits of `signs` negate them."""
    first, second = 0xF0 ^ (0xFF * (signs & 1)), 0xCC ^ (0xFF * (signs >> 1 & 1))
    return f"lop3.b32 {alive}, {a}, {b}, {alive}, {0xAA & ~(first & second):#x};"


def straight_line(luts: Luts, block: int) -> str:
    """Return a kernel with an instruction for each of a network's, and a virtual register for each word."""
    level = luts.turns
    alive = f"%alive{level}"
    body = [f"mov.b32 {alive}, %alive;"]
    names = {0: "0"}

    def name(node: int) -> str:
        """Return the register of a node; inputs get theirs when they are read first."""
        found = names.get(node)
        if found is None:
            found = names[node] = f"%v{len(names)}"
            if node <= luts.inputs:
                body.extend(place_into(found, node - 1, luts.turns))
        return found

    for step in luts.code:
        if step[0] == LUT:
            read = [name(node) for node in step[3:]]
            body.append(function_into(name(step[1]), step[2], read))
        elif step[0] == CHECK:
            _, a, b = step
            body.append(check_into(a & 1 | (b & 1) << 1, name(a >> 1), name(b >> 1), alive))
        elif step[0] == LEVEL:
            level, outer = step[1], alive
            alive = f"%alive{level}"
            body += [f"LEVEL{level}:", f"mov.b32 {alive}, {outer};"]
            name(1 + level)
        else:
            body += leave_if_none(alive, level)
    body.append(f"mov.b32 %alive, {alive};")
    registers = f".reg .b32 %v<{len(names)}>;", f".reg .b32 %alive<{luts.turns + 1}>;"
    return kernel(luts.inputs, body, block=block, turns=luts.turns, registers=registers)
