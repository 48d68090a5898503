// A team of threads on one lane, for two targets of one source: a block of threads on a GPU, loops on a core.
//
// W threads are a team. EACH(t) { ... } is what each of them does, PER(type, x) a variable that each has, AT(x, t)
// that of thread t. What stands outside of EACH all threads do alike, with the same numbers. Between a write and
// the reads of others comes SYNC(); the collectives tell each thread of all:
//
//     tally(flags, ranks)           how many flags are set; ranks: how many before each thread's own
//     before(ranks, total, place)   the rank at a place from 0 to W, of a tally that came to `total`
//     greatest(values)              the greatest of unsigned numbers
//     first_of(flags, values)       the value of the first thread whose flag is set
//
// No result depends on W, which is defined before this file is read: 32 or a few times that on a GPU.
#pragma once
#include "gradient.h"

#if defined(__CUDACC__)
#define FN static __device__ __forceinline__
#define EACH(t) for (int t = (int)threadIdx.x, once_ = t | 1; once_; once_ = 0)
#define LEADER if (threadIdx.x == 0)
#define PER(type, x) type x[1]
#define AT(x, t) x[0]
#define ADD(place, amount) atomicAdd(place, amount)
#define ONES(x) __popc(x)
#define ALL 0xffffffffu

#if W == 32
#define SYNC() __syncwarp()
#else
#define SYNC() __syncthreads()
static __shared__ uint32_t team_notes[W / 32 + 1];
#endif

// A number that no lane writes.
FN uint32_t fixed(const uint32_t *array, uint32_t at)
{
    return __ldg(array + at);
}

FN int tally(const int *flags, int *ranks)
{
    uint32_t mask = __ballot_sync(ALL, flags[0]);
    int total = ONES(mask), thread = (int)threadIdx.x & 31;
    ranks[0] = ONES(mask & ((1u << thread) - 1u));
#if W > 32
    if (thread == 0)
        team_notes[threadIdx.x >> 5] = (uint32_t)total;
    __syncthreads();
    total = 0;
    for (int warp = 0; warp < W / 32; warp++) {
        ranks[0] += warp < (int)(threadIdx.x >> 5) ? (int)team_notes[warp] : 0;
        total += (int)team_notes[warp];
    }
    __syncthreads();
#endif
    return total;
}

FN uint32_t greatest(const uint32_t *values)
{
    uint32_t most = values[0];
#if __CUDA_ARCH__ >= 800
    most = __reduce_max_sync(ALL, most);
#else
    for (int step = 16; step; step >>= 1)
        most = max(most, __shfl_xor_sync(ALL, most, step));
#endif
#if W > 32
    if ((threadIdx.x & 31) == 0)
        team_notes[threadIdx.x >> 5] = most;
    __syncthreads();
    for (int warp = 0; warp < W / 32; warp++)
        most = max(most, team_notes[warp]);
    __syncthreads();
#endif
    return most;
}

#if W == 32
FN int before(const int *ranks, int total, int place)
{
    int rank = __shfl_sync(ALL, ranks[0], place & 31);
    return place <= 0 ? 0 : place >= W ? total : rank;
}
FN uint32_t first_of(const int *flags, const uint32_t *values)
{
    return __shfl_sync(ALL, values[0], __ffs((int)__ballot_sync(ALL, flags[0])) - 1);
}
#else
// Tell all what one thread has.
FN uint32_t told(int mine, uint32_t value)
{
    if (mine)
        team_notes[W / 32] = value;
    __syncthreads();
    value = team_notes[W / 32];
    __syncthreads();
    return value;
}
FN int before(const int *ranks, int total, int place)
{
    if (place <= 0 || place >= W)
        return place <= 0 ? 0 : total;
    return (int)told((int)threadIdx.x == place, (uint32_t)ranks[0]);
}
FN uint32_t first_of(const int *flags, const uint32_t *values)
{
    int ranks[1];
    tally(flags, ranks);
    return told(flags[0] && ranks[0] == 0, values[0]);
}
#endif

#else // on a core
#define FN static inline __attribute__((always_inline))
#define EACH(t) for (int t = 0; t < W; t++)
#define LEADER
#define PER(type, x) type x[W]
#define AT(x, t) x[t]
#define SYNC() ((void)0)
#define ADD(place, amount) (*(place) += (amount))

FN uint32_t fixed(const uint32_t *array, uint32_t at)
{
    return array[at];
}

FN int tally(const int *flags, int *ranks)
{
    int total = 0;
    EACH(t)
    {
        ranks[t] = total;
        total += flags[t] != 0;
    }
    return total;
}

FN int before(const int *ranks, int total, int place)
{
    return place <= 0 ? 0 : place >= W ? total : ranks[place];
}

FN uint32_t greatest(const uint32_t *values)
{
    uint32_t most = values[0];
    EACH(t)
        most = values[t] > most ? values[t] : most;
    return most;
}

FN uint32_t first_of(const int *flags, const uint32_t *values)
{
    int at = 0;
    while (at < W - 1 && !flags[at])
        at++;
    return values[at];
}
#endif
