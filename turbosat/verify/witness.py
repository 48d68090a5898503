"""Properties of circuits, and runs that break them: simulated, and written as AIGER has them.

Biere, Heljanko, Wieringa: AIGER 1.9 and Beyond, FMV report 11/2, 2011; section 4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.circuit.aig import Aig, Literals
from turbosat.encodings.circuit.simulation import run
from turbosat.errors import SoundnessError, UsageError
from turbosat.validation import integer
from turbosat.verify.verdict import Answer, Verdict, Witness

STATUS = {Answer.HOLDS: "0", Answer.FAILS: "1", Answer.UNKNOWN: "2"}


def properties(aig: Aig) -> Literals:
    """Return what must never be true: the bad states or, without any, the outputs, as before AIGER 1.9.

    UsageError for a circuit that has neither.
    """
    found = aig.bad if aig.bad.size else aig.outputs
    if not found.size:
        liveness = "; justice properties are not supported" if aig.justice else ""
        raise UsageError(f"the circuit has no property: no bad state and no output{liveness}")
    return found


def chosen(aig: Aig, wanted: Iterable[int] | None) -> list[int]:
    """Return the positions of the wanted properties, all for None; UsageError for what is none."""
    known = len(properties(aig))
    if wanted is None:
        return list(range(known))
    return sorted({integer(each, "a property", 0, known - 1) for each in wanted})


def fails(aig: Aig, witness: Witness, property: int, check: Callable[[], None] = lambda: None) -> bool:
    """Simulate a run and tell whether it breaks a property.

    It must begin in a first state, keep all constraints in all frames, and have the bad state in the last.
    UsageError where shapes do not fit, or there is no such property.
    """
    return bool(failing(aig, witness, chosen(aig, [property]), check)[0])


def failing(
    aig: Aig, witness: Witness, wanted: Sequence[int], check: Callable[[], None] = lambda: None
) -> NDArray[np.bool_]:
    """Simulate a run once and tell which of the wanted properties it breaks, (wanted,); as `fails`."""
    literals = properties(aig)[np.asarray(wanted, np.intp)]
    if witness.frames < 1:
        raise UsageError("expected a witness with a frame at least")
    fixed = aig.reset <= 1
    latches = np.asarray(witness.latches, np.bool_)
    if latches.shape == fixed.shape and (latches[fixed] != (aig.reset[fixed] == 1)).any():
        return np.zeros(len(wanted), np.bool_)
    # The properties alone are looked at, whatever else the circuit has.
    bare = Aig(
        inputs=aig.inputs,
        ands=aig.ands,
        next_state=aig.next_state,
        reset=aig.reset,
        bad=literals,
        constraints=aig.constraints,
    )
    seen = run(bare, witness.inputs, latches, check)
    broken: NDArray[np.bool_] = seen.bad[-1] & seen.constraints.all()
    return broken


def checked(
    aig: Aig, witness: Witness, wanted: Sequence[int], who: str, check: Callable[[], None] = lambda: None
) -> Witness:
    """Return a witness that was simulated. SoundnessError where it does not break all that is wanted."""
    broken = failing(aig, witness, wanted, check)
    if not broken.all():
        which = wanted[int(np.argmin(broken))]
        raise SoundnessError(f"{who} claims that property {which} fails, but its witness breaks nothing")
    return witness


def aiger_text(verdicts: Sequence[Verdict]) -> str:
    """Return verdicts as AIGER's witness format has them, one after the other.

    0 is holds, 1 fails, 2 unknown; a witness follows a 1: the latches in frame 0, then the inputs of each.
    """
    lines: list[str] = []
    for verdict in verdicts:
        lines += [STATUS[verdict.answer], f"b{verdict.property}"]
        if verdict.witness is not None:
            lines += [bits(verdict.witness.latches), *map(bits, verdict.witness.inputs)]
        lines.append(".")
    return "\n".join(lines) + "\n"


def invariant_text(circuits: Sequence[Aig], verdicts: Sequence[Verdict]) -> str:
    """Return the invariants of properties as DIMACS: variable v is latch v, from 1.

    Comments say of which property, its depth, and whether states must differ; see Invariant.
    """
    lines: list[str] = []
    for verdict in verdicts:
        found = verdict.invariant
        if found is None:
            continue
        (aig,) = circuits
        lines += [f"c property b{verdict.property}", f"c depth {found.depth}"]
        lines += ["c distinct states"] if found.distinct else []
        lines.append(f"p cnf {aig.latches} {len(found.clauses)}")
        for clause in found.clauses:
            numbers = [(literal >> 1) - aig.inputs for literal in clause]
            signs = [-1 if literal & 1 else 1 for literal in clause]
            lines.append(" ".join([*(str(s * v) for s, v in zip(signs, numbers, strict=True)), "0"]))
    return "".join(f"{line}\n" for line in lines)


def bits(values: NDArray[np.bool_]) -> str:
    """Return truth values as 0 and 1."""
    return (np.asarray(values, np.uint8) + ord("0")).tobytes().decode("ascii")
