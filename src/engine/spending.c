#include "engine/spending.h"

#include "core/buf.h"
#include "core/clock.h"
#include "core/mem.h"

#include <math.h>
#include <string.h>

#define SPEED_DAYS 7 /* of the ledger that a model's speed is told by */


static const char *name_of(const rk_engine *e, enum rk_llm_role role)
{
    return role == RK_WRITER     ? e->models.writer_name
           : role == RK_EMBEDDER ? e->models.embedder_name
                                 : e->models.reranker_name;
}


/* The request's limits over the configuration's. */
static int limits_of(rk_limits *l, const rk_engine *e, const rk_request *r,
                     rk_error *err)
{
    rk_limits own = {.request.tokens = r->max_tokens};

    if (r->deadline_ms < 0 || r->deadline_ms > INT64_MAX / 1000)
        return rk_fail(
            err, RK_EINVAL, "deadline_ms is %lld, must be 0 (none) to %lld",
            (long long)r->deadline_ms, (long long)(INT64_MAX / 1000));
    if (!(r->max_cost >= 0 && r->max_cost < 1e12))
        return rk_fail(err, RK_EINVAL,
                       "max_cost is %g, must be 0 (no limit) to 1e12",
                       r->max_cost);
    own.deadline_us = r->deadline_ms * 1000;
    own.request.micros = (uint64_t)ceil(r->max_cost * 1e6);
    *l = e->config->budget;
    rk_limits_tighten(l, &own);
    return RK_OK;
}


/* The newest days' time and tokens of one model. */
typedef struct speed {
    const char *model;
    uint64_t tokens;
    uint64_t took_us;
} speed;


static int add_speed(void *ctx, const rk_ledger_row *row, rk_error *err)
{
    speed *s = ctx;

    (void)err;
    if (strcmp(row->model, s->model) == 0) {
        s->tokens += row->prefix_tokens + row->candidate_tokens +
                     row->generated_tokens;
        s->took_us += row->took_us;
    }
    return RK_OK;
}


static int spent_on(rk_spent *out, rk_store *store, int64_t day,
                    const char *user, rk_error *err)
{
    rk_ledger_row sum;
    int rc = rk_store_sum_ledger(store, day, user, &sum, err);

    if (rc == RK_OK)
        *out = (rk_spent){sum.prefix_tokens + sum.candidate_tokens +
                              sum.generated_tokens,
                          sum.cost_micros};
    return rc;
}


int rk_spending_begin(rk_budget *b, rk_engine *e, const rk_request *request,
                      rk_run *run, rk_error *err)
{
    int64_t today = rk_budget_day(rk_unix_us());
    speed s = {.model = name_of(e, RK_WRITER)};
    int rc;

    memset(b, 0, sizeof(*b));
    rc = limits_of(&b->limits, e, request, err);
    if (rc || !rk_limits_any(&b->limits))
        return rc;
    if (rk_limits_of_a_day(&b->limits))
        rc = spent_on(&b->day, e->store, today, NULL, err);
    if (rc == RK_OK && rk_limits_of_a_day(&b->limits) && request->user)
        rc = spent_on(&b->user_day, e->store, today, request->user, err);
    if (rc == RK_OK && b->limits.deadline_us)
        rc = rk_store_each_ledger(e->store, today - SPEED_DAYS, add_speed, &s,
                                  err);
    if (s.tokens)
        b->guess_us_per_token = (double)s.took_us / (double)s.tokens;
    if (rc == RK_OK)
        run->budget = b;
    return rc;
}


static void add_use(rk_ledger_row *row, const rk_use *use)
{
    row->calls = 1;
    row->prefix_tokens += use->used.prefix_tokens;
    row->candidate_tokens += use->used.branch_tokens;
    row->reused_tokens += use->used.reused_tokens;
    row->generated_tokens += use->used.generated_tokens;
    row->took_us += (uint64_t)use->used.took_us;
    row->cost_micros += use->micros;
}


/* One row for each model, or for each model and stage. Returns how many, or an
 * error code. */
static int rows_of(rk_ledger_row *rows, rk_engine *e, rk_run *run,
                   const char *purpose, bool by_stage, rk_error *err)
{
    int n = 0;

    for (size_t i = 0; i < run->n_uses; i++) {
        const rk_use *use = &run->uses[i];
        const char *model = name_of(e, use->role);
        int at = 0;

        if (use->used.calls == 0)
            continue;
        while (at < n && (by_stage || strcmp(rows[at].model, model) != 0))
            at++;
        if (at == n) {
            rk_buf what;

            rk_buf_init(&what);
            rk_buf_puts(&what, purpose);
            if (by_stage)
                rk_buf_printf(&what, ": %s", use->stage);
            rows[n] = (rk_ledger_row){
                .model = model,
                .purpose = rk_run_keep(run, rk_buf_take(&what))};
            if (!rows[n++].purpose)
                return rk_no_memory(err);
        }
        add_use(&rows[at], use);
    }
    return n;
}


void rk_spending_end(rk_engine *e, rk_run *run, const char *purpose,
                     bool by_stage, const char *user)
{
    rk_ledger_row *rows = rk_calloc(run->n_uses, sizeof(*rows));
    int64_t start = rk_clock_us();
    rk_error why = {0};
    int n = rows ? rows_of(rows, e, run, purpose, by_stage, &why)
                 : rk_no_memory(&why);
    int rc = n < 0 ? n : RK_OK;

    for (int i = 0; i < n; i++) {
        rows[i].day = rk_budget_day(rk_unix_us());
        rows[i].user = user ? user : "";
    }
    if (n > 0)
        rc = rk_store_add_ledger(e->store, rows, (size_t)n, &why);
    if (rc)
        rk_run_trace(run, "ledger", 0, 0, start, "not written: %s", why.msg);
    run->n_uses = 0;
    rk_run_set_free(run);
    free(rows);
}
