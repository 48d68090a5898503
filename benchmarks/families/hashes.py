"""Preimages of reduced SHA-1, SHA-256 and MD5."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Annotated

from turbosat.benchmarks.families.arithmetic import add, constant, equals
from turbosat.benchmarks.families.base import Dice, Draft, Parameter, family
from turbosat.benchmarks.families.circuit import Circuit, Word

Free = Annotated[int, Parameter("Bits of the message to find, its first ones; the others are given.", 1, 512)]
Compression = Callable[[Circuit, Sequence[Word], int], list[Word]]

_SHA1_START = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0)
_SHA1_CONSTANTS = (0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6)
_MD5_SHIFTS = ((7, 12, 17, 22), (5, 9, 14, 20), (4, 11, 16, 23), (6, 10, 15, 21))


@family
def sha1(
    dice: Dice,
    rounds: Annotated[int, Parameter("Steps of 80.", low=1, high=80)] = 21,
    free: Free = 512,
    digest: Annotated[int, Parameter("Bits of the digest that must agree.", low=1, high=160)] = 160,
) -> Draft:
    """Preimage of one block under reduced SHA-1: the first variables are the message's bits, word by word.

    Each word of 32 bits has its lowest bit first; padding is not asked for. The start is added at the end.

    Source: Nossum: SAT-based Preimage Attacks on SHA-1, 2012.
    """
    return _preimage(dice, sha1_words, rounds, free, digest)


@family
def sha256(
    dice: Dice,
    rounds: Annotated[int, Parameter("Steps of 64.", low=1, high=64)] = 17,
    free: Free = 512,
    digest: Annotated[int, Parameter("Bits of the digest that must agree.", low=1, high=256)] = 256,
) -> Draft:
    """Preimage of one block under reduced SHA-256; variables as for SHA-1.

    Source: Alamgir, Nejati, Bright: SHA-256 Collision Attack with Programmatic SAT, 2024.
    """
    return _preimage(dice, sha256_words, rounds, free, digest)


@family
def md5(
    dice: Dice,
    rounds: Annotated[int, Parameter("Steps of 64.", low=1, high=64)] = 26,
    free: Free = 512,
    digest: Annotated[int, Parameter("Bits of the digest that must agree.", low=1, high=128)] = 128,
) -> Draft:
    """Preimage of one block under reduced MD5; variables as for SHA-1.

    Source: De, Kumarasubramanian, Venkatesan: Inversion Attacks on Secure Hash Functions Using SAT Solvers,
    SAT 2007.
    """
    return _preimage(dice, md5_words, rounds, free, digest)


def _preimage(dice: Dice, compress: Compression, rounds: int, free: int, digest: int) -> Draft:
    message = dice.randint(0, 2, 512).tolist()
    circuit = Circuit()
    inputs = circuit.word(free)
    literals = [*inputs, *message[free:]]  # the constants 0 and 1 are their own literals
    words = compress(circuit, [literals[at : at + 32] for at in range(0, 512, 32)], rounds)
    output = [literal for word in words for literal in word]
    values = circuit.simulate(message[:free])
    seen = [values[literal >> 1] ^ literal & 1 for literal in output[:digest]]
    target = sum(bit << place for place, bit in enumerate(seen))
    formula, names = circuit.encode(equals(output[:digest], target))
    return Draft(formula, "sat", circuit.model(names, message[:free]))


def sha1_words(circuit: Circuit, block: Sequence[Word], rounds: int) -> list[Word]:
    """Return the five words after that many steps on a block of sixteen (FIPS 180-4, section 6.1)."""
    schedule = list(block)
    for t in range(16, rounds):
        mixed = _xor(circuit, schedule[t - 3], schedule[t - 8], schedule[t - 14])
        mixed = _xor(circuit, mixed, schedule[t - 16])
        schedule.append(_left(mixed, 1))
    a, b, c, d, e = start = [constant(word, 32) for word in _SHA1_START]
    for t in range(rounds):
        function = (_choose, _xor, _majority, _xor)[t // 20](circuit, b, c, d)
        total = _sum(circuit, schedule[t], constant(_SHA1_CONSTANTS[t // 20], 32), e, function, _left(a, 5))
        a, b, c, d, e = total, a, _left(b, 30), c, d
    return [_sum(circuit, *pair) for pair in zip(start, (a, b, c, d, e), strict=True)]


def sha256_words(circuit: Circuit, block: Sequence[Word], rounds: int) -> list[Word]:
    """Return the eight words after that many steps on a block of sixteen (FIPS 180-4, section 6.2)."""
    primes = [n for n in range(2, 312) if all(n % m for m in range(2, math.isqrt(n) + 1))]
    schedule = list(block)
    for t in range(16, rounds):
        one, two = schedule[t - 15], schedule[t - 2]
        small = _xor(circuit, _left(one, 25), _left(one, 14), _right(one, 3))
        large = _xor(circuit, _left(two, 15), _left(two, 13), _right(two, 10))
        schedule.append(_sum(circuit, schedule[t - 16], schedule[t - 7], small, large))
    start = [constant(math.isqrt(p << 64) & 0xFFFFFFFF, 32) for p in primes[:8]]
    a, b, c, d, e, f, g, h = start
    for t in range(rounds):
        cube = constant(_cube_root(primes[t] << 96) & 0xFFFFFFFF, 32)
        high = _xor(circuit, _left(e, 26), _left(e, 21), _left(e, 7))
        low = _xor(circuit, _left(a, 30), _left(a, 19), _left(a, 10))
        one = _sum(circuit, schedule[t], cube, h, high, _choose(circuit, e, f, g))
        two = _sum(circuit, low, _majority(circuit, a, b, c))
        a, b, c, d, e, f, g, h = _sum(circuit, one, two), a, b, c, _sum(circuit, d, one), e, f, g
    return [_sum(circuit, *pair) for pair in zip(start, (a, b, c, d, e, f, g, h), strict=True)]


def md5_words(circuit: Circuit, block: Sequence[Word], rounds: int) -> list[Word]:
    """Return the four words after that many steps on a block of sixteen (RFC 1321)."""
    a, b, c, d = start = [constant(word, 32) for word in _SHA1_START[:4]]
    for t in range(rounds):
        part = t // 16
        if part == 0:
            function, place = _choose(circuit, b, c, d), t
        elif part == 1:
            function, place = _choose(circuit, d, b, c), (5 * t + 1) % 16
        elif part == 2:
            function, place = _xor(circuit, b, c, d), (3 * t + 5) % 16
        else:
            either = [circuit.disjunction(x, y ^ 1) for x, y in zip(b, d, strict=True)]
            function = [circuit.xor(x, y) for x, y in zip(c, either, strict=True)]
            place = 7 * t % 16
        sine = constant(int(abs(math.sin(t + 1)) * 2**32), 32)
        total = _sum(circuit, block[place], sine, a, function)
        a, b, c, d = d, _sum(circuit, b, _left(total, _MD5_SHIFTS[part][t % 4])), b, c
    return [_sum(circuit, *pair) for pair in zip(start, (a, b, c, d), strict=True)]


def _sum(circuit: Circuit, *words: Word) -> Word:
    total = words[0]
    for word in words[1:]:
        total = add(circuit, total, word)[:32]
    return total


def _xor(circuit: Circuit, x: Word, y: Word, z: Word | None = None) -> Word:
    if z is None:
        return [circuit.xor(a, b) for a, b in zip(x, y, strict=True)]
    return [circuit.xor3(a, b, c) for a, b, c in zip(x, y, z, strict=True)]


def _choose(circuit: Circuit, x: Word, y: Word, z: Word) -> Word:
    return [circuit.mux(a, b, c) for a, b, c in zip(x, y, z, strict=True)]


def _majority(circuit: Circuit, x: Word, y: Word, z: Word) -> Word:
    return [circuit.majority(a, b, c) for a, b, c in zip(x, y, z, strict=True)]


def _left(word: Word, places: int) -> Word:
    """Rotate towards the high bits."""
    return [*word[32 - places :], *word[: 32 - places]]


def _right(word: Word, places: int) -> Word:
    """Shift towards the low bits."""
    return [*word[places:], *[0] * places]


def _cube_root(number: int) -> int:
    """Return the integer part of the cube root."""
    root = 1 << -(-number.bit_length() // 3)
    while root**3 > number:
        root = (2 * root + number // (root * root)) // 3
    return root
