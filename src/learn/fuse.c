#include "learn/fuse.h"

#include "core/mem.h"
#include "learn/newton.h"

#include <math.h>
#include <string.h>

typedef struct problem {
    rk_lists lists;
    const float *prior;
    double l2;
} problem;


void rk_zscore(float *scores, size_t n)
{
    float low = n ? scores[0] : 0;
    float high = low;
    double mean = 0;
    double squares = 0;
    double per_unit;

    for (size_t i = 0; i < n; i++) {
        mean += scores[i];
        low = fminf(low, scores[i]);
        high = fmaxf(high, scores[i]);
    }
    mean /= (double)n;
    for (size_t i = 0; i < n; i++)
        squares += pow(scores[i] - mean, 2);
    per_unit = low < high ? 1 / sqrt(squares / (double)n) : 0;
    for (size_t i = 0; i < n; i++)
        scores[i] = (float)((scores[i] - mean) * per_unit);
}


static double score_of(const double *w, const float *x, size_t n)
{
    double score = 0;

    for (size_t j = 0; j < n; j++)
        score += w[j] * x[j];
    return score;
}


/* log sum over candidates of exp(score), by the running maximum. */
static double log_sum_exp(const rk_lists *l, const float *x, const double *w)
{
    double max = -INFINITY;
    double sum = 0;

    for (size_t c = 0; c < l->n_candidates; c++) {
        double score = score_of(w, x + c * l->n_features, l->n_features);

        if (score > max) {
            sum = sum * exp(max - score) + 1;
            max = score;
        } else {
            sum += exp(score - max);
        }
    }
    return max + log(sum);
}


/* Adds one list's share: the gradient is the mean under the softmax of the
 * features less the truth's, the Hessian their covariance. */
static void derive(const rk_lists *l, size_t list, const double *w,
                   double log_sum, double *gradient, double *hessian)
{
    size_t n = l->n_features;
    const float *x = l->x + list * l->n_candidates * n;
    const float *truth = x + l->truth[list] * n;
    double mean[RK_FUSE_MAX] = {0};
    double off[RK_FUSE_MAX];

    for (size_t c = 0; c < l->n_candidates; c++) {
        const float *f = x + c * n;
        double p = exp(score_of(w, f, n) - log_sum);

        for (size_t i = 0; i < n; i++) {
            off[i] = (double)f[i] - truth[i];
            mean[i] += p * off[i];
            for (size_t j = 0; j <= i; j++)
                hessian[i * n + j] += p * off[i] * off[j];
        }
    }
    for (size_t i = 0; i < n; i++) {
        gradient[i] += mean[i];
        for (size_t j = 0; j <= i; j++)
            hessian[i * n + j] -= mean[i] * mean[j];
    }
}


/* O(n_lists n_candidates n_features), with the derivatives n_features times
 * that. */
static double loss(const void *ctx, const double *w, double *gradient,
                   double *hessian)
{
    const problem *p = ctx;
    const rk_lists *l = &p->lists;
    size_t n = l->n_features;
    double sum = 0;

    for (size_t i = 0; i < l->n_lists; i++) {
        const float *x = l->x + i * l->n_candidates * n;
        double log_sum;

        if (l->truth[i] == UINT32_MAX)
            continue;
        log_sum = log_sum_exp(l, x, w);
        sum += log_sum - score_of(w, x + l->truth[i] * n, n);
        if (gradient)
            derive(l, i, w, log_sum, gradient, hessian);
    }
    for (size_t j = 0; j < n; j++) {
        double off = w[j] - p->prior[j];

        sum += p->l2 / 2 * off * off;
        if (gradient) {
            gradient[j] += p->l2 * off;
            hessian[j * n + j] += p->l2;
        }
    }
    return sum;
}


