#include "learn/pca.h"

#include "core/blas.h"
#include "core/mem.h"

#include <math.h>
#include <string.h>


/* to = x less its mean. */
static void centre(const float *x, size_t n, size_t width, float *to)
{
    for (size_t j = 0; j < width; j++) {
        double mean = 0;

        for (size_t i = 0; i < n; i++)
            mean += (double)x[i * width + j];
        mean /= (double)n;
        for (size_t i = 0; i < n; i++)
            to[i * width + j] = x[i * width + j] - (float)mean;
    }
}


static float factor_to(const float *x, size_t n, float std)
{
    double squares = 0;

    for (size_t i = 0; i < n; i++)
        squares += (double)x[i] * (double)x[i];
    return squares > 0 ? std / (float)sqrt(squares / (double)n) : 0;
}


int rk_pca(const float *x, size_t n, size_t width, size_t d, float std,
           float *out, rk_error *err)
{
    size_t used = d < width ? d : width;
    float *centred = rk_alloc_array(n, width * sizeof(*centred));
    float *axes = rk_alloc_array(width, width * sizeof(*axes));
    float *values = rk_alloc_array(width, sizeof(*values));
    float *along = rk_alloc_array(n, used * sizeof(*along));
    float factor;
    int rc;

    if (!centred || !axes || !values || !along) {
        rc = rk_no_memory(err);
        goto done;
    }
    for (size_t i = 0; i < n * width; i++)
        if (!isfinite(x[i])) {
            rc = rk_fail(err, RK_EINVAL, "value %zu is not finite", i);
            goto done;
        }
    centre(x, n, width, centred);
    rk_gram(n, width, centred, 0.0f, axes);
    rc = rk_eigen(axes, width, values, err);
    if (rc != RK_OK)
        goto done;

    /* Values ascend, so the last rows are the first directions. */
    rk_gemm(false, true, n, used, width, 1.0f, centred,
            axes + (width - used) * width, 0.0f, along);
    factor = factor_to(along, n * used, std);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < used; j++)
            out[i * d + j] = along[i * used + (used - 1 - j)] * factor;

done:
    free(centred);
    free(axes);
    free(values);
    free(along);
    return rc;
}
