"""Learning parity with noise."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from turbosat.benchmarks.families.arithmetic import add, constant, less_or_equal
from turbosat.benchmarks.families.base import Dice, Draft, Parameter, family
from turbosat.benchmarks.families.circuit import FALSE, TRUE, Circuit, Word
from turbosat.errors import UsageError


@family
def parity(
    dice: Dice,
    bits: Annotated[int, Parameter("Bits of the secret.", low=1, high=512)] = 20,
    samples: Annotated[
        int | None, Parameter("Parities seen; default: twice the bits.", low=1, high=4096)
    ] = None,
    errors: Annotated[
        int | None, Parameter("Of these wrong at most; default: an eighth of the bits.", low=0)
    ] = None,
    bound: Annotated[
        Literal["adders", "counter", "totalizer"], Parameter("How the errors are counted.")
    ] = "adders",
) -> Draft:
    """Minimal disagreement parity: find the secret (the first variables) that explains all but a few samples.

    Of 32 bits it is par32. Each sample is the parity of random bits of the secret. There are as many errors
    as are allowed; full adders count them.

    Source: Crawford, Kearns, Schapire: The Minimal Disagreement Parity Problem as a Hard Satisfiability
    Problem, 1994; counters: Sinz, CP 2005; totalizer: Bailleux, Boufkhad, CP 2003.
    """
    samples = 2 * bits if samples is None else samples
    errors = bits // 8 if errors is None else errors
    if errors > samples:
        raise UsageError(f"expected at most {samples} errors, found {errors}")
    secret = dice.randint(0, 2, bits)
    rows = dice.randint(0, 2, (samples, bits))
    wrong = np.zeros(samples, np.int64)
    wrong[dice.permutation(samples)[:errors]] = 1
    seen = (rows @ secret + wrong) & 1
    circuit = Circuit()
    names = circuit.word(bits)
    disagreements = []
    for row, result in zip(rows, seen.tolist(), strict=True):
        total = int(result)
        for bit in np.flatnonzero(row):
            total = circuit.xor(total, names[bit])
        disagreements.append(total)
    if bound == "adders":
        count = population_count(circuit, disagreements)
        fits = less_or_equal(circuit, count, constant(errors, max(len(count), errors.bit_length())))
    else:
        unary = counter if bound == "counter" else totalizer
        fits = [*unary(circuit, disagreements, errors + 1), *[FALSE] * (errors + 1)][errors] ^ TRUE
    formula, variables = circuit.encode([fits])
    return Draft(formula, "sat", circuit.model(variables, secret.tolist()))


def population_count(circuit: Circuit, literals: Word) -> Word:
    """Return how many are true, by a tree of adders."""
    words = [[literal] for literal in literals]
    while len(words) > 1:
        pairs = [add(circuit, one, two) for one, two in zip(words[::2], words[1::2], strict=False)]
        words = pairs + words[2 * len(pairs) :]
    return words[0]


def counter(circuit: Circuit, literals: Word, most: int) -> Word:
    """Return the count in unary, up to `most`: place i, from 0, is true where more than i are true."""
    total: Word = []
    for literal in literals:
        below = [TRUE, *total]
        total = [
            circuit.disjunction(here, circuit.conjunction(literal, less))
            for here, less in zip([*total, FALSE], below, strict=True)
        ][:most]
    return total


def totalizer(circuit: Circuit, literals: Word, most: int) -> Word:
    """Return the same, of a balanced tree of which each node adds the counts of two."""
    if len(literals) <= 1:
        return literals[:most]
    half = len(literals) // 2
    left, right = (totalizer(circuit, part, most) for part in (literals[:half], literals[half:]))
    one, other = [TRUE, *left], [TRUE, *right]
    return [
        circuit.any_of(
            circuit.conjunction(one[i], other[count - i])
            for i in range(max(0, count - len(right)), min(len(left), count) + 1)
        )
        for count in range(1, min(most, len(left) + len(right)) + 1)
    ]
