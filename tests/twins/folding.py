"""Slow twins of encodings/symmetries/folding: partial symmetries that grow from a pair of literals."""

from dataclasses import dataclass

from tests.twins.colouring import Graph, Lists
from turbosat.core.clauses import FOLD_MAPPED, FOLD_READ, FOLD_STAMP, Folding, Indexed
from turbosat.core.declare import ConstInts, Flags, Ints

OPEN, CROWDED, FEW = 8, 256, 24  # see encodings/symmetries/folding.c
SEVERAL = -2


@dataclass
class Growth(Lists):
    """A partial map that grows."""

    profiles: list[int]
    kinds: list[int]
    image: list[int]
    source: list[int]
    left: list[int]
    trail: list[int]
    queue: list[int]
    stamps: list[int]
    progress: list[int]

    def read(self, number: int) -> None:
        """Count literals as read."""
        self.progress[FOLD_READ] += number

    def stamped(self, literals: list[int]) -> None:
        """Mark literals anew."""
        self.progress[FOLD_STAMP] += 1
        for literal in literals:
            self.stamps[literal] = self.progress[FOLD_STAMP]

    def put(self, source: int, image: int, *, there: bool) -> None:
        """Set or clear the image of a literal and its negation."""
        for sign in (0, 1):
            self.image[source ^ sign] = image ^ sign if there else -1
            self.source[image ^ sign] = source ^ sign if there else -1

    def set(self, graph: Graph, source: int, image: int) -> None:
        """Map a literal, where all clauses that are mapped with it go to clauses."""
        if self.image[source] >= 0 or self.source[image] >= 0:
            return
        self.put(source, image, there=True)
        touched = []
        for clause in graph.of[source] + graph.of[source ^ 1]:
            touched.append(clause)
            self.read(1)
            self.left[clause] -= 1
            if self.left[clause] == 0:
                images = [self.image[each] for each in graph.clauses[clause]]
                self.read(2 * len(images))
                self.stamped(images)
                if graph.find(images)[0] < 0:
                    break
        else:
            self.trail[self.progress[FOLD_MAPPED]] = source
            self.progress[FOLD_MAPPED] += 1
            return
        for clause in touched:
            self.left[clause] += 1
        self.put(source, image, there=False)

    def paired(self, sources: list[int], images: list[int]) -> tuple[list[int], int, int] | None:
        """Return images in the order of the sources, which one is alike in kind only, or -1, and how good."""
        left, found, odd = list(images), list[int](), -1
        for place, source in enumerate(sources):
            image = next((each for each in left if self.profiles[each] == self.profiles[source]), -1)
            if image >= 0:
                left.remove(image)
            elif odd >= 0:
                return None
            else:
                odd = place
            found.append(image)
        if odd < 0:
            return found, odd, 2
        found[odd] = left[0]
        return (found, odd, 1) if self.kinds[sources[odd]] == self.kinds[left[0]] else None

    def extend(self, graph: Graph, clause: int) -> None:
        """Map what one clause says, where it has one candidate."""
        literals = graph.clauses[clause]
        unmapped = [each for each in literals if self.image[each] < 0]
        self.read(len(literals))
        if not 0 < len(unmapped) <= OPEN or len(unmapped) == len(literals):
            return
        images = [self.image[each] for each in literals if self.image[each] >= 0]
        self.stamped(images)
        anchor = min(images, key=lambda each: len(graph.of[each]))
        if len(graph.of[anchor]) > (FEW if len(unmapped) > 1 else CROWDED):
            return
        alike = loose = -1
        for candidate in graph.of[anchor]:
            self.read(1)
            others = graph.clauses[candidate]
            if len(others) != len(literals):
                continue
            self.read(len(literals))
            rest = [each for each in others if self.source[each] < 0]
            if not set(images) <= set(others) or len(rest) != len(unmapped):
                continue
            fit = self.paired(unmapped, rest)
            if fit is not None and fit[2] == 2:
                alike = candidate if alike == -1 else SEVERAL
            elif fit is not None:
                loose = candidate if loose == -1 else SEVERAL
            if alike == SEVERAL:
                break
        chosen = loose if alike == -1 else alike
        if chosen < 0:
            return
        fit = self.paired(unmapped, [each for each in graph.clauses[chosen] if self.source[each] < 0])
        assert fit is not None
        found, odd, _ = fit
        shown = [self.profiles[each] for place, each in enumerate(unmapped) if place != odd]
        for place, (literal, image) in enumerate(zip(unmapped, found, strict=True)):
            if place == odd or shown.count(self.profiles[literal]) == 1:
                self.set(graph, literal, image)


def grow_map(clauses: Indexed, state: Folding, source: int, image: int, effort: int) -> None:
    graph, growth = Graph(clauses), Growth.of(state)
    growth.set(graph, source, image)
    end, done = growth.progress[FOLD_READ] + effort, 0
    while done < growth.progress[FOLD_MAPPED]:
        literal = growth.trail[done]
        for clause in graph.of[literal] + graph.of[literal ^ 1]:
            growth.read(1)
            if growth.progress[FOLD_READ] > end:
                growth.write()
                return
            if growth.left[clause]:
                growth.extend(graph, clause)
        done += 1
    growth.write()


def clear_map(clauses: Indexed, state: Folding) -> None:
    graph, growth = Graph(clauses), Growth.of(state)
    for literal in growth.trail[: growth.progress[FOLD_MAPPED]]:
        for clause in graph.of[literal] + graph.of[literal ^ 1]:
            growth.read(1)
            growth.left[clause] += 1
        growth.put(literal, growth.image[literal], there=False)
    growth.progress[FOLD_MAPPED] = 0
    growth.write()


def list_alike(clauses: Indexed, state: Folding, literal: int, effort: int, found: Ints) -> int:
    graph, growth = Graph(clauses), Growth.of(state)
    listed = _nearest(graph, growth, literal, effort, found.size)
    found[: len(listed)] = listed
    growth.write()
    return len(listed)


def _nearest(graph: Graph, growth: Growth, literal: int, effort: int, most: int) -> list[int]:
    growth.stamped([literal & ~1])
    queue, listed, end = [literal >> 1], list[int](), growth.progress[FOLD_READ] + effort
    growth.queue[0] = queue[0]
    for variable in queue:
        for clause in graph.of[2 * variable] + graph.of[2 * variable + 1]:
            growth.read(len(graph.clauses[clause]))
            if growth.progress[FOLD_READ] >= end:
                return listed
            for other in graph.clauses[clause]:
                if growth.stamps[other & ~1] == growth.progress[FOLD_STAMP]:
                    continue
                growth.stamps[other & ~1] = growth.progress[FOLD_STAMP]
                growth.queue[len(queue)] = other >> 1
                queue.append(other >> 1)
                for each in (other & ~1, other | 1):
                    if growth.profiles[each] == growth.profiles[literal]:
                        if len(listed) == most:
                            return listed
                        listed.append(each)
    return listed


def merge_literals(roots: Ints, sources: ConstInts, images: ConstInts, used: Flags) -> int:
    classes = [{literal} for literal in range(roots.size)]
    contradictions = 0
    for place, (source, image) in enumerate(zip(sources.tolist(), images.tolist(), strict=True)):
        contradictions += source ^ 1 in classes[image]
        used[place] = image not in classes[source] and source ^ 1 not in classes[image]
        if used[place]:
            for sign in (0, 1):
                merged = classes[source ^ sign] | classes[image ^ sign]
                for literal in merged:
                    classes[literal] = merged
    roots[:] = [min(each) for each in classes]
    return contradictions
