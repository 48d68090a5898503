"""Sections as plain text for a terminal and as Markdown."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Sequence

from turbosat.benchmarks.report.sections import Entry, Section

WIDTH = 100  # of running text in a terminal


def terminal(sections: Sequence[Section], lead: Sequence[str] = ()) -> str:
    """Return sections as text tables, after some lines of their own."""
    parts = ["\n".join(piece for each in lead for piece in textwrap.wrap(each, WIDTH))] if lead else []
    for section in sections:
        heads, rows = stacked(section.heads), [[entry.text for entry in row] for row in section.rows]
        widths = [max(map(width, column)) for column in zip(*heads, *rows, strict=True)]
        left = left_columns(section)
        head = [line(each, widths, left) for each in heads]
        body = [line(each, widths, left) for each in rows]
        rule = "─" * max(map(len, head))
        about = textwrap.wrap(section.about, WIDTH)
        parts.append("\n".join([section.title, *about, rule, *head, rule, *body]))
    return "\n\n".join(parts) + "\n"


def stacked(heads: Sequence[str]) -> list[list[str]]:
    """Return heads cut at ': ' into two lines where any has one."""
    if not any(": " in head for head in heads):
        return [list(heads)]
    pairs = [head.partition(": ") for head in heads]
    return [[pair[0] if pair[1] else "" for pair in pairs], [pair[2] or pair[0] for pair in pairs]]


def line(texts: Sequence[str], widths: Sequence[int], left: Sequence[bool]) -> str:
    """Return a row with each text in its width."""
    padded = []
    for text, wide, is_left in zip(texts, widths, left, strict=True):
        blanks = " " * (wide - width(text))
        padded.append(text + blanks if is_left else blanks + text)
    return "  ".join(padded).rstrip()


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1
        for each in text
    )


def left_columns(section: Section) -> list[bool]:
    """Return which columns are words, to be set left."""
    columns: list[tuple[Entry, ...]] = list(zip(*section.rows, strict=True))
    return [all(entry.key is None for entry in column) for column in columns] or [True] * len(section.heads)


def markdown(sections: Sequence[Section], lead: Sequence[str] = (), title: str = "", level: int = 1) -> str:
    """Return sections as Markdown tables after a title and paragraphs; a single section has no heading."""
    parts = [f"{'#' * level} {escape(title)}"] if title else []
    parts += [escape(each) for each in lead]
    for section in sections:
        if len(sections) > 1:
            parts.append(f"{'#' * (level + 1)} {escape(section.title)}")
        if section.about and len(sections) > 1:
            parts.append(escape(section.about))
        rules = ["---" if left else "--:" for left in left_columns(section)]
        rows = [[emphasised(entry) for entry in row] for row in section.rows]
        table = [[escape(head) for head in section.heads], rules, *rows]
        parts.append("\n".join(f"| {' | '.join(row)} |" for row in table))
    return "\n\n".join(parts) + "\n"


def emphasised(entry: Entry) -> str:
    """Return an entry's text, bold where it is the best."""
    return f"**{escape(entry.text)}**" if entry.best else escape(entry.text)


def escape(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    flat = " ".join(text.split())
    return re.sub(r"[\\|*`<]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\\g<0>", flat)  # x_y is safe as it is
