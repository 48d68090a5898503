"""Declarations: elimination over GF(2), and light words of a code (encodings/gf2)."""

from __future__ import annotations

from typing import Annotated

from turbosat.core.border import Record, kernel
from turbosat.core.declare import (
    Bytes,
    ConstFlags,
    ConstInts,
    ConstLongs,
    ConstLongWords,
    Ints,
    Longs,
    LongWords,
)

TOP = 32  # longer rows and columns share a list
OVERHEAD = 30  # of a row addition, in entries

# What is counted.
ARENA, NODES, LOG, RANK, ROWS, COLUMNS, ENTRIES, MARK, FALSE_ROW, SETTLED, NEED = range(11)
STAGE, ROW, COLUMN, NODE, FOUND, AT, WORK, GROWN, COUNTERS = range(11, 20)
# ARENA, NODES, LOG   entries in use
# RANK                pivots found
# ROWS, COLUMNS       that are left, and their ENTRIES
# MARK                the newest stamp
# FALSE_ROW           the row that became 0 = 1, or -1
# SETTLED             1 once sums over components have been tried
# NEED                entries for which there was no room
# STAGE               what is being done with a pivot, its ROW and its COLUMN
# NODE                the next node of the column to be looked at
# FOUND, WORK, GROWN  targets so far, entries to read, arena to write
# AT                  targets to which the row has been added

CHOOSING, GATHERING, ADDING = range(3)  # stages

DONE, PAUSED, FULL, STUCK, DENSE, FALSE = range(6)  # why a slice ended
# FULL    the arena, the nodes or the log must grow
# STUCK   no row or column of the shortest kinds is left, and components have not been tried
# DENSE   the next pivot costs less in the bit matrix

SUMS = 7  # stages of sum_rows: of rows, but
OF_COLUMNS = (2, 5)  # of columns

STRIP = 64  # columns a pass
TABLES = 8  # of eight pivots each
BLOCK = 64  # words of a row that the tables cover at a time: they stay in the second-level cache

END, ENTRY, FACTS, PROGRESS = range(4)  # the pivot at hand is END - 1, its next entry, facts found
PLACE, TRIPLES, SEARCH = range(3)  # the next place, triples found

EXCHANGES = 16  # rows of a code for each column of its information set that an iteration exchanges
TRIED, LIGHT = range(2)  # iterations, and words that the last call has found


class Sparse(Record):
    """Rows and columns of a system: rows as sorted lists, the cheapest pivot next.

    Rows live in one arena; a row that outgrows its room moves to the end. The rows of a column are a list of
    nodes which may be out of date: a node counts only if its row still holds the column. Rows and columns
    that are left hang in doubly linked lists by their number of entries, so that the smallest is at hand.

    A list array holds next, previous and size; its last TOP + 1 items are the lists' heads.
    """

    arena: Annotated[Ints, "capacity"]  # columns, rising in each row
    start: Annotated[Longs, "rows"]
    size: Annotated[Ints, "rows"]
    room: Annotated[Ints, "rows"]
    parity: Annotated[Bytes, "rows"]
    active: Annotated[Bytes, "rows"]  # 0 for pivots' rows and empty ones
    row_list: Annotated[Ints, 3, f"rows + {TOP + 1}"]
    head: Annotated[Ints, "columns"]  # first node or -1
    node_row: Annotated[Ints, "nodes"]
    node_next: Annotated[Ints, "nodes"]  # or -1
    counts: Annotated[Ints, "columns"]  # rows left that hold the column
    column_list: Annotated[Ints, 3, f"columns + {TOP + 1}"]
    prefer: Annotated[ConstInts, "columns"]  # lower = rather free
    pivots: Annotated[Ints, "columns"]  # the first RANK are the pivots' columns
    pivot_rows: Annotated[Ints, "columns"]
    log: Annotated[Ints, "additions", 2]  # a row and the row that was added to it
    stamp: Annotated[Longs, "rows"]
    targets: Annotated[Ints, "rows"]
    scratch: Annotated[Ints, "columns"]
    counters: Annotated[Longs, COUNTERS]


class Components(Record):
    """The connected components of a system."""

    parent: Annotated[Ints, "rows"]  # leads to a component's first row, at first each its own
    seen: Annotated[Ints, "columns"]  # a row of each column, at first -1
    odd: Annotated[Bytes, "columns"]  # whether it is in an odd number of rows, at first 0
    lengths: Annotated[Longs, "rows"]  # of a component's first row: the length of the sum,
    longest: Annotated[Ints, "rows"]  # and the longest row


