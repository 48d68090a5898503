"""The DRAT proof of a sweep: gates as new variables, the formula's variables equal to them, then lemmas.

A gate of the graph is a new variable, defined by its three clauses. That a variable of the formula is equal
to its gate follows by reverse unit propagation once its inputs are: where the inputs have values the clauses
of the definition give the variable its value, and the gates' clauses the gate. A truth table needs a case
split over all inputs but one: with these assigned, and the variable, the last one follows or does not matter.
Where a formula has only the clauses of one side of a definition, the clause of the other direction need not
follow: it is a resolution asymmetric tautology on the variable, its first literal. The only clauses with the
opposite literal are those of that side and the other direction's (see turbosat.encodings.circuit.recovery),
and where one of these is false, all inputs but one assigned, so is what the lemma says of the gate.
The lemmas of the sweep follow from the gates' clauses and from each other; at the end a constraint of the
formula is false by unit propagation, or the gate that all of them make together is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from turbosat.encodings.circuit.aig import FALSE, TRUE
from turbosat.proof.drat import added_clauses, halves

if TYPE_CHECKING:
    from turbosat.encodings.circuit.recovery import Circuit
    from turbosat.formula.formula import Formula

_BATCH = 1 << 12  # variables whose clauses are made at a time

Clauses = tuple[NDArray[np.int32], NDArray[np.bool_]]  # (clauses, width) padded with 0; which ones are needed


class CircuitProof:
    """A proof that grows by a sweep's lemmas."""

    def __init__(self, formula: Formula, circuit: Circuit, *, binary: bool) -> None:
        aig = circuit.aig
        self._binary = binary
        gates = formula.variables + np.arange(1, 1 + len(aig.ands), dtype=np.int32)
        variables = np.concatenate([np.zeros(1, np.int32), circuit.leaves, gates])
        self._names = np.stack([variables, -variables], axis=1).ravel()  # by literal, 0 for the constants
        self._parts = [self._gates(circuit), *self._variables(circuit)]

    def lemmas(self, flat: NDArray[np.int32]) -> None:
        """Take clauses of the graph's literals, each with −1 at its end."""
        ends = np.flatnonzero(flat < 0)
        sizes = np.diff(ends, prepend=-1)
        row = np.repeat(np.arange(ends.size), sizes)
        needed = np.bincount(row[flat == TRUE], minlength=ends.size) == 0
        kept = (flat > TRUE) & needed[row]
        counts = np.bincount(row[kept], minlength=ends.size)[needed]
        self._add(self._names[flat[kept]], counts)

    def finished(self) -> bytes:
        """Return the whole proof, with the empty clause at its end."""
        self._add(np.zeros(0, np.int32), np.zeros(1, np.int64))
        return b"".join(self._parts)

    def _add(self, literals: NDArray[np.int32], sizes: NDArray[np.int64]) -> None:
        self._parts.append(added_clauses(literals, sizes, binary=self._binary))

    def _gates(self, circuit: Circuit) -> bytes:
        """Define the new variables, the one that is defined first in each clause."""
        ands = circuit.aig.ands
        names = self._names[2 * circuit.aig.first_and :: 2]
        a, b = self._names[ands[:, 0]], self._names[ands[:, 1]]
        none = np.zeros_like(a)
        rows = [np.stack([names, -a, -b], 1), np.stack([-names, a, none], 1), np.stack([-names, b, none], 1)]
        flat = np.stack(rows, axis=1).reshape(-1, 3)  # three clauses a gate
        return self._written((flat, np.ones(len(flat), np.bool_)))

    def _variables(self, circuit: Circuit) -> list[bytes]:
        """Say that variables are equal to their gates, from the inputs up."""
        definitions = circuit.definitions
        order = definitions.order[: circuit.defined][::-1]
        parts = []
        for first in range(0, order.size, _BATCH):
            chosen = order[first : first + _BATCH]
            literals = circuit.literals[chosen]
            inputs = definitions.inputs[chosen] + 1  # (chosen, SUPPORT), 0 for none
            splits = np.maximum((inputs > 0).sum(axis=1) - 1, 0)
            blocks: list[NDArray[np.int32]] = []
            needed: list[NDArray[np.bool_]] = []
            ranks: list[NDArray[np.int64]] = []
            for number in np.unique(splits).tolist():
                rows = np.flatnonzero(splits == number)
                block, useful = self._equal(chosen[rows] + 1, literals[rows], inputs[rows, :number])
                blocks.append(block.reshape(-1, block.shape[-1]))
                needed.append(useful.ravel())
                ranks.append(np.repeat(rows, useful.shape[1]))
            order_of = np.argsort(np.concatenate(ranks), kind="stable")
            width = max(block.shape[1] for block in blocks)
            padded = [np.pad(block, ((0, 0), (0, width - block.shape[1]))) for block in blocks]
            parts.append(self._written((np.concatenate(padded)[order_of], np.concatenate(needed)[order_of])))
        return parts

    def _equal(
        self, variables: NDArray[np.int32], literals: NDArray[np.int32], splits: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """Return clauses (rows, clauses, width) with which variables are equal to literals of the graph.

        The case splits are over variables (rows, splits).
        """
        signs = [
            np.array([*row, *[-1] * (splits.shape[1] - len(row))], np.int32)
            for row in halves(splits.shape[1])
        ]
        pattern = np.select([np.stack(signs) == 0, np.stack(signs) == 1], [1, -1], 0)  # (halves, splits)
        cases = splits[:, None, :] * pattern[None]  # (rows, halves, splits)
        names = self._names[literals]
        clauses, needed = [], []
        for sign, useless in ((-1, TRUE), (1, FALSE)):
            pair = np.stack([sign * variables, -sign * names], axis=1)  # −v or gate; v or −gate
            heads = np.broadcast_to(pair[:, None, :], (*cases.shape[:2], 2))
            clauses.append(np.concatenate([heads, cases], axis=2))
            needed.append(np.broadcast_to((literals != useless)[:, None], cases.shape[:2]))
        return np.concatenate(clauses, axis=1).astype(np.int32), np.concatenate(needed, axis=1)

    def _written(self, clauses: Clauses) -> bytes:
        flat, needed = clauses
        there = (flat != 0) & needed[:, None]
        return added_clauses(flat[there], there.sum(axis=1)[needed], binary=self._binary)
