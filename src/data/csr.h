/* A sparse float32 matrix, rows compressed. */
#ifndef RK_DATA_CSR_H
#define RK_DATA_CSR_H

#include "data/bundle.h"

typedef struct rk_csr {
    size_t n_rows;
    size_t n_cols;
    const uint64_t *start; /* (n_rows + 1) */
    const uint32_t *col;   /* (start[n_rows]), ascending within a row */
    const float *value;    /* the same */
} rk_csr;

/* As "<name>.start", "<name>.col", "<name>.value"; a put that fails may leave
 * some of them behind. The getter checks every index against its bound, that
 * columns ascend within a row, and that values are finite (RK_EFORMAT). */
int rk_csr_put(rk_bundle_writer *w, const char *name, const rk_csr *m,
               rk_error *err);
int rk_csr_get(const rk_bundle *b, const char *name, size_t n_rows,
               size_t n_cols, rk_csr *out, rk_error *err);

#endif
