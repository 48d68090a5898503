"""Slow twins of encodings/symmetries/automorphisms: clauses by hash, and the search for their symmetries."""

from dataclasses import dataclass

from tests.twins.colouring import WORD, Cells, Graph, Lists, Scratch, hashed
from turbosat.core.clauses import (
    DEPTH,
    FOUND,
    PAIRS,
    SPLITS,
    STAMP,
    SUM,
    Colouring,
    Indexed,
    Refinement,
    Symmetries,
)
from turbosat.core.declare import ConstInts, Flags, Longs

ALTERNATIVES, BESIDE = 16, 1000  # see encodings/symmetries/automorphisms.c


def hash_clauses(clauses: Indexed, marks: Longs, repeated: Flags) -> int:
    graph = Graph(clauses)
    for c, clause in enumerate(graph.clauses):
        marks[clause] = c
        clauses.sums[c] = sum(map(hashed, clause)) % WORD
        found, slot = graph.find(clause)
        repeated[c] = found >= 0
        if found < 0:
            clauses.slots[slot] = c
    return int(repeated.sum())


@dataclass
class State(Lists):
    """A search for generators."""

    image: list[int]
    moved: list[int]
    parent: list[int]
    failed: list[int]
    base: list[int]
    base_marks: list[int]
    base_sums: list[int]
    targets: list[int]
    step: list[int]
    step_marks: list[int]
    step_sums: list[int]
    step_ends: list[int]
    stack: list[int]
    stamps: list[int]
    literal_stamps: list[int]
    pairs: list[int]
    bounds: list[int]
    progress: list[int]

    def stamp(self) -> int:
        """Return a mark that is not in use."""
        self.progress[STAMP] += 1
        return self.progress[STAMP]

    def keeps(self, graph: Graph, moved: int) -> tuple[bool, int]:
        """Tell whether images of clauses are clauses, and how many literals that took."""
        check, read = self.stamp(), 0
        for literal in self.moved[:moved]:
            for c in graph.of[literal]:
                if self.stamps[c] >= check:
                    continue
                self.stamps[c] = self.stamp()
                images = [self.image[each] for each in graph.clauses[c]]
                for image in images:
                    self.literal_stamps[image] = self.stamps[c]
                read += len(images)
                if graph.find(images)[0] < 0:
                    return False, read
        return True, read

    def forget(self, moved: int) -> None:
        """Let all literals stay where they are."""
        for literal in self.moved[:moved]:
            self.image[literal] = literal

    def orbit(self, literal: int) -> int:
        """Return the literal that an orbit is called by, making paths shorter."""
        while self.parent[literal] != literal:
            self.parent[literal] = self.parent[self.parent[literal]]
            literal = self.parent[literal]
        return literal

    def note(self, moved: int) -> bool:
        """Keep a generator, where there is room."""
        at, number = self.progress[PAIRS], self.progress[FOUND]
        if number == len(self.bounds) - 1 or at + moved // 2 > len(self.pairs) // 2:
            return False
        for literal in self.moved[:moved]:
            one, other = self.orbit(literal), self.orbit(self.image[literal])
            if one != other:
                self.parent[other] = one
                self.failed[one] = max(self.failed[one], self.failed[other])
            if literal % 2 == 0:
                self.pairs[2 * at : 2 * at + 2] = [literal, self.image[literal]]
                at += 1
        self.bounds[number + 1] = self.progress[PAIRS] = at
        self.progress[FOUND] += 1
        return True


