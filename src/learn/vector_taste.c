#include "learn/vector_taste.h"

#include "core/blas.h"
#include "core/mem.h"

#include <string.h>

/* The newest labelled events, each item once. */
static void choose(rk_vector_taste *t, const rk_seen *history, size_t n)
{
    t->n = 0;
    for (size_t i = n; i-- > 0 && t->n < RK_VECTOR_TASTE_EVENTS;) {
        bool there = history[i].label == 0;

        for (size_t a = 0; a < t->n && !there; a++)
            there = t->item[a] == history[i].item;
        if (there)
            continue;
        t->item[t->n] = history[i].item;
        t->label[t->n++] = history[i].label > 0 ? +1 : -1;
    }
}


int rk_vector_taste_fit(rk_vector_taste *out, float *direction,
                        const float *vectors, const float *mean, size_t d,
                        const rk_seen *history, size_t n, float lambda,
                        rk_error *err)
{
    float *rows = NULL;
    float *kernel = NULL;
    int rc = RK_OK;

    choose(out, history, n);
    n = out->n;
    memset(direction, 0, d * sizeof(*direction));
    if (n == 0)
        return RK_OK;
    rows = rk_alloc_array(n * d, sizeof(*rows));
    kernel = rk_alloc_array(n * n, sizeof(*kernel));
    if (!rows || !kernel) {
        rc = rk_no_memory(err);
        goto done;
    }
    for (size_t a = 0; a < n; a++) {
        const float *v = vectors + out->item[a] * d;

        out->alpha[a] = out->label[a];
        for (size_t k = 0; k < d; k++)
            rows[a * d + k] = v[k] - mean[k];
    }
    rk_gemm(false, true, n, n, d, 1, rows, rows, 0, kernel);
    for (size_t a = 0; a < n; a++)
        kernel[a * n + a] += lambda > 0 ? lambda : 1;
    rc = rk_spd_solve(kernel, n, out->alpha, 1, err);
    if (rc == RK_OK)
        rk_gemm(false, false, 1, d, n, 1, out->alpha, rows, 0, direction);

done:
    free(rows);
    free(kernel);
    return rc;
}


float rk_vector_taste_part(const rk_vector_taste *t, size_t a,
                           const float *vectors, const float *mean, size_t d,
                           uint32_t item)
{
    const float *v = vectors + t->item[a] * d;
    const float *w = vectors + item * d;
    float k = 0;

    for (size_t i = 0; i < d; i++)
        k += (v[i] - mean[i]) * (w[i] - mean[i]);
    return t->alpha[a] * k;
}
