// What a device's memories and its logic take, for the estimates that other kernels are planned by.

typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;

// Cycles of a read that the next one waits for: `next` is a ring of places, 1: read past the first-level cache.
extern "C" __global__ void chase(const uint32_t *next, uint32_t steps, uint32_t past, uint64_t *cycles, uint32_t *end)
{
    uint32_t at = 0;
    for (int warm = 0; warm < 2; warm++) {
        uint64_t begin = (uint64_t)clock64();
        for (uint32_t i = 0; i < steps; i++)
            at = past ? __ldcg(next + at) : __ldca(next + at);
        *cycles = (uint64_t)clock64() - begin;
        *end = at;
    }
}

// The same in shared memory, with a ring of 1,024 places.
extern "C" __global__ void chase_shared(uint32_t steps, uint64_t *cycles, uint32_t *end)
{
    __shared__ uint32_t ring[1024];
    for (uint32_t i = threadIdx.x; i < 1024; i += blockDim.x)
        ring[i] = (i + 37) & 1023;
    __syncthreads();
    uint32_t at = threadIdx.x;
    uint64_t begin = (uint64_t)clock64();
    for (uint32_t i = 0; i < steps; i++)
        at = ring[at];
    *cycles = (uint64_t)clock64() - begin;
    *end = at;
}

// Three-input functions: eight chains a thread, eight of them a turn.
extern "C" __global__ void logic(uint32_t turns, uint32_t *end)
{
    uint32_t a = threadIdx.x, b = blockIdx.x, words[8];
#pragma unroll
    for (int i = 0; i < 8; i++)
        words[i] = a * (2 * i + 1);
    for (uint32_t turn = 0; turn < turns; turn++)
#pragma unroll
        for (int i = 0; i < 8; i++)
            asm volatile("lop3.b32 %0, %0, %1, %2, 0x96;" : "+r"(words[i]) : "r"(a), "r"(b));
    uint32_t all = 0;
#pragma unroll
    for (int i = 0; i < 8; i++)
        all ^= words[i];
    end[blockIdx.x * blockDim.x + threadIdx.x] = all;
}

// Reads of an array that the second-level cache holds, 16 bytes a thread at a time.
extern "C" __global__ void stream(const uint4 *array, uint32_t count, uint32_t turns, uint32_t *end)
{
    uint32_t all = 0, step = gridDim.x * blockDim.x;
    for (uint32_t turn = 0; turn < turns; turn++)
        for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += step) {
            uint4 four = __ldcg(array + i);
            all ^= four.x ^ four.y ^ four.z ^ four.w;
        }
    end[blockIdx.x * blockDim.x + threadIdx.x] = all;
}
