#include "learn/tokens_ease.h"

#include "core/blas.h"
#include "core/mem.h"
#include "learn/ease.h"
#include "learn/item_rows.h"
#include "learn/places.h"
#include "learn/semantic.h"

#include <math.h>

#define LAMBDA        600.0f
#define ALPHA         4.0f
#define LAMBDA_TOKENS 100.0f
#define SHARE         0.2f
#define KEEP          512
#define N_COLUMNS     2

typedef struct tokens_model {
    rk_model base;
    rk_item_rows rows[N_COLUMNS];
} tokens_model;

static const float decay = 0.9f;
static const char *const columns[N_COLUMNS] = {"tokens.collective",
                                               "tokens.additive"};
static const char *const names[N_COLUMNS] = {"tokens_ease.collective",
                                             "tokens_ease.additive"};


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

    out->bytes = 4 * n * (n + 3 * t) +
                 N_COLUMNS * rk_item_rows_bytes(h->n_items, KEEP) +
                 rk_places_bytes(h);
    out->flop = 2 * n * n * (n + 2 * t);
}


static void model_free(rk_model *m)
{
    tokens_model *tokens = (tokens_model *)m;

    if (!tokens)
        return;
    for (size_t c = 0; c < N_COLUMNS; c++)
        rk_item_rows_clear(&tokens->rows[c]);
    free(tokens);
}


static int rows_train(tokens_model *m, const rk_histories *h,
                      const rk_train_opts *opts, rk_error *err)
{
    const rk_csr *tokens = opts->side->tokens;
    size_t n = h->n_items;
    int rc = rk_progress_report(&opts->progress, "tokens_ease", 0, N_COLUMNS,
                                err);

    for (size_t c = 0; rc == RK_OK && c < N_COLUMNS; c++) {
        float *b = NULL;

        rc = c == 0
                 ? rk_tokens_ease_collective(&b, h, tokens, LAMBDA, ALPHA, err)
                 : rk_tokens_ease_additive(&b, h, tokens, LAMBDA, LAMBDA_TOKENS,
                                           SHARE, err);
        if (rc == RK_OK)
            rc = rk_item_rows_init(&m->rows[c], b, n, KEEP, err);
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
    tokens_model *m = NULL;
    int rc;

    *out = NULL;
    rc = rk_learner_check(&rk_learner_tokens_ease, h, opts, err);
    if (rc != RK_OK)
        return rc;
    m = rk_calloc(1, sizeof(*m));
    if (!m)
        return rk_no_memory(err);
    m->base = (rk_model){&rk_learner_tokens_ease, h->n_items};
    rc = rows_train(m, h, opts, err);
    if (rc != RK_OK) {
        model_free(&m->base);
        return rc;
    }
    *out = &m->base;
    return RK_OK;
}


static int score(const rk_model *m, const rk_histories *who, float *scores,
                 rk_error *err)
{
    const tokens_model *tokens = (const tokens_model *)m;
    int rc = RK_OK;

    for (size_t c = 0; rc == RK_OK && c < N_COLUMNS; c++)
        rc = rk_item_rows_score(&tokens->rows[c], who, &decay, 1, N_COLUMNS,
                                scores + c * m->n_items, err);
    return rc;
}


static int put(const rk_model *m, rk_bundle_writer *w, rk_error *err)
{
    const tokens_model *tokens = (const tokens_model *)m;
    int rc = RK_OK;

    for (size_t c = 0; rc == RK_OK && c < N_COLUMNS; c++)
        rc = rk_item_rows_put(&tokens->rows[c], names[c], w, err);
    return rc;
}


static int get(rk_model **out, const rk_bundle *b, size_t n_items,
               rk_error *err)
{
    tokens_model *m = rk_calloc(1, sizeof(*m));
    int rc = RK_OK;

    *out = NULL;
    if (!m)
        return rk_no_memory(err);
    m->base = (rk_model){&rk_learner_tokens_ease, n_items};
    for (size_t c = 0; rc == RK_OK && c < N_COLUMNS; c++)
        rc = rk_item_rows_get(&m->rows[c], b, names[c], n_items, err);
    if (rc != RK_OK) {
        model_free(&m->base);
        return rc;
    }
    *out = &m->base;
    return RK_OK;
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
    .score = score,
    .put = put,
    .get = get,
    .free = model_free,
};
