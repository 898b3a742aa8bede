/* A circuit breaker: who does not answer is left alone for a while, so that a
 * caller who can do without learns at once that it must. Closed, it lets
 * everything through; after RK_BREAKER_FAILURES failures in a row it opens and
 * lets nothing through for RK_BREAKER_COOL_US, then one trial, whose outcome
 * closes it or opens it again (Nygard, "Release It!", 2007). Times are the
 * caller's, of rk_clock_us(). Caller's storage; one thread. */
#ifndef RK_CORE_BREAKER_H
#define RK_CORE_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define RK_BREAKER_FAILURES 5
#define RK_BREAKER_COOL_US  10000000

typedef struct rk_breaker { /* all zero: closed */
    int n_failures;         /* in a row */
    int64_t until_us;       /* open until then, where there were enough */
} rk_breaker;

/* Microseconds until something may be tried; 0: now. */
int64_t rk_breaker_wait_us(const rk_breaker *b, int64_t now_us);

/* How a try went that ended now. */
void rk_breaker_note(rk_breaker *b, bool answered, int64_t now_us);

#endif
