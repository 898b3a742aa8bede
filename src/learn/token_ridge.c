#include "learn/token_ridge.h"

#include "core/blas.h"
#include "core/mem.h"

#include <string.h>

#define DEFAULT_LAMBDA     1.0f
#define DEFAULT_BACKGROUND 10.0f


/* Adds c t t' for the tokens of one row to a (n, n). */
static void outer_add(float *a, size_t n, float c, const rk_csr *items,
                      size_t row)
{
    for (uint64_t i = items->start[row]; i < items->start[row + 1]; i++)
        for (uint64_t j = items->start[row]; j < items->start[row + 1]; j++)
            a[items->col[i] * n + items->col[j]] += c * items->value[i] *
                                                    items->value[j];
}


/* O(sum over items of tokens^2 + n_tokens^2). */
int rk_token_model_fit(rk_token_model **out, const rk_csr *items, rk_error *err)
{
    size_t n = items->n_cols;
    float share = items->n_rows ? 1 / (float)items->n_rows : 0;
    rk_token_model *m = rk_calloc(1, sizeof(*m));
    float *mean = rk_calloc(n, sizeof(*mean));
    float *gram = rk_calloc(n, n * sizeof(*gram));

    *out = NULL;
    if (!m || !mean || !gram) {
        free(m);
        free(mean);
        free(gram);
        return rk_no_memory(err);
    }
    for (size_t row = 0; row < items->n_rows; row++) {
        for (uint64_t i = items->start[row]; i < items->start[row + 1]; i++)
            mean[items->col[i]] += share * items->value[i];
        outer_add(gram, n, share, items, row);
    }
    *m = (rk_token_model){n, DEFAULT_LAMBDA, DEFAULT_BACKGROUND, mean, gram};
    *out = m;
    return RK_OK;
}


void rk_token_model_free(rk_token_model *m)
{
    if (!m)
        return;
    free((void *)m->mean);
    free((void *)m->gram);
    free(m);
}


/* One event: its row into the matrix, and y (t - mean) into theta. */
static int event_add(const rk_token_model *m, const rk_csr *items,
                     const rk_seen *e, float *a, float *theta, rk_error *err)
{
    float y = e->label > 0 ? 1 : -1;

    if (e->label == 0)
        return RK_OK;
    if (e->item >= items->n_rows)
        return rk_fail(err, RK_EINVAL,
                       "history names item %u, the tokens are of %zu items",
                       e->item, items->n_rows);
    outer_add(a, m->n_tokens, 1, items, e->item);
    for (uint64_t i = items->start[e->item]; i < items->start[e->item + 1]; i++)
        theta[items->col[i]] += y * items->value[i];
    rk_axpy(m->n_tokens, -y, m->mean, theta);
    return RK_OK;
}


/* O(n_tokens^3 / 3 + sum over events of tokens^2). */
int rk_token_taste(const rk_token_model *m, const rk_csr *items,
                   const rk_seen *history, size_t n,
                   const rk_token_weight *profile, size_t n_profile,
                   float *theta, rk_error *err)
{
    size_t d = m->n_tokens;
    float *a = NULL;
    int rc = RK_OK;

    memset(theta, 0, d * sizeof(*theta));
    if (items->n_cols != d) {
        rc = rk_fail(err, RK_EINVAL, "items have %zu tokens, the model has %zu",
                     items->n_cols, d);
        goto done;
    }
    a = rk_alloc_array(d, d * sizeof(*a));
    if (!a) {
        rc = rk_no_memory(err);
        goto done;
    }
    for (size_t i = 0; i < d * d; i++)
        a[i] = m->background * m->gram[i];
    for (size_t i = 0; i < d; i++)
        a[i * d + i] += m->lambda;

    for (size_t i = 0; i < n && rc == RK_OK; i++)
        rc = event_add(m, items, &history[i], a, theta, err);
    for (size_t i = 0; i < n_profile && rc == RK_OK; i++) {
        if (profile[i].token >= d)
            rc = rk_fail(err, RK_EINVAL,
                         "profile names token %u, the model has %zu",
                         profile[i].token, d);
        else
            theta[profile[i].token] += profile[i].weight;
    }
    if (rc == RK_OK)
        rc = rk_spd_solve(a, d, theta, 1, err);

done:
    if (rc != RK_OK)
        memset(theta, 0, d * sizeof(*theta));
    free(a);
    return rc;
}


/* O(n_tokens). */
float rk_token_score(const rk_token_model *m, const float *theta,
                     const uint32_t *tokens, const float *weights, size_t n,
                     float *parts, float *rest)
{
    double lacking = -(double)rk_dot(m->mean, theta, m->n_tokens);
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t k = tokens[i];
        float part = (weights[i] - m->mean[k]) * theta[k];

        lacking += (double)m->mean[k] * theta[k];
        sum += part;
        if (parts)
            parts[i] = part;
    }
    if (rest)
        *rest = (float)lacking;
    return (float)(lacking + sum);
}
