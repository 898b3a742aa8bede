/* How many threads a batch is worth.
 *
 * libllama's threads wait for each other several hundred times a batch, by
 * spinning. While nobody else wants the cores that is fast. When somebody
 * does, a thread that was put aside in the middle of its turn is waited for
 * each time, and two threads on two cores can be a hundred times slower than
 * one. So the cores are tried before they are used: threads are started, and
 * those that ran without being put aside are counted. Batches are watched, and
 * where they are disturbed, the cores are tried again; so are those that were
 * not free, ever more rarely. One thread. */
#ifndef RK_LLM_PACE_H
#define RK_LLM_PACE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct rk_pace {
    int most;        /* threads when all cores are free */
    int threads;     /* now; 1 to most */
    int64_t wait_us; /* from one trial to the next */
    int64_t due_us;  /* the next trial, a time of rk_clock_us() */
} rk_pace;

void rk_pace_init(rk_pace *p, int most);

/* The threads for a batch of that many multiplications that begins now. */
int rk_pace_threads(const rk_pace *p, double work);

/* Whether the cores should be tried before that batch. */
bool rk_pace_due(const rk_pace *p, double work, int64_t now_us);

/* Tries n cores for some 20 ms: how many were free. */
int rk_pace_try(int n);

/* What a trial of `most` cores that ended now found. */
void rk_pace_tried(rk_pace *p, int n_free, int64_t now_us);

/* How a batch went that ended now: with so many threads, in so long, and how
 * often a thread of the process was put aside meanwhile. */
void rk_pace_note(rk_pace *p, int threads, int64_t now_us, int64_t took_us,
                  long put_aside);

#endif
