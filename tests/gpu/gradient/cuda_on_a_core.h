// CUDA's threads on one core: each is a coroutine, and barriers are where they take turns.
//
// Between two barriers the threads of a block run one after the other, in an order that the test chooses. What is
// the same in all orders does not depend on a race that an order would show.
#pragma once
#include <stdint.h>
#include <stdlib.h>
#include <ucontext.h>

#define __CUDACC__ 1
#define __device__
#define __global__
#define __forceinline__ inline
#define __shared__
#define __launch_bounds__(threads, blocks)

struct index {
    uint32_t x;
};
static struct index threadIdx, blockIdx;
static uint64_t ticks;
static int kind_here, inside_here;
uint32_t shared[1 << 16];

struct barrier {
    uint32_t size, here, turn;
};
static ucontext_t scheduler, contexts[W];
static char stacks[W][1 << 16];
static uint32_t order[W], notes[W], over;
static struct barrier block_barrier, warp_barriers[W / 32];

static void wait(struct barrier *barrier)
{
    uint32_t mine = threadIdx.x, turn = barrier->turn;
    if (++barrier->here == barrier->size) {
        barrier->here = 0;
        barrier->turn++;
    }
    while (barrier->turn == turn) {
        swapcontext(&contexts[mine], &scheduler);
        threadIdx.x = mine;
    }
}

static void wait_warp(void)
{
    wait(&warp_barriers[threadIdx.x / 32]);
}

#define __syncthreads() wait(&block_barrier)
#define __syncwarp() wait_warp()
#define __ldg(place) (*(place))
#define __popc(x) __builtin_popcount(x)
#define __ffs(x) __builtin_ffs(x)
#define clock64() (++ticks)

// Tell the warp a number, and let `use` be computed from what all have told.
#define TOLD(value, use)                                                                                              \
    uint32_t *told = notes + threadIdx.x / 32 * 32;                                                                   \
    told[threadIdx.x % 32] = (value);                                                                                 \
    wait_warp();                                                                                                      \
    uint32_t result = 0;                                                                                              \
    use;                                                                                                              \
    wait_warp();                                                                                                      \
    return result

static uint32_t __ballot_sync(uint32_t mask, int flag)
{
    TOLD(flag != 0, for (int t = 0; t < 32; t++) result |= told[t] << t);
}
static uint32_t __shfl_sync(uint32_t mask, uint32_t value, int from)
{
    TOLD(value, result = told[from & 31]);
}
static uint32_t __shfl_xor_sync(uint32_t mask, uint32_t value, int other)
{
    TOLD(value, result = told[(threadIdx.x ^ other) & 31]);
}
static uint32_t __reduce_max_sync(uint32_t mask, uint32_t value)
{
    TOLD(value, for (int t = 0; t < 32; t++) result = told[t] > result ? told[t] : result);
}
template <class Number, class More> static void atomicAdd(Number *place, More amount)
{
    *place += amount;
}
static void atomicExch(uint32_t *place, uint32_t value)
{
    *place = value;
}
static uint32_t max(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

#define KIND kind_here
#define INSIDE inside_here
#include "team.cu"

static const uint32_t *arrays[8];
static uint32_t *heads_here, *states_here, solved_here;
static uint64_t cycles_here;

static void thread(int mine)
{
    threadIdx.x = mine;
    team_kernel(arrays[0], arrays[1], arrays[2], arrays[3], arrays[4], arrays[5], arrays[6], arrays[7], heads_here,
                states_here, &solved_here, cycles_here);
    over++;
    swapcontext(&contexts[mine], &scheduler);
}

// Run a launch, block after block; the threads in the order of a seed, 0 for their own.
extern "C" uint32_t launch(const uint32_t **given, uint32_t *heads, uint32_t *states, uint32_t blocks, int kind,
                           int inside, uint64_t cycles, uint32_t seed)
{
    for (int i = 0; i < 8; i++)
        arrays[i] = given[i];
    heads_here = heads;
    states_here = states;
    kind_here = kind;
    inside_here = inside;
    cycles_here = cycles;
    solved_here = ticks = 0;
    for (uint32_t i = 0; i < W; i++)
        order[i] = i;
    for (uint32_t i = W - 1; seed && i > 0; i--) {
        seed = seed * 1664525u + 1013904223u;
        uint32_t j = (seed >> 8) % (i + 1), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
    for (blockIdx.x = 0; blockIdx.x < blocks; blockIdx.x++) {
        over = 0;
        for (int i = 0; i < 1 << 16; i++)
            shared[i] = 0xa5a5a5a5u; // what a device would have there
        block_barrier = (struct barrier){W, 0, 0};
        for (int i = 0; i < W / 32; i++)
            warp_barriers[i] = (struct barrier){32, 0, 0};
        for (int i = 0; i < W; i++) {
            getcontext(&contexts[i]);
            contexts[i].uc_stack.ss_sp = stacks[i];
            contexts[i].uc_stack.ss_size = sizeof stacks[i];
            contexts[i].uc_link = &scheduler;
            makecontext(&contexts[i], (void (*)())thread, 1, i);
        }
        while (over < W)
            for (int i = 0; i < W && over < W; i++) {
                uint32_t next = order[i];
                threadIdx.x = next;
                swapcontext(&scheduler, &contexts[next]);
            }
    }
    return solved_here;
}
