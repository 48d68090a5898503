import numpy as np

from turbosat.gpu.cuda.slots import Slots
from turbosat.gpu.rules import Walk, Weighted

FIRST, SECOND = Walk(2.3), Walk(3.0)


def test_a_block_follows_one_rule() -> None:
    slots = Slots(128, 32)
    assert slots.take(np.arange(40), FIRST).tolist() == list(range(40))
    assert slots.take(np.arange(40, 50), SECOND).tolist() == list(range(64, 74))
    # Blocks that follow the rule already are filled first.
    assert slots.take(np.arange(50, 80), FIRST).tolist() == [*range(40, 64), *range(96, 102)]
    assert slots.take(np.arange(80, 180), SECOND).tolist() == list(range(74, 96))
    assert slots.take(np.array([200]), Walk(1.5)).size == 0
    slots.free(np.arange(32, 64))
    assert slots.take(np.array([200]), Walk(1.5)).tolist() == [32]
    assert slots.lanes(np.array([0, 32, 33, 64])).tolist() == [0, 200, -1, 40]


def test_whole_blocks_change_their_rule_in_place() -> None:
    slots = Slots(96, 32)
    slots.take(np.arange(70), FIRST)
    assert slots.rename(np.array([*range(33), *range(64, 70)]), SECOND).tolist() == [
        *range(32),
        *range(64, 70),
    ]
    assert slots.take(np.arange(70, 100), SECOND).tolist() == list(range(70, 96))


def test_lanes_apart() -> None:
    slots = Slots(32, 1)
    assert slots.take(np.arange(3), Weighted()).tolist() == [0, 1, 2]
    assert slots.take(np.arange(3, 5), Weighted(sideways=0)).tolist() == [3, 4]
    assert slots.rename(np.array([1, 3]), Weighted(random=0)).tolist() == [1, 3]
    slots.free(np.array([1]))
    assert slots.take(np.array([9]), Weighted()).tolist() == [1]
