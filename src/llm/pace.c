#include "llm/pace.h"

/* Less work than this is done before a second thread has woken up. */
#define SMALL_WORK 5e7

/* Threads are put aside now and then on any machine: once a batch and once
 * every so long is not counted as a disturbance. A scheduler that shares a
 * core does it every 3 to 10 ms. */
#define USUAL_EVERY_US 20000

#define FIRST_WAIT_US 500000
#define MOST_WAIT_US  30000000


void rk_pace_init(rk_pace *p, int most)
{
    *p = (rk_pace){most, most, FIRST_WAIT_US, 0};
}


int rk_pace_threads(rk_pace *p, double work, int64_t now_us)
{
    if (work < SMALL_WORK)
        return 1;
    if (p->threads < p->most && now_us >= p->retry_us) {
        p->threads = p->threads > p->most / 2 ? p->most : p->threads * 2;
        p->retry_us = now_us + p->wait_us;
    }
    return p->threads;
}


void rk_pace_note(rk_pace *p, int threads, int64_t now_us, int64_t took_us,
                  long put_aside)
{
    if (threads < 2)
        return; /* nobody waited */
    if (put_aside > 1 + took_us / USUAL_EVERY_US) {
        p->threads = threads / 2;
        p->retry_us = now_us + p->wait_us;
        p->wait_us = p->wait_us > MOST_WAIT_US / 2 ? MOST_WAIT_US
                                                   : p->wait_us * 2;
    } else {
        p->wait_us = FIRST_WAIT_US;
    }
}
