"""Kernels of weighted descent over byte lanes: margins everywhere, then work on false clauses alone.

    count ─► false clauses (entries) ─► margin ─► pick ─► stuck ─► take ─► give ─► flip

`count` and `margin` pass over all entries of P, in tiles of ROWS rows by BLOCK lanes; the others run over the
list of (clause, lane) pairs that `count` found false. The order of that list differs between runs and does
not matter: draws depend on clause and lane, marks are stores of one value, sums are integers.
The slow twin of a step is turbosat.gpu.reference.weighted_step.
"""
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
# Triton reads annotations itself and accepts only its own.

import triton
import triton.language as tl

from turbosat.gpu import draws, rules, sync, triton_random

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
    state_ptr,  # int8 (clauses, lanes): true literals, 2 stands for more
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
    """Count R = P·A, up to two, and list the false clauses."""
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)  # (ROWS,)
    lane = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)  # (BLOCK,)
    inside = (row < clauses)[:, None] & (lane < lanes)[None, :]  # (ROWS, BLOCK)
    first = tl.load(offsets_ptr + row, mask=row < clauses, other=0)
    length = tl.load(offsets_ptr + row + 1, mask=row < clauses, other=0) - first
    count = tl.zeros([ROWS, BLOCK], tl.int32)
    for place in range(tl.max(length, 0)):
        here = place < length
        literal = tl.load(literals_ptr + first + place, mask=here, other=0)
        at = (literal >> 1).to(tl.int64)[:, None] * lanes + lane[None, :]
        value = tl.load(values_ptr + at, mask=inside & here[:, None], other=0).to(tl.int32)
        count += tl.where(here[:, None], value ^ (literal & 1)[:, None], 0)
    at = row[:, None] * lanes + lane[None, :]
    tl.store(state_ptr + at, tl.minimum(count, 2).to(tl.int8), mask=inside)
    false = inside & (count == 0)
    total = tl.sum(false.to(tl.int32), 0)  # (BLOCK,)
    tl.atomic_add(false_ptr + lane, total, mask=(lane < lanes) & (total > 0), sem="relaxed")
    active = tl.load(active_ptr + lane, mask=lane < lanes, other=0) != 0
    listed = tl.reshape((false & active[None, :]).to(tl.int32), [ROWS * BLOCK])
    found = tl.sum(listed, 0)
    if found > 0:
        begin = tl.atomic_add(length_ptr, found, sem="relaxed")
        to = begin + tl.cumsum(listed, 0) - listed
        tl.store(entries_ptr + to, tl.reshape(at, [ROWS * BLOCK]).to(tl.int32), mask=listed != 0)


