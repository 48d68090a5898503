"""Adders, multipliers and comparison as circuits; what is made of them: factoring, primes, miters."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Final, Literal

from turbosat.benchmarks.families.base import Dice, Draft, Parameter, Status, family
from turbosat.benchmarks.families.circuit import FALSE, TRUE, Circuit, Word
from turbosat.errors import UsageError


def add(circuit: Circuit, x: Sequence[int], y: Sequence[int], carry: int = FALSE) -> Word:
    """Return x + y by ripple carry, one bit longer than the longer."""
    width = max(len(x), len(y))
    total = []
    for a, b in zip(padded(x, width), padded(y, width), strict=True):
        total.append(circuit.xor3(a, b, carry))
        carry = circuit.majority(a, b, carry)
    return [*total, carry]


def padded(word: Sequence[int], width: int) -> Word:
    """Return the word with zeros above."""
    return [*word, *[FALSE] * (width - len(word))]


def constant(value: int, width: int) -> Word:
    """Return a number as literals."""
    return [TRUE if value >> place & 1 else FALSE for place in range(width)]


def array_multiplier(circuit: Circuit, x: Sequence[int], y: Sequence[int]) -> Word:
    """Return x * y, (x + y bits): a row of ripple-carry adders for each bit of y, one below the other."""
    total: Word = []
    for place, bit in enumerate(y):
        row = [circuit.conjunction(bit, other) for other in x]
        total = [*total[:place], *add(circuit, padded(total[place:], len(x)), row)]
    return total[: len(x) + len(y)]


def wallace_multiplier(circuit: Circuit, x: Sequence[int], y: Sequence[int]) -> Word:
    """Return x * y, (x + y bits): a tree of carry-save adders, then one ripple-carry adder.

    Source: Wallace: A Suggestion for a Fast Multiplier, IEEE Trans. Electronic Computers 1964.
    """
    width = len(x) + len(y)
    columns: list[Word] = [[] for _ in range(width + 1)]
    for i, a in enumerate(x):
        for j, b in enumerate(y):
            columns[i + j].append(circuit.conjunction(a, b))
    while max(map(len, columns)) > 2:
        following: list[Word] = [[] for _ in range(width + 1)]
        for place, column in enumerate(columns[:width]):
            while len(column) >= 3:
                a, b, c, *column = column
                following[place].append(circuit.xor3(a, b, c))
                following[place + 1].append(circuit.majority(a, b, c))
            if len(column) == 2 and len(columns[place]) > 2:
                following[place].append(circuit.xor(*column))
                following[place + 1].append(circuit.conjunction(*column))
            else:
                following[place] += column
        columns = following
    first = [column[0] if column else FALSE for column in columns[:width]]
    second = [column[1] if len(column) > 1 else FALSE for column in columns[:width]]
    return add(circuit, first, second)[:width]


def less_or_equal(circuit: Circuit, x: Sequence[int], y: Sequence[int]) -> int:
    """Return whether x is at most y."""
    width = max(len(x), len(y))
    found = TRUE
    for a, b in zip(padded(x, width), padded(y, width), strict=True):
        found = circuit.majority(a ^ 1, b, found)
    return found


def equals(word: Sequence[int], value: int) -> Word:
    """Return the literals that are all true where the word is that number."""
    return [literal ^ 1 ^ (value >> place & 1) for place, literal in enumerate(word)]


def bits(value: int, width: int) -> list[int]:
    """Return the bits of a number, the lowest first."""
    return [value >> place & 1 for place in range(width)]


MULTIPLIERS: Final[dict[str, Callable[[Circuit, Sequence[int], Sequence[int]], Word]]] = {
    "array": array_multiplier,
    "wallace": wallace_multiplier,
}


Multiplier = Annotated[Literal["array", "wallace"], Parameter("How the partial products are added.")]
Bits = Annotated[int, Parameter("Bits of the number.", low=4, high=80)]

_BASES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41)
_PROVEN = 3317044064679887385961981  # below, these bases tell primes from the rest: Sorenson, Webster 2015
_VECTORS = 4096  # random inputs a fault is tried on
_FAULTS = 24


@family
def factoring(
    dice: Dice,
    bits: Bits = 30,
    multiplier: Multiplier = "array",
    number: Annotated[int | None, Parameter("Factor this; default: a product of two primes.", low=4)] = None,
) -> Draft:
    """Factor a product of two primes of half the bits each: inputs x, then y, of a multiplier, both above 1.

    Source: Purdom, Sabry: CNF Generator for Factoring Problems, 2003; Bebel, Yuen: Hard SAT Instances Based
    on Factoring, SAT Competition 2013.
    """
    if number is not None:
        return _factors(number, multiplier, "unsat" if _proven_prime(number) else "sat")
    while True:
        low, high = sorted((_prime(dice, bits // 2), _prime(dice, bits - bits // 2)))
        if (low * high).bit_length() == bits:
            return _factors(low * high, multiplier, "sat", (low, high))


@family
def prime(
    dice: Dice,
    bits: Bits = 24,
    multiplier: Multiplier = "array",
    number: Annotated[int | None, Parameter("Certify this prime; default: a random one.", low=5)] = None,
) -> Draft:
    """Certify a prime: no x of half its bits and y, both above 1, have it as their product.

    Source: Purdom, Sabry: CNF Generator for Factoring Problems, 2003.
    """
    chosen = _prime(dice, bits) if number is None else number
    if not _proven_prime(chosen):
        raise UsageError(f"{chosen} is not prime")
    return _factors(chosen, multiplier, "unsat")


@family
def miter(
    dice: Dice,
    width: Annotated[int, Parameter("Bits of each factor.", low=2, high=64)] = 7,
    left: Multiplier = "array",
    right: Multiplier = "wallace",
    swapped: Annotated[bool, Parameter("The right one computes y * x.")] = True,
    fault: Annotated[bool, Parameter("A gate of the right one is wrong, where it shows seldom.")] = False,
) -> Draft:
    """Two multipliers differ on some input: unsatisfiable, but for a fault; x, then y come first.

    Source: Brand: Verification of Large Synthesized Designs, ICCAD 1993; Biere: Collection of Combinational
    Arithmetic Miters, SAT Competition 2016.
    """
    circuit = Circuit()
    x, y = circuit.word(width), circuit.word(width)
    one = MULTIPLIERS[left](circuit, x, y)
    start = circuit.size
    two = MULTIPLIERS[right](circuit, *((y, x) if swapped else (x, y)))
    gates = range(start, circuit.size)
    if one == two:
        raise UsageError("the two multipliers are the same: nothing to compare")
    difference = [circuit.xor(a, b) for a, b in zip(one, two, strict=True)]
    output = circuit.any_of(difference)
    shown = _break(dice, circuit, gates, output) if fault else None
    formula, names = circuit.encode([output])
    if shown is None:
        return Draft(formula, "unsat")
    return Draft(formula, "sat", circuit.model(names, shown))


def _break(dice: Dice, circuit: Circuit, gates: range, output: int) -> list[int]:
    """Invert an input of the gate whose fault, of those tried, shows least; return inputs where it does."""
    inputs = [_random_word(dice) for _ in circuit.inputs]
    mask = (1 << _VECTORS) - 1
    best: tuple[int, int, tuple[int, int, int, int]] | None = None
    shown = 0
    for node in dice.permutation(gates)[:_FAULTS].tolist():
        kind, a, b, c = circuit.gates[node]
        circuit.gates[node] = (kind, a ^ 1, b, c)
        found = circuit.simulate(inputs, mask)[output >> 1] ^ (-(output & 1) & mask)
        circuit.gates[node] = (kind, a, b, c)
        if found and (best is None or found.bit_count() < best[0]):
            best, shown = (found.bit_count(), node, (kind, a ^ 1, b, c)), found
    if best is None:
        raise UsageError("no fault shows: take another seed")
    circuit.gates[best[1]] = best[2]
    place = shown.bit_length() - 1
    return [word >> place & 1 for word in inputs]


def _random_word(dice: Dice) -> int:
    return int.from_bytes(dice.bytes(_VECTORS // 8), "little")


def _factors(number: int, multiplier: str, status: Status, factors: tuple[int, int] | None = None) -> Draft:
    """Say that the number is x times y, x of half its bits: of two factors one is at most its square root."""
    width = number.bit_length()
    small, large = (width + 1) // 2, width - 1
    circuit = Circuit()
    x, y = circuit.word(small), circuit.word(large)
    product = MULTIPLIERS[multiplier](circuit, x, y)
    above_one = [circuit.any_of(word[1:]) for word in (x, y)]
    formula, names = circuit.encode([*equals(product, number), *above_one])
    model = None
    if factors is not None:
        low, high = factors
        model = circuit.model(names, [*bits(low, small), *bits(high, large)])
    return Draft(formula, status, model)


def _prime(dice: Dice, width: int) -> int:
    """Return a prime of exactly that many bits."""
    while True:
        digits = [1, *dice.randint(0, 2, max(0, width - 2)).tolist(), 1]
        candidate: int = sum(bit << place for place, bit in enumerate(digits[:width]))
        if candidate.bit_length() == width and is_prime(candidate):
            return candidate


def _proven_prime(number: int) -> bool:
    if number >= _PROVEN:
        raise UsageError(f"expected a number below {_PROVEN}, found {number}")
    return is_prime(number)


def is_prime(number: int) -> bool:
    """Tell whether a number below 3.3e24 is prime, by Miller and Rabin's test with fixed bases."""
    if number < 2:
        return False
    for base in _BASES:
        if number % base == 0:
            return number == base
    twos = ((number - 1) & (1 - number)).bit_length() - 1
    odd = (number - 1) >> twos
    for base in _BASES:
        value = pow(base, odd, number)
        if value in (1, number - 1):
            continue
        for _ in range(twos - 1):
            value = value * value % number
            if value == number - 1:
                break
        else:
            return False
    return True


def words(model: Iterable[bool], *widths: int) -> list[int]:
    """Read numbers of those widths off the first variables of a model."""
    values = iter(model)
    parts = [list(itertools.islice(values, width)) for width in widths]
    return [sum(int(bit) << place for place, bit in enumerate(part)) for part in parts]
