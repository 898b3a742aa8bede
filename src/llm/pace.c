#include "llm/pace.h"

#include "core/clock.h"
#include "core/threads.h"

#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

/* Less work than this is done before a second thread has woken up. */
#define SMALL_WORK 5e7

/* A trial outlasts the 3 to 10 ms that a scheduler leaves a thread alone. */
#define TRIAL_US   20000
#define FREE_SHARE 0.9

/* Threads are put aside now and then on any machine: once a batch and once
 * every so long is no disturbance. */
#define USUAL_EVERY_US 20000

#define FIRST_WAIT_US 500000
#define MOST_WAIT_US  10000000


void rk_pace_init(rk_pace *p, int most)
{
    *p = (rk_pace){most, 1, FIRST_WAIT_US, 0};
}


int rk_pace_threads(const rk_pace *p, double work)
{
    return work < SMALL_WORK ? 1 : p->threads;
}


bool rk_pace_due(const rk_pace *p, double work, int64_t now_us)
{
    return p->threads < p->most && work >= SMALL_WORK && now_us >= p->due_us;
}


static int64_t thread_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}


static void spin(void *ctx, size_t begin, size_t end)
{
    atomic_int *n_free = ctx;

    for (size_t i = begin; i < end; i++) {
        int64_t begun_us = rk_clock_us();
        int64_t had_us = thread_us();
        int64_t took_us;

        do
            took_us = rk_clock_us() - begun_us;
        while (took_us < TRIAL_US);
        had_us = thread_us() - had_us;
        if ((double)had_us >= FREE_SHARE * (double)took_us)
            atomic_fetch_add(n_free, 1);
    }
}


int rk_pace_try(int n)
{
    atomic_int n_free = 0;

    rk_parallel((size_t)n, spin, &n_free);
    return atomic_load(&n_free);
}


/* The next trial is after the wait, which grows. */
static void put_off(rk_pace *p, int64_t now_us)
{
    p->due_us = now_us + p->wait_us;
    p->wait_us = p->wait_us > MOST_WAIT_US / 2 ? MOST_WAIT_US : p->wait_us * 2;
}


void rk_pace_tried(rk_pace *p, int n_free, int64_t now_us)
{
    p->threads = n_free < 1 ? 1 : n_free;
    if (p->threads < p->most)
        put_off(p, now_us);
    else
        p->wait_us = FIRST_WAIT_US;
}


void rk_pace_note(rk_pace *p, int threads, int64_t now_us, int64_t took_us,
                  long put_aside)
{
    if (threads < 2 || put_aside <= 1 + took_us / USUAL_EVERY_US)
        return; /* nobody waited, or not for long */
    p->threads = threads / 2;
    put_off(p, now_us);
}