def keeps_clauses(clauses: Indexed, state: Symmetries, sources: ConstInts, images: ConstInts) -> int:
    graph, known = Graph(clauses), State.of(state)
    good, moved, stamp = True, 0, known.stamp()
    pairs = list(zip(sources.tolist(), images.tolist(), strict=True))
    for literal, image in pairs:
        good = 0 <= literal < graph.literals and known.literal_stamps[literal] != stamp
        if not good:
            break
        known.literal_stamps[literal], known.moved[moved], known.image[literal] = stamp, literal, image
        moved += 1
    again = known.stamp()
    for _, image in pairs[:moved]:
        good = good and 0 <= image < graph.literals and known.literal_stamps[image] == stamp
        if good:
            known.literal_stamps[image] = again
    good = good and all(known.image[literal ^ 1] == image ^ 1 for literal, image in pairs)
    if good:
        good, _ = known.keeps(graph, moved)
    known.forget(moved)
    known.write()
    return good


@dataclass
class Search:
    """Two refinements side by side; the right one is to become what a symmetry makes of the left one."""

    graph: Graph
    left: Cells
    right: Cells
    scratch: Scratch
    state: State
    mark: int = 0

    def descend(self) -> bool:
        """Tell literals of the left side apart until each is alone."""
        left, state, depth, cell = self.left, self.state, 0, 0
        while cell < self.graph.literals:
            while left.size[cell] > 1:
                least = min(left.members(cell))
                self.scratch.effort -= left.size[cell]
                state.base[depth], state.base_marks[depth] = least, left.colours[SPLITS]
                if not self.scratch.tell_apart(self.graph, left, least):
                    return False
                state.base_sums[depth] = left.colours[SUM]
                depth += 1
            cell += left.size[cell]
        state.progress[DEPTH] = depth
        return True

    def candidate(self) -> tuple[bool, bool]:
        """Note what the cells of one literal say, the others left where they are, if it is a symmetry.

        Tells whether it is one, and whether there was room for it.
        """
        left, state, moved = self.left, self.state, 0
        for cell in left.noted_since(self.mark):
            literal, image = left.order[cell], self.right.order[cell]
            if (
                cell >= self.graph.literals
                or left.size[cell] != 1
                or image in (literal, state.image[literal])
            ):
                continue
            state.image[literal], state.moved[moved] = image, literal
            moved += 1
        good, read = state.keeps(self.graph, moved)
        self.scratch.effort -= read
        noted = good and state.note(moved)
        state.forget(moved)
        return good, noted

    def beside(self, literal: int) -> int:
        """Return a literal in a clause with this one that is not alone and may stay where it is, or -1."""
        left, right, read = self.left, self.right, 0
        for c in self.graph.of[literal]:
            if read >= BESIDE:
                break
            for code in self.graph.clauses[c]:
                cell = left.cell[code]
                if left.size[cell] > 1 and right.cell[code] == cell and code >> 1 != literal >> 1:
                    self.scratch.effort -= read
                    return code
                read += 1
        self.scratch.effort -= read
        return -1

    def choose(self) -> tuple[int, int]:
        """Return a literal and an image for it, where cells of both sides differ; -1 where none do."""
        left, right, literal, image, fixed = self.left, self.right, -1, -1, False
        for cell in left.noted_since(self.mark):
            self.scratch.effort -= 1
            if cell >= self.graph.literals or left.size[cell] == 1:
                continue
            ours, theirs = left.members(cell), right.order[cell : cell + left.size[cell]]
            common = [each for each in theirs if left.cell[each] == cell]
            self.scratch.effort -= len(ours)
            if len(common) == len(ours):
                continue
            for one in ours:
                other = left.order[right.place[one]]
                if right.size[right.cell[one]] == 1 and right.cell[other] == cell:
                    return one, other
            if common and not fixed:
                literal, image, fixed = common[-1], common[-1], True
            elif literal < 0:
                literal, image = ours[0], theirs[0]
        if literal >= 0 and not fixed:
            near = self.beside(literal)
            near = self.beside(literal ^ 1) if near < 0 else near
            if near >= 0:
                return near, near
        return literal, image

    def choose_any(self) -> int:
        """Return a literal that is not alone, -1 where all are."""
        cell = 0
        while cell < self.graph.literals:
            if self.left.size[cell] > 1:
                return self.left.order[cell]
            cell += self.left.size[cell]
            self.scratch.effort -= 1
        return -1

    def add_step(self, step: int, literal: int, image: int) -> bool:
        """Stack where a literal may go."""
        state = self.state
        top = state.step_ends[step - 1] if step else 0
        room = self.graph.literals - top - 1
        if room < 0:
            return False
        others = [each for each in self.right.members(self.right.cell[image]) if each != image]
        places = [*others[: min(room, ALTERNATIVES - 1)], image]
        state.stack[top : top + len(places)] = places
        state.step[step], state.step_marks[step] = literal, self.left.colours[SPLITS]
        state.step_ends[step] = top + len(places)
        return True

    def extend(self, tries: int) -> bool:
        """Look for a symmetry that agrees with what both sides have told apart."""
        state, steps, more = self.state, 0, tries
        while True:
            literal, image = self.choose()
            if literal < 0:
                kept, noted = self.candidate()
                if kept:
                    return noted
                if more > 0:
                    literal = image = self.choose_any()
                    more -= literal >= 0
            if literal >= 0:
                if steps == self.graph.literals or not self.add_step(steps, literal, image):
                    return False
                if not self.scratch.tell_apart(self.graph, self.left, literal):
                    return False
                state.step_sums[steps] = self.left.colours[SUM]
                steps += 1
            while True:
                if not steps or self.scratch.effort <= 0:
                    return False
                first, last = state.step_ends[steps - 2] if steps > 1 else 0, steps - 1
                self.right.undo(state.step_marks[last])
                if state.step_ends[last] == first:
                    steps = last
                    self.left.undo(state.step_marks[last])
                    continue
                self.left.colours[SUM] = state.step_sums[last]
                state.step_ends[last] -= 1
                place = state.stack[state.step_ends[last]]
                if self.scratch.tell_apart(self.graph, self.right, place, self.left):
                    break
                if tries == 0:
                    return False
                tries -= 1

    def level(self, level: int, tries: int) -> bool:
        """Look for symmetries that keep the base up to a level and move its literal there."""
        left, right, state = self.left, self.right, self.state
        self.mark, top = state.base_marks[level], left.colours[SPLITS]
        right.undo(self.mark)
        literal, height = state.base[level], state.progress[DEPTH] - level
        members = right.members(right.cell[literal])
        self.scratch.effort -= len(members)
        targets = [each for each in members if state.orbit(each) != state.orbit(literal)]
        targets.sort(key=lambda each: (left.size[left.cell[each]], left.cell[each], each))
        state.targets[: len(targets)] = targets
        for target in targets:
            orbit = state.orbit(target)
            self.scratch.effort -= 1
            if orbit == state.orbit(literal) or state.failed[orbit] == height:
                continue
            left.colours[SUM] = state.base_sums[level]
            told = self.scratch.tell_apart(self.graph, right, target, left)
            if not (told and self.extend(tries)):
                state.failed[state.orbit(orbit)] = height
            left.undo(top)
            right.undo(self.mark)
            if self.scratch.effort <= 0 or state.progress[FOUND] == len(state.bounds) - 1:
                return False
        left.undo(self.mark)
        return True

    def run(self, tries: int) -> bool:
        """Go up from the last literal of the base."""
        if not self.descend():
            return False
        for name in self.left.record.declared()[0]:
            getattr(self.right, name)[:] = getattr(self.left, name)
        return all(self.level(level, tries) for level in reversed(range(self.state.progress[DEPTH])))


def find_symmetries(
    clauses: Indexed,
    left: Colouring,
    right: Colouring,
    refinement: Refinement,
    state: Symmetries,
    tries: int,
    effort: int,
) -> int:
    graph, scratch = Graph(clauses, left.order.size), Scratch.of(refinement)
    scratch.effort = effort
    search = Search(graph, Cells.of(left), Cells.of(right), scratch, State.of(state))
    ended = search.run(tries)
    for each in (search.left, search.right, search.scratch, search.state):
        each.write()
    return ended
