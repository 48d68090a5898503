"""A report as one HTML page that needs nothing else: tables, plots and their data in one file."""

from __future__ import annotations

import json
import math
import re
from html import escape
from importlib.resources import files

from turbosat.benchmarks.report.report import Report, summary
from turbosat.benchmarks.report.score import Table
from turbosat.benchmarks.report.sections import Entry, Section, sections
from turbosat.benchmarks.report.text import left_columns

VERDICTS = ("unknown", "sat", "unsat")  # as page.js numbers them
TOP = ("wrong", "scores")  # sections above the plots


def page(report: Report) -> str:
    """Return the page as HTML."""
    assets = files("turbosat.benchmarks.report")
    parts = {name: (assets / f"page.{name}").read_text(encoding="utf-8") for name in ("html", "css", "js")}
    made = sections(report, everything=True)
    values = {
        "title": escape(report.title),
        "summary": escape(summary(report)),
        "notes": "".join(f"<p>{escape(note)}</p>\n" for note in report.table.notes),
        "top": "\n".join(section_html(each) for each in made if each.name in TOP),
        "sections": "\n".join(section_html(each) for each in made if each.name not in TOP),
        "mean": ", the mean of the solved over the seeds" if len(report.table.seeds) > 1 else "",
        "data": embedded(data(report.table, report.solvers)),
        "css": parts["css"],
        "js": parts["js"],
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], parts["html"])


def section_html(section: Section) -> str:
    """Return a section with its table; the first column heads the rows."""
    left = left_columns(section)
    heads = "".join(
        f'<th scope="col"{"" if words else " class=num"}>{head_html(head)}</th>'
        for head, words in zip(section.heads, left, strict=True)
    )
    rows = "\n".join(
        "<tr>" + "".join(entry_html(entry, place) for place, entry in enumerate(row)) + "</tr>"
        for row in section.rows
    )
    title, about = escape(section.title), f"<p>{escape(section.about)}</p>\n" if section.about else ""
    kind = ' class="bad" role="alert"' if section.name == "wrong" else ""
    return (
        f'<section id="{section.name}"{kind} aria-labelledby="{section.name}-title">\n'
        f'<h2 id="{section.name}-title">{title}</h2>\n{about}'
        f'<div class="scroll" tabindex="0" role="region" aria-labelledby="{section.name}-title"><table>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></div>\n</section>"
    )


def head_html(head: str) -> str:
    """Return a head, what stands before ': ' small above the rest."""
    group, colon, rest = head.partition(": ")
    return f"<small>{escape(group)}</small>{escape(rest)}" if colon else escape(head)


def entry_html(entry: Entry, place: int) -> str:
    """Return a place of a table, with what it is sorted by where its text does not say."""
    classes = [*(["num"] if entry.key is not None else []), *(["best"] if entry.best else [])]
    kind = f' class="{" ".join(classes)}"' if classes else ""
    key = ""
    if entry.key is not None and math.isfinite(entry.key) and entry.text != f"{entry.key:g}":
        key = f' data-k="{entry.key:.6g}"'
    tag = "td" if place else "th"
    scope = "" if place else ' scope="row"'
    return f"<{tag}{scope}{kind}{key}>{escape(entry.text)}</{tag}>"


def data(table: Table, solvers: tuple[str, ...]) -> dict[str, object]:
    """Return what the plots draw: instances, and seconds by solver, seed and instance."""
    places = {solver: place for place, solver in enumerate(solvers)}
    rows = {item.hash: row for row, item in enumerate(table.items)}
    columns = [table.seconds[:, table.solvers.index(solver)].T.tolist() for solver in solvers]
    runs = [[[rounded(each) for each in row] for row in own] for own in columns]  # solver → seed → instance
    return {
        "solvers": solvers,
        "seeds": table.seeds,
        "timeout": table.timeout,
        "factor": table.factor,
        "items": [
            [item.name, item.family, VERDICTS.index(verdict), item.hash]
            for item, verdict in zip(table.items, table.verdicts, strict=True)
        ],
        "runs": runs,
        "wrong": [
            [places[each.solver], table.seeds.index(each.seed), rows[each.hash]]
            for each in table.wrong
            if each.solver in places
        ],
    }


def rounded(seconds: float) -> float | None:
    """Return seconds with four significant digits, None where infinite."""
    return float(f"{seconds:.4g}") if math.isfinite(seconds) else None


def embedded(value: object) -> str:
    """Return JSON that may stand in a script element: no text in it can end the element or open a comment."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
