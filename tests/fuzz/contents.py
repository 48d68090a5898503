"""What is in the files of a run: formulas from recipes, dressed, damaged, packed.

A recipe is plain data: `family` and its numbers, then `dress`, `damage`, `pack`, `cut`, each of which may be
missing. The same recipe makes the same bytes.
"""

import bz2
import gzip
import lzma
import random
from collections.abc import Callable
from typing import Any

from tests.dimacs.malformed import MALFORMED
from tests.families import Clauses, dimacs, pigeonhole, random_ksat

Recipe = dict[str, Any]
Maker = Callable[[Recipe], bytes]
KNOWN = {"pigeons": False, "parity-false": False, "parity": True, "wide": True, "xors-false": False}
SEVEN_ZIP = b"7z\xbc\xaf\x27\x1c\0\x04"
TEXTS = {
    "empty": b"",
    "newline": b"\n",
    "header": b"p cnf",
    "none": b"p cnf 0 0\n",
    "variables": b"p cnf 5 0\n",
    "empty-clause": b"p cnf 3 2\n1 2 0\n0\n",
    "contradiction": b"p cnf 1 2\n1 0\n-1 0\n",
    "no-header": b"1 2 0\n-1 0\n",
    "huge-counts": b"p cnf 99999999999999999999 1\n1 0\n",
    "many-clauses": b"p cnf 3 2000000000\n1 0\n",
    "most-variables": b"p cnf 2147483647 1\n1 0\n",
    "too-large-literal": b"p cnf 2 1\n3 0\n",
    "int-overflow": b"p cnf 2 1\n4294967297 0\n",
    "minus-zero": b"p cnf 2 1\n1 -0\n",
    "open-clause": b"p cnf 2 1\n1 2",
    "elf": b"\x7fELF\x02\x01\x01\0\0\0\0",
    "aiger": b"aag 7 2 0 2 3\n2\n4\n",
    "prose": b"this is no formula\n" * 40,
    "escape": b"p cnf 1 1\n\x1b[31m1 0\n",
    "nul": b"p cnf 1 1\n1\0 0\n",
}


def parity(variables: int, seed: int, *, holds: bool) -> list[list[int]]:
    """Return random XORs of three literals that hold together, or one more than do."""
    dice = random.Random(seed)
    hidden = [0, *(dice.getrandbits(1) for _ in range(variables))]
    xors = []
    for _ in range(variables + 5):
        xor = dice.sample(range(1, variables + 1), 3)
        if sum(hidden[each] for each in xor) % 2 == 0:
            xor[0] = -xor[0]
        xors.append(xor)
    if not holds:
        xors.append([-xors[0][0], *xors[0][1:]])
    dice.shuffle(xors)
    return xors


def _as_clauses(xors: list[list[int]]) -> Clauses:
    return [
        [a * signs[0], b * signs[1], c * signs[2]]
        for a, b, c in xors
        for signs in ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))
    ]


def _ksat(r: Recipe) -> bytes:
    return dimacs(*random_ksat(r["n"], r["m"], r["k"], r["seed"])).encode()


def _x_lines(variables: int, xors: list[list[int]], clauses: Clauses) -> bytes:
    lines = ["x" + " ".join(map(str, [*xor, 0])) for xor in xors]
    lines += [" ".join(map(str, [*clause, 0])) for clause in clauses]
    return (f"p cnf {variables} {len(lines)}\n" + "\n".join(lines) + "\n").encode()


def _parity(r: Recipe) -> bytes:
    xors = parity(r["n"], r["seed"], holds=r["family"] == "parity")
    if r.get("x"):
        return _x_lines(r["n"], xors, [])
    return dimacs(r["n"], _as_clauses(xors)).encode()


