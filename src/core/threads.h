/* Splitting a loop over the cores. */
#ifndef RK_CORE_THREADS_H
#define RK_CORE_THREADS_H

#include <stddef.h>

/* How many threads the library may use: the cores this process may run on,
 * at most 64. */
int rk_threads(void);

/* Calls body(ctx, begin, end) on disjoint ranges that cover [0, n), on up to
 * rk_threads() threads, and returns when all are done. Falls back to the
 * calling thread when threads cannot be had, and within another's body, where
 * all cores are at work already. */
void rk_parallel(size_t n, void (*body)(void *ctx, size_t begin, size_t end),
                 void *ctx);

#endif
