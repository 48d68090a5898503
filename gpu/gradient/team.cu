// The kernel: a block is a team, which runs one lane for a slice. W, KIND and INSIDE are defined by who compiles it.
// Sixteen warps a multiprocessor are as many as are planned: a thread may have 128 registers.
#include "team_run.h"

extern "C" __global__ void __launch_bounds__(W, 512 / W)
    team_kernel(const uint32_t *offsets, const uint32_t *literals, const uint32_t *starts, const uint32_t *occurrences,
                const uint32_t *others, const uint32_t *shape, const uint32_t *rule, const uint32_t *orders,
                uint32_t *heads, uint32_t *states, uint32_t *solved, uint64_t cycles)
{
    extern __shared__ uint32_t shared[];
    const struct team_problem_view problem = {offsets, literals, starts, occurrences, others, shape};
    const uint32_t *order = orders + ORDER * blockIdx.x;
    uint32_t *head = heads + HEAD * order[ORDER_LANE];
    uint32_t *state = states + (uint64_t)order[ORDER_LANE] * shape[STRIDE];
    team_slice(&problem, head, state, shared, rule, order, KIND, (uint64_t)clock64() + cycles, solved);
    if (threadIdx.x == 0 && head[HEAD_FALSE] == 0)
        atomicExch(solved, order[ORDER_LANE] + 1);
}