class Masks(Record):
    """Pivots as a constant and a sum of free columns, a bit each.

    Each free column has a random word; `hashes` holds, for each pivot, the XOR of those of its mask. Equal
    masks have equal hashes, and nothing is believed before the masks were compared.
    """

    masks: Annotated[LongWords, "rank", "width"]
    constants: Annotated[Bytes, "rank"]
    hashes: Annotated[LongWords, "rank"]
    words: Annotated[ConstLongWords, "kernel"]


class Basis(Record):
    """Rows of a strip that are chosen so far, and which are not to be."""

    used: Annotated[ConstFlags, "height"]
    chosen: Annotated[Longs, STRIP]
    words: Annotated[LongWords, STRIP]  # reduced by those before
    places: Annotated[Longs, STRIP]  # their lowest bits


class Bits(Record):
    """A bit matrix, and room for the sums of the pivots of each eight columns."""

    matrix: Annotated[LongWords, "height", "words"]
    tables: Annotated[LongWords, TABLES, 256, "span"]
    progress: Annotated[Longs, 2]  # word of the block and row that are next


class Code(Record):
    """The words that are searched: a row and any sum of rows before it, in systematic form.

    Each of the first rows is the only one with its column of the information set; the row `dimension` is the
    fixed part of all words and has none of them; the last is zero.
    """

    matrix: Annotated[LongWords, "dimension + 2", "words"]
    information: Annotated[Ints, "dimension"]  # the column of each row
    # The row of a column, -1 outside the information set, `dimension` for one that no row has.
    holder: Annotated[Ints, "columns"]
    random: Annotated[LongWords, 1]  # the state of the generator, not 0
    counters: Annotated[Longs, 2]  # TRIED, LIGHT
    found: Annotated[LongWords, "room", "words"]  # the first LIGHT are words that were light enough


class Sums(Record):
    """Room for the sums of at most two rows of the first half, listed by their bits in the window."""

    keys: Annotated[Ints, "dimension + 2"]  # of rows
    heads: Annotated[Ints, "slots"]  # the first sum of each key, or -1; their number is a power of two
    nexts: Annotated[Ints, "entries"]
    pairs: Annotated[Ints, "entries", 2]  # the rows of a sum
    total: Annotated[LongWords, "words"]


@kernel
def link_columns(system: Sparse, begin: int, end: int) -> None:
    """Hang the columns begin … end - 1, of which counts is right, into their lists; last ones first."""


@kernel
def link_rows(system: Sparse, end: int, effort: int) -> int:
    """List the rows end - 1, end - 2, …, of which start, size and active are right, and what they hold.

    Ends after about `effort` entries; returns the last row that is done.
    """


@kernel
def move_rows(system: Sparse, first: int, effort: int, arena: Annotated[Ints, "space"]) -> int:
    """Move rows from `first` on to another arena, without gaps; return the next row."""


@kernel
def eliminate(system: Sparse, effort: int, density: float) -> int:
    """Eliminate until about `effort` entries were read or something is to be done; return why it ended.

    A pivot is left to the bit matrix if it reads more than density · rows · columns entries.
    """


@kernel
def replay(
    log: Annotated[ConstInts, "additions", 2], begin: int, end: int, wanted: Annotated[Bytes, "rows"]
) -> None:
    """Walk the additions backwards: turn wanted rows into the rows before them that they are sums of."""


@kernel
def join_rows(system: Sparse, components: Components, first: int, effort: int) -> int:
    """Join rows from `first` on to the components of the rows before them; return the next row."""


@kernel
def sum_rows(system: Sparse, components: Components, stage: int, first: int, last: int) -> None:
    """Replace one row of each component by the sum of all its rows, where that is shorter.

    In SUMS stages, over rows or columns [first, last). The log has room for a pair for each row.
    """


@kernel
def pack_rows(
    system: Sparse,
    rows: Annotated[ConstLongs, "height"],
    place: Annotated[ConstLongs, "columns"],
    last: int,
    matrix: Annotated[LongWords, "height", "words"],
) -> None:
    """Write sparse rows as bits, where place says; bit `last` is the parity. The matrix is zero before."""


@kernel
def choose_rows(
    strip: Annotated[ConstLongWords, "height"], basis: Basis, columns: int, begin: int, end: int, found: int
) -> int:
    """Find rows, not yet used, whose lowest `columns` bits are a basis of all such; return their number.

    Looks at rows begin … end - 1, for a basis that has `found` rows.
    """


@kernel
def reduce_pivots(
    block: Annotated[LongWords, "count", "words"],
    columns: int,
    pivot_of: Annotated[Longs, STRIP],
    transform: Annotated[LongWords, "count"],
    high: int,
) -> None:
    """Bring rows to reduced form from the lowest of the first so many columns up; do so in `high` words only.

    pivot_of receives the row of each column or -1; transform which of the given rows each became the sum of.
    """


