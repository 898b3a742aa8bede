#include "learn/l3ae.h"

#include "core/mem.h"
#include "learn/ease.h"
#include "learn/item_rows.h"
#include "learn/places.h"
#include "learn/semantic.h"

#define KEEP     512
#define N_DECAYS 3

typedef struct l3ae_model {
    rk_model base;
    rk_item_rows rows;
} l3ae_model;

static const rk_l3ae_opts best = {600, 300, 1};
static const float decays[N_DECAYS] = {0.7f, 0.9f, 0.97f};
static const char *const columns[N_DECAYS] = {"l3ae.7", "l3ae.9", "l3ae.97"};


/* O(sum over users of likes^2 + n_items^3 + n_items^2 d). */
int rk_l3ae_matrix(float **b, const rk_histories *h, const rk_side *side,
                   const rk_l3ae_opts *opts, const rk_progress *progress,
                   rk_error *err)
{
    size_t n = h->n_items;
    rk_semantic text = {0};
    float *p = NULL;
    int rc;

    *b = NULL;
    rc = rk_progress_report(progress, "l3ae", 0, 2, err);
    if (rc == RK_OK)
        rc = rk_semantic_of_vectors(&text, side->vectors, n, side->d,
                                    opts->lambda_text, err);
    if (rc == RK_OK)
        rc = rk_ease_inverse(&p, h, opts->lambda, err);
    if (rc == RK_OK)
        rc = rk_progress_report(progress, "l3ae", 1, 2, err);
    if (rc == RK_OK)
        rc = rk_semantic_join(&text, opts->e, p, err);
    if (rc == RK_OK)
        rc = rk_progress_report(progress, "l3ae", 2, 2, err);
    if (rc != RK_OK)
        goto done;
    *b = p;
    p = NULL;

done:
    rk_semantic_clear(&text);
    free(p);
    return rc;
}


static void estimate(const rk_histories *h, const rk_train_opts *opts,
                     rk_estimate *out)
{
    double n = (double)h->n_items;
    double d = opts->side ? (double)opts->side->d : 0;

    out->bytes = 4 * n * (n + 4 * d) + rk_item_rows_bytes(h->n_items, KEEP) +
                 rk_places_bytes(h);
    out->flop = n * n * (n + 4 * d);
}


static void model_free(rk_model *m)
{
    l3ae_model *l3ae = (l3ae_model *)m;

    if (!l3ae)
        return;
    rk_item_rows_clear(&l3ae->rows);
    free(l3ae);
}


static int train(rk_model **out, const rk_histories *h,
                 const rk_train_opts *opts, rk_error *err)
{
    l3ae_model *m = NULL;
    float *b = NULL;
    int rc;

    *out = NULL;
    rc = rk_learner_check(&rk_learner_l3ae, h, opts, err);
    if (rc == RK_OK)
        rc = rk_l3ae_matrix(&b, h, opts->side, &best, &opts->progress, err);
    if (rc != RK_OK)
        goto done;
    m = rk_calloc(1, sizeof(*m));
    if (!m) {
        rc = rk_no_memory(err);
        goto done;
    }
    m->base = (rk_model){&rk_learner_l3ae, h->n_items};
    rc = rk_item_rows_init(&m->rows, b, h->n_items, KEEP, err);
    if (rc != RK_OK)
        goto done;
    *out = &m->base;
    m = NULL;

done:
    model_free(m ? &m->base : NULL);
    free(b);
    return rc;
}


static int score(const rk_model *m, const rk_histories *who, float *scores,
                 rk_error *err)
{
    return rk_item_rows_score(&((const l3ae_model *)m)->rows, who, decays,
                              N_DECAYS, N_DECAYS, scores, err);
}


static int put(const rk_model *m, rk_bundle_writer *w, rk_error *err)
{
    return rk_item_rows_put(&((const l3ae_model *)m)->rows, "l3ae", w, err);
}


static int get(rk_model **out, const rk_bundle *b, size_t n_items,
               rk_error *err)
{
    l3ae_model *m = rk_calloc(1, sizeof(*m));
    int rc;

    *out = NULL;
    if (!m)
        return rk_no_memory(err);
    m->base = (rk_model){&rk_learner_l3ae, n_items};
    rc = rk_item_rows_get(&m->rows, b, "l3ae", n_items, err);
    if (rc != RK_OK) {
        model_free(&m->base);
        return rc;
    }
    *out = &m->base;
    return RK_OK;
}


const rk_learner rk_learner_l3ae = {
    .name = "l3ae",
    .summary = "which items go together, by events and by their texts",
    .cites = "Moon et al., LLM-Enhanced Linear Autoencoders, 2025",
    .needs = RK_NEEDS_VECTORS,
    .effort = RK_FAST,
    .n_columns = N_DECAYS,
    .columns = columns,
    .estimate = estimate,
    .train = train,
    .score = score,
    .put = put,
    .get = get,
    .free = model_free,
};
