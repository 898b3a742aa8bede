#include "learn/l3ae.h"

#include "core/mem.h"
#include "learn/ease.h"
#include "learn/places.h"
#include "learn/rows_model.h"
#include "learn/semantic.h"

#define KEEP     512
#define N_DECAYS 3

static const rk_l3ae_opts best = {600, 300, 1};
static const float decays[N_DECAYS] = {0.7f, 0.9f, 0.97f};
static const char *const columns[N_DECAYS] = {"l3ae.7", "l3ae.9", "l3ae.97"};
static const rk_rows_plan plan = {
    .learner = &rk_learner_l3ae,
    .keep = KEEP,
    .n_matrices = 1,
    .names = {"l3ae"},
    .n_decays = N_DECAYS,
    .decays = decays,
};


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

    out->bytes = 4 * n * (n + 4 * d) + rk_rows_model_bytes(&plan, h->n_items) +
                 rk_places_bytes(h);
    out->flop = n * n * (n + 4 * d);
}


static int train(rk_model **out, const rk_histories *h,
                 const rk_train_opts *opts, rk_error *err)
{
    float *b = NULL;
    int rc;

    *out = NULL;
    rc = rk_learner_check(&rk_learner_l3ae, h, opts, err);
    if (rc == RK_OK)
        rc = rk_l3ae_matrix(&b, h, opts->side, &best, &opts->progress, err);
    if (rc == RK_OK)
        rc = rk_rows_model_of(out, &plan, b, h->n_items, err);
    free(b);
    return rc;
}


static int get(rk_model **out, const rk_bundle *b, size_t n_items,
               rk_error *err)
{
    return rk_rows_model_get(out, &plan, b, n_items, err);
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
    .score = rk_rows_model_score,
    .put = rk_rows_model_put,
    .get = get,
    .free = rk_rows_model_free,
};
