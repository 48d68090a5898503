"""The SAT Competition's CSVs: a synthetic one, and the published figures of 2024 where its files are."""

import os
from pathlib import Path

import pytest

from tests.processes import ROOT
from turbosat.benchmarks.report.competition_csv import read
from turbosat.benchmarks.report.score import VBS, Category, families, score
from turbosat.errors import InputError

PUBLISHED = Path(os.environ.get("TURBOSAT_SC2024", ROOT.parent / "shared" / "research" / "sc2024"))

SMALL = """hash,alpha,beta-2,vresult
aa,1.5,10000.0,sat
bb,10000.0,10000.0,unknown
cc,4999.99,7,unsat
dd,10000.0,0.25,sat
"""


@pytest.fixture
def published() -> Path:
    """Return the folder of the competition's files of 2024, or skip."""
    if not (PUBLISHED / "detailed_main.csv").exists():
        pytest.skip("the published results of 2024 are not here")
    return PUBLISHED


@pytest.mark.parametrize(
    ("solver", "figures"),
    [
        ("kissat-sc2024", {"SAT": (153, 1270.5), "UNSAT": (153, 2077.1), "ALL": (306, 2788.1)}),
        ("CaDiCaL", {"SAT": (142, 2143.2), "UNSAT": (142, 2835.7), "ALL": (284, 3494.1)}),
        (VBS, {"SAT": (168, 246.1), "UNSAT": (179, 565.2), "ALL": (347, 1681.3)}),
    ],
)
def test_published_figures_of_2024(
    published: Path, solver: str, figures: dict[Category, tuple[int, float]]
) -> None:
    table = read(published / "detailed_main.csv", 5000)
    assert len(table.solvers) == 14
    assert not table.wrong
    assert not table.notes
    for category, (solved, mean) in figures.items():
        got = score(table, solver, category)
        assert (got.solved, round(got.mean, 1)) == (solved, mean)
    assert [len(table.rows(each)) for each in ("SAT", "UNSAT", "ALL")] == [168, 179, 400]


def test_published_families_and_the_parallel_track(published: Path) -> None:
    table = read(published / "detailed_parallel.csv", 5000, about=published / "meta.csv")
    parts = families(table)
    assert len(table.solvers) == 9
    assert sum(row[VBS].instances for row in parts.values()) == 400
    assert "hardware-miter" in parts
    assert table.items[0].name == "lec_mult_KvW_12x11.sanitized.cnf.xz"


def test_a_small_file_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "small.csv"
    path.write_text(SMALL)
    table = read(path, 5000)
    assert table.solvers == ("alpha", "beta-2")
    assert table.verdicts == ("sat", "unknown", "unsat", "sat")
    totals = {
        (solver, category): score(table, solver, category).total
        for solver in ("alpha", "beta-2", VBS)
        for category in ("SAT", "UNSAT", "ALL")
    }
    assert totals == pytest.approx(
        {
            ("alpha", "SAT"): 10001.5,
            ("alpha", "UNSAT"): 4999.99,
            ("alpha", "ALL"): 25001.49,
            ("beta-2", "SAT"): 10000.25,
            ("beta-2", "UNSAT"): 7,
            ("beta-2", "ALL"): 20007.25,
            (VBS, "SAT"): 1.75,
            (VBS, "UNSAT"): 7,
            (VBS, "ALL"): 10008.75,
        }
    )
    cut = read(path, 5)  # what took longer than the limit asked for was not solved
    assert score(cut, "alpha").solved == 1
    assert score(cut, VBS).solved == 2


@pytest.mark.parametrize("cell", ["", "timeout", "10000", "5000", "inf", "nan", "-1"])
def test_what_is_no_time_is_unsolved(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "r.csv"
    path.write_text(f"hash,one,result\naa,{cell},SAT\n")
    assert score(read(path, 5000), "one").total == 10000


def test_names_and_families_from_either_place(tmp_path: Path) -> None:
    path, about = tmp_path / "r.csv", tmp_path / "meta.csv"
    path.write_text("hash,one,family,result\naa,1,own,sat\nbb,1,,sat\n")
    about.write_text("hash filename family author\naa a.cnf miter x\nbb b.cnf planning y\n")
    table = read(path, 5000, about=about)
    assert [(item.name, item.family) for item in table.items] == [("a.cnf", "own"), ("b.cnf", "planning")]
    about.write_text("family,hash\nfoo,bb\n")
    assert [item.name for item in read(path, 5000, about=about).items] == ["aa", "bb"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "r.csv:1: expected columns 'hash'"),
        ("hash,one\naa,1\n", "r.csv:1: expected columns 'hash'"),
        ("name,one,result\naa,1,sat\n", "r.csv:1: expected columns 'hash'"),
        ("hash,result\naa,sat\n", "r.csv:1: expected a column of seconds"),
        ("hash,one,result\naa,1,sat\naa,1,sat\n", "r.csv:3: expected one full row"),
        ("hash,one,result\naa,1\n", "r.csv:2: expected one full row"),
        ("hash,one,result\naa,1,sat,7\n", "r.csv:2: expected one full row"),
        ("hash,one,result\naa,1,unknown\n", "r.csv:2: one solved this in 1 s, but result is 'unknown'"),
        ("\0\1\2", "r.csv:1: expected columns"),
    ],
)
def test_other_forms_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "r.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=f"^{message}"):
        read(path, 5000)


def test_metadata_of_another_form_is_refused(tmp_path: Path) -> None:
    path, about = tmp_path / "r.csv", tmp_path / "meta.csv"
    path.write_text(SMALL)
    about.write_text("name,family\n")
    with pytest.raises(InputError, match="'hash' and 'family'"):
        read(path, 5000, about=about)