@kernel
def add_up(
    block: Annotated[LongWords, "count", "words"],
    transform: Annotated[ConstLongWords, "count"],
    low: int,
    high: int,
) -> None:
    """Replace each row by the sum of rows that transform says, in words low … high - 1."""


@kernel
def clear_columns(
    bits: Bits,
    first: int,
    strip: Annotated[ConstLongWords, "height"],
    block: Annotated[ConstLongWords, "count", "width"],
    pivot_of: Annotated[ConstLongs, STRIP],
    effort: int,
) -> int:
    """Clear the pivots' columns in all rows, from word `first` on; 1 when done, 0 after `effort` words.

    strip is that word before, 0 for the pivots' rows; block holds these. Goes through the words in blocks,
    through the rows for each; progress says which block and which row are next.
    """


@kernel
def copy_masks(
    matrix: Annotated[ConstLongWords, "height", "words"],
    rows: Annotated[ConstLongs, "reduced"],
    frees: Annotated[ConstLongs, "parity"],
    targets: Annotated[ConstLongs, "reduced"],
    masks: Masks,
    begin: int,
    end: int,
) -> None:
    """Copy reduced rows begin … end - 1 to masks.

    rows of the matrix go to `targets`; frees are the free columns that its bits stand for, -1 for pivots. The
    bit behind them is the constant.
    """


@kernel
def substitute_back(
    system: Sparse,
    place: Annotated[ConstLongs, "columns"],
    masks: Masks,
    progress: Annotated[Longs, PROGRESS],
    effort: int,
) -> int:
    """Express pivots END - 1, END - 2, … by free columns; 1 when done, 0 after reading `effort` words.

    A pivot's row holds it, free columns and later pivots; place is the mask of a pivot or, for a free column,
    -1 - its bit.
    """


@kernel
def represent(
    system: Sparse,
    touched: Annotated[ConstFlags, "rows"],
    odd: Annotated[Bytes, "columns"],
    leader: Annotated[Longs, "columns"],
    sign: Annotated[Bytes, "columns"],
    shorts: Annotated[Longs, "most", 5],
    progress: Annotated[Longs, PROGRESS],
    effort: int,
) -> int:
    """Find constants and equal columns of pivots END - 1 … 0 by substitution, without masks; 1 when done.

    leader, at first each its own, becomes -1 for a constant; sign is the constant or whether they differ.
    odd is zero before and after. shorts receives, from FACTS on, 3 or 4 columns, then -1, and the parity of
    rows that became so short; rows not touched are as they were given.
    """


@kernel
def few_bits(
    masks: Annotated[ConstLongWords, "rank", "width"],
    bits: Annotated[Longs, "rank", 4],
    begin: int,
    end: int,
) -> None:
    """Find the bits of masks begin … end - 1 that have few.

    bits receives up to three places and the number of bits, 4 for more than three.
    """


@kernel
def equal_masks(
    order: Annotated[ConstLongs, "compared"],
    hashes: Annotated[ConstLongWords, "rank"],
    masks: Annotated[ConstLongWords, "rank", "width"],
    leader: Annotated[Longs, "rank"],
    begin: int,
    end: int,
) -> None:
    """Find the first of those with the same mask, for order[begin … end - 1]; order sorts the hashes."""


@kernel
def triples(
    sums: Annotated[ConstLongWords, "size"],
    order: Annotated[ConstLongs, "size"],
    places: Annotated[ConstLongs, "size"],
    masks: Annotated[ConstLongWords, "rank", "width"],
    progress: Annotated[Longs, SEARCH],
    effort: int,
    triple: Annotated[Longs, "most", 3],
) -> None:
    """Find three columns whose sum is constant: all c < b < a for a rising from PLACE.

    places says what the columns are: a pivot's mask, or for -1 - j the single bit j. sums are their hashes,
    sorted by order; no two are equal. Ends after about `effort` look-ups, or when triple is full.
    """


@kernel
def neighbours(
    sums: Annotated[ConstLongWords, "size"],
    order: Annotated[ConstLongs, "size"],
    places: Annotated[ConstLongs, "size"],
    masks: Annotated[ConstLongWords, "rank", "width"],
    progress: Annotated[Longs, SEARCH],
    effort: int,
    triple: Annotated[Longs, "most", 3],
) -> None:
    """Find pivots whose masks differ in one bit, for a rising from PLACE; as triples, but only such."""


@kernel
def decode(code: Code, sums: Sums, weight: int, effort: int) -> None:
    """Iterate until words of at most so many ones are found, or about `effort` words were read."""