def _long_xors(r: Recipe) -> bytes:
    """Long XORs and a few clauses; -false: the first XOR and its opposite."""
    dice = random.Random(r["seed"])
    xors = [dice.sample(range(1, r["n"] + 1), dice.randint(1, min(12, r["n"]))) for _ in range(r["m"])]
    if r["family"] == "xors-false":
        xors.append([-xors[0][0], *xors[0][1:]])
    return _x_lines(r["n"], xors, random_ksat(r["n"], r["m"] // 2, min(3, r["n"]), r["seed"])[1])


def _wide(r: Recipe) -> bytes:
    """Variables by far more than clauses: the model is what is large."""
    return dimacs(r["n"], [[1, -r["n"]], [-1, r["n"]]]).encode()


def _comments(r: Recipe) -> bytes:
    return b"c " + b"long comment " * int(r["n"]) + b"\np cnf 2 1\n1 -2 0\n"


FAMILIES: dict[str, Maker] = {
    "ksat": _ksat,
    "pigeons": lambda r: dimacs(*pigeonhole(r["n"] + 1, r["n"])).encode(),
    "parity": _parity,
    "parity-false": _parity,
    "xors": _long_xors,
    "xors-false": _long_xors,
    "wide": _wide,
    "comments": _comments,
    "text": lambda r: TEXTS[str(r["text"])],
    "malformed": lambda r: MALFORMED[int(r["n"]) % len(MALFORMED)].data,
}


def _commented(data: bytes) -> bytes:
    lines = data.split(b"\n")
    return b"c said before\nc\n" + b"\n".join([*lines[:3], b"c between", *lines[3:]])


DRESSES: dict[str, Callable[[bytes], bytes]] = {
    "comments": _commented,
    "crlf": lambda data: data.replace(b"\n", b"\r\n"),
    "percent": lambda data: data + b"%\n0\n\n",
    "no final newline": lambda data: data.rstrip(b"\n"),
    "no header": lambda data: data.partition(b"\n")[2],
    "more clauses": lambda data: data + b"1 0\n",
    "blank lines": lambda data: data.replace(b"\n", b"\n\n"),
    "one line": lambda data: data.replace(b" 0\n", b" 0 ").replace(b"x", b"\nx") + b"\n",
    "tabs": lambda data: data.replace(b" ", b"\t"),
}


def _damaged(data: bytes, kind: str, seed: int) -> bytes:
    dice = random.Random(seed)
    place, other = (dice.randrange(len(data) + 1) for _ in range(2))
    match kind:
        case "flip":
            changed = bytearray(data)
            for _ in range(dice.choice((1, 1, 3, 20))):
                if changed:
                    changed[dice.randrange(len(changed))] = dice.randrange(256)
            return bytes(changed)
        case "cut":
            return data[:place]
        case "splice":
            return data[:place] + data[other:]
        case "insert":
            return data[:place] + dice.randbytes(dice.choice((1, 2, 50))) + data[place:]
        case "digits":
            return data[:place] + str(dice.choice((0, -1, 2**31, 2**63, 10**30))).encode() + data[place:]
    raise ValueError(kind)


DAMAGES = ("flip", "cut", "splice", "insert", "digits")


def _zstd(data: bytes) -> bytes:
    import zstandard

    packed: bytes = zstandard.compress(data)
    return packed


PACKS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
    "zstd": _zstd,
    "gzip twice": lambda data: gzip.compress(gzip.compress(data, mtime=0), mtime=0),
    "two gzips": lambda data: gzip.compress(data[:20], mtime=0) + gzip.compress(data[20:], mtime=0),
    "7z": lambda data: SEVEN_ZIP + data,
}


def build(recipe: Recipe) -> bytes:
    """Return the bytes of a recipe."""
    data = FAMILIES[recipe["family"]](recipe)
    for dress in recipe.get("dress", ()):
        data = DRESSES[dress](data)
    for kind, seed in recipe.get("damage", ()):
        data = _damaged(data, kind, seed)
    if "pack" in recipe:
        data = PACKS[recipe["pack"]](data)
    if "cut" in recipe:
        data = data[: int(len(data) * recipe["cut"])]
    return data


def known(recipe: Recipe) -> bool | None:
    """Return whether the formula of a recipe is satisfiable, where that is known by its making."""
    if any(recipe.get(each) for each in ("damage", "cut")) or set(recipe.get("dress", ())) & {"more clauses"}:
        return None
    return KNOWN.get(recipe["family"])


def easy(dice: random.Random) -> Recipe:
    """Return a formula that takes no time."""
    seed = dice.randrange(1000)
    n = dice.randint(3, 60)
    return dice.choice(
        (
            {"family": "ksat", "n": n, "m": int(n * dice.uniform(2, 6)), "k": 3, "seed": seed},
            {"family": "pigeons", "n": dice.randint(1, 6)},
            {"family": "parity", "n": n, "seed": seed, "x": dice.random() < 0.5},
            {"family": "parity-false", "n": n, "seed": seed, "x": dice.random() < 0.5},
            {"family": "xors", "n": n, "m": dice.randint(1, 20), "seed": seed},
            {"family": "xors-false", "n": n, "m": dice.randint(1, 20), "seed": seed},
            {"family": "text", "text": dice.choice(("none", "variables", "empty-clause", "contradiction"))},
        )
    )


def hard(dice: random.Random) -> Recipe:
    """Return a formula that outlasts the limits of a run, or takes some time."""
    return dice.choice(
        (
            {"family": "pigeons", "n": dice.randint(8, 15)},
            {"family": "ksat", "n": 700, "m": 3150, "k": 3, "seed": dice.randrange(1000)},
            {"family": "ksat", "n": 120, "m": 2560, "k": 5, "seed": dice.randrange(1000)},
        )
    )


def is_hard(content: Recipe) -> bool:
    """Whether a formula may outlast any limit."""
    n = content.get("n", 0)
    return bool((content["family"] == "pigeons" and n > 8) or n * content.get("k", 0) > 400 or n >= 3000)


def large(dice: random.Random) -> Recipe:
    """Return what is large in one way or another."""
    seed = dice.randrange(1000)
    return dice.choice(
        (
            {"family": "wide", "n": dice.choice((20_000, 300_000, 3_000_000))},
            {"family": "xors", "n": 3000, "m": dice.choice((3000, 30_000)), "seed": seed},
            {"family": "parity-false", "n": 20_000, "seed": seed, "x": True},
            {"family": "comments", "n": 4_000_000, "pack": "gzip"},
            {"family": "ksat", "n": 100_000, "m": 300_000, "k": 3, "seed": seed},
        )
    )


def recipe(dice: random.Random) -> Recipe:
    """Return any recipe: most are small and intact."""
    kind = dice.random()
    found = easy(dice) if kind < 0.68 else hard(dice) if kind < 0.9 else large(dice) if kind < 0.92 else {}
    if not found:
        found = dice.choice(
            (
                {"family": "text", "text": dice.choice(sorted(TEXTS))},
                {"family": "malformed", "n": dice.randrange(len(MALFORMED))},
            )
        )
    if dice.random() < 0.2:
        found["dress"] = dice.sample(sorted(DRESSES), dice.choice((1, 1, 2)))
    if dice.random() < 0.12:
        found["damage"] = [
            [dice.choice(DAMAGES), dice.randrange(1000)] for _ in range(dice.choice((1, 1, 2)))
        ]
    if "pack" not in found and dice.random() < 0.2:
        found["pack"] = dice.choice(sorted(PACKS))
        if dice.random() < 0.2:
            found["cut"] = round(dice.random(), 2)
    return found
