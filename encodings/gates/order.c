// Equivalent variables, and an order of those that gates define.
#include "gates.h"

// The representative literal of a literal; the path to it is halved.
static inline int32_t find(int32_t *parents, int32_t code)
{
    while (parents[code >> 1] >> 1 != code >> 1) {
        int32_t up = parents[code >> 1];
        parents[code >> 1] = parents[up >> 1] ^ (up & 1);
        code = up ^ (code & 1);
    }
    return code;
}

void merge_equal(int32_t *parents, int64_t variables, const int32_t *pairs, int64_t number, int64_t first, int64_t last)
{
    for (int64_t i = first; i < last; i++) {
        int32_t a = find(parents, pairs[2 * i]), b = find(parents, pairs[2 * i + 1]);
        if (a >> 1 < b >> 1)
            parents[b >> 1] = a ^ (b & 1);
        else if (b >> 1 < a >> 1)
            parents[a >> 1] = b ^ (a & 1);
    }
}

void flatten(int32_t *parents, int64_t variables, int64_t first, int64_t last)
{
    for (int64_t v = first; v < last; v++)
        parents[v] = find(parents, 2 * v);
}

// The next variable of a cycle, or -1 where all are in the queue.
static int64_t in_a_cycle(const int64_t *strong, int64_t variables, const uint8_t *queued, int64_t *progress)
{
    while (progress[WEAK] < variables) {
        int64_t v = progress[WEAK]++;
        if (!queued[v] && strong[v] == 0)
            return v;
    }
    while (progress[ANY] < variables) {
        int64_t v = progress[ANY]++;
        if (!queued[v])
            return v;
    }
    return -1;
}

int64_t order_gates(const int32_t *restrict outputs, int64_t gates, int64_t *restrict waiting,
                    const int64_t *restrict starts, int64_t variables, const int32_t *restrict uses, int64_t used,
                    const int64_t *restrict strong, int32_t *restrict queue, uint8_t *restrict queued,
                    int64_t *restrict progress, int64_t effort)
{
    while (effort > 0) {
        if (progress[HEAD] == progress[TAIL]) {
            int64_t chosen = in_a_cycle(strong, variables, queued, progress);
            if (chosen < 0)
                return 1;
            queued[chosen] = 1;
            queue[progress[TAIL]++] = chosen;
            progress[CYCLES]++;
        }
        int32_t v = queue[progress[HEAD]++];
        effort -= 1 + starts[v + 1] - starts[v];
        for (int64_t i = starts[v]; i < starts[v + 1]; i++) {
            int64_t gate = uses[i], output = outputs[gate] >> 1;
            if (--waiting[gate] == 0 && !queued[output]) {
                queued[output] = 1;
                queue[progress[TAIL]++] = output;
            }
        }
    }
    return 0;
}
