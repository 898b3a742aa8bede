#include "learn/bilinear.h"

#include "core/blas.h"
#include "core/mem.h"

#include <math.h>
#include <string.h>

#define DEFAULT_LAMBDA 10.0f
#define DEFAULT_DECAY  0.8f
#define BATCH          1024
#define LEAST_NORM     1e-6f /* a shorter state is rounding, not direction */

/* Sums over pairs of a state and what came next, a batch of them at a time. */
typedef struct pairs {
    size_t d;
    const float *vectors; /* (n_items, d) */
    const float *mean;    /* (d) */
    float decay;
    size_t n_all;   /* pairs so far */
    size_t n;       /* of them in the batch */
    float *history; /* (d) decayed sum of likes so far, centred */
    float *states;  /* (BATCH, d) */
    float *nexts;   /* (BATCH, d) centred */
    float *gram;    /* (d, d) S'S */
    float *cross;   /* (d, d) S'T */
} pairs;


/* sum = decay sum + (v - mean). */
static void push(float *sum, float decay, const float *v, const float *mean,
                 size_t d)
{
    for (size_t j = 0; j < d; j++)
        sum[j] = decay * sum[j] + (v[j] - mean[j]);
}


/* out = v / |v|; false and zero when v has no direction. */
static bool direction(float *out, const float *v, size_t d)
{
    float norm = sqrtf(rk_dot(v, v, d));

    for (size_t j = 0; j < d; j++)
        out[j] = norm < LEAST_NORM ? 0 : v[j] / norm;
    return norm >= LEAST_NORM;
}


static void pairs_flush(pairs *p)
{
    rk_gram(p->n, p->d, p->states, 1, p->gram);
    rk_gemm(true, false, p->d, p->d, p->n, 1, p->states, p->nexts, 1, p->cross);
    p->n_all += p->n;
    p->n = 0;
}


static void pairs_add_user(pairs *p, const rk_seen *seen, size_t n)
{
    size_t d = p->d;

    memset(p->history, 0, d * sizeof(*p->history));
    for (size_t i = 0; i < n; i++) {
        const float *v = p->vectors + seen[i].item * d;

        if (seen[i].label <= 0)
            continue;
        if (direction(p->states + p->n * d, p->history, d)) {
            for (size_t j = 0; j < d; j++)
                p->nexts[p->n * d + j] = v[j] - p->mean[j];
            if (++p->n == BATCH)
                pairs_flush(p);
        }
        push(p->history, p->decay, v, p->mean, d);
    }
}


static int pairs_init(pairs *p, rk_error *err)
{
    size_t d = p->d;

    p->history = rk_alloc_array(d, sizeof(*p->history));
    p->states = rk_alloc_array(BATCH, d * sizeof(*p->states));
    p->nexts = rk_alloc_array(BATCH, d * sizeof(*p->nexts));
    p->gram = rk_calloc(d, d * sizeof(*p->gram));
    p->cross = rk_calloc(d, d * sizeof(*p->cross));
    if (!p->history || !p->states || !p->nexts || !p->gram || !p->cross)
        return rk_no_memory(err);
    return RK_OK;
}


static void pairs_clear(pairs *p)
{
    free(p->history);
    free(p->states);
    free(p->nexts);
    free(p->gram);
    free(p->cross);
}


/* M into p->cross: O(pairs d^2 + d^3). */
static int pairs_solve(pairs *p, const rk_corpus *c, float lambda,
                       rk_error *err)
{
    for (size_t u = 0; u < c->n_users; u++)
        pairs_add_user(p, c->seen + c->start[u], c->start[u + 1] - c->start[u]);
    pairs_flush(p);
    if (p->n_all == 0)
        return rk_fail(err, RK_EINVAL,
                       "no user of %zu liked two items, so there is no next "
                       "item to learn from",
                       c->n_users);
    for (size_t j = 0; j < p->d; j++)
        p->gram[j * p->d + j] += lambda;
    return rk_spd_solve(p->gram, p->d, p->cross, p->d, err);
}


/* Sixteen columns at a time: a cache line of each row is read once. */
static int mean_of(float *mean, const float *vectors, size_t n, size_t d,
                   rk_error *err)
{
    enum { WIDTH = 16 };

    for (size_t begin = 0; begin < d; begin += WIDTH) {
        size_t width = d - begin < WIDTH ? d - begin : WIDTH;
        double sum[WIDTH] = {0};

        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < width; j++)
                sum[j] += vectors[i * d + begin + j];
        for (size_t j = 0; j < width; j++) {
            if (!isfinite(sum[j]))
                return rk_fail(err, RK_EINVAL,
                               "component %zu of an item vector is not finite",
                               begin + j);
            mean[begin + j] = n ? (float)(sum[j] / (double)n) : 0;
        }
    }
    return RK_OK;
}


static int settings_check(size_t d, float lambda, float decay, rk_error *err)
{
    if (d == 0)
        return rk_fail(err, RK_EINVAL,
                       "vectors of dimension 0, must be over 0");
    if (!(lambda > 0) || !isfinite(lambda))
        return rk_fail(err, RK_EINVAL, "lambda is %g, must be over 0",
                       (double)lambda);
    if (!(decay > 0 && decay < 1))
        return rk_fail(err, RK_EINVAL, "decay is %g, must be between 0 and 1",
                       (double)decay);
    return RK_OK;
}


int rk_bilinear_fit(rk_bilinear **out, const rk_corpus *c, const float *vectors,
                    size_t d, float lambda, float decay, rk_error *err)
{
    pairs p = {.d = d, .vectors = vectors};
    float *mean = NULL;
    rk_bilinear *m = NULL;
    int rc;

    *out = NULL;
    lambda = lambda == 0 ? DEFAULT_LAMBDA : lambda;
    p.decay = decay == 0 ? DEFAULT_DECAY : decay;
    rc = settings_check(d, lambda, p.decay, err);
    if (rc != RK_OK)
        goto done;
    m = rk_calloc(1, sizeof(*m));
    mean = rk_alloc_array(d, sizeof(*mean));
    if (!m || !mean) {
        rc = rk_no_memory(err);
        goto done;
    }
    p.mean = mean;
    rc = mean_of(mean, vectors, c->n_items, d, err);
    if (rc == RK_OK)
        rc = pairs_init(&p, err);
    if (rc == RK_OK)
        rc = pairs_solve(&p, c, lambda, err);
    if (rc != RK_OK)
        goto done;

    *m = (rk_bilinear){d, p.decay, mean, p.cross};
    *out = m;
    m = NULL;
    mean = NULL;
    p.cross = NULL;

done:
    pairs_clear(&p);
    free(mean);
    free(m);
    return rc;
}


void rk_bilinear_free(rk_bilinear *m)
{
    if (!m)
        return;
    free((void *)m->mean);
    free((void *)m->map);
    free(m);
}


bool rk_bilinear_state(const rk_bilinear *m, const float *vectors,
                       const rk_seen *history, size_t n, const float *profile,
                       float profile_weight, float *state)
{
    size_t d = m->d;

    memset(state, 0, d * sizeof(*state));
    for (size_t i = 0; i < n; i++)
        if (history[i].label > 0)
            push(state, m->decay, vectors + history[i].item * d, m->mean, d);
    if (profile) {
        float weight = profile_weight / (1 - m->decay);

        for (size_t j = 0; j < d; j++)
            state[j] += weight * (profile[j] - m->mean[j]);
    }
    return direction(state, state, d);
}


void rk_bilinear_query(const rk_bilinear *m, const float *state, float *query)
{
    rk_gemm(true, false, m->d, 1, m->d, 1, m->map, state, 0, query);
}
