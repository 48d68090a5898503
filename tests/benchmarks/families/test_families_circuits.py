"""Circuits, arithmetic and hash functions: simulated, encoded, and compared with Python's own."""

import hashlib
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysat.solvers import Solver

from turbosat.benchmarks import families
from turbosat.benchmarks.families.arithmetic import (
    MULTIPLIERS,
    add,
    bits,
    constant,
    equals,
    is_prime,
    less_or_equal,
    words,
)
from turbosat.benchmarks.families.circuit import FALSE, TRUE, Circuit
from turbosat.benchmarks.families.cryptography import md5_words, sha1_words, sha256_words
from turbosat.benchmarks.families.parity import population_count
from turbosat.errors import UsageError
from turbosat.formula.formula import Formula

MASK = 0xFFFFFFFF


def solve(formula: Formula) -> list[bool] | None:
    with Solver("cadical153", bootstrap_with=[list(clause) for clause in formula]) as solver:
        if not solver.solve():
            return None
        true = {literal for literal in solver.get_model() or [] if literal > 0}
        return [variable in true for variable in range(1, formula.variables + 1)]


def value_of(values: list[int], literal: int) -> int:
    return values[literal >> 1] ^ literal & 1


def number_of(values: list[int], word: list[int]) -> int:
    return sum(value_of(values, literal) << place for place, literal in enumerate(word))


OPERATIONS: dict[str, tuple[int, Any]] = {
    "conjunction": (2, lambda a, b: a & b),
    "disjunction": (2, lambda a, b: a | b),
    "xor": (2, lambda a, b: a ^ b),
    "xor3": (3, lambda a, b, c: a ^ b ^ c),
    "majority": (3, lambda a, b, c: int(a + b + c > 1)),
    "mux": (3, lambda a, b, c: b if a else c),
}


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_circuits_compute_what_was_asked(data: st.DataObject) -> None:
    """Random gates over few inputs and constants, so that all ways to fold are met."""
    circuit = Circuit()
    inputs = circuit.word(3)
    rows = list(itertools.product((0, 1), repeat=3))
    meant: dict[int, tuple[int, ...]] = {FALSE: (0,) * 8, TRUE: (1,) * 8}
    for place, literal in enumerate(inputs):
        meant[literal] = tuple(row[place] for row in rows)
        meant[literal ^ 1] = tuple(1 - row[place] for row in rows)
    known = list(meant)
    for _ in range(data.draw(st.integers(1, 8))):
        name = data.draw(st.sampled_from(sorted(OPERATIONS)))
        arity, function = OPERATIONS[name]
        sides = [data.draw(st.sampled_from(known)) for _ in range(arity)]
        result = getattr(circuit, name)(*sides)
        values = tuple(function(*column) for column in zip(*(meant[side] for side in sides), strict=True))
        assert meant.setdefault(result, values) == values
        assert meant.setdefault(result ^ 1, tuple(1 - value for value in values)) == tuple(
            1 - value for value in values
        )
        known += [result, result ^ 1]
    columns = [sum(row[place] << number for number, row in enumerate(rows)) for place in range(3)]
    values_of_all = circuit.simulate(columns, 255)
    for literal, values in meant.items():
        seen = values_of_all[literal >> 1] ^ (255 if literal & 1 else 0)
        assert [seen >> number & 1 for number in range(8)] == list(values)
    wanted = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=3))
    formula, names = circuit.encode(wanted)
    with Solver("g4", bootstrap_with=[list(clause) for clause in formula]) as solver:
        for number, row in enumerate(rows):
            possible = all(meant[literal][number] for literal in wanted)
            fixed = [place + 1 if value else -place - 1 for place, value in enumerate(row)]
            assert solver.solve(fixed) == possible
            if possible:
                assert formula.satisfied(circuit.model(names, row))


def test_equal_gates_are_shared() -> None:
    circuit = Circuit()
    a, b, c = circuit.word(3)
    assert circuit.conjunction(a, b) == circuit.conjunction(b, a)
    assert circuit.xor(a ^ 1, b) == circuit.xor(a, b) ^ 1
    assert circuit.majority(a ^ 1, b ^ 1, c ^ 1) == circuit.majority(c, a, b) ^ 1
    assert circuit.mux(a ^ 1, b, c) == circuit.mux(a, c, b)
    assert circuit.size == 8


