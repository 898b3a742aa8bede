#include "learn/floats.h"

#include <math.h>


bool rk_floats_finite(const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}


int rk_floats_get(const rk_bundle *b, const char *name, size_t rows,
                  size_t cols, const float **out, rk_error *err)
{
    rk_tensor t;
    int rc = rk_bundle_get(b, name, RK_F32, rows, cols, &t, err);

    if (rc != RK_OK)
        return rc;
    if (t.rows != rows || t.cols != cols)
        return rk_fail(err, RK_EFORMAT, "%s is (%zu, %zu), expected (%zu, %zu)",
                       name, t.rows, t.cols, rows, cols);
    *out = t.data;
    if (!rk_floats_finite(*out, rows * cols))
        return rk_fail(err, RK_EFORMAT, "%s holds a value that is not finite",
                       name);
    return RK_OK;
}
