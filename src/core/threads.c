#include "core/threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#define MAX_THREADS 64

typedef struct share {
    void (*body)(void *ctx, size_t begin, size_t end);
    void *ctx;
    size_t begin;
    size_t end;
    pthread_t thread;
    bool started;
} share;


int rk_threads(void)
{
    cpu_set_t cores;
    int n = 1;

    if (sched_getaffinity(0, sizeof(cores), &cores) == 0)
        n = CPU_COUNT(&cores);
    return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : n;
}


/* Whether this thread already works on a share: all cores are busy then, and a
 * loop within the loop is run where it stands. */
static _Thread_local bool is_inside;


static void *run(void *arg)
{
    share *s = arg;
    bool was_inside = is_inside;

    is_inside = true;
    s->body(s->ctx, s->begin, s->end);
    is_inside = was_inside;
    return NULL;
}


void rk_parallel(size_t n, void (*body)(void *ctx, size_t begin, size_t end),
                 void *ctx)
{
    share shares[MAX_THREADS];
    size_t parts = is_inside ? 1 : (size_t)rk_threads();

    parts = parts > n ? n : parts;
    if (parts <= 1) {
        if (n > 0)
            body(ctx, 0, n);
        return;
    }
    for (size_t i = 0; i < parts; i++) {
        share *s = &shares[i];

        *s = (share){body, ctx, n * i / parts, n * (i + 1) / parts, 0, false};
        if (i > 0)
            s->started = pthread_create(&s->thread, NULL, run, s) == 0;
    }
    for (size_t i = 0; i < parts; i++)
        if (!shares[i].started)
            run(&shares[i]);
    for (size_t i = 1; i < parts; i++)
        if (shares[i].started)
            pthread_join(shares[i].thread, NULL);
}
