"""Features against slow counting, and their command."""

import json
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from turbosat.benchmarks import families
from turbosat.benchmarks.commands.main import app
from turbosat.benchmarks.suites.features import features, file_features, text
from turbosat.formula.formula import Formula

literals = st.integers(-12, 12).filter(bool)


@given(
    st.lists(st.lists(literals, max_size=13), max_size=12),
    st.lists(st.lists(literals, min_size=1, max_size=4), max_size=2),
)
@settings(deadline=None)
def test_features_are_those_counted_slowly(clauses: list[list[int]], xors: list[list[int]]) -> None:
    formula = Formula.from_clauses(clauses, 14, xors)
    found = features(formula, structure=False)
    rows = [list(names) for names, _ in formula.xors]
    components: list[set[int]] = []
    for row in [*clauses, *rows]:
        joined = {abs(literal) for literal in row}
        touched = [component for component in components if component & joined]
        components = [component for component in components if component not in touched]
        components += [joined.union(*touched)] if joined else []
    count = Counter(abs(literal) for row in [*clauses, *rows] for literal in row)
    assert found["sizes"] == {
        "variables": 14,
        "occurring": len(count),
        "clauses": len(clauses),
        "literals": sum(map(len, clauses)),
        "xor_lines": len(rows),
        "clauses_a_variable": round(len(clauses) / 14, 6),
    }
    lengths = Counter("11+" if len(clause) > 10 else str(len(clause)) for clause in clauses)
    assert found["lengths"] == dict(lengths)
    degrees = sorted(count.values()) or [0]
    spread = found["degree"]
    assert (spread["least"], spread["most"]) == (degrees[0], degrees[-1])
    assert spread["mean"] == pytest.approx(np.mean(degrees), abs=1e-6)
    assert spread["median"] == np.median(degrees)
    seen = {literal for clause in clauses for literal in clause}
    ruled = {abs(literal) for row in rows for literal in row}
    assert found["literals"]["pure_variables"] == sum(
        (v in seen) != (-v in seen) and v not in ruled for v in range(1, 15)
    )
    kinds = {
        "binary": [len(clause) == 2 for clause in clauses],
        "horn": [sum(x > 0 for x in clause) <= 1 for clause in clauses],
        "dual_horn": [sum(x < 0 for x in clause) <= 1 for clause in clauses],
        "positive": [all(x > 0 for x in clause) for clause in clauses],
        "negative": [all(x < 0 for x in clause) for clause in clauses],
    }
    for name, marks in kinds.items():
        assert found["shares"][name] == pytest.approx(sum(marks) / max(1, len(marks)), abs=1e-6)
    assert found["components"] == {
        "count": len(components),
        "largest": max(map(len, components), default=0),
    }


def test_long_paths_are_one_component() -> None:
    names = np.random.default_rng(0).permutation(100_000) + 1
    pairs = np.stack([names[:-1], -names[1:]], axis=1).astype(np.int32)
    formula = Formula(pairs.ravel(), 2 * np.arange(len(pairs) + 1))
    assert features(formula, structure=False)["components"] == {"count": 1, "largest": 100_000}


def test_structure_is_found() -> None:
    clauses = [[-1, 2], [-1, 3], [1, -2, -3]]  # 1 = 2 & 3
    clauses += [[4, 5, 6], [4, -5, -6], [-4, 5, -6], [-4, -5, 6]]
    clauses += [[-7, -8, 9], [-7, 8, -9], [7, -8, 10], [7, 8, -10]]  # 8 = 7 ? 9 : 10
    found = features(Formula.from_clauses(clauses))
    assert found["xors"]["longer"] == found["xors"]["from_clauses"] == 1
    assert found["xors"]["variables"] == found["xors"]["longest"] == 3
    assert found["gates"]["conjunctions"] == 1
    assert found["gates"]["mean_inputs"] == 2
    assert found["gates"]["multiplexers"] >= 1


def test_parity_has_its_xors() -> None:
    found = features(families.generate("parity", bits=10).formula)
    assert found["xors"]["longer"] > 50
    assert found["components"]["count"] == 1


def test_a_million_clauses_take_seconds(tmp_path: Path) -> None:
    problem = families.generate("random-ksat", variables=250_000)
    features(families.generate("random-ksat").formula)  # kernels compiled or loaded
    began = time.process_time()
    found = features(problem.formula)
    assert time.process_time() - began < 8
    assert found["sizes"]["clauses"] > 1_000_000


def test_command_prints_text_and_json(tmp_path: Path) -> None:
    file = tmp_path / "small.cnf.xz"
    problem = families.generate("langford", n=4)
    problem.write(file)
    runner = CliRunner()
    shown = runner.invoke(app, ["features", str(file)], catch_exceptions=False)
    assert shown.exit_code == 0
    assert shown.stdout == text(file_features(file)) + "\n"
    assert "  family               langford\n" in shown.stdout
    encoded = runner.invoke(app, ["features", "--json", "--no-structure", str(file), str(file)])
    one, two = (json.loads(line) for line in encoded.stdout.splitlines())
    assert one == two == file_features(file, structure=False)
    assert one["file"]["status"] == "sat"
    assert "xors" not in one
