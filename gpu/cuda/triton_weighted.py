"""Kernels of weighted descent over byte lanes: counts and margins kept up to date from flip to flip.

    begin:  count ─► margin                                    passes over all of P
    step:   keep ─► settle ─► pick ─► stuck ─► take ─► give   then turbosat.gpu.cuda.triton_update:
            touch ─► update ─► flip ─► filter

Near a solution a lane flips one or two variables a step, so all but `keep` run over lists of pairs: entries
(false clause, lane), flips (variable, lane), touched (clause, lane). The order of a list differs
between runs and does not matter: draws depend on what is drawn for, a pair enters a list once, sums are
integers. The slow twin of a step is turbosat.gpu.gradient.reference.weighted_step, which starts from nothing.
"""
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
# Triton reads annotations itself and accepts only its own.

import triton
import triton.language as tl

from turbosat.gpu import draws, rules
from turbosat.gpu import rules as sync
from turbosat.gpu.cuda import triton_common as triton_random
from turbosat.gpu.cuda.triton_common import append

TIE = tl.constexpr(draws.TIE)
LANE = tl.constexpr(draws.LANE)
ENTRY = tl.constexpr(draws.ENTRY)
STREAMS = tl.constexpr(len(draws.STREAMS))
PUSH = tl.constexpr(sync.PUSH)
REACH = tl.constexpr(sync.REACH)
WEIGHT_ONE = tl.constexpr(rules.WEIGHT_ONE)
WEIGHT_MAX = tl.constexpr(rules.WEIGHT_MAX)
NOBODY = tl.constexpr(-1)


