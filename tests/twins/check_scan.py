"""Slow twins of turbosat/check/reading: they do not stop at a budget."""

from turbosat.check.kernels import (
    BAD,
    CLAUSE,
    DELETION,
    DONE,
    FRESH,
    HEADER,
    ITEMS,
    LARGEST,
    LITERALS,
    NO_HEADER,
    POSITION,
    TOO_LARGE,
    UNFINISHED,
    XOR,
    Scan,
)


def scan_text(scan: Scan, proof: int, headed: int, budget: int) -> int:
    data = scan.data.tobytes()
    n = len(data)
    i, m, k, fresh = (int(scan.cursor[field]) for field in (POSITION, LITERALS, ITEMS, FRESH))
    kept = m
    start = -1  # of the open item
    kind = CLAUSE
    code = DONE
    while i < n:
        b = data[i : i + 1]
        if b == b"\n":
            fresh = 1
            i += 1
            continue
        if b.isspace():
            i += 1
            continue
        if fresh:
            if b == b"c":
                while i < n and data[i : i + 1] != b"\n":
                    i += 1
                continue
            if not proof and b == b"%" and start < 0:
                i = n
                break
            if not proof and b == b"p":
                code = HEADER if start < 0 else BAD
                break
        if start < 0:
            if not headed:
                code = NO_HEADER
                break
            start = i
            kind = CLAUSE
            fresh = 0
            if proof and b == b"d":
                kind = DELETION
                if i + 1 < n and data[i + 1] > 32:
                    code = BAD
                    break
                i += 1
                continue
            if not proof and b == b"x":
                kind = XOR
                i += 1
                continue
        fresh = 0
        j = i + (b == b"-")
        digits = j
        while j < n and data[j : j + 1].isdigit():
            j += 1
        value = int(data[digits:j] or b"0")
        if j == digits or (j < n and data[j] > 32) or (value == 0 and b == b"-"):
            code = BAD
            break
        if value > LARGEST:
            code = TOO_LARGE
            break
        if value == 0:
            scan.places[k], scan.ends[k], scan.kinds[k] = start, m, kind
            k += 1
            kept = m
            start = -1
        else:
            scan.literals[m] = -value if b == b"-" else value
            m += 1
        i = j
    if code == DONE and start >= 0:
        code = UNFINISHED
        i = start
    scan.cursor[[POSITION, LITERALS, ITEMS, FRESH]] = i, kept, k, fresh
    return code


def scan_binary(scan: Scan, budget: int) -> int:
    data = scan.data.tobytes()
    n = len(data)
    i, m, k = (int(scan.cursor[field]) for field in (POSITION, LITERALS, ITEMS))
    code = DONE
    while i < n:
        start = i
        if data[i : i + 1] not in (b"a", b"d"):
            code = BAD
            break
        i += 1
        kept = m
        code = UNFINISHED
        while i < n:
            value, shift, c, first = 0, 0, 128, i
            while i < n and c >= 128 and shift < 42:
                c = data[i]
                value |= (c & 127) << shift
                shift += 7
                i += 1
            if c >= 128:
                if shift >= 42:
                    code = TOO_LARGE
                    start = first
                break
            if value == 0:
                code = DONE
                break
            if value == 1 or value >> 1 > LARGEST:
                code = BAD if value == 1 else TOO_LARGE
                start = first
                break
            scan.literals[m] = -(value >> 1) if value & 1 else value >> 1
            m += 1
        if code != DONE:
            m = kept
            i = start
            break
        scan.places[k], scan.ends[k] = start, m
        scan.kinds[k] = DELETION if data[start : start + 1] == b"d" else CLAUSE
        k += 1
    scan.cursor[[POSITION, LITERALS, ITEMS]] = i, m, k
    return code
