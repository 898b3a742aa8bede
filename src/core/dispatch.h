/* Picking, at run time, the best of several builds of the same kernels that
 * this processor runs. Any thread. */
#ifndef RK_CORE_DISPATCH_H
#define RK_CORE_DISPATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* One build: a table of functions, and whether the processor runs them. A list
 * of builds has the best first; the last one runs everywhere. */
typedef struct rk_build {
    const void *kernels;
    bool (*runs)(void);
} rk_build;


static inline bool rk_runs_anywhere(void)
{
    return true;
}


#if defined(__x86_64__) && defined(__GNUC__)
#define RK_X86 1


static inline bool rk_runs_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif


/* The i-th build that runs here; NULL when there are no more: for tests. */
static inline const void *rk_build_at(const rk_build *builds, size_t n,
                                      size_t i)
{
    for (size_t j = 0; j < n; j++)
        if (builds[j].runs() && i-- == 0)
            return builds[j].kernels;
    return NULL;
}


/* The best, remembered in `best`, a static that begins as NULL. Threads that
 * come first at the same time all choose the same, so a plain atomic pointer
 * is enough. */
static inline const void *rk_build_best(const rk_build *builds, size_t n,
                                        const void *_Atomic *best)
{
    const void *k = atomic_load_explicit(best, memory_order_relaxed);

    if (!k) {
        k = rk_build_at(builds, n, 0);
        atomic_store_explicit(best, k, memory_order_relaxed);
    }
    return k;
}

#endif