def test_only_what_matters_is_encoded() -> None:
    circuit = Circuit()
    x, y = circuit.word(8), circuit.word(8)
    add(circuit, x, y)
    formula, names = circuit.encode([circuit.conjunction(x[0], y[0])])
    assert (formula.variables, formula.clauses) == (17, 4)
    assert (names > 0).sum() == 17


numbers = st.integers(0, 2**12 - 1)


@given(numbers, numbers, st.integers(1, 12), st.integers(1, 12), st.booleans())
@settings(deadline=None)
def test_arithmetic(one: int, two: int, width: int, other: int, carry: bool) -> None:
    one, two = one % 2**width, two % 2**other
    circuit = Circuit()
    x, y = circuit.word(width), circuit.word(other)
    total = add(circuit, x, y, TRUE if carry else FALSE)
    products = [multiplier(circuit, x, y) for multiplier in MULTIPLIERS.values()]
    folded = [multiplier(circuit, constant(one, width), y) for multiplier in MULTIPLIERS.values()]
    compared = less_or_equal(circuit, x, y)
    same = equals(x, two % 2**width)
    values = circuit.simulate([*bits(one, width), *bits(two, other)])
    assert number_of(values, total) == one + two + carry
    for product in products + folded:
        assert len(product) == width + other
        assert number_of(values, product) == one * two
    assert value_of(values, compared) == (one <= two)
    assert all(value_of(values, literal) for literal in same) == (one == two % 2**width)


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_population_count(ones: list[bool]) -> None:
    circuit = Circuit()
    inputs = circuit.word(len(ones))
    count = population_count(circuit, inputs)
    assert number_of(circuit.simulate([int(one) for one in ones]), count) == sum(ones)


def test_primes() -> None:
    def divides(number: int) -> bool:
        return any(number % factor == 0 for factor in range(2, int(number**0.5) + 1))

    assert all(is_prime(number) == (number > 1 and not divides(number)) for number in range(5000))
    carmichael, strong_to_23, mersenne = 9746347772161, 3825123056546413051, 2**61 - 1
    assert [is_prime(number) for number in (carmichael, strong_to_23, mersenne)] == [False, False, True]


