"""A DRAT checker that is slow and obviously right: forward, every lemma, lists and sets."""

from collections.abc import Iterable

Clause = list[int]
Step = tuple[bool, Clause]  # deletion?, literals


def parse_text(proof: str) -> list[Step]:
    steps: list[Step] = []
    tokens = proof.split()
    deletion = False
    clause: Clause = []
    for token in tokens:
        if token == "d":
            deletion = True
        elif token == "0":
            steps.append((deletion, clause))
            deletion, clause = False, []
        else:
            clause.append(int(token))
    return steps


def to_text(steps: Iterable[Step]) -> str:
    return "".join(("d " if deletion else "") + " ".join(map(str, [*c, 0])) + "\n" for deletion, c in steps)


def to_binary(steps: Iterable[Step]) -> bytes:
    out = bytearray()
    for deletion, clause in steps:
        out += b"d" if deletion else b"a"
        for literal in [*clause, 0]:
            value = 0 if literal == 0 else 2 * abs(literal) + (literal < 0)
            while value > 127:
                out.append(value & 127 | 128)
                value >>= 7
            out.append(value)
    return bytes(out)


def derivation(clauses: Iterable[Iterable[int]], assumed: Iterable[int] = ()) -> set[int] | None:
    """Return the literals that unit propagation makes true, or None for a conflict."""
    true = set(assumed)
    if any(-literal in true for literal in true):
        return None
    sets = [set(clause) for clause in clauses]
    changed = True
    while changed:
        changed = False
        for clause in sets:
            if clause & true:
                continue
            open_ = [literal for literal in clause if -literal not in true]
            if not open_:
                return None
            if len(open_) == 1:
                true.add(open_[0])
                changed = True
    return true


def is_rup(clauses: list[Clause], lemma: Clause) -> bool:
    return derivation(clauses, [-literal for literal in lemma]) is None


def is_rat(clauses: list[Clause], lemma: Clause) -> bool:
    if not lemma:
        return False
    pivot = lemma[0]
    for clause in clauses:
        if -pivot in clause:
            rest = [literal for literal in clause if literal != -pivot]
            if pivot in rest or any(-literal in rest for literal in rest):
                continue  # a tautology is satisfied whatever becomes of the pivot
            if not is_rup(clauses, lemma + rest):
                return False
    return True


def accepts(formula: Iterable[Clause], steps: Iterable[Step]) -> bool:
    """Whether the proof reaches a conflict by lemmas that are RUP or RAT; unit deletions are ignored."""
    clauses = [list(clause) for clause in formula]
    for deletion, clause in steps:
        root = derivation(clauses)
        if root is None:
            return True
        if deletion:
            matches = [i for i, other in enumerate(clauses) if set(other) == set(clause)]
            literals = set(clause)
            tautology = any(-literal in literals for literal in literals)
            unit = len(literals & root) == 1 and all(x in root or -x in root for x in literals)
            if matches and (tautology or not unit):
                del clauses[matches[-1]]
            continue
        if not is_rup(clauses, clause) and not is_rat(clauses, clause):
            return False
        clauses.append(clause)
    return derivation(clauses) is None
