#include "learn/tokens_ease.h"

#include "core/blas.h"
#include "core/mem.h"
#include "learn/ease.h"
#include "learn/places.h"
#include "learn/rows_model.h"
#include "learn/semantic.h"

#include <math.h>

#define LAMBDA        600.0f
#define ALPHA         4.0f
#define LAMBDA_TOKENS 100.0f
#define SHARE         0.2f
#define KEEP          512
#define N_COLUMNS     2

static const float decays[N_COLUMNS] = {0.9f, 0.9f};
static const char *const columns[N_COLUMNS] = {"tokens.collective",
                                               "tokens.additive"};
static const rk_rows_plan plan = {
    .learner = &rk_learner_tokens_ease,
    .keep = KEEP,
    .n_matrices = N_COLUMNS,
    .names = {"tokens_ease.collective", "tokens_ease.additive"},
    .n_decays = 1,
    .decays = decays,
};


/* dense (n_items, n_tokens), cleared. */
static void tokens_fill(const rk_csr *tokens, float scale, float *dense)
{
    for (size_t i = 0; i < tokens->n_rows; i++)
        for (uint64_t k = tokens->start[i]; k < tokens->start[i + 1]; k++)
            dense[i * tokens->n_cols + tokens->col[k]] = scale *
                                                         tokens->value[k];
}


/* O(sum over users of likes^2 + n_items^2 n_tokens + n_items^3). */
int rk_tokens_ease_collective(float **b, const rk_histories *h,
                              const rk_csr *tokens, float lambda, float alpha,
                              rk_error *err)
{
    size_t n = h->n_items;
    float *gram = NULL;
    float *dense = NULL;
    int rc;

    *b = NULL;
    if (!(lambda > 0) || !isfinite(lambda) || !isfinite(alpha))
        return rk_fail(err, RK_EINVAL,
                       "lambda is %g and alpha %g, lambda must be over 0",
                       (double)lambda, (double)alpha);
    gram = rk_alloc_aligned(n, n * sizeof(*gram));
    dense = rk_calloc(n, tokens->n_cols * sizeof(*dense));
    if (!gram || !dense) {
        rc = rk_no_memory(err);
        goto done;
    }
    rc = rk_places_gram(h, gram, err);
    if (rc != RK_OK)
        goto done;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            gram[i * n + j] = 0; /* summed below, and not read */
    tokens_fill(tokens, alpha, dense);
    rk_gemm(false, true, n, n, tokens->n_cols, 1, dense, dense, 1, gram);
    for (size_t i = 0; i < n; i++)
        gram[i * n + i] += lambda;
    rc = rk_spd_invert(gram, n, err);
    if (rc == RK_OK)
        rc = rk_ease_weights(gram, n, err);
    if (rc != RK_OK)
        goto done;
    *b = gram;
    gram = NULL;

done:
    free(gram);
    free(dense);
    return rc;
}


int rk_tokens_ease_additive(float **b, const rk_histories *h,
                            const rk_csr *tokens, float lambda,
                            float lambda_tokens, float share, rk_error *err)
{
    size_t n = h->n_items;
    rk_semantic c = {0};
    float *mine = NULL;
    int rc;

    *b = NULL;
    rc = rk_semantic_of_tokens(&c, tokens, lambda_tokens, err);
    if (rc == RK_OK)
        rc = rk_ease_matrix(&mine, h, lambda, NULL, err);
    if (rc != RK_OK)
        goto done;
    for (size_t i = 0; i < n * n; i++)
        mine[i] *= 1 - share;
    rc = rk_semantic_add(&c, share, mine, err);
    if (rc != RK_OK)
        goto done;
    *b = mine;
    mine = NULL;

done:
    rk_semantic_clear(&c);
    free(mine);
    return rc;
}


static void estimate(const rk_histories *h, const rk_train_opts *opts,
                     rk_estimate *out)
{
    const rk_side *side = opts->side;
    double n = (double)h->n_items;
    double t = side && side->tokens ? (double)side->tokens->n_cols : 0;

    out->bytes = 4 * n * (n + 3 * t) + rk_rows_model_bytes(&plan, h->n_items) +
                 rk_places_bytes(h);
    out->flop = 2 * n * n * (n + 2 * t);
}


static int rows_train(rk_rows_model *m, const rk_histories *h,
                      const rk_train_opts *opts, rk_error *err)
{
    const rk_csr *tokens = opts->side->tokens;
    int rc = rk_progress_report(&opts->progress, "tokens_ease", 0, N_COLUMNS,
                                err);

    for (size_t c = 0; rc == RK_OK && c < N_COLUMNS; c++) {
        float *b = NULL;

        rc = c == 0
                 ? rk_tokens_ease_collective(&b, h, tokens, LAMBDA, ALPHA, err)
                 : rk_tokens_ease_additive(&b, h, tokens, LAMBDA, LAMBDA_TOKENS,
                                           SHARE, err);
        if (rc == RK_OK)
            rc = rk_rows_model_keep(m, c, b, err);
        free(b);
        if (rc == RK_OK)
            rc = rk_progress_report(&opts->progress, "tokens_ease", c + 1,
                                    N_COLUMNS, err);
    }
    return rc;
}


static int train(rk_model **out, const rk_histories *h,
                 const rk_train_opts *opts, rk_error *err)
{
    rk_rows_model *m = NULL;
    int rc;

    *out = NULL;
    rc = rk_learner_check(&rk_learner_tokens_ease, h, opts, err);
    if (rc == RK_OK)
        rc = rk_rows_model_new(&m, &plan, h->n_items, err);
    if (rc != RK_OK)
        return rc;
    rc = rows_train(m, h, opts, err);
    if (rc != RK_OK) {
        rk_rows_model_free(&m->base);
        return rc;
    }
    *out = &m->base;
    return RK_OK;
}


static int get(rk_model **out, const rk_bundle *b, size_t n_items,
               rk_error *err)
{
    return rk_rows_model_get(out, &plan, b, n_items, err);
}


const rk_learner rk_learner_tokens_ease = {
    .name = "tokens_ease",
    .summary = "which items go together, by events and by their tokens",
    .cites = "Jeunen et al., Closed-Form Models with Side-Information, 2020",
    .needs = RK_NEEDS_TOKENS,
    .effort = RK_FAST,
    .n_columns = N_COLUMNS,
    .columns = columns,
    .estimate = estimate,
    .train = train,
    .score = rk_rows_model_score,
    .put = rk_rows_model_put,
    .get = get,
    .free = rk_rows_model_free,
};
