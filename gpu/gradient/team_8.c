// Teams of 8 on a core.
#define W 8
#include "team_twin.h"

int64_t team_run_8(const struct team_problem *problem, const uint32_t *rule, int64_t constants, const uint32_t *orders,
                  int64_t active, uint32_t *heads, int64_t lanes, uint32_t *states, int64_t stride, int64_t kind)
{
    return team_run_all(problem, rule, orders, active, heads, states, stride, (int)kind);
}