@pytest.mark.parametrize("multiplier", ["array", "wallace"])
def test_factors_are_found_where_there_are_any(multiplier: str) -> None:
    for number in range(5, 150):
        problem = families.generate("factoring", number=number, multiplier=multiplier)
        values = solve(problem.formula)
        assert (values is not None) == (problem.status == "sat") == (not is_prime(number))
        if values is not None:
            width = number.bit_length()
            x, y = words(values, (width + 1) // 2, width - 1)
            assert x * y == number
            assert min(x, y) > 1


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size", [4, 5, 16, 21, 80])
def test_hidden_factors(size: int, seed: int) -> None:
    problem = families.generate("factoring", bits=size, seed=seed)
    assert problem.model is not None
    x, y = words(problem.model, (size + 1) // 2, size - 1)
    assert is_prime(x)
    assert is_prime(y)
    assert (x * y).bit_length() == size
    assert problem.formula.satisfied(problem.model)


@pytest.mark.parametrize("swapped", [False, True])
def test_right_multipliers_never_differ(swapped: bool) -> None:
    same = set()
    for width, left, right in itertools.product((2, 3, 4, 5), MULTIPLIERS, MULTIPLIERS):
        try:
            problem = families.generate("miter", width=width, left=left, right=right, swapped=swapped)
        except UsageError:
            same.add((width, left, right))
        else:
            assert solve(problem.formula) is None
    tiny = set(itertools.product((2,), MULTIPLIERS, MULTIPLIERS))
    if swapped:
        assert same <= tiny | {(3, "wallace", "wallace")}
    else:
        assert same <= tiny | {(width, kind, kind) for width in (3, 4, 5) for kind in MULTIPLIERS}


@pytest.mark.parametrize("seed", range(6))
def test_faults_show(seed: int) -> None:
    problem = families.generate("miter", width=8, fault=True, seed=seed)
    assert problem.model is not None
    assert problem.formula.satisfied(problem.model)


@pytest.mark.parametrize("seed", range(4))
def test_secrets_explain_the_samples(seed: int) -> None:
    """Every secret found by enumeration is one that brute force finds, and the other way round."""
    problem = families.generate("parity", bits=6, samples=14, errors=2, seed=seed)
    dice = np.random.RandomState(seed)
    secret, rows = dice.randint(0, 2, 6), dice.randint(0, 2, (14, 6))
    wrong = np.isin(np.arange(14), dice.permutation(14)[:2])
    seen = (rows @ secret + wrong) % 2
    good = {
        guess
        for guess in itertools.product((0, 1), repeat=6)
        if (((rows @ np.array(guess)) % 2) != seen).sum() <= 2
    }
    assert tuple(secret.tolist()) in good
    with Solver("g4", bootstrap_with=[list(clause) for clause in problem.formula]) as solver:
        for guess in itertools.product((0, 1), repeat=6):
            fixed = [place + 1 if bit else -place - 1 for place, bit in enumerate(guess)]
            assert solver.solve(fixed) == (guess in good)


def left(word: int, places: int) -> int:
    return (word << places | word >> 32 - places) & MASK


def plain_sha1(block: list[int], rounds: int) -> list[int]:
    w = list(block)
    for t in range(16, 80):
        w.append(left(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1))
    start = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0]
    a, b, c, d, e = start
    for t in range(rounds):
        if t < 20:
            f, k = b & c | ~b & d, 0x5A827999
        elif t < 40:
            f, k = b ^ c ^ d, 0x6ED9EBA1
        elif t < 60:
            f, k = b & c | b & d | c & d, 0x8F1BBCDC
        else:
            f, k = b ^ c ^ d, 0xCA62C1D6
        a, b, c, d, e = (left(a, 5) + (f & MASK) + e + k + w[t]) & MASK, a, left(b, 30), c, d
    return [(x + y) & MASK for x, y in zip(start, (a, b, c, d, e), strict=True)]


COMPRESSIONS: dict[str, tuple[Any, int]] = {
    "sha1": (sha1_words, 80),
    "sha256": (sha256_words, 64),
    "md5": (md5_words, 64),
}


def compressed(name: str, block: list[int], rounds: int) -> list[int]:
    """Run the circuit of a hash function on numbers."""
    circuit = Circuit()
    inputs = [circuit.word(32) for _ in range(16)]
    output = COMPRESSIONS[name][0](circuit, inputs, rounds)
    values = circuit.simulate([bit for word in block for bit in bits(word, 32)])
    return [number_of(values, word) for word in output]


@given(st.binary(max_size=55))
@settings(max_examples=10, deadline=None)
def test_all_rounds_are_the_hash_function(message: bytes) -> None:
    for name, (_, rounds) in COMPRESSIONS.items():
        order: Any = "little" if name == "md5" else "big"
        padded = message + b"\x80" + bytes(55 - len(message)) + (8 * len(message)).to_bytes(8, order)
        block = [int.from_bytes(padded[at : at + 4], order) for at in range(0, 64, 4)]
        digest = b"".join(word.to_bytes(4, order) for word in compressed(name, block, rounds))
        assert digest == hashlib.new(name, message, usedforsecurity=False).digest()


@given(st.lists(st.integers(0, MASK), min_size=16, max_size=16), st.integers(1, 80))
@settings(max_examples=15, deadline=None)
def test_fewer_rounds_are_fewer_rounds(block: list[int], rounds: int) -> None:
    assert compressed("sha1", block, rounds) == plain_sha1(block, rounds)


@pytest.mark.parametrize(("rounds", "free", "digest"), [(18, 512, 160), (30, 10, 160), (80, 9, 20)])
def test_preimages_have_the_digest(rounds: int, free: int, digest: int) -> None:
    """What a solver finds has the same reduced digest as the hidden message, by independent arithmetic."""
    problem = families.generate("sha1", rounds=rounds, free=free, digest=digest, seed=9)
    values = solve(problem.formula)
    assert values is not None
    hidden = np.random.RandomState(9).randint(0, 2, 512).tolist()
    seen = []
    for message in (hidden, [int(value) for value in values[:free]] + hidden[free:]):
        block = [
            sum(bit << place for place, bit in enumerate(message[at : at + 32])) for at in range(0, 512, 32)
        ]
        output = plain_sha1(block, rounds)
        seen.append([output[place // 32] >> place % 32 & 1 for place in range(digest)])
    assert seen[0] == seen[1]
