#include "data/csr.h"

#include "data/bundle_layout.h"

#include <math.h>

typedef struct part_names {
    char start[RKSN_NAME];
    char col[RKSN_NAME];
    char value[RKSN_NAME];
} part_names;


static int parts_name(part_names *out, const char *name, rk_error *err)
{
    if (rk_bundle_name_join(out->start, name, ".start") &&
        rk_bundle_name_join(out->col, name, ".col") &&
        rk_bundle_name_join(out->value, name, ".value"))
        return RK_OK;
    return rk_fail(err, RK_EINVAL, "matrix name '%s' is too long", name);
}


int rk_csr_put(rk_bundle_writer *w, const char *name, const rk_csr *m,
               rk_error *err)
{
    size_t n = (size_t)m->start[m->n_rows];
    part_names names;
    int rc;

    rc = parts_name(&names, name, err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w, names.start, RK_U64, 1, m->n_rows + 1, m->start,
                           err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w, names.col, RK_U32, 1, n, m->col, err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w, names.value, RK_F32, 1, n, m->value, err);
    return rc;
}


/* Rows that follow each other and hold `n` values together. */
static int rows_check(const rk_csr *m, size_t n, const char *name,
                      rk_error *err)
{
    bool good = m->start[0] == 0 && m->start[m->n_rows] == n;

    for (size_t i = 0; good && i < m->n_rows; i++)
        good = m->start[i] <= m->start[i + 1];
    if (!good)
        return rk_fail(err, RK_EFORMAT,
                       "matrix '%s': its %zu rows do not divide %zu values",
                       name, m->n_rows, n);
    return RK_OK;
}


static int values_check(const rk_csr *m, const char *name, rk_error *err)
{
    for (size_t row = 0; row < m->n_rows; row++) {
        for (uint64_t i = m->start[row]; i < m->start[row + 1]; i++) {
            if (m->col[i] >= m->n_cols)
                return rk_fail(err, RK_EFORMAT,
                               "matrix '%s' row %zu: column %u of %zu", name,
                               row, m->col[i], m->n_cols);
            if (i > m->start[row] && m->col[i] <= m->col[i - 1])
                return rk_fail(err, RK_EFORMAT,
                               "matrix '%s' row %zu: column %u after %u", name,
                               row, m->col[i], m->col[i - 1]);
            if (!isfinite(m->value[i]))
                return rk_fail(err, RK_EFORMAT,
                               "matrix '%s' row %zu column %u is not finite",
                               name, row, m->col[i]);
        }
    }
    return RK_OK;
}


int rk_csr_get(const rk_bundle *b, const char *name, size_t n_rows,
               size_t n_cols, rk_csr *out, rk_error *err)
{
    rk_tensor start;
    rk_tensor col;
    rk_tensor value;
    part_names names;
    rk_csr m;
    int rc;

    rc = parts_name(&names, name, err);
    if (rc == RK_OK)
        rc = rk_bundle_get(b, names.start, RK_U64, 1, 0, &start, err);
    if (rc == RK_OK)
        rc = rk_bundle_get(b, names.col, RK_U32, 1, 0, &col, err);
    if (rc == RK_OK)
        rc = rk_bundle_get(b, names.value, RK_F32, 1, 0, &value, err);
    if (rc)
        return rc;
    if (start.cols == 0 || start.cols - 1 != n_rows || value.cols != col.cols)
        return rk_fail(err, RK_EFORMAT,
                       "matrix '%s' has %zu row starts, %zu columns and %zu "
                       "values, expected %zu rows",
                       name, start.cols, col.cols, value.cols, n_rows);
    m = (rk_csr){n_rows, n_cols, start.data, col.data, value.data};
    rc = rows_check(&m, col.cols, name, err);
    if (rc == RK_OK)
        rc = values_check(&m, name, err);
    if (rc == RK_OK)
        *out = m;
    return rc;
}
