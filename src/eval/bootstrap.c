#include "eval/bootstrap.h"

#include "core/mem.h"
#include "core/rng.h"
#include "core/threads.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#define RESAMPLES 1000
#define MOST      1000000

typedef struct work {
    const rk_bootstrap *b;
    double *figures; /* (n_resamples, n_figures) */
    atomic_bool failed;
} work;


/* Each unit of a resample is one of all, each as likely. */
static void draw(uint32_t *drawn, size_t n, uint64_t seed, uint64_t r)
{
    rk_rng key = {seed + r * 0xD1B54A32D192ED03u};
    rk_rng rng = {rk_rng_u64(&key)};

    memset(drawn, 0, n * sizeof(*drawn));
    for (size_t i = 0; i < n; i++)
        drawn[rk_rng_below(&rng, (uint32_t)n)]++;
}


static void resample(void *ctx, size_t begin, size_t end)
{
    work *w = ctx;
    const rk_bootstrap *b = w->b;
    uint32_t *drawn = rk_alloc_array(b->n_units, sizeof(*drawn));

    if (!drawn) {
        atomic_store(&w->failed, true);
        return;
    }
    for (size_t r = begin; r < end; r++) {
        draw(drawn, b->n_units, b->seed, r);
        b->figures(b->ctx, drawn, w->figures + r * b->n_figures);
    }
    free(drawn);
}


static int ascending(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return *x < *y ? -1 : *x > *y;
}


/* Between the two nearest of n sorted values. */
static double percentile(const double *sorted, size_t n, double share)
{
    double at = share * (double)(n - 1);
    size_t below = (size_t)at;
    size_t above = below + 1 < n ? below + 1 : below;

    return sorted[below] +
           (at - (double)below) * (sorted[above] - sorted[below]);
}


/* The interval of figure f. `column` is room for all resamples. */
static void interval(const double *figures, size_t n, size_t n_figures,
                     size_t f, double *column, double *low, double *high)
{
    size_t n_had = 0;

    for (size_t r = 0; r < n; r++)
        if (!isnan(figures[r * n_figures + f]))
            column[n_had++] = figures[r * n_figures + f];
    *low = NAN;
    *high = NAN;
    if (n_had == 0)
        return;
    qsort(column, n_had, sizeof(*column), ascending);
    *low = percentile(column, n_had, 0.025);
    *high = percentile(column, n_had, 0.975);
}


int rk_bootstrap_run(const rk_bootstrap *b, double *low, double *high,
                     rk_error *err)
{
    size_t n = b->n_resamples ? b->n_resamples : RESAMPLES;
    work w = {.b = b};
    double *column = NULL;
    int rc = RK_OK;

    if (n > MOST)
        return rk_fail(err, RK_EINVAL, "%zu resamples, must be 1 to %d", n,
                       MOST);
    for (size_t f = 0; f < b->n_figures; f++)
        low[f] = high[f] = NAN;
    if (b->n_units == 0)
        return RK_OK;
    w.figures = rk_alloc_array(n * b->n_figures, sizeof(*w.figures));
    column = rk_alloc_array(n, sizeof(*column));
    if (!w.figures || !column) {
        rc = rk_no_memory(err);
        goto done;
    }
    rk_parallel(n, resample, &w);
    if (atomic_load(&w.failed)) {
        rc = rk_no_memory(err);
        goto done;
    }
    for (size_t f = 0; f < b->n_figures; f++)
        interval(w.figures, n, b->n_figures, f, column, &low[f], &high[f]);

done:
    free(w.figures);
    free(column);
    return rc;
}
