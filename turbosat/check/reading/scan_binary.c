// The decoder of binary DRAT: steps are a or d, numbers in 7 bits a byte, the lowest first, and a 0.
#include "kernels.h"

enum { BITS = 42 }; // of a number that is read before it is too large

int64_t scan_binary(const struct scan *scan, int64_t budget)
{
    const uint8_t *const data = scan->data;
    const int64_t n = scan->size;
    int64_t *const cursor = scan->cursor;
    int64_t i = cursor[POSITION], m = cursor[LITERALS], k = cursor[ITEMS];
    int64_t start = cursor[START], kind = cursor[KIND];
    const int64_t limit = budget < n - i ? i + budget : n;
    int64_t code = DONE;
    while (i < n) {
        if (i >= limit) {
            code = MORE;
            break;
        }
        if (start < 0) {
            if (data[i] != 'a' && data[i] != 'd') {
                code = BAD;
                break;
            }
            kind = data[i] == 'd' ? DELETION : CLAUSE;
            start = i++;
            continue;
        }
        const int64_t first = i;
        int64_t value = 0;
        uint8_t byte = 128;
        for (int64_t shift = 0; i < n && byte >= 128 && shift < BITS; shift += 7) {
            byte = data[i++];
            value |= (int64_t)(byte & 127) << shift;
        }
        if (byte >= 128 && i - first < BITS / 7) // cut short
            break;
        if (byte >= 128 || value >> 1 > LARGEST || value == 1) {
            code = value == 1 && byte < 128 ? BAD : TOO_LARGE;
            i = first;
            break;
        }
        if (value)
            scan->literals[m++] = value & 1 ? -(value >> 1) : value >> 1;
        else {
            scan->places[k] = start;
            scan->ends[k] = m;
            scan->kinds[k++] = kind;
            start = -1;
        }
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
    cursor[START] = start;
    cursor[KIND] = kind;
    return code;
}
