"""Preimages of reduced SHA-1, SHA-256 and MD5; keys of reduced block ciphers, Simon and Speck."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Annotated, Final

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


WIDTH: Final = 16  # bits of a word; a block has two, a key four
_SIMON_SEQUENCE: Final = "11111010001001010110000111001101111101000100101011000011100110"

Known = Annotated[int, Parameter("Bits of the key that are given, its last ones.", low=0, high=64)]
Pairs = Annotated[int, Parameter("Blocks that are known with their ciphers.", low=1, high=64)]
Cipher = Callable[[Circuit, Sequence[Word], Word, Word, int], tuple[Word, Word]]


@family
def simon(
    dice: Dice,
    rounds: Annotated[int, Parameter("Rounds of 32.", low=1, high=32)] = 8,
    pairs: Pairs = 2,
    known: Known = 0,
) -> Draft:
    """Find a key of reduced Simon32/64 that enciphers given blocks as it did.

    Its bits are the first variables. Key words come in the order in which they are used, each with its lowest
    bit first.

    Source: Beaulieu et al.: The SIMON and SPECK Families of Lightweight Block Ciphers, 2013; as SAT: Courtois
    et al.: Combined Algebraic and Truncated Differential Cryptanalysis on Reduced-Round Simon, 2014.
    """
    return _key(dice, simon_block, rounds, pairs, known)


@family
def speck(
    dice: Dice,
    rounds: Annotated[int, Parameter("Rounds of 22.", low=1, high=22)] = 4,
    pairs: Pairs = 2,
    known: Known = 0,
) -> Draft:
    """Find a key of reduced Speck32/64 that enciphers given blocks as it did; variables as for Simon.

    Source: Beaulieu et al.: The SIMON and SPECK Families of Lightweight Block Ciphers, 2013; as SAT: Song,
    Huang, Yang: Automatic Differential Analysis of ARX Block Ciphers, ACISP 2016.
    """
    return _key(dice, speck_block, rounds, pairs, known)


def simon_block(circuit: Circuit, key: Sequence[Word], x: Word, y: Word, rounds: int) -> tuple[Word, Word]:
    """Return the cipher of the block (x, y) after so many rounds."""
    keys = list(key)
    for place in range(4, rounds):
        mixed = _exclusive(circuit, rotated(keys[-1], -3), keys[-3])
        mixed = _exclusive(circuit, mixed, rotated(mixed, -1))
        fixed = constant(0xFFFC ^ int(_SIMON_SEQUENCE[(place - 4) % 62]), WIDTH)
        keys.append(_exclusive(circuit, keys[-4], mixed, fixed))
    for word in keys[:rounds]:
        both = [circuit.conjunction(a, b) for a, b in zip(rotated(x, 1), rotated(x, 8), strict=True)]
        x, y = _exclusive(circuit, y, both, rotated(x, 2), word), x
    return x, y


def speck_block(circuit: Circuit, key: Sequence[Word], x: Word, y: Word, rounds: int) -> tuple[Word, Word]:
    """Return the cipher of the block (x, y) after so many rounds."""
    word, *rest = key
    for place in range(rounds):
        x = _exclusive(circuit, add(circuit, rotated(x, -7), y)[:WIDTH], word)
        y = _exclusive(circuit, rotated(y, 2), x)
        if place + 1 < rounds:
            mixed = _exclusive(
                circuit, add(circuit, word, rotated(rest[0], -7))[:WIDTH], constant(place, WIDTH)
            )
            rest = [*rest[1:], mixed]
            word = _exclusive(circuit, rotated(word, 2), mixed)
    return x, y


def rotated(word: Word, places: int) -> Word:
    """Return a word, lowest bit first, turned to the left."""
    return [word[(place - places) % len(word)] for place in range(len(word))]


def _exclusive(circuit: Circuit, *words: Word) -> Word:
    """Return the exclusive or, by gates of two, as the published files have it."""
    total, *others = words
    for other in others:
        total = [circuit.xor(a, b) for a, b in zip(total, other, strict=True)]
    return total


def _key(dice: Dice, cipher: Cipher, rounds: int, pairs: int, known: int) -> Draft:
    key = dice.randint(0, 2, 4 * WIDTH).tolist()
    blocks = dice.randint(0, 2, (pairs, 2, WIDTH)).tolist()
    free = 4 * WIDTH - known
    circuit = Circuit()
    literals = [*circuit.word(free), *key[free:]]  # the constants 0 and 1 are their own literals
    words = [literals[at : at + WIDTH] for at in range(0, 4 * WIDTH, WIDTH)]
    output = [literal for x, y in blocks for word in cipher(circuit, words, x, y, rounds) for literal in word]
    values = circuit.simulate(key[:free])
    seen = [values[literal >> 1] ^ literal & 1 for literal in output]
    formula, names = circuit.encode(literal ^ 1 ^ bit for literal, bit in zip(output, seen, strict=True))
    return Draft(formula, "sat", circuit.model(names, key[:free]))
