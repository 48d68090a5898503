"""The child side of the sweeping lane: recover the circuit, sweep it pass by pass, say what is equal.

In a process of its own: whatever it does, it can be ended at any time.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from turbosat import system
from turbosat.cdcl.process.channel import Channel, serve
from turbosat.cdcl.sweeping.facts import conjoined, goals, merged_formula, own_codes, representatives
from turbosat.cdcl.sweeping.sweep import Sweep
from turbosat.encodings.circuit.recovery import Circuit, recover_circuit
from turbosat.encodings.circuit.simulation import simulate
from turbosat.formula.formula import Formula
from turbosat.lanes.single_task import received

if TYPE_CHECKING:
    from turbosat.cdcl.sweeping.proof import CircuitProof

FEW = 32  # gates: fewer are nothing to sweep
LEAST = 0.2  # of the variables that must be gates
BUDGETS = 30, 250, 2_000, 16_000, 128_000  # conflicts for each query, pass by pass
PATIENCE = 64  # queries given up in a row that end a pass
TRIAL = 1.0  # CPU seconds of the first pass, after which it must have replaced variables
YIELD = 0.01  # of those that it has looked at
REST = 4  # undecided nodes up to which passes go on that merge nothing: they may be the constraints
STALE = 2.0, 0.5  # CPU seconds without a merge that end a pass, and the part of it that they must be
THROUGH = 1.0, 8.0  # seconds of simulation that count as few inputs: after the first pass, after the others
WORTH = 0.05  # of the variables replaced, for which the merged formula is worth a lane
NICE = 3  # how far it gives way after its first moment: algebra, if it can decide the formula, is over soon
BRIEF = 0.1  # CPU seconds of that
SAYING = 4.0  # CPU seconds after which what is equal is told before the pass is over
NEWS_INTERVAL = 0.5  # seconds between two words on its progress


class Idle(Exception):
    """The pass finds nothing."""


def main(descriptor: int) -> None:
    """Serve the lane at the other end of a socket."""
    serve(descriptor, run)


def run(channel: Channel) -> None:
    """Take a formula, report what is equal after each pass, end with an answer or with none."""
    formula, task = received(channel)
    began = time.perf_counter()
    circuit = recover_circuit(formula)
    figures = {
        "gates": len(circuit.aig.ands),
        "inputs": circuit.aig.inputs,
        "defined": circuit.defined,
        "constraints": len(circuit.constraints),
        "recover_seconds": round(time.perf_counter() - began, 4),
    }
    if len(circuit.aig.ands) < FEW or circuit.defined < LEAST * formula.variables:
        channel.send("answer", {"status": 0, "why": "the formula is no circuit"})
        return
    _Worker(channel, formula, circuit, figures, task).run()


class _Worker:
    """The passes over one circuit, as long as they are worth it."""

    def __init__(
        self,
        channel: Channel,
        formula: Formula,
        circuit: Circuit,
        figures: dict[str, Any],
        task: dict[str, Any],
    ) -> None:
        clauses = goals(formula, circuit)
        together = len(clauses) > 1 and sum(map(len, clauses)) <= len(circuit.aig.ands)
        each: NDArray[np.int32] = np.zeros(0, np.int32)
        if together:
            aig, each, root = conjoined(circuit.aig, clauses)
            circuit, clauses = replace(circuit, aig=aig), [np.array([root], np.int32)]
        self._channel, self._formula, self._circuit, self._task = channel, formula, circuit, task
        self._figures = figures
        self._proof: CircuitProof | None = None
        if task["proof"]:
            from turbosat.cdcl.sweeping.proof import CircuitProof

            self._proof = CircuitProof(formula, circuit, binary=task["binary_proof"])
            self._proof.lemmas(np.stack([each, np.full_like(each, -1)], axis=1).ravel())
        lemmas = None if self._proof is None else self._proof.lemmas
        self._sweep = Sweep(circuit.aig, clauses, seed=task["seed"], lemmas=lemmas)
        self._told = time.monotonic()
        self._nodes = np.unique(circuit.literals >> 1)  # that are variables of the formula
        self._first = self._idle = self._handed = self._yielded = False
        self._opened = time.process_time()
        self._merged = 0
        self._began = self._late = self._said = 0.0  # CPU seconds: this pass, its last merge, what was told

    def run(self) -> None:
        """Sweep until an answer, or until passes find little more."""
        sweep = self._sweep
        sweep.simulate(self._news)
        limits = iter(THROUGH)
        seconds = next(limits)
        for number, budget in enumerate(BUDGETS):
            sweep.merge_parities(self._news)
            if self._answered():
                return
            self._first, self._merged = number == 0, sweep.figures["merged"]
            self._began = self._late = self._said = time.process_time()
            before = self._merged
            with suppress(Idle):
                sweep.run_pass(budget, PATIENCE, self._look)
                self._idle = False
            if self._answered():
                return
            self._say()
            if number:
                self._merge()
            if self._idle or (sweep.run_through(seconds, self._news) and self._answered()):
                break
            seconds = next(limits, seconds)
            undecided = sweep.figures["undecided"]
            settled = not undecided or (sweep.figures["merged"] == before and undecided > REST)
            if settled if number else self._replaced() < YIELD and not undecided:
                break
        if not sweep.decided:
            self._merge()
            self._channel.send("answer", {"status": 0, "why": "passes find little more"})

    def _replaced(self) -> float:
        """Return which part of the variables that the pass has looked at is equal to others."""
        nodes = self._nodes[: np.searchsorted(self._nodes, self._sweep.node)]
        return float((self._sweep.merged[nodes] != 2 * nodes).mean()) if nodes.size else 1.0

    def _answered(self) -> bool:
        """Send the answer if there is one."""
        sweep = self._sweep
        if sweep.refuted:
            arrays = [] if self._proof is None else [memoryview(self._proof.finished())]
            self._channel.send("answer", {"status": 20}, arrays)
        elif sweep.model is not None:
            values = self._extended(sweep.model)
            self._channel.send("answer", {"status": 10}, _views(values.view(np.int8)))
        return sweep.decided

    def _extended(self, model: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return values of all variables from those of the leaves."""
        words = np.where(model, ~np.uint64(0), np.uint64(0))[:, None]
        simulated = simulate(self._circuit.aig, words)[:, 0] != 0
        return self._circuit.values(simulated)

    def _say(self) -> None:
        """Tell what is equal, so far."""
        codes = representatives(self._circuit, self._sweep.literals)
        data = {
            **self._figures,
            **self._sweep.figures,
            "units": int((codes < 0).sum()),
            "equivalences": int(((codes >= 0) & (codes != own_codes(codes.size))).sum()),
        }
        self._channel.send("facts", data, _views(codes))

    def _merge(self) -> None:
        """Tell the formula with equal variables replaced, once, if they are many."""
        codes = representatives(self._circuit, self._sweep.literals)
        replaced = (codes != own_codes(codes.size)).sum()
        if self._proof is not None or self._handed or replaced < WORTH * codes.size:
            return  # the proof of another formula would prove nothing
        self._handed = True
        merged = merged_formula(self._formula, codes)
        self._channel.send("merged", {"variables": merged.variables}, _views(merged.literals, merged.offsets))

    def _news(self) -> None:
        """Tell how far it is, now and then; give way, once."""
        if not self._yielded and time.process_time() - self._opened > BRIEF:
            self._yielded = True
            system.give_way(0, NICE)
        now = time.monotonic()
        if now - self._told >= NEWS_INTERVAL:
            self._told = now
            self._channel.send("progress", dict(self._sweep.figures))

    def _look(self) -> None:
        """Tell how far it is; give up on a pass that finds nothing."""
        self._news()
        now, merged = time.process_time(), self._sweep.figures["merged"]
        if merged > self._merged:
            self._merged, self._late = merged, now
        spent, stale = now - self._began, now - self._late
        if now - self._said > max(SAYING, spent / 2):
            self._said = now
            self._say()
        self._idle = stale > max(STALE[0], STALE[1] * spent)
        if self._first and spent > TRIAL:
            self._idle |= self._replaced() < YIELD
        if self._idle:
            raise Idle


def _views(*arrays: NDArray[Any]) -> list[memoryview]:
    return [memoryview(array) for array in arrays]  # type: ignore[arg-type] # numpy's buffers are untyped
