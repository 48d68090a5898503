"""Suites: folders, lists and what is known beside them."""

import lzma
from pathlib import Path

import pytest

from turbosat.benchmarks.suites import files as suite_files
from turbosat.benchmarks.suites.files import Source, find, read_known
from turbosat.errors import InputError, UsageError

TEXT = "p cnf 2 2\n1 2 0\n-1 0\n"
HASH = "c6ce184c63bd60d30c531eac029fd725"


@pytest.fixture(autouse=True)
def forget_manifests() -> None:
    suite_files._manifest.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "suite"
    (root / "deep" / "er").mkdir(parents=True)
    (root / "a.cnf").write_text(TEXT)
    (root / "deep" / "b.cnf.xz").write_bytes(lzma.compress(TEXT.encode()))
    (root / "deep" / "er" / "c.DIMACS").write_text(TEXT)
    (root / "README.md").write_text("no formula")
    (root / "cnf").write_text("nor this")
    return root


def names(sources: list[Source]) -> list[str]:
    return [source.name for source in sources]


def test_folders_are_searched_to_the_bottom(folder: Path) -> None:
    sources = find(str(folder), folder)
    assert [(source.name, source.family) for source in sources] == [
        *(("a.cnf", "suite"), ("b.cnf.xz", "deep"), ("c.DIMACS", "deep/er"))
    ]
    assert all(Path(source.shown) == source.file for source in sources)


def test_what_a_killed_program_was_making_is_no_part(folder: Path) -> None:
    before = find(str(folder), folder)
    scratch = folder / ".tmp1234"
    scratch.mkdir()
    (scratch / "formula.cnf").write_text("p cnf 1 1\n1 0\n")
    (folder / ".half.cnf").write_text("p cnf 1 1\n1 0\n")
    assert find(str(folder), folder) == before


def test_a_manifest_tells_statuses_and_families(folder: Path) -> None:
    manifest = "file,family,status\na.cnf,first,SAT\ndeep/b.cnf.xz,,UNSAT\ndeep/er/c.DIMACS,third,?\n"
    (folder / "manifest.csv").write_text(manifest)
    expected = [("first", "sat"), ("deep", "unsat"), ("third", "unknown")]
    assert [(source.family, source.known) for source in find(str(folder), folder)] == expected
    suite_files._manifest.cache_clear()
    inner = find(str(folder / "deep"), folder)  # it is found from below, too
    assert [(source.family, source.known) for source in inner] == [("deep", "unsat"), ("third", "unknown")]


def test_one_formula_is_a_suite(folder: Path) -> None:
    assert names(find(str(folder / "deep" / "b.cnf.xz"), folder)) == ["b.cnf.xz"]
    (folder / "odd").write_text(f"c with an odd name\n{TEXT}")
    assert names(find(str(folder / "odd"), folder)) == ["odd"]


def test_lists_of_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "deep")
    listing = folder / "list.txt"
    listing.write_text(f"# two\n\na.cnf\nb.cnf.xz\n{folder}/deep/er/c.DIMACS\n")
    assert names(find(str(listing), folder)) == ["a.cnf", "b.cnf.xz", "c.DIMACS"]
    listing.write_text("a.cnf\nnothing.cnf\n")
    with pytest.raises(InputError, match=r"list\.txt:2: .*nothing\.cnf"):
        find(str(listing), folder)


@pytest.mark.parametrize("form", ["{hash} a.cnf\n", "{hash}\ta.cnf\n", "hash path\n{hash}   a.cnf\n"])
def test_lists_of_the_database(folder: Path, form: str) -> None:
    listing = folder / "list"
    listing.write_text(form.format(hash=HASH))
    (source,) = find(str(listing), folder)
    assert (source.hash, source.name) == (HASH, "a.cnf")


def test_lists_of_the_database_as_csv(folder: Path) -> None:
    listing = folder / "list.csv"
    listing.write_text(f"hash,local,family,result\n{HASH},deep/b.cnf.xz,planning,unsat\n")
    (source,) = find(str(listing), folder)
    assert (source.hash, source.name, source.family, source.known) == (HASH, "b.cnf.xz", "planning", "unsat")
    listing.write_text("hash,local\nx,\n")
    with pytest.raises(InputError, match="columns"):
        find(str(listing), folder)


def test_known_statuses_of_the_user(folder: Path) -> None:
    table = folder / "known.csv"
    table.write_text(f"name,status\na.cnf,SAT\n{HASH},UNSAT\n")
    source = find(str(folder / "a.cnf"), folder)[0]
    assert read_known(table).of("other", source) == "sat"
    table.write_text(f"hash,result\n{HASH},UNSAT\n")
    assert read_known(table).of(HASH, source) == "unsat"
    assert read_known(table).of("other", source) == "unknown"
    table.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="columns"):
        read_known(table)


def test_nothing_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no formulas"):
        find(str(tmp_path), tmp_path)


def test_generated_suites_go_by_name(tmp_path: Path) -> None:
    sources = find("smoke", tmp_path)
    assert {source.known for source in sources} >= {"sat", "unsat"}
    assert all(source.family and source.file.is_file() for source in sources)
    assert all(source.shown == f"smoke/{source.name}" for source in sources)
    assert {source.file.parent for source in sources} == {tmp_path / "smoke"}
    with pytest.raises(UsageError, match="no-such-suite"):
        find("no-such-suite", tmp_path)
