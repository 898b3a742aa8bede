#include "core/breaker.h"

int64_t rk_breaker_wait_us(const rk_breaker *b, int64_t now_us)
{
    if (b->n_failures < RK_BREAKER_FAILURES || now_us >= b->until_us)
        return 0;
    return b->until_us - now_us;
}


/* Failures go on being counted while it is open, so that one failed trial is
 * enough to open it again. */
void rk_breaker_note(rk_breaker *b, bool answered, int64_t now_us)
{
    if (answered) {
        b->n_failures = 0;
        return;
    }
    if (b->n_failures < RK_BREAKER_FAILURES)
        b->n_failures++;
    if (b->n_failures == RK_BREAKER_FAILURES)
        b->until_us = now_us + RK_BREAKER_COOL_US;
}
