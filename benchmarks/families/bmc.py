"""Bounded model checking of AIGER circuits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from turbosat.benchmarks.families import machines
from turbosat.benchmarks.families.aiger import Aiger, Ints, read_aiger
from turbosat.benchmarks.families.base import Clauses, Dice, Draft, Parameter, Status, family
from turbosat.errors import UsageError
from turbosat.formula.formula import Formula

Bound = Annotated[int, Parameter("The last frame, from 0.", low=0, high=100_000)]
Exactly = Annotated[bool, Parameter("Bad in the last frame, instead of in any.")]


@family
def bmc(
    dice: Dice,
    machine: Annotated[
        Literal["counter", "fifo", "multiplier"], Parameter("What is checked.")
    ] = "multiplier",
    size: Annotated[int, Parameter("Width of its data.", low=1, high=64)] = 6,
    depth: Annotated[int, Parameter("Depth of the FIFO, limit of the counter.", low=1, high=4096)] = 8,
    bound: Bound = 10,
    exactly: Exactly = False,
    broken: Annotated[bool, Parameter("With the fault; the counter has none.")] = False,
) -> Draft:
    """Bounded model checking of a built-in machine: a path of that many steps leads to a bad state.

    Source: Biere, Cimatti, Clarke, Zhu: Symbolic Model Checking without BDDs, TACAS 1999.
    """
    first: int | None
    if machine == "counter":
        if depth >= 1 << size:
            raise UsageError(f"a counter of {size} bits does not reach {depth}")
        circuit, first = machines.counter(size, depth)
    elif machine == "fifo":
        if depth == 1 and broken:
            raise UsageError("a FIFO of one place has no pointer to break")
        circuit, first = machines.fifo(size, depth, broken)
    else:
        if size == 1 and broken:
            raise UsageError("a multiplier of one bit has no carry to drop")
        circuit, first = machines.multiplier(size, broken)
    formula = unroll(circuit, bound, exactly)
    if first is None or bound < first:
        return Draft(formula, "unsat")
    # Whether the bad state can last, or come again, is left open.
    status: Status = "sat" if bound == first or not exactly else "unknown"
    return Draft(formula, status)


@family
def bmc_file(
    dice: Dice,
    file: Annotated[Path | None, Parameter("Circuit in AIGER format (.aag, .aig).")] = None,
    bound: Bound = 20,
    exactly: Exactly = False,
    property: Annotated[int, Parameter("Which bad state, from 0; of old files, which output.", low=0)] = 0,
) -> Draft:
    """Bounded model checking of an AIGER file, as those of the hardware model checking competitions.

    Source: Biere, Cimatti, Clarke, Zhu: Symbolic Model Checking without BDDs, TACAS 1999.
    """
    if file is None:
        raise UsageError("bmc-file needs a file")
    circuit = read_aiger(file)
    if property >= circuit.properties.size:
        raise UsageError(f"{file} has {circuit.properties.size} properties, none of number {property}")
    return Draft(unroll(circuit, bound, exactly, property))


def unroll(circuit: Aiger, bound: int, exactly: bool = False, which: int = 0) -> Formula:
    """Return the formula that is satisfiable where the bad state is reached by frame `bound`, or just in it.

    The constraints hold in all frames up to the bad one. Variable 1 is true; then follow, frame by frame, the
    free latches (first frame only), inputs and gates in the property's cone of influence.
    """
    bad = int(circuit.properties[which])
    cone = cone_of_influence(circuit, np.append(circuit.constraints, bad))
    inputs = circuit.inputs[cone[circuit.inputs >> 1]] >> 1
    latches = circuit.latches[cone[circuit.latches[:, 0] >> 1]]
    gates = circuit.ands[cone[circuit.ands[:, 0] >> 1]]
    clauses = Clauses()
    true = int(clauses.fresh(1)[0])
    clauses.units(np.array([true]))
    names = np.zeros(circuit.variables + 1, np.int64)  # of the frame's variables, signed
    names[0] = -true
    state, reset = latches[:, 0] >> 1, latches[:, 2]
    names[state] = np.where(reset == 1, true, -true)
    names[state[reset > 1]] = clauses.fresh(int((reset > 1).sum()))
    reached, allowed = [], 0
    for frame in range(bound + 1):
        if frame:
            names[state] = _signed(names, latches[:, 1])
        names[inputs] = clauses.fresh(inputs.size)
        names[gates[:, 0] >> 1] = clauses.fresh(len(gates))
        output, a, b = (_signed(names, gates[:, side]) for side in range(3))
        clauses.add(np.stack([-output, a], axis=1))
        clauses.add(np.stack([-output, b], axis=1))
        clauses.add(np.stack([output, -a, -b], axis=1))
        if circuit.constraints.size:
            holds = _signed(names, circuit.constraints)
            now = int(clauses.fresh(1)[0])
            clauses.add(np.stack([np.full(holds.size, -now), holds], axis=1))
            if allowed:
                clauses.add(np.array([[-now, allowed]]))
            allowed = now
        if frame == bound or not exactly:
            here = int(_signed(names, np.array([bad]))[0])
            if allowed:
                both = int(clauses.fresh(1)[0])
                clauses.add(np.array([[-both, here], [-both, allowed]]))
                here = both
            reached.append(here)
    clauses.add(np.array([reached]))
    return clauses.formula()


def cone_of_influence(circuit: Aiger, roots: Ints) -> NDArray[np.bool_]:
    """Return which variables, bool (variables + 1,), the roots depend on, over any number of frames."""
    below: dict[int, tuple[int, ...]] = {out >> 1: (a >> 1, b >> 1) for out, a, b in circuit.ands.tolist()}
    below |= {literal >> 1: (following >> 1,) for literal, following, _ in circuit.latches.tolist()}
    cone = np.zeros(circuit.variables + 1, np.bool_)
    stack = (roots >> 1).tolist()
    while stack:
        variable = stack.pop()
        if not cone[variable]:
            cone[variable] = True
            stack += below.get(variable, ())
    return cone


def _signed(names: Ints, literals: Ints) -> Ints:
    signed: Ints = names[literals >> 1] * (1 - 2 * (literals & 1))
    return signed
