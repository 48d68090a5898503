"""The page: self-contained, safe with any name, and used by hand in a real headless Chromium."""

import json
import re
import struct
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.browser import Browser, chromium
from tests.tables import races
from turbosat.benchmarks.report.page import page
from turbosat.benchmarks.report.report import Fact, Report, make
from turbosat.benchmarks.report.score import Cell, build

NASTY = '</script><script>document.title="taken"</script><!-- & "quotes" {{data}}'
VOID = {"meta", "link", "input", "br"}


def report(seeds: int = 1, count: int = 60) -> Report:
    """Return a report of 3 solvers."""
    items, cells = races(count, seeds=seeds, speed=2)
    third = [replace(cell, solver="third") for cell in cells if cell.solver == "steady"]
    cells += [replace(cell, seconds=min(20, cell.seconds * (1 + row % 3))) for row, cell in enumerate(third)]
    return make(build(items, cells, 20), "families", [Fact("machine", "2 cores")])


class Parsed(HTMLParser):
    """Elements, and whether they close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "action", "data")]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_small_whole_and_needs_nothing_else() -> None:
    text = page(report())
    assert len(text.encode()) < 100_000
    parsed = Parsed(text)
    assert parsed.open == []
    assert parsed.links == ["data:,"]
    assert len(set(parsed.ids)) == len(parsed.ids)
    assert not re.search(r"https?:|//\w+\.|@import|url\(", text)


def test_names_cannot_break_out() -> None:
    items, cells = races(4)
    items = [replace(item, name=NASTY, family=NASTY) for item in items]
    bad = [replace(cell, solver=NASTY) if cell.solver == "fast" else cell for cell in cells]
    bad[0] = replace(bad[0], status="wrong", reason=NASTY)
    text = page(make(build(items, bad, 20), NASTY, [Fact(NASTY, NASTY)]))
    assert text.count("</script>") == 2
    assert text.count("<script") == 2
    assert Parsed(text).open == []


def test_the_data_are_the_runs() -> None:
    made = report(seeds=2, count=20)
    text = page(made)
    found = re.search(r'id="data">(.*?)</script>', text)
    assert found
    data = json.loads(found[1])
    assert data["solvers"] == list(made.solvers)
    for solver, runs in zip(data["solvers"], data["runs"], strict=True):
        own = made.table.seconds[:, made.table.solvers.index(solver)].T  # (seeds, instances)
        for row, times in zip(runs, own.tolist(), strict=True):
            assert row == [None if seconds > 20 else pytest.approx(seconds, rel=1e-3) for seconds in times]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = chromium()
    if program is None:
        pytest.skip("no Chromium here (TURBOSAT_CHROMIUM names one)")
    with Browser.started(program, tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture
def shown(browser: Browser, tmp_path: Path) -> Iterator[Browser]:
    """Return the browser with the page open; afterwards nothing may have failed or been fetched."""
    browser.events.clear()
    browser.look(1280)
    path = tmp_path / "page.html"
    path.write_text(page(report()), encoding="utf-8")
    browser.open(path)
    yield browser
    faults = [
        each for each in browser.events if each["method"] in ("Runtime.exceptionThrown", "Log.entryAdded")
    ]
    assert faults == []
    asked = [
        each["params"]["request"]["url"]
        for each in browser.events
        if each["method"] == "Network.requestWillBeSent"
    ]
    assert {url for url in asked if not url.startswith("data:")} == {path.as_uri()}


def column(browser: Browser, table: str, place: int) -> list[str]:
    cells: list[str] = browser.value(
        f"[...document.querySelector('{table}').tBodies[0].rows].map(r => r.cells[{place}].textContent)"
    )
    return cells


def test_columns_sort_by_mouse_and_by_keyboard(shown: Browser) -> None:
    head = "document.querySelectorAll('#runs thead th')[3]"
    before = column(shown, "#runs", 3)
    assert len(before) == 60
    shown.click(f"{head}.querySelector('button')")
    times = [float(text) if text[0].isdigit() else 40.0 for text in column(shown, "#runs", 3)]
    assert times == sorted(times)
    assert sorted(before) == sorted(column(shown, "#runs", 3))
    assert shown.value(f"{head}.getAttribute('aria-sort')") == "ascending"
    shown.value(f"{head}.querySelector('button').focus()")
    shown.press("Enter")
    assert shown.value(f"{head}.getAttribute('aria-sort')") == "descending"
    times = [float(text) if text[0].isdigit() else 40.0 for text in column(shown, "#runs", 3)]
    assert times == sorted(times, reverse=True)
    shown.click("document.querySelector('#runs thead th button')")
    names = column(shown, "#runs", 0)
    assert names == sorted(
        names, key=lambda name: (name.split("-")[0], int(name.split("-")[1].split(".")[0]))
    )
    shown.click("document.querySelectorAll('#scores thead th button')[8]")
    means = [float(text) for text in column(shown, "#scores table", 8)]
    assert means == sorted(means)


def test_series_can_be_switched_off_and_on(shown: Browser) -> None:
    def curves(plot: str) -> list[str]:
        found: list[str] = shown.value(
            f"[...document.querySelectorAll('#{plot} .curve')].map(e => e.dataset.name)"
        )
        return found

    button = "document.querySelector('#legend button')"
    first = shown.value(f"{button}.textContent")
    everything = curves("cdf")
    assert len(everything) == 4
    assert first == everything[0]
    shown.click(button)
    assert curves("cdf") == curves("cactus") == everything[1:]
    assert shown.value(f"{button}.getAttribute('aria-pressed')") == "false"
    shown.value(f"{button}.focus()")
    shown.press("Enter")
    assert curves("cdf") == curves("cactus") == everything


def test_curves_end_at_what_was_solved(shown: Browser) -> None:
    made = report()
    scores = {each.solver: each.solved for each in made.scores if each.category == "ALL"}
    for name, solved in scores.items():
        path = shown.value(f"document.querySelector('#cdf .curve[data-name=\"{name}\"]').getAttribute('d')")
        heights = re.findall(r"V([\d.]+)", path)
        assert len(heights) == solved
        assert float(heights[-1]) == pytest.approx(352 - 340 * solved / 60, abs=0.06)


def test_hovering_a_point_tells_its_instance(shown: Browser) -> None:
    made = report()
    shown.hover("document.querySelectorAll('#scatter .dot')[7]")
    text = shown.value(
        "document.querySelector('#tip').hidden ? '' : document.querySelector('#tip').textContent"
    )
    assert any(item.name in text for item in made.table.items)
    assert made.solvers[0] in text
    assert made.solvers[1] in text
    assert shown.value("document.querySelectorAll('#scatter .dot.on').length") == 1
    shown.mouse("mouseMoved", 2, 2)
    assert shown.value("document.querySelector('#tip').hidden")
    assert shown.value("document.querySelectorAll('.dot.on').length") == 0
    shown.hover("document.querySelector('#cdf')")
    text = shown.value("document.querySelector('#tip').textContent")
    assert text.startswith("within")
    assert all(solver in text for solver in (*made.solvers, "VBS"))
    shown.hover("document.querySelector('#cactus')")
    assert re.match(r"28 instances within", shown.value("document.querySelector('#tip').textContent"))


def test_points_are_reached_by_the_keyboard(shown: Browser) -> None:
    made = report()
    shown.value("document.querySelector('#scatter').focus()")
    seen = []
    for _ in range(3):
        shown.press("ArrowRight")
        seen.append(shown.value("document.querySelector('#tip strong').textContent"))
    shown.press("ArrowLeft")
    seen.append(shown.value("document.querySelector('#tip strong').textContent"))
    names = [item.name for item in made.table.items]
    assert seen == [names[0], names[1], names[2], names[1]]
    for plot in ("cdf", "cactus"):
        shown.value(f"document.querySelector('#{plot}').focus()")
        shown.press("ArrowRight")
        assert not shown.value("document.querySelector('#tip').hidden")
    assert shown.value("document.querySelector('#tip').getAttribute('role')") == "status"


def test_categories_axes_and_the_search(shown: Browser) -> None:
    made = report()
    sat = len(made.table.rows("SAT"))

    def choose(name: str, value: str, event: str = "change") -> None:
        element = f"document.querySelector('#{name}')"
        shown.value(f"{element}.value = '{value}'; {element}.dispatchEvent(new Event('{event}'))")

    choose("category", "SAT")
    assert shown.value("document.querySelectorAll('#scatter .dot').length") == sat
    choose("category", "ALL")
    assert shown.value("document.querySelectorAll('#scatter2 .dot').length") == 60
    before = shown.value("document.querySelector('#cdf .curve').getAttribute('d')")
    shown.click("document.querySelector('#log')")
    assert shown.value("document.querySelector('#cdf .curve').getAttribute('d')") != before
    choose("scatter-x", "3")
    assert "VBS, seconds" in shown.value("document.querySelector('#scatter').textContent")
    choose("find", "miter unsat", "input")
    rows = "[...document.querySelector('#runs').tBodies[0].rows].filter(r => !r.hidden)"
    wanted = sum(
        item.family == "miter" and verdict == "unsat"
        for item, verdict in zip(made.table.items, made.table.verdicts, strict=True)
    )
    assert shown.value(f"{rows}.length") == wanted
    assert shown.value("document.querySelector('#found').textContent") == f"{wanted} of 60"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(shown: Browser, scheme: str, tmp_path: Path) -> None:
    """Texts have a contrast of 4.5, curves and marks of 3 (WCAG 2.2, 1.4.3 and 1.4.11); nothing overflows."""
    shown.look(1280, scheme)
    contrast = """
    (() => {
      const parse = (text) => text.match(/[\\d.]+/g).map(Number);
      const light = (rgb) => {
        const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        const [r, g, b] = rgb.slice(0, 3).map((v) => linear(v / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const ratio = (a, b) => {
        const [more, less] = [light(a), light(b)].sort((p, q) => q - p);
        return (more + 0.05) / (less + 0.05);
      };
      const ground = (e) => {
        for (; e; e = e.parentElement) {
          const own = parse(getComputedStyle(e).backgroundColor);
          if (own.length < 4 || own[3] > 0) return own;
        }
        return [255, 255, 255];
      };
      const least = (selector, property) => Math.min(...[...document.querySelectorAll(selector)].map(
        (e) => ratio(parse(getComputedStyle(e)[property]), ground(e))));
      return [least("h1, h2, p, td, th, button, label, small", "color"), least("svg text", "fill"),
        least(".curve", "stroke"), least(".dot", "stroke"), least(".limit", "stroke")];
    })()
    """
    words, labels, curves, dots, limits = shown.value(contrast)
    assert min(words, labels) >= 4.5
    assert min(curves, dots, limits) >= 3
    for wide in (1280, 400):
        shown.look(wide, scheme)
        assert shown.value("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    image = shown.screenshot()
    (tmp_path / f"{scheme}.png").write_bytes(image)
    across, down = struct.unpack(">II", image[16:24])
    assert across <= 400
    assert down > 2000


def test_nasty_names_do_nothing_in_a_browser(browser: Browser, tmp_path: Path) -> None:
    items, cells = races(4)
    items = [replace(item, name=NASTY) for item in items]
    renamed: list[Cell] = [replace(cell, solver=cell.solver + NASTY) for cell in cells]
    path = tmp_path / "nasty.html"
    path.write_text(page(make(build(items, renamed, 20), "safe")), encoding="utf-8")
    browser.open(path)
    assert browser.value("document.title") == "safe"
    assert column(browser, "#runs", 0) == [NASTY] * 4
    browser.hover("document.querySelector('#scatter .dot')")
    assert NASTY in browser.value("document.querySelector('#tip').textContent")
    assert browser.value("document.title") == "safe"
