#include "learn/calibrate.h"

#include "core/mem.h"
#include "data/bundle_layout.h"
#include "learn/newton.h"

#include <math.h>
#include <string.h>

#define KNOTS    RK_CALIBRATE_KNOTS
#define N_PARTS  5
#define MIN_ROWS 10
#define HEAD     3 /* kind, a, b */

/* No row can tell a chance from certainty more finely than this. */
#define NEAREST 1e-7

/* Neighbours in score, taken together. */
typedef struct block {
    double score; /* mean */
    double share; /* mean of y */
    double n;
} block;

typedef struct scored {
    float score;
    uint8_t y;
} scored;

/* What Platt's loss is of. */
typedef struct platt_data {
    const float *score;
    const uint8_t *y;
    size_t m;
    double mean;
    double sd;
    double target[2]; /* of no like, of a like */
} platt_data;


static double sigmoid(double x)
{
    double p = x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));

    return p < NEAREST ? NEAREST : p > 1 - NEAREST ? 1 - NEAREST : p;
}


static bool both_classes(const uint8_t *y, size_t m)
{
    bool met[2] = {false, false};

    for (size_t i = 0; i < m; i++)
        met[y[i] != 0] = true;
    return met[0] && met[1];
}


/* The last two blocks become one while they fall. */
static size_t pool_end(block *b, size_t n)
{
    while (n > 1 && b[n - 2].share >= b[n - 1].share) {
        block *low = &b[n - 2];
        const block *high = &b[n - 1];
        double sum = low->n + high->n;

        low->share = (low->share * low->n + high->share * high->n) / sum;
        low->score = (low->score * low->n + high->score * high->n) / sum;
        low->n = sum;
        n--;
    }
    return n;
}


int rk_calibrate_pool(const double *y, const double *weight, size_t m,
                      double *fit, rk_error *err)
{
    block *b = rk_alloc_array(m ? m : 1, sizeof(*b));
    size_t *end = rk_alloc_array(m ? m : 1, sizeof(*end));
    size_t n = 0;
    int rc = RK_OK;

    if (!b || !end) {
        rc = rk_no_memory(err);
        goto done;
    }
    for (size_t i = 0; i < m; i++) {
        b[n++] = (block){0, y[i], weight[i]};
        n = pool_end(b, n);
        end[n - 1] = i + 1;
    }
    for (size_t k = 0, i = 0; k < n; k++)
        for (; i < end[k]; i++)
            fit[i] = b[k].share;

done:
    free(b);
    free(end);
    return rc;
}


/* -sum of t log p + (1 - t) log(1 - p) over z = (score - mean) / sd. */
static double platt_loss(const void *ctx, const double *w, double *gradient,
                         double *hessian)
{
    const platt_data *d = ctx;
    double loss = 0;

    for (size_t i = 0; i < d->m; i++) {
        double z = ((double)d->score[i] - d->mean) / d->sd;
        double logit = w[0] * z + w[1];
        double t = d->target[d->y[i] != 0];
        double p = 1 / (1 + exp(-logit));

        /* log(1 + e^x) - t x, without overflow. */
        loss += (logit > 0 ? logit : 0) + log1p(exp(-fabs(logit))) - t * logit;
        if (!gradient)
            continue;
        gradient[0] += (p - t) * z;
        gradient[1] += p - t;
        hessian[0] += p * (1 - p) * z * z;
        hessian[2] += p * (1 - p) * z;
        hessian[3] += p * (1 - p);
    }
    if (hessian) {
        hessian[0] += 1e-9;
        hessian[3] += 1e-9;
    }
    return loss;
}


static void platt_fit(rk_calibrate *out, const float *score, const uint8_t *y,
                      size_t m)
{
    static const int8_t sign[] = {1, 0};
    platt_data d = {.score = score, .y = y, .m = m};
    double w[2] = {0, 0};
    double n[2] = {0, 0};

    for (size_t i = 0; i < m; i++) {
        d.mean += (double)score[i] / (double)m;
        n[y[i] != 0]++;
    }
    for (size_t i = 0; i < m; i++)
        d.sd += pow((double)score[i] - d.mean, 2) / (double)m;
    d.sd = d.sd > 0 ? sqrt(d.sd) : 1;
    d.target[0] = 1 / (n[0] + 2);
    d.target[1] = (n[1] + 1) / (n[1] + 2);
    w[1] = log((n[1] + 1) / (n[0] + 1));
    rk_newton_minimise(w, 2, sign, platt_loss, &d);
    out->kind = RK_PLATT;
    out->a = (float)(w[0] / d.sd);
    out->b = (float)(w[1] - w[0] * d.mean / d.sd);
}


