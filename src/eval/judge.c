#include "eval/judge.h"

#include "core/clock.h"
#include "core/mem.h"
#include "eval/marks.h"
#include "eval/tally.h"

#include <math.h>
#include <string.h>

#define BATCH 256

const char *const rk_metric_names[RK_N_METRICS] = {
    "ndcg@1",    "ndcg@5",    "ndcg@10",   "ndcg@20", "recall@5",
    "recall@10", "recall@20", "mrr@10",    "auc",     "gauc",
    "coverage",  "novelty",   "diversity",
};


/* The same without the answers: what a contestant is shown. */
static rk_questions blind_questions(const rk_questions *q)
{
    rk_questions shown = *q;

    shown.truth_start = NULL;
    shown.truth = NULL;
    shown.label = NULL;
    return shown;
}


static rk_task blind_task(const rk_task *t)
{
    rk_task shown = *t;

    memset(&shown.validation, 0, sizeof(shown.validation));
    memset(&shown.test, 0, sizeof(shown.test));
    memset(&shown.mixed, 0, sizeof(shown.mixed));
    return shown;
}


static int ascending(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return *x < *y ? -1 : *x > *y;
}


/* The times of n batches, per user. */
static void times_find(rk_verdict *v, double *per_user_us, size_t n)
{
    if (n == 0)
        return;
    qsort(per_user_us, n, sizeof(*per_user_us), ascending);
    v->p50_us = per_user_us[n / 2];
    v->p95_us = per_user_us[n * 95 / 100];
}


/* Asks for all users, a batch at a time, and marks the answers. */
static int ask_all(rk_verdict *v, rk_marks *m, rk_contestant *who,
                   const rk_judge_opts *opts, rk_error *err)
{
    const rk_task shown_task = blind_task(m->task);
    const rk_questions shown = blind_questions(m->q);
    size_t n_users = m->q->asked->n_users;
    size_t n_items = m->q->asked->n_items;
    size_t batch = opts->batch ? opts->batch : BATCH;
    double *took_us = NULL;
    float *scores = NULL;
    size_t n_batches = 0;
    int rc = RK_OK;

    batch = batch < n_users ? batch : n_users;
    if (n_items && batch > SIZE_MAX / n_items)
        return rk_no_memory(err);
    took_us = rk_alloc_array(n_users + 1, sizeof(*took_us));
    scores = rk_alloc_aligned(batch * n_items + 1, sizeof(*scores));
    if (!took_us || !scores) {
        rc = rk_no_memory(err);
        goto done;
    }
    for (size_t first = 0; first < n_users; first += batch) {
        size_t n = n_users - first < batch ? n_users - first : batch;
        int64_t from_us = rk_clock_us();
        double us;

        rc = who->score(who->ctx, &shown_task, &shown, first, n, scores, err);
        if (rc)
            goto done;
        us = (double)(rk_clock_us() - from_us);
        v->score_s += us / 1e6;
        took_us[n_batches++] = us / (double)n;
        rk_marks_add(m, first, n, scores);
        rc = rk_progress_report(&opts->progress, who->name, first + n, n_users,
                                err);
        if (rc)
            goto done;
    }
    times_find(v, took_us, n_batches);

done:
    free(took_us);
    free(scores);
    return rc;
}


int rk_judge(rk_verdict *out, const rk_task *t, const rk_questions *q,
             rk_contestant *who, const rk_judge_opts *opts, rk_error *err)
{
    static const rk_judge_opts none = {0};
    rk_marks m = {0};
    int rc;

    memset(out, 0, sizeof(*out));
    opts = opts ? opts : &none;
    out->contestant = who->name;
    out->train_s = who->train_s;
    for (size_t i = 0; i < RK_N_METRICS; i++)
        out->metrics[i] = (rk_measure){NAN, NAN, NAN};
    if (!q->asked)
        return rk_fail(err, RK_EINVAL, "%s has no such questions", t->name);
    rc = rk_marks_init(&m, t, q, err);
    if (rc == RK_OK)
        rc = ask_all(out, &m, who, opts, err);
    if (rc == RK_OK)
        rc = rk_tally(&m, opts, out, err);
    out->usage = who->usage ? *who->usage : (rk_usage){0};
    rk_marks_clear(&m);
    return rc;
}


void rk_verdict_clear(rk_verdict *v)
{
    free(v->per_user);
    memset(v, 0, sizeof(*v));
}


int rk_judge_difference(rk_measure *out, const rk_questions *q,
                        const rk_verdict *a, const rk_verdict *b,
                        const rk_judge_opts *opts, rk_error *err)
{
    return rk_tally_difference(out, q, a->per_user, b->per_user, opts, err);
}
