"""Kernels that carry flips into counts, margins and lists: the second half of a step of weighted descent."""
# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls, allow-untyped-decorators
# Triton reads annotations itself and accepts only its own.

import triton
import triton.language as tl

from turbosat.gpu.cuda.triton_common import append

TOUCH = tl.constexpr(1 << 16)  # a change of a count holds the touches above, their sum of +1 and -1 below


@triton.jit
def weighted_touch_kernel(
    values_ptr,
    starts_ptr,
    occurrences_ptr,
    flips_ptr,
    flips_length_ptr,
    changes_ptr,  # int32 (clauses, lanes), zero before: TOUCH and the change of the count, for each flip
    shifts_ptr,  # int32 (clauses, lanes), zero before: change of the sum
    touched_ptr,  # int32 (clauses · lanes,): clause · lanes + lane
    touched_length_ptr,
    lanes,
    ROWS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Note in the clauses of ROWS flips, BLOCK at a time, how their counts will change."""
    total = tl.load(flips_length_ptr)
    for begin in range(tl.program_id(0) * ROWS, total, tl.num_programs(0) * ROWS):
        place = begin + tl.arange(0, ROWS)  # (ROWS,)
        live = place < total
        flip = tl.load(flips_ptr + place, mask=live, other=0)
        variable = flip // lanes
        lane = flip % lanes
        first = tl.load(starts_ptr + 2 * variable, mask=live, other=0)
        positive = tl.load(starts_ptr + 2 * variable + 1, mask=live, other=0) - first
        length = tl.load(starts_ptr + 2 * variable + 2, mask=live, other=0) - first
        value = tl.load(values_ptr + flip, mask=live, other=0).to(tl.int32)
        for chunk in range(0, tl.max(length, 0), BLOCK):
            index = chunk + tl.arange(0, BLOCK)  # (BLOCK,)
            here = index[None, :] < length[:, None]  # (ROWS, BLOCK)
            clause = tl.load(occurrences_ptr + first[:, None] + index[None, :], mask=here, other=0)
            was_true = value[:, None] ^ (index[None, :] >= positive[:, None]).to(tl.int32)
            change = 1 - 2 * was_true
            at = clause.to(tl.int64) * lanes + lane[:, None]
            before = tl.atomic_add(changes_ptr + at, change + TOUCH, mask=here, sem="relaxed")
            tl.atomic_add(shifts_ptr + at, change * variable[:, None], mask=here, sem="relaxed")
            news = tl.reshape(here & (before == 0), [ROWS * BLOCK])
            append(touched_ptr, touched_length_ptr, tl.reshape(at, [ROWS * BLOCK]).to(tl.int32), news)


@triton.jit
def weighted_update_kernel(
    weights_ptr,
    counts_ptr,
    sums_ptr,
    margins_ptr,
    offsets_ptr,
    literals_ptr,
    changes_ptr,
    shifts_ptr,
    touched_ptr,
    touched_length_ptr,
    entries_ptr,  # of the next step
    length_ptr,
    false_ptr,
    lanes,
    groups,
    GROUP: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Bring counts, sums and margins of the touched clauses up to date; list those that become false."""
    total = tl.load(touched_length_ptr)
    for begin in range(tl.program_id(0) * BLOCK, total, tl.num_programs(0) * BLOCK):
        place = begin + tl.arange(0, BLOCK)
        live = place < total
        at = tl.load(touched_ptr + place, mask=live, other=0)
        clause = at // lanes
        lane = at % lanes
        packed = tl.load(changes_ptr + at, mask=live, other=0)
        touches = (packed + TOUCH // 2) // TOUCH
        old = tl.load(counts_ptr + at, mask=live, other=2)
        new = old + packed - touches * TOUCH
        old_sum = tl.load(sums_ptr + at, mask=live, other=0)
        new_sum = old_sum + tl.load(shifts_ptr + at, mask=live, other=0)
        tl.store(counts_ptr + at, new, mask=live)
        tl.store(sums_ptr + at, new_sum, mask=live)
        tl.store(changes_ptr + at, tl.zeros([BLOCK], tl.int32), mask=live)
        tl.store(shifts_ptr + at, tl.zeros([BLOCK], tl.int32), mask=live)
        weight = tl.load(weights_ptr + clause.to(tl.int64) * groups + lane // GROUP, mask=live, other=0)
        weight = weight.to(margins_ptr.dtype.element_ty)
        was, becomes = live & (old == 1), live & (new == 1)
        tl.atomic_add(margins_ptr + old_sum.to(tl.int64) * lanes + lane, weight, mask=was, sem="relaxed")
        tl.atomic_add(margins_ptr + new_sum.to(tl.int64) * lanes + lane, -weight, mask=becomes, sem="relaxed")
        fell = live & (old != 0) & (new == 0)
        rose = live & (old == 0) & (new != 0)
        change = fell.to(tl.int32) - rose.to(tl.int32)
        tl.atomic_add(false_ptr + lane, change, mask=fell | rose, sem="relaxed")
        append(entries_ptr, length_ptr, at, fell)
        first = tl.load(offsets_ptr + clause, mask=fell | rose, other=0)
        length = tl.load(offsets_ptr + clause + 1, mask=fell | rose, other=0) - first
        for j in range(tl.max(length, 0)):
            here = j < length
            variable = tl.load(literals_ptr + first + j, mask=here, other=0) >> 1
            to = margins_ptr + variable.to(tl.int64) * lanes + lane
            tl.atomic_add(to, weight * change, mask=here, sem="relaxed")


@triton.jit
def weighted_flip_kernel(
    values_ptr,
    flips_ptr,
    flips_length_ptr,
    tally_ptr,  # int64 (lanes,)
    lanes,
    BLOCK: tl.constexpr,
):
    """Flip what is listed. Not in `touch`, where other threads still read the values."""
    total = tl.load(flips_length_ptr)
    for begin in range(tl.program_id(0) * BLOCK, total, tl.num_programs(0) * BLOCK):
        place = begin + tl.arange(0, BLOCK)
        live = place < total
        flip = tl.load(flips_ptr + place, mask=live, other=0)
        value = tl.load(values_ptr + flip, mask=live, other=0)
        tl.store(values_ptr + flip, value ^ 1, mask=live)
        tl.atomic_add(tally_ptr + flip % lanes, tl.full([BLOCK], 1, tl.int64), mask=live, sem="relaxed")


@triton.jit
def weighted_filter_kernel(
    counts_ptr,
    entries_ptr,
    length_ptr,
    next_entries_ptr,
    next_length_ptr,
    BLOCK: tl.constexpr,
):
    """Hand on the entries that are false still."""
    total = tl.load(length_ptr)
    for begin in range(tl.program_id(0) * BLOCK, total, tl.num_programs(0) * BLOCK):
        place = begin + tl.arange(0, BLOCK)
        entry = tl.load(entries_ptr + place, mask=place < total, other=0)
        false = (place < total) & (tl.load(counts_ptr + entry, mask=place < total, other=1) == 0)
        append(next_entries_ptr, next_length_ptr, entry, false)


@triton.jit
def weighted_keep_kernel(
    values_ptr,
    best_values_ptr,  # int8 (variables, lanes)
    false_ptr,
    best_ptr,  # int32 (lanes,): false clauses of best_values
    variables,
    lanes,
    ROWS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Keep values that are better than any before."""
    row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)  # (ROWS,)
    lane = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)  # (BLOCK,)
    within = lane < lanes
    better = tl.load(false_ptr + lane, mask=within, other=0) < tl.load(best_ptr + lane, mask=within, other=0)
    if tl.max(better.to(tl.int32), 0) > 0:
        inside = (row < variables)[:, None] & better[None, :]  # (ROWS, BLOCK)
        at = row[:, None] * lanes + lane[None, :]
        tl.store(best_values_ptr + at, tl.load(values_ptr + at, mask=inside, other=0), mask=inside)


@triton.jit
def weighted_settle_kernel(
    false_ptr,
    best_ptr,
    least_ptr,  # int32 (lanes,): fewest false clauses since the counts were last made
    next_length_ptr,
    flips_length_ptr,
    touched_length_ptr,
    lanes,
    BLOCK: tl.constexpr,
):
    """Note the counts, and empty the lists that a step fills."""
    lane = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    within = lane < lanes
    false = tl.load(false_ptr + lane, mask=within, other=0)
    best = tl.load(best_ptr + lane, mask=within, other=0)
    least = tl.load(least_ptr + lane, mask=within, other=0)
    tl.store(best_ptr + lane, tl.minimum(best, false), mask=within)
    tl.store(least_ptr + lane, tl.minimum(least, false), mask=within)
    zero = tl.zeros([BLOCK], tl.int32)
    tl.store(next_length_ptr + lane, zero, mask=lane == 0)
    tl.store(flips_length_ptr + lane, zero, mask=lane == 0)
    tl.store(touched_length_ptr + lane, zero, mask=lane == 0)
