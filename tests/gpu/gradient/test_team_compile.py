"""The kernels of teams compile for devices, and how they would run there is planned; no device is needed."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gpu.matrices import random_matrix
from turbosat.core.gradient import SHORT, WALK, WEIGHTED
from turbosat.encodings.matrix import encode
from turbosat.errors import DeviceError
from turbosat.formula.formula import Formula
from turbosat.gpu.cuda import nvrtc
from turbosat.gpu.gradient.team_banks import compiled
from turbosat.gpu.gradient.teams import CROWD, LISTED, RESERVED, USED, WARP, WIDE, Form, Room, plan

TARGETS = ((7, 5), (8, 0), (8, 6), (8, 9), (9, 0), (10, 0), (12, 0))
KERNELS = {SHORT: 3, WALK: 11, WEIGHTED: 31}  # by kind: the parts in shared memory, all
needs_compiler = pytest.mark.skipif(nvrtc.find() is None, reason=str(nvrtc.missing()))


def resources(target: tuple[int, int], kind: int, width: int, inside: int) -> tuple[int, int]:
    """Return the registers of a thread, and bytes of them that are spilled."""
    log = compiled(target, kind, width, inside).log
    registers, spills = re.search(r"Used (\d+) registers", log), re.findall(r"(\d+) bytes spill", log)
    assert registers is not None, log
    return int(registers[1]), sum(map(int, spills))


@needs_compiler
def test_a_kernel_compiles_without_a_device() -> None:
    code = compiled((9, 0), WEIGHTED, WARP, KERNELS[WEIGHTED])
    assert code.image.startswith(b"\x7fELF")
    registers, spilled = resources((9, 0), WEIGHTED, WARP, KERNELS[WEIGHTED])
    assert registers * WARP * CROWD <= 2**16  # so many lanes have their registers on a multiprocessor
    assert spilled == 0


@needs_compiler
@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("width", [WARP, WIDE])
def test_all_kernels_compile_for_all_targets(target: tuple[int, int], width: int) -> None:
    for kind, everything in KERNELS.items():
        for inside in (everything, 0):
            registers, spilled = resources(target, kind, width, inside)
            assert registers <= 128
            assert spilled == 0


@needs_compiler
def test_newer_devices_get_what_their_driver_assembles_and_older_ones_an_error() -> None:
    compiler = nvrtc.find()
    assert compiler is not None
    source = 'extern "C" __global__ void nothing() {}'
    assert b".target" in compiler.compile(source, {}, (99, 0), {}).image
    with pytest.raises(DeviceError, match="no longer compiles"):
        compiler.compile(source, {}, (3, 5), {})
    with pytest.raises(DeviceError, match=r"does not compile the kernels.*nonsense"):
        compiler.compile("nonsense", {}, (9, 0), {})


def test_a_driver_gets_no_code_of_a_later_cuda() -> None:
    assert nvrtc.find(1) is None
    assert nvrtc.missing(1) == "there is no NVRTC for CUDA 1: pip install nvidia-cuda-nvrtc"


HOPPER = Room(132, 233472, 232448, 50 * 2**20, 80 * 2**30)


def test_how_lanes_run_on_a_device() -> None:
    """A walk on 10,000 variables has its state in shared memory, sixteen lanes a multiprocessor."""
    random = np.random.default_rng(1)
    first, signs = random.integers(10_000, size=42_000), random.choice([-1, 1], (42_000, 3))
    variables = (first[:, None] + [0, 3333, 7001]) % 10_000 + 1
    literals = (variables * signs).astype(np.int32).ravel()
    matrix = encode(Formula(literals, 3 * np.arange(42_001), 10_000))
    walk = plan(matrix, SHORT, HOPPER)
    assert (walk.width, walk.lanes, walk.form.inside) == (WARP, CROWD * 132, 3)
    weighted = plan(matrix, WEIGHTED, HOPPER)
    assert weighted.form.inside == 0b1111  # weights have no room, and a second lane has none in the cache
    assert weighted.lanes == 132
    assert plan(matrix, SHORT, HOPPER, crowd=4).lanes == 4 * 132
    small = replace(HOPPER, memory=2**28)
    assert plan(matrix, SHORT, small).lanes * 4 * walk.form.stride <= 2**26
    assert plan(random_matrix(1, 12, 1500, (3,)), WEIGHTED, HOPPER).width == WIDE


@given(
    st.integers(5, 90),
    st.integers(1, 300),
    st.sampled_from([(3,), (2, 9), (2, 2, 30)]),
    st.integers(11, 15),
    st.sampled_from([None, 1, 8]),
)
@settings(max_examples=25, deadline=None)
def test_what_is_planned_has_room(
    variables: int, clauses: int, lengths: tuple[int, ...], shared: int, crowd: int | None
) -> None:
    matrix, room = random_matrix(1, variables, clauses, lengths), Room(4, 2**shared, 2**shared, 2**20, 2**30)
    for kind in (WALK, WEIGHTED):
        chosen = plan(matrix, kind, room, crowd=crowd)
        lanes = chosen.lanes // room.multiprocessors
        assert 1 <= lanes <= (crowd or CROWD)
        assert chosen.form.shared_bytes + RESERVED <= room.shared_block
        assert lanes * (chosen.form.shared_bytes + RESERVED) <= room.shared


def test_parts_do_not_overlap() -> None:
    matrix = random_matrix(1, 100, 333, (2, 3))
    for kind, used in USED.items():
        form = Form.of(matrix, kind)
        ends = [start + length for start, length in zip(form.starts, form.lengths, strict=True)]
        assert form.starts[0] == form.groups
        assert list(form.starts[1:]) == ends[:-1]
        assert ends[-1] <= form.stride
        assert {part for part, length in enumerate(form.lengths) if length} == set(used)
        assert form.within(2).shared_bytes <= 4 * (form.groups + 2 * LISTED[kind])
