// The decoder of DIMACS and DRAT text.
#include <stdbool.h>
#include <string.h>
#include "kernels.h"

static bool blank(uint8_t b)
{
    return b == ' ' || (b >= '\t' && b <= '\r');
}

// Stops at a header, which no item may hold, and at whatever is wrong.
int64_t scan_text(const struct scan *scan, int64_t proof, int64_t headed, int64_t budget)
{
    const uint8_t *const data = scan->data;
    const int64_t n = scan->size;
    int64_t *const cursor = scan->cursor;
    int64_t i = cursor[POSITION], m = cursor[LITERALS], k = cursor[ITEMS];
    int64_t start = cursor[START], kind = cursor[KIND];
    bool fresh = cursor[FRESH];
    const int64_t limit = budget < n - i ? i + budget : n;
    int64_t code = DONE;
    while (i < n) {
        if (i >= limit) {
            code = MORE;
            break;
        }
        const uint8_t b = data[i];
        if (blank(b)) {
            fresh |= b == '\n';
            i++;
            continue;
        }
        if (fresh) {
            if (b == 'c') {
                const uint8_t *end = memchr(data + i, '\n', n - i);
                i = end ? end - data : n;
                continue;
            }
            if (!proof && b == '%' && start < 0) { // what ends files of SATLIB
                i = n;
                break;
            }
            if (!proof && b == 'p') {
                code = start < 0 ? HEADER : BAD;
                break;
            }
        }
        if (start < 0) {
            if (!headed) {
                code = NO_HEADER;
                break;
            }
            start = i;
            kind = CLAUSE;
            fresh = false;
            if (proof && b == 'd') {
                kind = DELETION;
                if (i + 1 < n && data[i + 1] > ' ') {
                    code = BAD;
                    break;
                }
                i++;
                continue;
            }
            if (!proof && b == 'x') {
                kind = XOR;
                i++;
                continue;
            }
        }
        fresh = false;
        const bool negative = b == '-';
        const int64_t digits = i + negative;
        int64_t j = digits, value = 0;
        while (j < n && data[j] >= '0' && data[j] <= '9') {
            if (value <= LARGEST)
                value = 10 * value + (data[j] - '0');
            j++;
        }
        if (j == digits || (j < n && data[j] > ' ') || (value == 0 && negative)) {
            code = BAD;
            break;
        }
        if (value > LARGEST) {
            code = TOO_LARGE;
            break;
        }
        if (value)
            scan->literals[m++] = negative ? -value : value;
        else {
            scan->places[k] = start;
            scan->ends[k] = m;
            scan->kinds[k++] = kind;
            start = -1;
        }
        i = j;
    }
    if (code == DONE && start >= 0) {
        code = UNFINISHED;
        i = start;
    }
    if (code != MORE) // the literals of an open item do not count
        m = k ? scan->ends[k - 1] : 0;
    cursor[POSITION] = i;
    cursor[LITERALS] = m;
    cursor[ITEMS] = k;
    cursor[FRESH] = fresh;
    cursor[START] = start;
    cursor[KIND] = kind;
    return code;
}
