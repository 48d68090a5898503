"""Tell what an answer is by its content: a solution, a certificate or a proof, text or binary.

A list of literals can be a model as well as a proof of one lemma; nothing here decides that.
"""

from itertools import islice

from turbosat.check.clock import Clock
from turbosat.check.reading.solution import STATUSES
from turbosat.check.reading.source import Data, lines_of
from turbosat.check.verdict import Kind

MANY = 1000  # lines that tell LRAT from DRAT


def is_binary(data: Data) -> bool:
    """Whether a file is binary DRAT.

    Its first byte is then an a or a d, each of its steps ends in a zero byte, and no text holds one. In text,
    a d stands before a space; without any zero byte, what begins like a step is one cut short.
    """
    return data[:1] == b"a" or (data[:1] == b"d" and (not data[1:2].isspace() or b"\0" in data))


def kind_of(data: Data, clock: Clock) -> Kind:
    """Return what a text is, by its first word; no other kind begins as solutions and certificates do."""
    word = _first_word(data, clock)
    if word in STATUSES or word[:1] in (b"s", b"v"):
        return "model"
    return "certificate" if word[:1] == b"x" else "proof"


def _first_word(data: Data, clock: Clock) -> bytes:
    for _, line in lines_of(data, clock, "reading"):
        words = line.split(None, 1)
        if words and not words[0].startswith(b"c"):
            return words[0]
    return b""


def looks_like_lrat(data: Data, clauses: int, clock: Clock) -> bool:
    """Whether a text reads as LRAT: lines NUMBER LITERALS 0 HINTS 0, or NUMBER d NUMBERS 0.

    The numbers go on from those of the formula's clauses; hints are smaller ones.
    """
    last = clauses
    hints = 0
    for _, line in islice(lines_of(data, clock, "reading"), MANY):
        words = line.split()
        if not words or words[0].startswith(b"c"):
            continue
        deletion = words[1:2] == [b"d"]
        try:
            numbers = [int(word) for word in (words[:1] + words[2:] if deletion else words)]
        except ValueError:
            return False
        number = numbers[0]
        if deletion:
            if number < last or numbers.count(0) != 1 or numbers[-1] != 0:
                return False
            continue
        if number <= last or numbers.count(0) != 2 or numbers[-1] != 0:
            return False
        given = numbers[numbers.index(0) + 1 : -1]
        if any(abs(hint) >= number for hint in given):
            return False
        last = number
        hints += len(given)
    return hints > 0
