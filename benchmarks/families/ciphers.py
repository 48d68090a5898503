"""Keys of reduced block ciphers: Simon and Speck with blocks of 32 bits and keys of 64."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Final

from turbosat.benchmarks.families.arithmetic import add, constant
from turbosat.benchmarks.families.base import Dice, Draft, Parameter, family
from turbosat.benchmarks.families.circuit import Circuit, Word

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
        mixed = _xor(circuit, rotated(keys[-1], -3), keys[-3])
        mixed = _xor(circuit, mixed, rotated(mixed, -1))
        fixed = constant(0xFFFC ^ int(_SIMON_SEQUENCE[(place - 4) % 62]), WIDTH)
        keys.append(_xor(circuit, keys[-4], mixed, fixed))
    for word in keys[:rounds]:
        both = [circuit.conjunction(a, b) for a, b in zip(rotated(x, 1), rotated(x, 8), strict=True)]
        x, y = _xor(circuit, y, both, rotated(x, 2), word), x
    return x, y


def speck_block(circuit: Circuit, key: Sequence[Word], x: Word, y: Word, rounds: int) -> tuple[Word, Word]:
    """Return the cipher of the block (x, y) after so many rounds."""
    word, *rest = key
    for place in range(rounds):
        x = _xor(circuit, add(circuit, rotated(x, -7), y)[:WIDTH], word)
        y = _xor(circuit, rotated(y, 2), x)
        if place + 1 < rounds:
            mixed = _xor(circuit, add(circuit, word, rotated(rest[0], -7))[:WIDTH], constant(place, WIDTH))
            rest = [*rest[1:], mixed]
            word = _xor(circuit, rotated(word, 2), mixed)
    return x, y


def rotated(word: Word, places: int) -> Word:
    """Return a word, lowest bit first, turned to the left."""
    return [word[(place - places) % len(word)] for place in range(len(word))]


def _xor(circuit: Circuit, *words: Word) -> Word:
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