static int by_score(const void *a, const void *b)
{
    float x = ((const scored *)a)->score;
    float y = ((const scored *)b)->score;

    return (x > y) - (x < y);
}


/* Sorted rows put together so that equal scores are never parted; returns how
 * many, at most KNOTS. */
static size_t blocks_of(const scored *rows, size_t m, block *b)
{
    size_t least = (m + KNOTS - 1) / KNOTS;
    size_t n = 0;

    for (size_t i = 0; i < m; n++) {
        block sum = {0, 0, 0};

        while (i < m &&
               (sum.n < (double)least || rows[i].score == rows[i - 1].score)) {
            sum.score += (double)rows[i].score;
            sum.share += rows[i].y != 0;
            sum.n++;
            i++;
        }
        b[n] = (block){sum.score / sum.n, sum.share / sum.n, sum.n};
    }
    return n;
}


static size_t pool_all(block *b, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        b[kept++] = b[i];
        kept = pool_end(b, kept);
    }
    return kept;
}


static int isotonic_fit(rk_calibrate *out, const float *score, const uint8_t *y,
                        size_t m, rk_error *err)
{
    scored *rows = rk_alloc_array(m, sizeof(*rows));
    block b[KNOTS];
    double mean = 0;
    size_t n;

    if (!rows)
        return rk_no_memory(err);
    for (size_t i = 0; i < m; i++) {
        rows[i] = (scored){score[i], y[i]};
        mean += (double)(y[i] != 0) / (double)m;
    }
    qsort(rows, m, sizeof(*rows), by_score);
    n = pool_all(b, blocks_of(rows, m, b));
    free(rows);
    for (size_t i = 0; i < n; i++) {
        b[i].share = (b[i].share * b[i].n + mean) / (b[i].n + 1);
        b[i].n++;
    }
    n = pool_all(b, n);

    out->kind = RK_ISOTONIC;
    out->n = 0;
    for (size_t i = 0; i < n; i++) {
        float x = (float)b[i].score;

        /* Means that float32 cannot tell apart are one knot. */
        if (out->n == 0 || x > out->x[out->n - 1])
            out->n++;
        out->x[out->n - 1] = x;
        out->p[out->n - 1] = (float)b[i].share;
    }
    return RK_OK;
}


int rk_calibrate_fit_kind(rk_calibrate *out, enum rk_calibration kind,
                          const float *score, const uint8_t *y, size_t m,
                          rk_error *err)
{
    rk_calibrate c;
    int rc = RK_OK;

    memset(&c, 0, sizeof(c));
    if (m < MIN_ROWS)
        return rk_fail(err, RK_EINVAL,
                       "%zu rows to calibrate by, must be %d or more", m,
                       MIN_ROWS);
    if (!both_classes(y, m))
        return rk_fail(err, RK_EINVAL,
                       "all rows to calibrate by have the same label");
    for (size_t i = 0; i < m; i++)
        if (!isfinite(score[i]))
            return rk_fail(err, RK_EINVAL, "score %zu is %g, must be finite", i,
                           (double)score[i]);
    if (kind == RK_PLATT)
        platt_fit(&c, score, y, m);
    else
        rc = isotonic_fit(&c, score, y, m, err);
    if (rc == RK_OK && !(isfinite(c.a) && isfinite(c.b)))
        rc = rk_fail(err, RK_EINVAL, "scores too near to one another");
    if (rc == RK_OK)
        *out = c;
    return rc;
}


/* One kind fitted to all parts but one, judged on that one, for each. *loss is
 * infinite when some part could not be fitted. */
static int cross_loss(enum rk_calibration kind, const float *score,
                      const uint8_t *y, size_t m, double *loss)
{
    float *s = rk_alloc_array(m, sizeof(*s));
    uint8_t *t = rk_alloc_array(m, sizeof(*t));
    rk_calibrate c = {.n = 0};
    int rc = s && t ? RK_OK : RK_ENOMEM;

    *loss = 0;
    for (size_t part = 0; rc == RK_OK && part < N_PARTS; part++) {
        size_t n = 0;

        for (size_t i = 0; i < m; i++)
            if (i % N_PARTS != part) {
                s[n] = score[i];
                t[n++] = y[i];
            }
        rc = rk_calibrate_fit_kind(&c, kind, s, t, n, NULL);
        for (size_t i = part; rc == RK_OK && i < m; i += N_PARTS) {
            double p = rk_calibrate_probability(&c, score[i]);

            *loss -= log(y[i] ? p : 1 - p);
        }
    }
    if (rc == RK_EINVAL) {
        *loss = INFINITY;
        rc = RK_OK;
    }
    free(s);
    free(t);
    return rc;
}


