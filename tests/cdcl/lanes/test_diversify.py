"""The lane mix: reproducible, unlike, and every lane of it works."""

from itertools import islice
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.cdcl.engines.engines import formula, wait
from turbosat.cdcl.lanes.mix import KINDS, LARGEST_SEED, LaneSpec, mix, named
from turbosat.errors import UsageError
from turbosat.proof.file import ProofFile
from turbosat.result import Status

MODES: tuple[Literal["default", "sat", "unsat"], ...] = ("default", "sat", "unsat")


def lanes(count: int, **how: Any) -> list[LaneSpec]:
    """Return the first lanes of a mix."""
    return list(islice(mix(**how), count))


def test_the_first_two_lanes() -> None:
    first = [[(lane.engine, lane.arguments()) for lane in lanes(2, mode=mode)] for mode in MODES]
    assert first == [
        [("kissat", ()), ("kissat", ("--stable=2",))],
        [("kissat", ("--sat",)), ("kissat", ("--stable=2",))],
        [("kissat", ("--unsat",)), ("cadical", ("stabilize=0", "walk=0"))],
    ]


def test_the_first_two_lanes_of_kissat_search_as_kissat_does() -> None:
    """With phases of others they lose what they settle at once: a Schur colouring in 0.9 s, or not in 30."""
    assert [lane.follows for lane in lanes(2)] == ["nothing", "nothing"]
    follow = {lane.name: lane.follows for lane in lanes(8)}
    assert follow["kissat-guided"] == follow["cadical-guided"] == "phases"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("proof", [False, True])
@pytest.mark.parametrize("seed", [0, 5, LARGEST_SEED])
def test_lanes_differ_and_repeat(mode: Literal["default", "sat", "unsat"], proof: bool, seed: int) -> None:
    first = lanes(40, seed=seed, mode=mode, proof=proof)
    assert first == lanes(40, seed=seed, mode=mode, proof=proof)
    assert first[:7] == lanes(7, seed=seed, mode=mode, proof=proof)
    assert len({lane.name for lane in first}) == 40
    assert len({(lane.engine, lane.seed, lane.arguments()) for lane in first}) == 40
    assert [lane.proves for lane in first] == [True] + [False] * 39
    assert not any(lane.name.startswith(("kissat-unsat", "cadical-unsat")) for lane in first[1:] if proof)


@pytest.mark.parametrize("spec", [*KINDS.values(), *lanes(14, seed=3)[8:]], ids=lambda spec: spec.name)
def test_every_lane_runs(spec: LaneSpec) -> None:
    with spec.build(seconds=20, memory=4 << 30) as engine:
        engine.start(formula([[1, 2], [-1, 2], [1, -2], [-1, -2]]))
        assert wait(engine).status is Status.UNSATISFIABLE


def test_strict_parsing_is_kissats(tmp_path: Path) -> None:
    path = tmp_path / "f.cnf"
    path.write_text("p cnf 1 1\n2 0\n")
    with lanes(1)[0].build(parsing="relaxed") as engine:
        engine.start(path)
        assert wait(engine).status is Status.SATISFIABLE


def test_misuse(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        KINDS["cadical"].build(proof=ProofFile(str(tmp_path / "proof")))


def test_named_lanes_of_one_kind_differ() -> None:
    found = named("kissat-sat, kissat,kissat")
    assert [(lane.name, lane.seed, lane.proves) for lane in found] == [
        ("kissat-sat", 0, True),
        ("kissat", 0, False),
        ("kissat-2", 1, False),
    ]
