"""AIGER files and bounded model checking against explicit search through the states."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pysat.solvers import Solver

from turbosat.benchmarks import families
from turbosat.benchmarks.families import machines
from turbosat.benchmarks.families.aiger import Aiger, read_aiger
from turbosat.benchmarks.families.bmc import cone_of_influence, unroll
from turbosat.errors import InputError, UsageError
from turbosat.formula.formula import Formula


def write_aiger(circuit: Aiger, path: Path) -> None:
    """Write the text format (.aag)."""
    sizes = [circuit.variables, len(circuit.inputs), len(circuit.latches), len(circuit.outputs)]
    sizes += [len(circuit.ands), len(circuit.bad), len(circuit.constraints)]
    rows: list[list[int]] = [[literal] for literal in circuit.inputs.tolist()]
    rows += circuit.latches.tolist()
    rows += [
        [literal] for part in (circuit.outputs, circuit.bad, circuit.constraints) for literal in part.tolist()
    ]
    rows += circuit.ands.tolist()
    lines = [f"aag {' '.join(map(str, sizes))}", *(" ".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n")


def simulate(circuit: Aiger, inputs: NDArray[np.bool_], start: NDArray[np.bool_]) -> Iterator[list[bool]]:
    """Yield the values of all literals, one frame after the other.

    `inputs` bool (frames, inputs); `start` bool (latches,) is used for the latches with a free reset. The
    gates must come in topological order, as in the binary format.
    """
    values = [False, True] * (circuit.variables + 1)
    state = [
        bool(free) if reset > 1 else bool(reset)
        for free, (_, _, reset) in zip(start.tolist(), circuit.latches.tolist(), strict=True)
    ]
    gates = circuit.ands.tolist()
    for row in inputs.tolist():
        for literal, value in zip(circuit.inputs.tolist(), row, strict=True):
            values[literal], values[literal ^ 1] = value, not value
        for (literal, _, _), value in zip(circuit.latches.tolist(), state, strict=True):
            values[literal], values[literal ^ 1] = value, not value
        for output, a, b in gates:
            values[output] = values[a] and values[b]
            values[output ^ 1] = not values[output]
        yield values
        state = [values[following] for _, following, _ in circuit.latches.tolist()]


def satisfiable(formula: Formula) -> bool:
    with Solver("cadical153", bootstrap_with=[list(clause) for clause in formula]) as solver:
        return bool(solver.solve())


def step(circuit: Aiger, state: tuple[int, ...], inputs: tuple[int, ...]) -> list[int]:
    """Return the values of all literals, by recursion from the definitions."""
    value: dict[int, int] = {0: 0, 1: 1}
    value |= dict(zip(circuit.inputs.tolist(), inputs, strict=True))
    value |= {row[0]: bit for row, bit in zip(circuit.latches.tolist(), state, strict=True)}
    gates = {out: (a, b) for out, a, b in circuit.ands.tolist()}

    def of(literal: int) -> int:
        if literal & 1:
            return 1 - of(literal ^ 1)
        if literal not in value:
            a, b = gates[literal]
            value[literal] = of(a) & of(b)
        return value[literal]

    defined = {0, *circuit.inputs.tolist(), *circuit.latches[:, 0].tolist(), *gates}
    return [of(literal) if literal & ~1 in defined else 0 for literal in range(2 * circuit.variables + 2)]


def bad_frames(circuit: Aiger, bound: int, which: int = 0) -> list[bool]:
    """Tell for every frame whether it can be bad, with the constraints true up to it."""
    choices = list(itertools.product((0, 1), repeat=len(circuit.inputs)))
    resets = [(0, 1) if row[2] > 1 else (row[2],) for row in circuit.latches.tolist()]
    states = set(itertools.product(*resets))
    found = []
    for _ in range(bound + 1):
        bad, following = False, set()
        for state in states:
            for inputs in choices:
                values = step(circuit, state, inputs)
                if all(values[literal] for literal in circuit.constraints):
                    bad |= bool(values[circuit.properties[which]])
                    following.add(tuple(values[row[1]] for row in circuit.latches.tolist()))
        found.append(bad)
        states = following
    return found


@st.composite
def circuits(draw: st.DrawFn) -> Aiger:
    inputs, latches, gates = draw(st.integers(0, 2)), draw(st.integers(0, 4)), draw(st.integers(0, 8))
    variables = inputs + latches + gates

    def literal(below: int) -> int:
        return draw(st.integers(0, 2 * below + 1))

    rows = []
    for index in range(latches):
        own = 2 * (inputs + index + 1)
        rows.append((own, literal(variables), draw(st.sampled_from((0, 0, 1, own)))))
    ands = []
    for index in range(gates):
        out = inputs + latches + index + 1
        ands.append((2 * out, *sorted((literal(out - 1), literal(out - 1)), reverse=True)))
    return Aiger(
        variables,
        2 + 2 * np.arange(inputs),
        np.array(rows, np.int64).reshape(-1, 3),
        np.array(ands, np.int64).reshape(-1, 3),
        bad=np.array([literal(variables) for _ in range(draw(st.integers(1, 2)))]),
        constraints=np.array([literal(variables) for _ in range(draw(st.integers(0, 1)))], np.int64),
    )


@given(circuits(), st.integers(0, 5))
@settings(max_examples=200, deadline=None)
def test_unrolling_agrees_with_explicit_search(circuit: Aiger, bound: int) -> None:
    for which in range(circuit.bad.size):
        frames = bad_frames(circuit, bound, which)
        assert satisfiable(unroll(circuit, bound, which=which)) == any(frames)
        assert satisfiable(unroll(circuit, bound, exactly=True, which=which)) == frames[bound]


@given(circuits())
@settings(max_examples=60, deadline=None)
def test_simulation_agrees_with_recursion(circuit: Aiger) -> None:
    dice = np.random.RandomState(0)
    inputs = dice.randint(0, 2, (4, len(circuit.inputs))).astype(np.bool_)
    start = dice.randint(0, 2, len(circuit.latches)).astype(np.bool_)
    state = tuple(
        int(free) if row[2] > 1 else row[2]
        for row, free in zip(circuit.latches.tolist(), start.tolist(), strict=True)
    )
    for row, values in zip(inputs.tolist(), simulate(circuit, inputs, start), strict=True):
        wanted = step(circuit, state, tuple(map(int, row)))
        assert [int(value) for value in values] == wanted
        state = tuple(wanted[each[1]] for each in circuit.latches.tolist())


def binary(circuit: Aiger) -> bytes:
    """Write the binary format, straight from its definition."""
    head = f"aig {circuit.variables} {len(circuit.inputs)} {len(circuit.latches)} 0 {len(circuit.ands)}"
    lines = [f"{head} {len(circuit.bad)} {len(circuit.constraints)}"]
    lines += [f"{row[1]} {row[2]}" for row in circuit.latches.tolist()]
    lines += [str(literal) for literal in (*circuit.bad.tolist(), *circuit.constraints.tolist())]
    data = bytearray()
    for out, a, b in circuit.ands.tolist():
        for delta in (out - a, a - b):
            while delta >= 128:
                data.append(delta & 127 | 128)
                delta >>= 7
            data.append(delta)
    return "\n".join(lines).encode() + b"\n" + bytes(data) + b"c\ncomment\n"


@given(circuits())
@settings(max_examples=60, deadline=None)
def test_both_formats_are_read(circuit: Aiger) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        text, packed = Path(folder) / "a.aag", Path(folder) / "a.aig"
        write_aiger(circuit, text)
        packed.write_bytes(binary(circuit))
        for found in (read_aiger(text), read_aiger(packed)):
            assert found.variables == circuit.variables
            for name in ("inputs", "latches", "ands", "bad", "constraints", "outputs"):
                assert np.array_equal(getattr(found, name), getattr(circuit, name)), name


def test_long_differences_are_read(tmp_path: Path) -> None:
    inputs = 40_000
    circuit = Aiger(
        inputs + 1,
        2 + 2 * np.arange(inputs),
        np.zeros((0, 3), np.int64),
        np.array([[2 * (inputs + 1), 5, 2]]),
        bad=np.array([2 * (inputs + 1)]),
    )
    (tmp_path / "a.aig").write_bytes(binary(circuit))
    assert read_aiger(tmp_path / "a.aig").ands.tolist() == [[2 * (inputs + 1), 5, 2]]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", ":1: expected another line, found the end of the file"),
        (b"p cnf 1 1\n", ":1: expected a header"),
        (b"aag 1 1 0 1\n", ":1: expected a header"),
        (b"aag 1 x 0 1 0\n", ":1: expected a number, found 'x'"),
        (b"aag 1 1 0 1 1\n2\n2\n", ":1: expected at least 2 variables, found 1"),
        (b"aag 1 1 0 1 0\n2\n4\n", ":3: expected a literal up to 3, found 4"),
        (b"aag 2 2 0 0 0\n2\n2\n", ":3: an input, a latch or a gate is negated or defined twice"),
        (b"aag 1 1 0 0 0\n3\n", ":2: an input"),
        (b"aag 2 1 1 0 0\n2\n4 2 3\n", ":3: expected a latch"),
        (b"aag 1 1 0 1 0 0 0 1 0\n2\n2\n", ":1: justice and fairness"),
        (b"aag 2 1 0 0 1\n2\n4 2\n", ":3: expected 3 numbers in a line, found 2"),
        (b"aig 2 1 0 0 1\n", ":1: expected more gates, found the end of the file"),
        (b"aig 2 1 0 0 1\n\x00\x00", ":1: a gate does not come after its inputs"),
        (b"aig 2 1 0 0 1\n\x05\x00", ":1: a gate does not come after its inputs"),
        (b"aig 2 1 0 0 1\n\xff\xff\xff\xff\xff\x01\x00", "more than 32 bits"),
        (b"aig 3 1 0 0 1\n\x02\x00", ":1: expected 2 variables, found 3"),
    ],
)
def test_broken_files_are_refused(data: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "broken"
    file.write_bytes(data)
    with pytest.raises(InputError, match=re.escape(message)):
        read_aiger(file)


def test_unknown_property_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.aag"
    file.write_text("aag 1 1 0 1 0\n2\n2\n")
    with pytest.raises(UsageError, match="has 1 properties, none of number 1"):
        families.generate("bmc-file", file=file, property=1)


@pytest.mark.parametrize(("width", "limit"), [(2, 1), (3, 5), (3, 7)])
def test_counter_reaches_its_limit_when_told(width: int, limit: int) -> None:
    circuit, first = machines.counter(width, limit)
    frames = bad_frames(circuit, limit + 2)
    assert first == limit
    assert frames == [False] * limit + [True] * 3


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_fifos_agree(depth: int) -> None:
    circuit, first = machines.fifo(1, depth, broken=False)
    assert first is None
    assert not any(bad_frames(circuit, 3 * depth + 3))


@pytest.mark.parametrize("depth", [2, 3])
def test_broken_fifo_differs_when_told(depth: int) -> None:
    circuit, first = machines.fifo(1, depth, broken=True)
    assert bad_frames(circuit, depth + 1) == [False] * (depth + 1) + [True]
    assert first == depth + 1


@pytest.mark.parametrize("depth", [4, 5, 8])
def test_fifos_shift_data_through(depth: int) -> None:
    """The larger ones by random runs: the intact never differ, the broken do first when told."""
    dice = np.random.RandomState(depth)
    for broken in (False, True):
        circuit, first = machines.fifo(4, depth, broken)
        start = np.zeros(len(circuit.latches), np.bool_)
        seen = []
        for _ in range(40):
            inputs = dice.randint(0, 2, (depth + 8, 6)).astype(np.bool_)
            inputs[: depth + 1, 0], inputs[1 : depth + 1, 1] = True, True
            values = (frame[circuit.bad[0]] for frame in simulate(circuit, inputs, start))
            seen.append([index for index, bad in enumerate(values) if bad])
        assert min((frames[0] for frames in seen if frames), default=None) == first


@pytest.mark.parametrize("width", [1, 2])
def test_serial_multiplier_multiplies(width: int) -> None:
    circuit, first = machines.multiplier(width, broken=False)
    assert first is None
    assert not any(bad_frames(circuit, width + 2))


def test_broken_serial_multiplier_is_wrong_when_told() -> None:
    circuit, first = machines.multiplier(2, broken=True)
    assert bad_frames(circuit, 4) == [False, False, False, True, True]
    assert first == 3


def test_corpus_is_read(corpus: Path) -> None:
    files = sorted((corpus / "aiger").rglob("*.aig"))
    if not files:
        pytest.skip("no AIGER files in the corpus")
    for file in files:
        circuit = read_aiger(file)
        sizes = [int(word) for word in file.read_bytes().split(b"\n", 1)[0].split()[1:6]]
        inputs, latches, ands = (len(part) for part in (circuit.inputs, circuit.latches, circuit.ands))
        assert [circuit.variables, inputs, latches, len(circuit.outputs), ands] == sizes
        assert (circuit.ands[:, 1:] < circuit.ands[:, :1]).all()


def test_corpus_unrolls_to_what_simulation_sees(corpus: Path) -> None:
    """Every frame of a random run, its inputs given, satisfies the unrolling where it is bad, else not."""
    files = sorted((corpus / "aiger").rglob("*.aig"), key=lambda file: file.stat().st_size)[:8]
    if not files:
        pytest.skip("no AIGER files in the corpus")
    dice = np.random.RandomState(1)
    for file in files:
        circuit = read_aiger(file)
        if not circuit.properties.size or circuit.constraints.size or (circuit.latches[:, 2] > 1).any():
            continue
        inputs = dice.randint(0, 2, (4, len(circuit.inputs))).astype(np.bool_)
        start = np.zeros(len(circuit.latches), np.bool_)
        runs = [frame[circuit.properties[0]] for frame in simulate(circuit, inputs, start)]
        cone = cone_of_influence(circuit, circuit.properties[:1])
        used = cone[circuit.inputs >> 1]
        gates = int(cone[circuit.ands[:, 0] >> 1].sum())
        formula = unroll(circuit, 3, exactly=True)
        fixed = []
        for frame, row in enumerate(inputs[:, used].tolist()):
            first = 2 + frame * (int(used.sum()) + gates)
            fixed += [first + place if bit else -first - place for place, bit in enumerate(row)]
        with Solver("cadical153", bootstrap_with=[list(clause) for clause in formula]) as solver:
            assert solver.solve(fixed) == runs[3], file.name
