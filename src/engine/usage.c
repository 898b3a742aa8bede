/* What models cost, from the store's ledger. */
#include "core/buf.h"
#include "core/clock.h"
#include "engine/card.h"
#include "engine/engine.h"

#define MOST_DAYS 36500

/* A card while the ledger is walked. */
typedef struct telling {
    rk_card_box *box;
    rk_ledger_row sum;
} telling;


static uint64_t tokens_of(const rk_ledger_row *r)
{
    return r->prefix_tokens + r->candidate_tokens + r->generated_tokens;
}


static void add_line(rk_card_box *box, const char *section, const char *name,
                     const rk_ledger_row *r)
{
    rk_card_add(box, section, name,
                "calls %llu, users %llu, tokens %llu (prefixes %llu, "
                "candidates %llu, written %llu), reused %llu, seconds %.3f, "
                "cost %.6f",
                (unsigned long long)r->calls, (unsigned long long)r->n_users,
                (unsigned long long)tokens_of(r),
                (unsigned long long)r->prefix_tokens,
                (unsigned long long)r->candidate_tokens,
                (unsigned long long)r->generated_tokens,
                (unsigned long long)r->reused_tokens, (double)r->took_us / 1e6,
                (double)r->cost_micros / 1e6);
}


static int tell(void *ctx, const rk_ledger_row *r, rk_error *err)
{
    telling *t = ctx;
    rk_buf name;
    char day[32];
    int rc = RK_OK;

    rk_time_write(r->day * INT64_C(86400000000), day);
    day[10] = '\0'; /* the date alone */
    rk_buf_init(&name);
    rk_buf_printf(&name, "%s, %s", r->model, r->purpose);
    if (name.failed)
        rc = rk_no_memory(err);
    else
        add_line(t->box, day, rk_buf_str(&name), r);
    rk_buf_clear(&name);
    t->sum.calls += r->calls;
    t->sum.prefix_tokens += r->prefix_tokens;
    t->sum.candidate_tokens += r->candidate_tokens;
    t->sum.generated_tokens += r->generated_tokens;
    t->sum.reused_tokens += r->reused_tokens;
    t->sum.took_us += r->took_us;
    t->sum.cost_micros += r->cost_micros;
    return rc;
}


static int add_limits(rk_engine *e, rk_card_box *box, int64_t today,
                      rk_error *err)
{
    const rk_limits *l = &e->config->budget;
    rk_ledger_row spent;
    int rc = rk_store_sum_ledger(e->store, today, NULL, &spent, err);

    if (rc == RK_OK && l->day.tokens)
        rk_card_add(box, "budget", "tokens today", "%llu of %llu",
                    (unsigned long long)tokens_of(&spent),
                    (unsigned long long)l->day.tokens);
    if (rc == RK_OK && l->day.micros)
        rk_card_add(box, "budget", "cost today", "%.6f of %.6f",
                    (double)spent.cost_micros / 1e6,
                    (double)l->day.micros / 1e6);
    return rc;
}


int rk_usage_list(rk_engine *e, size_t n_days, rk_card **out, rk_error *err)
{
    int64_t today = rk_budget_day(rk_unix_us());
    telling t = {0};
    int rc;

    *out = NULL;
    if (n_days == 0 || n_days > MOST_DAYS)
        return rk_fail(err, RK_EINVAL, "days is %zu, must be 1 to %d", n_days,
                       MOST_DAYS);
    rc = rk_card_box_new(&t.box, err);
    if (rc)
        return rc;
    rc = rk_store_each_ledger(e->store, today - (int64_t)n_days + 1, tell, &t,
                              err);
    if (rc == RK_OK)
        rc = add_limits(e, t.box, today, err);
    if (rc == RK_OK)
        rk_card_add(t.box, "sum", "tokens", "%llu",
                    (unsigned long long)tokens_of(&t.sum));
    if (rc == RK_OK)
        rk_card_add(t.box, "sum", "seconds", "%.3f",
                    (double)t.sum.took_us / 1e6);
    if (rc == RK_OK)
        rk_card_add(t.box, "sum", "cost", "%.6f",
                    (double)t.sum.cost_micros / 1e6);
    if (rc == RK_OK)
        return rk_card_finish(t.box, out, err);
    if (rk_card_finish(t.box, out, NULL) == RK_OK)
        rk_card_free(*out);
    *out = NULL;
    return rc;
}


int rk_usage_prune(rk_engine *e, size_t n_days, uint64_t *n, rk_error *err)
{
    int64_t today = rk_budget_day(rk_unix_us());

    *n = 0;
    if (n_days == 0 || n_days > MOST_DAYS)
        return rk_fail(err, RK_EINVAL, "days is %zu, must be 1 to %d", n_days,
                       MOST_DAYS);
    return rk_store_prune_ledger(e->store, today - (int64_t)n_days + 1, n, err);
}
