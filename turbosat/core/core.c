// What the core says of itself.
#include <stdint.h>

// What the declarations were that it is built for: turbosat.core.sources.declared.
__attribute__((visibility("default"))) const char *core_declared(void)
{
    return CORE_DECLARED;
}

// The best level of instructions that this processor has: 0 for the lowest that is built.
__attribute__((visibility("default"))) int64_t core_level(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("fma"))
        return 0;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl") ||
        !__builtin_cpu_supports("avx512cd"))
        return 1;
    return 2;
#else
    return 0;
#endif
}