int rk_calibrate_fit(rk_calibrate *out, const float *score, const uint8_t *y,
                     size_t m, rk_error *err)
{
    double platt = 0;
    double isotonic = 0;
    int rc = cross_loss(RK_PLATT, score, y, m, &platt);

    if (rc == RK_OK)
        rc = cross_loss(RK_ISOTONIC, score, y, m, &isotonic);
    if (rc != RK_OK)
        return rk_no_memory(err);
    return rk_calibrate_fit_kind(out, isotonic < platt ? RK_ISOTONIC : RK_PLATT,
                                 score, y, m, err);
}


double rk_calibrate_probability(const rk_calibrate *c, float score)
{
    size_t low = 0;
    size_t high = c->n;
    double share;

    if (isnan(score))
        return NAN;
    if (c->kind == RK_PLATT) {
        /* 0 times infinity says nothing, as does a map that is level. */
        return sigmoid((c->a == 0 ? 0 : (double)c->a * (double)score) +
                       (double)c->b);
    }
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (c->x[middle] <= score)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return (double)c->p[0];
    if (low == c->n)
        return (double)c->p[c->n - 1];
    share = ((double)score - (double)c->x[low - 1]) /
            ((double)c->x[low] - (double)c->x[low - 1]);
    return (double)c->p[low - 1] +
           share * ((double)c->p[low] - (double)c->p[low - 1]);
}


double rk_calibrate_error(const double *p, const uint8_t *y, size_t m,
                          size_t n_bins)
{
    double gap[100] = {0}; /* likes minus probabilities */
    double sum = 0;

    n_bins = n_bins < 1 ? 1 : n_bins > 100 ? 100 : n_bins;
    for (size_t i = 0; i < m; i++) {
        size_t bin;

        if (!(p[i] >= 0 && p[i] <= 1))
            return NAN;
        bin = (size_t)(p[i] * (double)n_bins);
        gap[bin < n_bins ? bin : n_bins - 1] += (double)(y[i] != 0) - p[i];
    }
    for (size_t i = 0; i < n_bins; i++)
        sum += fabs(gap[i]);
    return m ? sum / (double)m : 0;
}


int rk_calibrate_put(const rk_calibrate *c, const char *name,
                     rk_bundle_writer *w, rk_error *err)
{
    float values[HEAD + 2 * KNOTS] = {(float)c->kind, c->a, c->b};
    size_t n = c->kind == RK_ISOTONIC ? c->n : 0;
    char full[RKSN_NAME];

    if (!rk_bundle_name_join(full, name, ".calibrate"))
        return rk_fail(err, RK_EINVAL, "%s is too long a name", name);
    memcpy(values + HEAD, c->x, n * sizeof(*values));
    memcpy(values + HEAD + n, c->p, n * sizeof(*values));
    return rk_bundle_put(w, full, RK_F32, 1, HEAD + 2 * n, values, err);
}


/* Knots that rise to the right and stay inside 0 to 1. */
static bool knots_hold(const float *x, const float *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]) || !(p[i] > 0 && p[i] < 1) ||
            (i && !(x[i] > x[i - 1] && p[i] >= p[i - 1])))
            return false;
    return true;
}


int rk_calibrate_get(rk_calibrate *out, const char *name, const rk_bundle *b,
                     rk_error *err)
{
    char full[RKSN_NAME];
    rk_calibrate c;
    const float *v;
    rk_tensor t;
    bool fine;
    int rc;

    if (!rk_bundle_name_join(full, name, ".calibrate"))
        return rk_fail(err, RK_EINVAL, "%s is too long a name", name);
    rc = rk_bundle_get(b, full, RK_F32, 1, 0, &t, err);
    if (rc != RK_OK)
        return rc;
    memset(&c, 0, sizeof(c));
    v = t.data;
    fine = t.cols >= HEAD && t.cols <= HEAD + 2 * KNOTS &&
           (t.cols - HEAD) % 2 == 0;
    if (fine) {
        c.n = (t.cols - HEAD) / 2;
        c.kind = v[0] == (float)RK_PLATT ? RK_PLATT : RK_ISOTONIC;
        c.a = v[1];
        c.b = v[2];
        fine = v[0] == (float)c.kind && c.a >= 0 && isfinite(c.a) &&
               isfinite(c.b) && (c.kind == RK_PLATT) == (c.n == 0) &&
               knots_hold(v + HEAD, v + HEAD + c.n, c.n);
    }
    if (!fine)
        return rk_fail(err, RK_EFORMAT, "%s is no calibration", full);
    memcpy(c.x, v + HEAD, c.n * sizeof(*c.x));
    memcpy(c.p, v + HEAD + c.n, c.n * sizeof(*c.p));
    *out = c;
    return RK_OK;
}