@triton.jit
def weighted_count_kernel(
    values_ptr,  # int8 (variables, lanes)
    counts_ptr,  # int32 (clauses, lanes): true literals
    sums_ptr,  # int32 (clauses, lanes): sum of their variables: of a single one, the variable
    offsets_ptr,
    literals_ptr,
    active_ptr,  # int8 (lanes,)
    false_ptr,  # int32 (lanes,), zero before
    entries_ptr,  # int32 (clauses · lanes,): clause · lanes + lane of each false clause of an active lane
    length_ptr,  # int32 (1,), zero before: entries in use
    clauses,
    lanes,
    ROWS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Count R = P·A and list the false clauses."""
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)  # (ROWS,)
    lane = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)  # (BLOCK,)
    inside = (row < clauses)[:, None] & (lane < lanes)[None, :]  # (ROWS, BLOCK)
    first = tl.load(offsets_ptr + row, mask=row < clauses, other=0)
    length = tl.load(offsets_ptr + row + 1, mask=row < clauses, other=0) - first
    count = tl.zeros([ROWS, BLOCK], tl.int32)
    total = tl.zeros([ROWS, BLOCK], tl.int32)
    for place in range(tl.max(length, 0)):
        here = place < length
        literal = tl.load(literals_ptr + first + place, mask=here, other=0)
        at = (literal >> 1).to(tl.int64)[:, None] * lanes + lane[None, :]
        value = tl.load(values_ptr + at, mask=inside & here[:, None], other=0).to(tl.int32)
        true = tl.where(here[:, None], value ^ (literal & 1)[:, None], 0)
        count += true
        total += true * (literal >> 1)[:, None]
    at = row[:, None] * lanes + lane[None, :]
    tl.store(counts_ptr + at, count, mask=inside)
    tl.store(sums_ptr + at, total, mask=inside)
    false = inside & (count == 0)
    missed = tl.sum(false.to(tl.int32), 0)  # (BLOCK,)
    tl.atomic_add(false_ptr + lane, missed, mask=(lane < lanes) & (missed > 0), sem="relaxed")
    active = tl.load(active_ptr + lane, mask=lane < lanes, other=0) != 0
    listed = tl.reshape(false & active[None, :], [ROWS * BLOCK])
    append(entries_ptr, length_ptr, tl.reshape(at, [ROWS * BLOCK]).to(tl.int32), listed)


@triton.jit
def weighted_margin_kernel(
    values_ptr,
    counts_ptr,
    weights_ptr,  # int32 (clauses, groups)
    margins_ptr,  # (variables, lanes), int32 or int64
    starts_ptr,
    occurrences_ptr,
    variables,
    lanes,
    groups,
    GROUP: tl.constexpr,
    ROWS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Add up make − break of every variable: weights of its false clauses less those it alone satisfies."""
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)  # (ROWS,)
    lane = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)  # (BLOCK,)
    inside = (row < variables)[:, None] & (lane < lanes)[None, :]  # (ROWS, BLOCK)
    first = tl.load(starts_ptr + 2 * row, mask=row < variables, other=0)
    middle = tl.load(starts_ptr + 2 * row + 1, mask=row < variables, other=0)
    length = tl.load(starts_ptr + 2 * row + 2, mask=row < variables, other=0) - first
    positive = middle - first
    at = row[:, None] * lanes + lane[None, :]
    value = tl.load(values_ptr + at, mask=inside, other=0).to(tl.int32)
    margin = tl.zeros([ROWS, BLOCK], margins_ptr.dtype.element_ty)
    for place in range(tl.max(length, 0)):
        here = place < length
        clause = tl.load(occurrences_ptr + first + place, mask=here, other=0).to(tl.int64)
        source = counts_ptr + clause[:, None] * lanes + lane[None, :]
        count = tl.load(source, mask=inside & here[:, None], other=2)
        true = value ^ (place >= positive).to(tl.int32)[:, None]
        matters = (count == 0) | ((count == 1) & (true == 1))
        # Read even where it does not count: a mask that differs between lanes would break up wide loads.
        source = weights_ptr + clause[:, None] * groups + (lane // GROUP)[None, :]
        weight = tl.load(source, mask=inside & here[:, None], other=0)
        weight = tl.where(matters, weight, 0)
        margin += tl.where(count == 0, weight, -weight)
    tl.store(margins_ptr + at, margin, mask=inside)


@triton.jit(do_not_specialize=["step"])
def weighted_pick_kernel(
    margins_ptr,
    offsets_ptr,
    literals_ptr,
    entries_ptr,
    length_ptr,
    picks_ptr,  # int32 (clauses · lanes,): the best variable of an entry, NOBODY if its margin is below 0
    marks_ptr,  # int32 (variables, lanes): number of the last step in which the variable was marked
    flips_ptr,  # int32 (variables · lanes,): variable · lanes + lane of each flip of this step
    flips_length_ptr,
    moved_ptr,  # int32 (lanes,): number of the last step in which a variable of positive margin was seen
    clock_ptr,
    keys_ptr,
    step,
    lanes,
    BLOCK: tl.constexpr,
):
    """Pick the variable of largest margin of each false clause; mark it if that is positive."""
    now = tl.load(clock_ptr) + step
    key = tl.load(keys_ptr + step * STREAMS + TIE)
    total = tl.load(length_ptr)
    for begin in range(tl.program_id(0) * BLOCK, total, tl.num_programs(0) * BLOCK):
        place = begin + tl.arange(0, BLOCK)
        live = place < total
        entry = tl.load(entries_ptr + place, mask=live, other=0)
        clause = entry // lanes
        lane = entry % lanes
        first = tl.load(offsets_ptr + clause, mask=live, other=0)
        length = tl.load(offsets_ptr + clause + 1, mask=live, other=0) - first
        best = tl.zeros([BLOCK], tl.int32) + NOBODY
        margin = tl.zeros([BLOCK], margins_ptr.dtype.element_ty)
        tie = tl.zeros([BLOCK], tl.uint32)
        for j in range(tl.max(length, 0)):
            here = j < length
            variable = tl.load(literals_ptr + first + j, mask=here, other=0) >> 1
            at = variable.to(tl.int64) * lanes + lane
            this = tl.load(margins_ptr + at, mask=here, other=0)
            luck = triton_random.draw(triton_random.base(key, at), 0)
            better = here & ((best < 0) | (this > margin) | ((this == margin) & (luck > tie)))
            best = tl.where(better, variable, best)
            margin = tl.where(better, this, margin)
            tie = tl.where(better, luck, tie)
        tl.store(picks_ptr + place, tl.where(margin < 0, NOBODY, best), mask=live)
        rising = live & (margin > 0)
        tl.store(moved_ptr + lane, tl.zeros([BLOCK], tl.int32) + now, mask=rising)
        at = best.to(tl.int64) * lanes + lane
        push = rising & (triton_random.draw(triton_random.base(key, at), 1) % 1024 < PUSH)
        # Several clauses may pick one variable: the first to mark it lists it.
        before = tl.atomic_xchg(marks_ptr + at, tl.zeros([BLOCK], tl.int32) + now, mask=push, sem="relaxed")
        append(flips_ptr, flips_length_ptr, at.to(tl.int32), push & (before != now))


@triton.jit(do_not_specialize=["step"])
def weighted_stuck_kernel(
    counts_ptr,
    weights_ptr,
    offsets_ptr,
    literals_ptr,
    starts_ptr,
    occurrences_ptr,
    rules_ptr,  # int32 (6, lanes): the constants of Weighted in their order
    entries_ptr,
    length_ptr,
    picks_ptr,
    givers_ptr,  # int32 (clauses · lanes,): the clause that an entry takes weight from, or NOBODY
    marks_ptr,
    flips_ptr,
    flips_length_ptr,
    moved_ptr,
    requests_ptr,  # int32 (clauses, groups), zero before
    clock_ptr,
    keys_ptr,
    step,
    clauses,
    lanes,
    groups,
    GROUP: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """In lanes without a positive margin: move sideways, or ask a true neighbour for weight."""
    now = tl.load(clock_ptr) + step
    tie_key = tl.load(keys_ptr + step * STREAMS + TIE)
    lane_key = tl.load(keys_ptr + step * STREAMS + LANE)
    entry_key = tl.load(keys_ptr + step * STREAMS + ENTRY)
    total = tl.load(length_ptr)
    for begin in range(tl.program_id(0) * BLOCK, total, tl.num_programs(0) * BLOCK):
        place = begin + tl.arange(0, BLOCK)
        live = place < total
        entry = tl.load(entries_ptr + place, mask=live, other=0)
        clause = entry // lanes
        lane = entry % lanes
        stuck = live & (tl.load(moved_ptr + lane, mask=live, other=0) != now)
        coin = triton_random.draw(triton_random.base(lane_key, lane), 0) % 1024
        sideways = stuck & (coin.to(tl.int32) < tl.load(rules_ptr + 4 * lanes + lane, mask=stuck, other=0))
        pick = tl.load(picks_ptr + place, mask=sideways, other=NOBODY)
        at = pick.to(tl.int64) * lanes + lane
        push = (pick >= 0) & (triton_random.draw(triton_random.base(tie_key, at), 1) % 1024 < PUSH)
        before = tl.atomic_xchg(marks_ptr + at, tl.zeros([BLOCK], tl.int32) + now, mask=push, sem="relaxed")
        append(flips_ptr, flips_length_ptr, at.to(tl.int32), push & (before != now))

        asks = stuck & ~sideways
        chance = tl.load(rules_ptr + 5 * lanes + lane, mask=asks, other=0)
        start = triton_random.base(entry_key, entry)
        near = asks & ((triton_random.draw(start, 0) % 1024).to(tl.int32) >= chance)
        turn = (triton_random.draw(start, 1) >> 1).to(tl.int32)
        first = tl.load(offsets_ptr + clause, mask=near, other=0)
        length = tl.load(offsets_ptr + clause + 1, mask=near, other=0) - first
        giver = tl.zeros([BLOCK], tl.int32) + NOBODY
        heaviest = tl.zeros([BLOCK], tl.int32)
        column = lane // GROUP
        for j in range(tl.max(length, 0)):
            here = j < length
            literal = tl.load(literals_ptr + first + j, mask=here, other=0)
            begins = tl.load(starts_ptr + literal, mask=here, other=0)
            count = tl.load(starts_ptr + literal + 1, mask=here, other=1) - begins  # never 0
            shift = turn % count
            for i in range(tl.minimum(tl.max(count, 0), REACH)):
                seen = here & (i < count)
                to = begins + (shift + i) % count
                other = tl.load(occurrences_ptr + to, mask=seen, other=0).to(tl.int64)
                true = tl.load(counts_ptr + other * lanes + lane, mask=seen, other=0) > 0
                weight = tl.load(weights_ptr + other * groups + column, mask=seen & true, other=0)
                more = weight > heaviest
                giver = tl.where(more, other.to(tl.int32), giver)
                heaviest = tl.where(more, weight, heaviest)
        lucky = (triton_random.draw(start, 2) >> 1).to(tl.int32) % clauses
        far = asks & (giver < 0)
        true = tl.load(counts_ptr + lucky.to(tl.int64) * lanes + lane, mask=far, other=0) > 0
        giver = tl.where(far & true, lucky, giver)
        tl.store(givers_ptr + place, giver, mask=live)
        at = giver.to(tl.int64) * groups + column
        tl.atomic_add(requests_ptr + at, 1, mask=asks & (giver >= 0), sem="relaxed")


@triton.jit
def weighted_take_kernel(
    weights_ptr,
    rules_ptr,
    entries_ptr,
    length_ptr,
    givers_ptr,
    amounts_ptr,  # int32 (clauses · lanes,): weight that an entry takes
    requests_ptr,
    lanes,
    groups,
    GROUP: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Fix what each entry takes, from weights that nobody changes yet: the linear rule, or a fair share."""
    total = tl.load(length_ptr)
    for begin in range(tl.program_id(0) * BLOCK, total, tl.num_programs(0) * BLOCK):
        place = begin + tl.arange(0, BLOCK)
        live = place < total
        entry = tl.load(entries_ptr + place, mask=live, other=0)
        clause = (entry // lanes).to(tl.int64)
        lane = entry % lanes
        giver = tl.load(givers_ptr + place, mask=live, other=NOBODY)
        takes = live & (giver >= 0)
        at = giver.to(tl.int64) * groups + lane // GROUP
        weight = tl.load(weights_ptr + at, mask=takes, other=0)
        own = tl.load(weights_ptr + clause * groups + lane // GROUP, mask=takes, other=0)
        asked = tl.load(requests_ptr + at, mask=takes, other=1)
        # Rows 0, 1 of rules are current and base, rows 2, 3 first and first_base.
        initial = (weight <= WEIGHT_ONE).to(tl.int32) * 2
        factor = tl.load(rules_ptr + initial * lanes + lane, mask=takes, other=0)
        base = tl.load(rules_ptr + (initial + 1) * lanes + lane, mask=takes, other=0)
        amount = ((weight.to(tl.int64) * factor) >> 10).to(tl.int32) + base
        amount = tl.minimum(amount, weight // asked)
        tl.store(amounts_ptr + place, tl.where(takes & (own < WEIGHT_MAX), amount, 0), mask=live)


@triton.jit
def weighted_give_kernel(
    weights_ptr,
    counts_ptr,
    sums_ptr,
    margins_ptr,
    offsets_ptr,
    literals_ptr,
    entries_ptr,
    length_ptr,
    givers_ptr,
    amounts_ptr,
    requests_ptr,
    lanes,
    groups,
    GROUP: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Move the amounts, in the margins too, and forget the requests."""
    total = tl.load(length_ptr)
    for begin in range(tl.program_id(0) * BLOCK, total, tl.num_programs(0) * BLOCK):
        place = begin + tl.arange(0, BLOCK)
        live = place < total
        entry = tl.load(entries_ptr + place, mask=live, other=0)
        giver = tl.load(givers_ptr + place, mask=live, other=NOBODY)
        takes = live & (giver >= 0)
        amount = tl.load(amounts_ptr + place, mask=takes, other=0)
        clause = entry // lanes
        first_lane = (entry % lanes) // GROUP * GROUP
        column = first_lane // GROUP
        to = clause.to(tl.int64) * groups + column
        at = giver.to(tl.int64) * groups + column
        tl.atomic_add(weights_ptr + to, amount, mask=takes, sem="relaxed")
        tl.atomic_add(weights_ptr + at, -amount, mask=takes, sem="relaxed")
        tl.store(requests_ptr + at, tl.zeros([BLOCK], tl.int32), mask=takes)
        step = amount.to(margins_ptr.dtype.element_ty)
        first = tl.load(offsets_ptr + clause, mask=takes, other=0)
        length = tl.load(offsets_ptr + clause + 1, mask=takes, other=0) - first
        # Lanes that share the weights see both change, each by what the clauses are to it.
        for i in tl.static_range(GROUP):
            lane = first_lane + i
            inside = takes & (lane < lanes)
            _shift(
                margins_ptr,
                counts_ptr,
                sums_ptr,
                literals_ptr,
                clause,
                lane,
                first,
                length,
                step,
                inside,
                lanes,
            )
            begins = tl.load(offsets_ptr + giver, mask=takes, other=0)
            size = tl.load(offsets_ptr + giver + 1, mask=takes, other=0) - begins
            _shift(
                margins_ptr,
                counts_ptr,
                sums_ptr,
                literals_ptr,
                giver,
                lane,
                begins,
                size,
                -step,
                inside,
                lanes,
            )


@triton.jit
def _shift(margins_ptr, counts_ptr, sums_ptr, literals_ptr, clause, lane, first, length, step, chosen, lanes):
    """Add a change of a clause's weight to the margins it counts in."""
    at = clause.to(tl.int64) * lanes + lane
    count = tl.load(counts_ptr + at, mask=chosen, other=2)
    single = tl.load(sums_ptr + at, mask=chosen & (count == 1), other=0)
    tl.atomic_add(
        margins_ptr + single.to(tl.int64) * lanes + lane, -step, mask=chosen & (count == 1), sem="relaxed"
    )
    length = tl.where(chosen & (count == 0), length, 0)
    for j in range(tl.max(length, 0)):
        here = j < length
        variable = tl.load(literals_ptr + first + j, mask=here, other=0) >> 1
        tl.atomic_add(margins_ptr + variable.to(tl.int64) * lanes + lane, step, mask=here, sem="relaxed")
