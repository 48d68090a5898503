"""Systems of XORs whose sum is 0 = 1, and formulas that imply them in one way or another."""

from itertools import product

from hypothesis import strategies as st

from turbosat.formula.formula import Formula

Rows = list[list[int]]  # of literals whose XOR is true
WAYS = ("patterns", "shorter", "gates", "line")


@st.composite
def contradictions(draw: st.DrawFn, longest: int = 6, most: int = 12, variables: int = 14) -> Rows:
    """Rows of 1 to `longest` variables, each in any number of rows; some rows may be needless."""
    names = st.sets(st.integers(1, variables), min_size=1, max_size=longest)
    sets = draw(st.lists(names, max_size=most))
    twice = draw(st.booleans())
    if sets and twice:
        sets += [draw(st.sampled_from(sets))] * 2  # these two cancel
    left: set[int] = set()
    for row_names in sets:
        left ^= row_names
    if not left:
        sets += [{1}, {1}]
    rest = draw(st.permutations(sorted(left)))
    while rest:
        size = draw(st.integers(1, longest))
        sets.append(set(rest[:size]))
        rest = rest[size:]
    rows = [[name * draw(st.sampled_from([1, -1])) for name in sorted(row_names)] for row_names in sets]
    if sum(1 + sum(literal < 0 for literal in row) for row in rows) % 2 == 0:
        chosen = draw(st.sampled_from(rows))
        chosen[0] *= -1
    return rows


def patterns(row: list[int]) -> Rows:
    """Write an XOR as clauses: those with an even number of signs changed."""
    return [
        [sign * literal for sign, literal in zip(signs, row, strict=True)]
        for signs in product((1, -1), repeat=len(row))
        if signs.count(-1) % 2 == 0
    ]


@st.composite
def formulas_of(draw: st.DrawFn, rows: Rows) -> Formula:
    """Write each row as sign patterns, with some of them shorter, as gates, or as an x line."""
    clauses: Rows = []
    lines: Rows = []
    last = max(abs(literal) for row in rows for literal in row)
    for row in rows:
        way = "line" if len(row) > 6 else draw(st.sampled_from(WAYS))
        if way == "line":
            lines.append(row)
        elif way == "gates" and len(row) == 3:
            a, b, c = -row[0], row[1], row[2]  # c = a ^ b, by two AND gates and a NOR gate
            both, neither = last + 1, last + 2
            last += 2
            clauses += [
                [-both, a],
                [-both, b],
                [both, -a, -b],
                [-neither, -a],
                [-neither, -b],
                [neither, a, b],
            ]
            clauses += [[-c, -both], [-c, -neither], [c, both, neither]]
        else:
            written = patterns(row)
            if way == "shorter" and len(row) > 1:
                draw(st.sampled_from(written)).pop(draw(st.integers(0, len(row) - 1)))
            clauses += written
    return Formula.from_clauses(draw(st.permutations(clauses)), last, lines)
