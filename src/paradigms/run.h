/* One request, or one preparation, while it runs: the models it may ask, what
 * it has cost, and the trace of what was done. */
#ifndef RK_PARADIGMS_RUN_H
#define RK_PARADIGMS_RUN_H

#include "llm/loaded.h"
#include "store/store.h"

typedef struct rk_trace_stage {
    char *name;
    char *detail;
    size_t n_in;
    size_t n_out;
    int64_t took_us;
} rk_trace_stage;

typedef struct rk_run {
    rk_store *store; /* for models' outputs */
    rk_loaded *models;
    rk_usage usage;
    rk_trace_stage *stages;
    size_t n_stages;
    size_t cap_stages;
    const float *others; /* see engine/others.h; NULL: not asked yet */
    const float *next;   /* see paradigms/next.h, of that snapshot and asker */
    const void *next_of[2];
    void **kept; /* what must live as long as the run */
    size_t n_kept;
    size_t cap_kept;
    /* Items that may not be proposed, NULL: all may. */
    bool (*skip)(const void *ctx, uint32_t item);
    const void *skip_ctx;
} rk_run;

void rk_run_clear(rk_run *run);

/* Adds a stage. `since` is rk_clock_us() at its start. A trace that cannot be
 * kept for lack of memory is shorter, never an error. */
void rk_run_trace(rk_run *run, const char *name, size_t n_in, size_t n_out,
                  int64_t since, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

/* Keeps allocated memory (taken over; NULL allowed) until the run is cleared;
 * NULL: no memory, and `what` is freed. */
void *rk_run_keep(rk_run *run, void *what);

/* Adds what a model counted since it was last cleared, and clears it. */
void rk_run_count(rk_run *run, rk_llm *model);

#endif