static int lists_check(const rk_lists *l, rk_error *err)
{
    size_t n_truths = 0;

    for (size_t i = 0; i < l->n_lists; i++) {
        if (l->truth[i] == UINT32_MAX)
            continue;
        if (l->truth[i] >= l->n_candidates)
            return rk_fail(err, RK_EINVAL,
                           "truth of list %zu is %u, must be under %zu", i,
                           l->truth[i], l->n_candidates);
        n_truths++;
    }
    if (n_truths == 0)
        return rk_fail(err, RK_EINVAL,
                       "no list of %zu has its truth among the candidates",
                       l->n_lists);
    for (size_t i = 0; i < l->n_lists * l->n_candidates; i++)
        for (size_t j = 0; j < l->n_features; j++)
            if (!isfinite(l->x[i * l->n_features + j]))
                return rk_fail(err, RK_EINVAL,
                               "feature %zu of candidate %zu of list %zu is "
                               "%g, must be finite",
                               j, i % l->n_candidates, i / l->n_candidates,
                               (double)l->x[i * l->n_features + j]);
    return RK_OK;
}


int rk_fuse_fit(float *w, const rk_lists *lists, const rk_fuse_opts *opts,
                rk_error *err)
{
    problem p = {*lists, opts->prior, (double)opts->l2};
    size_t n = lists->n_features;
    double wide[RK_FUSE_MAX];
    int8_t sign[RK_FUSE_MAX];
    int rc;

    if (n < 1 || n > RK_FUSE_MAX)
        return rk_fail(err, RK_EINVAL, "%zu features, must be 1 to %d", n,
                       RK_FUSE_MAX);
    memcpy(w, opts->prior, n * sizeof(*w));
    if (!(p.l2 >= 0) || !isfinite(p.l2))
        return rk_fail(err, RK_EINVAL, "l2 is %g, must be 0 or more", p.l2);
    rc = lists_check(lists, err);
    if (rc != RK_OK)
        return rc;

    for (size_t j = 0; j < n; j++) {
        wide[j] = opts->prior[j];
        sign[j] = opts->either_sign ? 0 : +1;
    }
    rk_newton_minimise(wide, n, sign, loss, &p);
    for (size_t j = 0; j < n; j++)
        w[j] = (float)wide[j];
    return RK_OK;
}


/* NDCG@10 of a list's truth by these weights; a truth that is not among the
 * candidates is a miss. */
static double ndcg_of(const rk_lists *l, size_t list, const float *w)
{
    size_t n = l->n_features;
    const float *x = l->x + list * l->n_candidates * n;
    double wide[RK_FUSE_MAX];
    double truth;
    double rank = 1;

    if (l->truth[list] == UINT32_MAX)
        return 0;
    for (size_t j = 0; j < n; j++)
        wide[j] = w[j];
    truth = score_of(wide, x + l->truth[list] * n, n);
    for (size_t c = 0; c < l->n_candidates; c++) {
        double score = score_of(wide, x + c * n, n);

        rank += c == l->truth[list] ? 0
                : score > truth     ? 1
                                    : 0.5 * (score == truth);
    }
    return rank <= 10 ? 1 / log2(rank + 1) : 0;
}


int rk_fuse_earns(bool *earns, const rk_lists *lists, const rk_fuse_opts *opts,
                  const float *plain, rk_error *err)
{
    uint32_t *half = rk_alloc_array(lists->n_lists, sizeof(*half));
    rk_lists learnt = *lists;
    float w[RK_FUSE_MAX];
    double mean = 0;
    double square = 0;
    int rc = half ? RK_OK : rk_no_memory(err);

    *earns = false;
    learnt.truth = half;
    for (size_t fold = 0; fold < 2 && rc == RK_OK; fold++) {
        for (size_t i = 0; i < lists->n_lists; i++)
            half[i] = i % 2 == fold ? UINT32_MAX : lists->truth[i];
        rc = rk_fuse_fit(w, &learnt, opts, err);
        for (size_t i = fold; i < lists->n_lists && rc == RK_OK; i += 2) {
            double gain = ndcg_of(lists, i, w) - ndcg_of(lists, i, plain);

            mean += gain / (double)lists->n_lists;
            square += gain * gain / (double)lists->n_lists;
        }
    }
    if (rc == RK_OK)
        *earns = mean > 0 &&
                 mean * mean * (double)lists->n_lists > square - mean * mean;
    free(half);
    return rc;
}
