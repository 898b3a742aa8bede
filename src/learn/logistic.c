#include "learn/logistic.h"

#include "core/mem.h"
#include "learn/newton.h"

#include <math.h>

/* The rows and how their features are scaled. Weights are (n), then the
 * bias. */
typedef struct sample {
    const float *x;
    const uint8_t *y;
    size_t m;
    size_t n;
    double l2;
    const float *mean;
    double per_unit[RK_LOGISTIC_MAX]; /* 1 / sd, 0 for what never changes */
} sample;


static int sample_check(const sample *s, rk_error *err)
{
    size_t n_ones = 0;

    if (s->n < 1 || s->n > RK_LOGISTIC_MAX)
        return rk_fail(err, RK_EINVAL, "%zu features, must be 1 to %d", s->n,
                       RK_LOGISTIC_MAX);
    if (!(s->l2 >= 0) || !isfinite(s->l2))
        return rk_fail(err, RK_EINVAL, "l2 is %g, must be 0 or more", s->l2);
    for (size_t i = 0; i < s->m; i++) {
        if (s->y[i] > 1)
            return rk_fail(err, RK_EINVAL, "y of row %zu is %d, must be 0 or 1",
                           i, s->y[i]);
        n_ones += s->y[i];
        for (size_t j = 0; j < s->n; j++)
            if (!isfinite(s->x[i * s->n + j]))
                return rk_fail(err, RK_EINVAL,
                               "feature %zu of row %zu is %g, must be finite",
                               j, i, (double)s->x[i * s->n + j]);
    }
    if (n_ones == 0 || n_ones == s->m)
        return rk_fail(err, RK_EINVAL,
                       "%zu rows of class 1 among %zu, need both classes",
                       n_ones, s->m);
    return RK_OK;
}


/* Mean and standard deviation of feature j; false when it never changes. */
static bool feature_scale(const sample *s, size_t j, float *mean, float *sd)
{
    float low = s->x[j];
    float high = low;
    double sum = 0;
    double squares = 0;

    for (size_t i = 0; i < s->m; i++) {
        float v = s->x[i * s->n + j];

        sum += v;
        low = fminf(low, v);
        high = fmaxf(high, v);
    }
    sum /= (double)s->m;
    for (size_t i = 0; i < s->m; i++)
        squares += pow(s->x[i * s->n + j] - sum, 2);
    *mean = (float)sum;
    *sd = (float)sqrt(squares / (double)s->m);
    if (low < high && isnormal(*sd))
        return true;
    *sd = 1;
    return false;
}


/* Adds c z z' to the lower triangle of h (n, n). */
static void outer_add(double *h, size_t n, double c, const double *z)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            h[i * n + j] += c * z[i] * z[j];
}


/* log(1 + exp(x)) without overflow. */
static double softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}


/* O(m n), with the derivatives O(m n^2). */
static double loss(const void *ctx, const double *w, double *gradient,
                   double *hessian)
{
    const sample *s = ctx;
    size_t n = s->n;
    double z[RK_LOGISTIC_MAX + 1];
    double sum = 0;

    z[n] = 1;
    for (size_t i = 0; i < s->m; i++) {
        double logit = w[n];
        double p;

        for (size_t j = 0; j < n; j++) {
            z[j] = ((double)s->x[i * n + j] - s->mean[j]) * s->per_unit[j];
            logit += w[j] * z[j];
        }
        sum += softplus(s->y[i] ? -logit : logit);
        if (!gradient)
            continue;
        p = 1 / (1 + exp(-logit));
        for (size_t j = 0; j <= n; j++)
            gradient[j] += (p - s->y[i]) * z[j];
        outer_add(hessian, n + 1, p * (1 - p), z);
    }
    for (size_t j = 0; j < n; j++) {
        sum += s->l2 / 2 * w[j] * w[j];
        if (gradient) {
            gradient[j] += s->l2 * w[j];
            hessian[j * (n + 1) + j] += s->l2;
        }
    }
    return sum;
}


int rk_logistic_fit(rk_logistic *out, const float *x, const uint8_t *y,
                    size_t m, size_t n, float l2, const int8_t *sign,
                    rk_error *err)
{
    rk_logistic model = {.n = (uint32_t)n};
    sample s = {.x = x, .y = y, .m = m, .n = n, .l2 = l2, .mean = model.mean};
    double w[RK_LOGISTIC_MAX + 1] = {0};
    int8_t signs[RK_LOGISTIC_MAX + 1] = {0};
    int rc = sample_check(&s, err);

    if (rc != RK_OK)
        return rc;
    for (size_t j = 0; j < n; j++) {
        bool changes = feature_scale(&s, j, &model.mean[j], &model.sd[j]);

        s.per_unit[j] = changes ? 1.0 / model.sd[j] : 0;
        if (sign)
            signs[j] = sign[j];
    }
    rk_newton_minimise(w, n + 1, signs, loss, &s);
    for (size_t j = 0; j < n; j++)
        model.weight[j] = (float)w[j];
    model.bias = (float)w[n];
    *out = model;
    return RK_OK;
}


float rk_logistic_logit(const rk_logistic *m, const float *x, float *parts)
{
    float logit = m->bias;

    for (uint32_t j = 0; j < m->n; j++) {
        float part = m->weight[j] * ((x[j] - m->mean[j]) / m->sd[j]);

        logit += part;
        if (parts)
            parts[j] = part;
    }
    return logit;
}


float rk_sigmoid(float logit)
{
    return 1 / (1 + expf(-logit));
}


float rk_log_odds(float p)
{
    float logit = logf(p / (1 - p));

    return logit > 16 ? 16 : logit < -16 ? -16 : logit;
}


typedef struct scored {
    float score;
    uint8_t y;
} scored;


static int by_score(const void *a, const void *b)
{
    float x = ((const scored *)a)->score;
    float y = ((const scored *)b)->score;

    return (x > y) - (x < y);
}


/* The sum over ones of their ranks (from 1, equal scores sharing theirs). */
static double ranks_of_ones(const scored *rows, size_t m)
{
    double sum = 0;

    for (size_t begin = 0, end; begin < m; begin = end) {
        size_t n_ones = 0;

        for (end = begin; end < m && rows[end].score == rows[begin].score;
             end++)
            n_ones += rows[end].y;
        sum += (double)n_ones * ((double)(begin + end + 1) / 2);
    }
    return sum;
}


double rk_auc(const float *score, const uint8_t *y, size_t m)
{
    scored *rows = rk_alloc_array(m, sizeof(*rows));
    double auc = NAN;
    double ones = 0;
    double zeros;

    if (!rows)
        return NAN;
    for (size_t i = 0; i < m; i++) {
        if (isnan(score[i]))
            goto done;
        rows[i] = (scored){score[i], y[i]};
        ones += y[i];
    }
    zeros = (double)m - ones;
    auc = 0.5;
    if (ones > 0 && zeros > 0) {
        qsort(rows, m, sizeof(*rows), by_score);
        auc = (ranks_of_ones(rows, m) - ones * (ones + 1) / 2) / (ones * zeros);
    }

done:
    free(rows);
    return auc;
}
