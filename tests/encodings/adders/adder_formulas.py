"""Formulas that add: sums of words as circuits, and adders wired at random."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from turbosat.benchmarks.families.circuit import FALSE, TRUE, Circuit, Word
from turbosat.formula.formula import Formula

Clause = list[int]


def parity(literals: Sequence[int]) -> list[Clause]:
    """Return the clauses that say that an even number of literals are true."""
    signs = itertools.product((1, -1), repeat=len(literals))
    return [[s * l for s, l in zip(row, literals, strict=True)] for row in signs if row.count(-1) % 2]


def majority(x: int, y: int, z: int, m: int) -> list[Clause]:
    """Return the clauses of m = most of x, y, z."""
    pairs = ((x, y), (x, z), (y, z))
    return [[-a, -b, m] for a, b in pairs] + [[a, b, -m] for a, b in pairs]


def conjunction(x: int, y: int, m: int) -> list[Clause]:
    """Return the clauses of m = x and y."""
    return [[x, -m], [y, -m], [-x, -y, m]]


def full(x: int, y: int, z: int, total: int, carry: int) -> list[Clause]:
    """Return the clauses of x + y + z = 2 carry + total."""
    return parity([x, y, z, total]) + majority(x, y, z, carry)


def half(x: int, y: int, total: int, carry: int) -> list[Clause]:
    """Return the clauses of x + y = 2 carry + total."""
    return parity([x, y, total]) + conjunction(x, y, carry)


def adder(inputs: Sequence[int], total: int, carry: int) -> list[Clause]:
    """Return the clauses of a full or a half adder."""
    if len(inputs) == 2:
        return half(inputs[0], inputs[1], total, carry)
    return full(inputs[0], inputs[1], inputs[2], total, carry)


def renamed(variables: int, clauses: list[Clause], dice: random.Random) -> Formula:
    """Return the formula with other names for the literals, in another order."""
    names = dice.sample(range(1, variables + 1), variables)
    signs = [dice.choice((1, -1)) for _ in names]
    mixed = [
        [names[abs(l) - 1] * (signs[abs(l) - 1] if l > 0 else -signs[abs(l) - 1]) for l in c] for c in clauses
    ]
    for clause in mixed:
        dice.shuffle(clause)
    dice.shuffle(mixed)
    literals = np.array([literal for clause in mixed for literal in clause], np.int32)
    offsets = np.append(0, np.cumsum([len(clause) for clause in mixed], dtype=np.int64))
    return Formula(literals, offsets, variables)


@st.composite
def soups(draw: st.DrawFn) -> Formula:
    """Draw adders wired at random, in circles, too, and a few clauses besides."""
    dice = draw(st.randoms(use_true_random=False))
    variables = draw(st.integers(8, 16))
    clauses: list[Clause] = []
    fresh = list(range(1, variables + 1))
    dice.shuffle(fresh)
    likely = draw(st.floats(0.0, 1.0))  # that what an adder makes is new

    def pick(used: list[int], new: bool) -> int:
        left = [v for v in range(1, variables + 1) if v not in used]
        variable = fresh.pop() if new and fresh and fresh[-1] not in used else dice.choice(left)
        used.append(variable)
        return variable if dice.random() < 0.8 else -variable

    for _ in range(draw(st.integers(1, 6))):
        used: list[int] = []
        kind = draw(st.integers(0, 4))
        if kind == 3:
            clauses += parity([pick(used, False) for _ in range(draw(st.integers(3, 4)))])
            continue
        if kind == 4:  # a full adder of two half adders, or what looks like one
            a, b, c, one, total, first, second, carry = (pick(used, dice.random() < likely) for _ in range(8))
            other = one if dice.random() < 0.8 else c
            clauses += [*half(a, b, one, first), *half(other, b if other == c else c, total, second)]
            clauses += [[-first, carry], [-second, carry], [first, second, -carry]]
            continue
        inputs = [pick(used, False) for _ in range(2 + (kind == 0))]
        total, carry = (pick(used, dice.random() < likely) for _ in range(2))
        clauses += adder(inputs, total, carry)
    for _ in range(draw(st.integers(0, 4))):
        clauses.append([pick(used := [], False), *(pick(used, False) for _ in range(dice.randint(0, 2)))])
    return renamed(variables, clauses, dice)


def added(circuit: Circuit, x: Word, y: Word, *, halves: bool) -> Word:
    """Return x + y, one bit longer, by full adders, or by two half adders each."""
    total, carry = [], FALSE
    for a, b in zip(x, y, strict=True):
        if halves:
            one = circuit.xor(a, b)
            total.append(circuit.xor(one, carry))
            carry = circuit.disjunction(circuit.conjunction(a, b), circuit.conjunction(one, carry))
        else:
            total.append(circuit.xor3(a, b, carry))
            carry = circuit.majority(a, b, carry)
    return [*total, carry]


@st.composite
def word_sums(draw: st.DrawFn, width: int = 3, most: int = 3) -> tuple[Formula, int]:
    """Draw sums of words, some turned, negated, constant, or sums; and how many bits they come from."""
    dice = draw(st.randoms(use_true_random=False))
    circuit = Circuit()
    words = [circuit.word(width) for _ in range(draw(st.integers(2, most)))]
    for _ in range(draw(st.integers(1, 2))):
        terms = []
        for _ in range(draw(st.integers(3, 5))):
            word, turn = dice.choice(words), dice.randrange(width)
            kind = draw(st.integers(0, 5))
            if kind == 0:
                word = [*word[turn:], *word[:turn]]
            elif kind == 1:
                word = [literal ^ 1 for literal in word]
            elif kind == 2:
                word = [dice.choice((FALSE, TRUE)) for _ in word]
            terms.append(word)
        halves, kept = draw(st.booleans()), draw(st.booleans())
        total, *others = terms
        for term in others:
            carried = added(circuit, total, term, halves=halves)
            total = carried[:width]
            if kept and dice.random() < 0.5:
                words.append([*carried[1:]])
        words.append(total)
    true = [literal ^ dice.randrange(2) for literal in words[-1] if dice.random() < 0.7]
    formula, _ = circuit.encode(true)
    return formula, len(circuit.inputs)
