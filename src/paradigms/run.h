/* One request, or one preparation, while it runs: the models it may ask, what
 * it has cost, and the trace of what was done. */
#ifndef RK_PARADIGMS_RUN_H
#define RK_PARADIGMS_RUN_H

#include "llm/budget.h"
#include "llm/loaded.h"
#include "store/store.h"

typedef struct rk_trace_stage {
    char *name;
    char *detail;
    size_t n_in;
    size_t n_out;
    int64_t took_us;
} rk_trace_stage;

#define RK_USES 24

/* What one model was asked for in one stage. */
typedef struct rk_use {
    enum rk_llm_role role;
    const char *stage; /* static text */
    rk_llm_usage used;
    uint64_t micros; /* of money */
} rk_use;

typedef struct rk_run {
    rk_store *store; /* for models' outputs */
    rk_loaded *models;
    rk_usage usage;
    /* (n_uses) the same by model and stage, for the ledger; what is more is
     * added to the last. */
    rk_use uses[RK_USES];
    size_t n_uses;
    rk_budget *budget;  /* NULL: models may be asked anything */
    int64_t started_us; /* of rk_clock_us(): what a deadline counts from */
    /* Not NULL: nothing is asked, what would be is added here, and what it
     * would have answered is zeros. */
    rk_cost *reckon;
    char short_of[160]; /* what the budget left of the work, in words: "8 of 20
                           candidates: deadline 300 ms"; "": nothing was cut */
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

/* Adds what a model counted since it was last cleared, for this stage (static
 * text), and clears it. */
void rk_run_count(rk_run *run, rk_llm *model, const char *stage);

void rk_run_count_reranker(rk_run *run, rk_reranker *r, const char *stage);

/* Adds what another run's models were asked for. */
void rk_run_take_uses(rk_run *run, const rk_run *from);

/* Microseconds since the start, without what loading models took. */
int64_t rk_run_elapsed(const rk_run *run);

/* Whether the budget has room for a question: RK_OK, or RK_ECANCELLED with the
 * limit that it is over. */
int rk_run_may_ask(const rk_run *run, const rk_cost *cost, rk_error *err);

/* Takes the budget from the run, and its models' deadline. */
void rk_run_set_free(rk_run *run);

/* Has a model stop at the run's deadline, if there is one, until the run is set
 * free or cleared. */
void rk_run_hold_to_deadline(const rk_run *run, rk_llm *model);
void rk_run_hold_reranker(const rk_run *run, rk_reranker *r);

#endif
