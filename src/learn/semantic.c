#include "learn/semantic.h"

#include "core/blas.h"
#include "core/mem.h"

#include <math.h>
#include <string.h>


/* Each row less the mean of all, at length one; a row that is the mean stays
 * zero. */
static void rows_centre(float *v, size_t n, size_t d, float *mean)
{
    memset(mean, 0, d * sizeof(*mean));
    for (size_t i = 0; i < n; i++)
        rk_axpy(d, 1 / (float)n, v + i * d, mean);
    for (size_t i = 0; i < n; i++) {
        float *row = v + i * d;
        float length;

        rk_axpy(d, -1, mean, row);
        length = sqrtf(rk_dot(row, row, d));
        for (size_t k = 0; k < d; k++)
            row[k] = length > 1e-6f ? row[k] / length : 0;
    }
}


/* `right` and `self` from v. K = (V'V + lambda I)^-1 is symmetric, so that
 * right = V K. */
static int finish(rk_semantic *s, float lambda, rk_error *err)
{
    size_t n = s->n_items;
    size_t d = s->d;
    float *k = rk_alloc_array(d, d * sizeof(*k));
    int rc;

    if (!k) {
        rc = rk_no_memory(err);
        goto done;
    }
    rk_gram(n, d, s->v, 0, k);
    for (size_t i = 0; i < d; i++)
        k[i * d + i] += lambda;
    rc = rk_spd_invert(k, d, err);
    if (rc != RK_OK)
        goto done;
    rk_gemm(false, false, n, d, d, 1, s->v, k, 0, s->right);
    for (size_t i = 0; i < n; i++)
        s->self[i] = rk_dot(s->v + i * d, s->right + i * d, d);

done:
    free(k);
    return rc;
}


static int room_new(rk_semantic *s, size_t n_items, size_t d, float lambda,
                    rk_error *err)
{
    *s = (rk_semantic){.n_items = n_items, .d = d};
    if (!(lambda > 0) || !isfinite(lambda))
        return rk_fail(err, RK_EINVAL, "lambda is %g, must be over 0",
                       (double)lambda);
    s->v = rk_calloc(n_items, d * sizeof(*s->v));
    s->right = rk_alloc_array(n_items, d * sizeof(*s->right));
    s->self = rk_alloc_array(n_items, sizeof(*s->self));
    if (!s->v || !s->right || !s->self)
        return rk_no_memory(err);
    return RK_OK;
}


int rk_semantic_of_vectors(rk_semantic *out, const float *vectors,
                           size_t n_items, size_t d, float lambda,
                           rk_error *err)
{
    float *mean = rk_alloc_array(d, sizeof(*mean));
    int rc = room_new(out, n_items, d, lambda, err);

    if (rc == RK_OK && !mean)
        rc = rk_no_memory(err);
    if (rc != RK_OK)
        goto done;
    if (n_items)
        memcpy(out->v, vectors, n_items * d * sizeof(*vectors));
    rows_centre(out->v, n_items, d, mean);
    rc = finish(out, lambda, err);

done:
    free(mean);
    if (rc != RK_OK)
        rk_semantic_clear(out);
    return rc;
}


int rk_semantic_of_tokens(rk_semantic *out, const rk_csr *tokens, float lambda,
                          rk_error *err)
{
    int rc = room_new(out, tokens->n_rows, tokens->n_cols, lambda, err);

    for (size_t i = 0; rc == RK_OK && i < tokens->n_rows; i++)
        for (uint64_t k = tokens->start[i]; k < tokens->start[i + 1]; k++)
            out->v[i * out->d + tokens->col[k]] = tokens->value[k];
    if (rc == RK_OK)
        rc = finish(out, lambda, err);
    if (rc != RK_OK)
        rk_semantic_clear(out);
    return rc;
}


void rk_semantic_clear(rk_semantic *s)
{
    free(s->v);
    free(s->right);
    free(s->self);
    *s = (rk_semantic){0};
}


/* to (n_items, d): row j is weight right_j / (1 - S_jj). */
static void scale_right(const rk_semantic *s, float weight, float *to)
{
    for (size_t j = 0; j < s->n_items; j++)
        for (size_t k = 0; k < s->d; k++)
            to[j * s->d + k] = s->right[j * s->d + k] *
                               (weight / (1 - s->self[j]));
}


int rk_semantic_add(const rk_semantic *s, float weight, float *b, rk_error *err)
{
    size_t n = s->n_items;
    float *right = rk_alloc_array(n, s->d * sizeof(*right));

    if (!right)
        return rk_no_memory(err);
    scale_right(s, weight, right);
    rk_gemm(false, true, n, n, s->d, 1, s->v, right, 1, b);
    for (size_t j = 0; j < n; j++)
        b[j * n + j] -= weight * s->self[j] / (1 - s->self[j]);
    free(right);
    return RK_OK;
}


/* With c_j = 1 / (1 - S_jj), C_ij = c_j (S_ij - [i = j] S_jj), so
 * M_ij = c_j ((P V)_i . right_j - P_ij S_jj): a product of (n, d) and a part
 * that only scales P's columns, as the rest of B does. */
int rk_semantic_join(const rk_semantic *s, float e, float *p, rk_error *err)
{
    size_t n = s->n_items;
    size_t d = s->d;
    float *left = rk_alloc_array(n, d * sizeof(*left)); /* P V */
    float *right = rk_alloc_array(n, d * sizeof(*right));
    float *scale = rk_alloc_array(n, sizeof(*scale));
    int rc = RK_OK;

    if (!left || !right || !scale) {
        rc = rk_no_memory(err);
        goto done;
    }
    rk_gemm(false, false, n, d, n, 1, p, s->v, 0, left);
    scale_right(s, e, right);
    for (size_t j = 0; j < n; j++) {
        float self = e * s->self[j] / (1 - s->self[j]);
        float m = rk_dot(left + j * d, right + j * d, d) - p[j * n + j] * self;

        scale[j] = -self - (1 + m) / p[j * n + j];
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            p[i * n + j] *= scale[j];
    rk_gemm(false, true, n, n, d, 1, left, right, 1, p);
    for (size_t j = 0; j < n; j++)
        p[j * n + j] = 0;

done:
    free(left);
    free(right);
    free(scale);
    return rc;
}
