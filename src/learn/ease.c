#include "learn/ease.h"

#include "core/blas.h"
#include "core/mem.h"
#include "learn/places.h"
#include "learn/rows_model.h"

#include <assert.h>
#include <math.h>

/* Lambda was tuned on MovieLens-1M, on users' last-but-one items. */
#define LAMBDA   600.0f
#define KEEP     512
#define N_DECAYS 3

static const float decays[N_DECAYS] = {0.7f, 0.9f, 0.97f};
static const char *const columns[N_DECAYS] = {"ease.7", "ease.9", "ease.97"};
static const rk_rows_plan plan = {
    .learner = &rk_learner_ease,
    .keep = KEEP,
    .n_matrices = 1,
    .names = {"ease"},
    .n_decays = N_DECAYS,
    .decays = decays,
};


/* Each column divided by minus its diagonal, which is then 0. */
int rk_ease_weights(float *p, size_t n, rk_error *err)
{
    float *per_column = rk_alloc_array(n, sizeof(*per_column));

    if (!per_column)
        return rk_no_memory(err);
    for (size_t j = 0; j < n; j++)
        per_column[j] = -1 / p[j * n + j];
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++)
            p[i * n + j] *= per_column[j];
        p[i * n + i] = 0;
    }
    free(per_column);
    return RK_OK;
}


/* O(sum over users of likes^2 + n_items^3). */
int rk_ease_inverse(float **p, const rk_histories *h, float lambda,
                    rk_error *err)
{
    size_t n = h->n_items;
    float *gram = NULL;
    int rc;

    *p = NULL;
    if (!(lambda > 0) || !isfinite(lambda))
        return rk_fail(err, RK_EINVAL, "lambda is %g, must be over 0",
                       (double)lambda);
    gram = rk_alloc_aligned(n, n * sizeof(*gram));
    if (!gram)
        return rk_no_memory(err);
    rc = rk_places_gram(h, gram, err);
    if (rc != RK_OK)
        goto done;
    for (size_t i = 0; i < n; i++)
        gram[i * n + i] += lambda;
    rc = rk_spd_invert(gram, n, err);
    if (rc != RK_OK)
        goto done;
    *p = gram;
    gram = NULL;

done:
    free(gram);
    return rc;
}


int rk_ease_matrix(float **b, const rk_histories *h, float lambda,
                   const rk_progress *progress, rk_error *err)
{
    float *p = NULL;
    int rc;

    *b = NULL;
    rc = rk_progress_report(progress, "ease", 0, 1, err);
    if (rc == RK_OK)
        rc = rk_ease_inverse(&p, h, lambda, err);
    if (rc != RK_OK)
        goto done;
    assert(p);
    rc = rk_ease_weights(p, h->n_items, err);
    if (rc == RK_OK)
        rc = rk_progress_report(progress, "ease", 1, 1, err);
    if (rc != RK_OK)
        goto done;
    *b = p;
    p = NULL;

done:
    free(p);
    return rc;
}


static void estimate(const rk_histories *h, const rk_train_opts *opts,
                     rk_estimate *out)
{
    double n = (double)h->n_items;

    (void)opts;
    out->bytes = 4 * n * n + rk_rows_model_bytes(&plan, h->n_items) +
                 rk_places_bytes(h);
    out->flop = n * n * n;
}


static int train(rk_model **out, const rk_histories *h,
                 const rk_train_opts *opts, rk_error *err)
{
    float *b = NULL;
    int rc;

    *out = NULL;
    rc = rk_learner_check(&rk_learner_ease, h, opts, err);
    if (rc == RK_OK)
        rc = rk_ease_matrix(&b, h, LAMBDA, &opts->progress, err);
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


const rk_learner rk_learner_ease = {
    .name = "ease",
    .summary = "which items go together, the recent ones counting more",
    .cites = "Steck, Embarrassingly Shallow Autoencoders for Sparse Data, 2019",
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
