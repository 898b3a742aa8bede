/* How many threads a batch is worth.
 *
 * libllama's threads wait for each other several hundred times a batch, by
 * spinning. While nobody else wants the cores that is fast. When somebody
 * does, a thread that was put aside in the middle of its turn is waited for
 * each time, and two threads on two cores can be a hundred times slower than
 * one. So a batch is watched: threads put aside again and again are halved,
 * and later, ever more rarely while that fails, doubled again. One thread. */
#ifndef RK_LLM_PACE_H
#define RK_LLM_PACE_H

#include <stdint.h>

typedef struct rk_pace {
    int most;         /* threads when nothing disturbs */
    int threads;      /* now; 1 to most */
    int64_t wait_us;  /* from a halving to the next doubling */
    int64_t retry_us; /* when to double; a time of rk_clock_us() */
} rk_pace;

void rk_pace_init(rk_pace *p, int most);

/* The threads for a batch of that many multiplications, begun now. */
int rk_pace_threads(rk_pace *p, double work, int64_t now_us);

/* How it went: with so many threads, ended now, in so long, and how often a
 * thread of the process was put aside in favour of others meanwhile. */
void rk_pace_note(rk_pace *p, int threads, int64_t now_us, int64_t took_us,
                  long put_aside);

#endif
