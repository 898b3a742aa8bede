#include "core/blas.h"

#include <cblas.h>
#include <lapacke.h>
#include <pthread.h>

/* Who asked for a single thread, and what to put back after the last. */
static struct {
    pthread_mutex_t lock;
    int n;
    int before;
} alone = {PTHREAD_MUTEX_INITIALIZER, 0, 0};


/* Row-major symmetric input: LAPACK's column-major lower triangle is our
 * upper one. */
static void mirror(float *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            a[i * n + j] = a[j * n + i];
}


/* NOLINTNEXTLINE(readability-function-size): the arguments of BLAS's own */
void rk_gemm(bool transpose_a, bool transpose_b, size_t m, size_t n, size_t k,
             float alpha, const float *a, const float *b, float beta, float *c)
{
    if (m == 0 || n == 0)
        return;
    cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
                transpose_b ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k,
                alpha, a, (int)(transpose_a ? m : (k ? k : 1)), b,
                (int)(transpose_b ? (k ? k : 1) : n), beta, c, (int)n);
}


void rk_gemm_block(size_t m, size_t n, size_t k, rk_block a, rk_block b,
                   rk_into c)
{
    if (m == 0 || n == 0)
        return;
    cblas_sgemm(CblasRowMajor, a.transpose ? CblasTrans : CblasNoTrans,
                b.transpose ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k,
                c.alpha, a.at, (int)a.ld, b.at, (int)b.ld, c.beta, c.at,
                (int)c.ld);
}


void rk_blas_alone_begin(void)
{
    pthread_mutex_lock(&alone.lock);
    if (alone.n++ == 0) {
        alone.before = openblas_get_num_threads();
        openblas_set_num_threads(1);
    }
    pthread_mutex_unlock(&alone.lock);
}


void rk_blas_alone_end(void)
{
    pthread_mutex_lock(&alone.lock);
    if (--alone.n == 0)
        openblas_set_num_threads(alone.before);
    pthread_mutex_unlock(&alone.lock);
}


void rk_gram(size_t m, size_t n, const float *a, float beta, float *g)
{
    if (n == 0)
        return;
    cblas_ssyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)n, (int)m, 1.0f, a,
                (int)n, beta, g, (int)n);
    mirror(g, n);
}


float rk_dot(const float *a, const float *b, size_t n)
{
    return cblas_sdot((int)n, a, 1, b, 1);
}


void rk_axpy(size_t n, float alpha, const float *x, float *y)
{
    cblas_saxpy((int)n, alpha, x, 1, y, 1);
}


static int not_definite(rk_error *err, size_t n, lapack_int info)
{
    return rk_fail(err, RK_EINVAL,
                   "matrix (%zu, %zu) is not positive definite at row %d", n, n,
                   (int)info);
}


int rk_spd_invert(float *a, size_t n, rk_error *err)
{
    lapack_int info;

    if (n == 0)
        return RK_OK;
    info = LAPACKE_spotrf(LAPACK_COL_MAJOR, 'L', (int)n, a, (int)n);
    if (info == 0)
        info = LAPACKE_spotri(LAPACK_COL_MAJOR, 'L', (int)n, a, (int)n);
    if (info != 0)
        return not_definite(err, n, info);
    mirror(a, n);
    return RK_OK;
}


int rk_spd_solve(float *a, size_t n, float *b, size_t m, rk_error *err)
{
    lapack_int info;

    if (n == 0 || m == 0)
        return RK_OK;
    info = LAPACKE_spotrf(LAPACK_COL_MAJOR, 'L', (int)n, a, (int)n);
    if (info != 0)
        return not_definite(err, n, info);
    /* A = L L' with L in column-major lower = row-major upper U, A = U' U:
     * two triangular solves straight on the row-major right-hand side. */
    cblas_strsm(CblasRowMajor, CblasLeft, CblasUpper, CblasTrans, CblasNonUnit,
                (int)n, (int)m, 1.0f, a, (int)n, b, (int)m);
    cblas_strsm(CblasRowMajor, CblasLeft, CblasUpper, CblasNoTrans,
                CblasNonUnit, (int)n, (int)m, 1.0f, a, (int)n, b, (int)m);
    return RK_OK;
}


/* Column-major eigenvectors are the rows of our row-major matrix. */
int rk_eigen(float *a, size_t n, float *values, rk_error *err)
{
    lapack_int info;

    if (n == 0)
        return RK_OK;
    info = LAPACKE_ssyevd(LAPACK_COL_MAJOR, 'V', 'L', (int)n, a, (int)n,
                          values);
    if (info == LAPACK_WORK_MEMORY_ERROR)
        return rk_no_memory(err);
    if (info != 0)
        return rk_fail(err, RK_EINVAL,
                       "no eigenvectors of a matrix (%zu, %zu), code %d", n, n,
                       (int)info);
    return RK_OK;
}