@triton.jit
def weighted_margin_kernel(
    values_ptr,
    state_ptr,
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
        source = state_ptr + clause[:, None] * lanes + lane[None, :]
        state = tl.load(source, mask=inside & here[:, None], other=2).to(tl.int32)
        true = value ^ (place >= positive).to(tl.int32)[:, None]
        counts = (state == 0) | ((state == 1) & (true == 1))
        # Read even where it does not count: a mask that differs between lanes would break up wide loads.
        source = weights_ptr + clause[:, None] * groups + (lane // GROUP)[None, :]
        weight = tl.load(source, mask=inside & here[:, None], other=0)
        weight = tl.where(counts, weight, 0)
        margin += tl.where(state == 0, weight, -weight)
    tl.store(margins_ptr + at, margin, mask=inside)


@triton.jit(do_not_specialize=["step"])
def weighted_pick_kernel(
    margins_ptr,
    offsets_ptr,
    literals_ptr,
    entries_ptr,
    length_ptr,
    picks_ptr,  # int32 (clauses · lanes,): the best variable of an entry, NOBODY if its margin is below 0
    marks_ptr,  # int8 (variables, lanes): flip in this step
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
        push = triton_random.draw(triton_random.base(key, at), 1) % 1024 < PUSH
        tl.store(marks_ptr + at, tl.full([BLOCK], 1, tl.int8), mask=rising & push)


@triton.jit(do_not_specialize=["step"])
def weighted_stuck_kernel(
    state_ptr,
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
        push = triton_random.draw(triton_random.base(tie_key, at), 1) % 1024 < PUSH
        tl.store(marks_ptr + at, tl.full([BLOCK], 1, tl.int8), mask=(pick >= 0) & push)

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
                true = tl.load(state_ptr + other * lanes + lane, mask=seen, other=0) > 0
                weight = tl.load(weights_ptr + other * groups + column, mask=seen & true, other=0)
                more = weight > heaviest
                giver = tl.where(more, other.to(tl.int32), giver)
                heaviest = tl.where(more, weight, heaviest)
        lucky = (triton_random.draw(start, 2) >> 1).to(tl.int32) % clauses
        far = asks & (giver < 0)
        true = tl.load(state_ptr + lucky.to(tl.int64) * lanes + lane, mask=far, other=0) > 0
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
    """Move the amounts and forget the requests."""
    total = tl.load(length_ptr)
    for begin in range(tl.program_id(0) * BLOCK, total, tl.num_programs(0) * BLOCK):
        place = begin + tl.arange(0, BLOCK)
        live = place < total
        entry = tl.load(entries_ptr + place, mask=live, other=0)
        giver = tl.load(givers_ptr + place, mask=live, other=NOBODY)
        takes = live & (giver >= 0)
        amount = tl.load(amounts_ptr + place, mask=takes, other=0)
        column = (entry % lanes) // GROUP
        to = (entry // lanes).to(tl.int64) * groups + column
        at = giver.to(tl.int64) * groups + column
        tl.atomic_add(weights_ptr + to, amount, mask=takes, sem="relaxed")
        tl.atomic_add(weights_ptr + at, -amount, mask=takes, sem="relaxed")
        tl.store(requests_ptr + at, tl.zeros([BLOCK], tl.int32), mask=takes)


@triton.jit
def weighted_flip_kernel(
    values_ptr,
    best_values_ptr,  # int8 (variables, lanes)
    marks_ptr,
    false_ptr,
    best_ptr,  # int32 (lanes,): false clauses of best_values
    flips_ptr,  # int64 (lanes,)
    variables,
    lanes,
    ROWS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Keep values that are better than any before, flip what is marked, and take the marks off."""
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)  # (ROWS,)
    lane = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)  # (BLOCK,)
    within = lane < lanes
    inside = (row < variables)[:, None] & within[None, :]  # (ROWS, BLOCK)
    at = row[:, None] * lanes + lane[None, :]
    value = tl.load(values_ptr + at, mask=inside, other=0)
    better = tl.load(false_ptr + lane, mask=within, other=0) < tl.load(best_ptr + lane, mask=within, other=0)
    tl.store(best_values_ptr + at, value, mask=inside & better[None, :])
    mark = tl.load(marks_ptr + at, mask=inside, other=0)
    tl.store(values_ptr + at, value ^ mark, mask=inside & (mark != 0))
    tl.store(marks_ptr + at, tl.zeros([ROWS, BLOCK], tl.int8), mask=inside & (mark != 0))
    total = tl.sum(mark.to(tl.int32), 0)
    tl.atomic_add(flips_ptr + lane, total.to(tl.int64), mask=within & (total > 0), sem="relaxed")


@triton.jit
def weighted_settle_kernel(
    false_ptr,
    best_ptr,
    least_ptr,
    now_ptr,  # int32 (lanes,): false clauses at the last count
    length_ptr,
    lanes,
    BLOCK: tl.constexpr,
):
    """Close a step: note the counts and clear them for the next."""
    lane = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    within = lane < lanes
    false = tl.load(false_ptr + lane, mask=within, other=0)
    best = tl.load(best_ptr + lane, mask=within, other=0)
    least = tl.load(least_ptr + lane, mask=within, other=0)
    tl.store(best_ptr + lane, tl.minimum(best, false), mask=within)
    tl.store(least_ptr + lane, tl.minimum(least, false), mask=within)
    tl.store(now_ptr + lane, false, mask=within)
    tl.store(false_ptr + lane, tl.zeros([BLOCK], tl.int32), mask=within)
    tl.store(length_ptr + lane, tl.zeros([BLOCK], tl.int32), mask=lane == 0)
