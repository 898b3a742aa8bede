#include "learn/user_map.h"

#include "core/blas.h"
#include "core/mem.h"
#include "learn/floats.h"

#include <math.h>
#include <string.h>

typedef struct fit_job {
    const float *vectors; /* (h->n_users, d) */
    const rk_histories *h;
    size_t n_items;
    size_t d;
    size_t n_known; /* users with a profile and likes */
    float *profile; /* (n_known, d), the mean taken off */
    float *mean;    /* (d) */
    float *base;    /* (n_items) */
    float *weights; /* (d, n_items) */
} fit_job;


static bool is_known(const fit_job *job, size_t u)
{
    const float *v = job->vectors + u * job->d;

    return job->h->start[u + 1] > job->h->start[u] && rk_dot(v, v, job->d) > 0;
}


static void profiles_centre(fit_job *job)
{
    size_t d = job->d;
    float *to = job->profile;

    for (size_t u = 0; u < job->h->n_users; u++)
        if (is_known(job, u)) {
            memcpy(to, job->vectors + u * d, d * sizeof(*to));
            rk_axpy(d, 1 / (float)job->n_known, to, job->mean);
            to += d;
        }
    for (size_t k = 0; k < job->n_known; k++)
        rk_axpy(d, -1, job->mean, job->profile + k * d);
}


/* base, and H'Y: since H is centred, H' (Y - base) is the same. Summed
 * by item, by_item (n_items, d), where a user's profile is added in one piece.
 */
static void targets_sum(fit_job *job, float *by_item)
{
    const float *profile = job->profile;
    size_t d = job->d;

    for (size_t u = 0; u < job->h->n_users; u++) {
        size_t first = job->h->start[u];
        size_t end = job->h->start[u + 1];

        if (!is_known(job, u))
            continue;
        for (size_t e = first; e < end; e++) {
            float y = 1 / sqrtf((float)(end - first));
            uint32_t i = job->h->item[e];

            job->base[i] += y / (float)job->n_known;
            rk_axpy(d, y, profile, by_item + i * d);
        }
        profile += d;
    }
    for (size_t k = 0; k < d; k++)
        for (size_t i = 0; i < job->n_items; i++)
            job->weights[k * job->n_items + i] = by_item[i * d + k];
}


/* O(likes d + n_users d^2 + d^2 n_items). */
static int fit(fit_job *job, float lambda, rk_error *err)
{
    size_t d = job->d;
    size_t n = job->n_items;
    float *by_item = rk_calloc(n, d * sizeof(*by_item));
    float *gram = rk_alloc_array(d, d * sizeof(*gram));
    int rc;

    for (size_t u = 0; u < job->h->n_users; u++)
        job->n_known += is_known(job, u);
    job->profile = rk_alloc_array(job->n_known, d * sizeof(float));
    job->mean = rk_calloc(d, sizeof(float));
    job->base = rk_calloc(n, sizeof(float));
    job->weights = rk_alloc_array(d, n * sizeof(float));
    if (!by_item || !gram || !job->profile || !job->mean || !job->base ||
        !job->weights) {
        rc = rk_no_memory(err);
        goto done;
    }
    profiles_centre(job);
    targets_sum(job, by_item);
    rk_gram(job->n_known, d, job->profile, 0, gram);
    for (size_t k = 0; k < d; k++)
        gram[k * d + k] += lambda;
    rc = rk_spd_solve(gram, d, job->weights, n, err);

done:
    free(by_item);
    free(gram);
    return rc;
}


int rk_user_map_fit(rk_user_map *out, const float *vectors, size_t d,
                    const rk_histories *h, float lambda, rk_error *err)
{
    fit_job job = {.vectors = vectors, .h = h, .n_items = h->n_items, .d = d};
    int rc;

    *out = (rk_user_map){0};
    if (!(lambda > 0) || !isfinite(lambda))
        return rk_fail(err, RK_EINVAL, "lambda is %g, must be over 0",
                       (double)lambda);
    rc = fit(&job, lambda, err);
    free(job.profile);
    *out = (rk_user_map){h->n_items, d, job.mean, job.base, job.weights, false};
    if (rc != RK_OK)
        rk_user_map_clear(out);
    return rc;
}


void rk_user_map_clear(rk_user_map *m)
{
    if (!m->borrowed) {
        free((void *)m->mean);
        free((void *)m->base);
        free((void *)m->weights);
    }
    *m = (rk_user_map){0};
}


void rk_user_map_score(const rk_user_map *m, const float *vector, float *scores)
{
    if (m->n_items)
        memcpy(scores, m->base, m->n_items * sizeof(*scores));
    for (size_t k = 0; k < m->d; k++)
        rk_axpy(m->n_items, vector[k] - m->mean[k], m->weights + k * m->n_items,
                scores);
}


int rk_user_map_put(const rk_user_map *m, rk_bundle_writer *w, rk_error *err)
{
    int rc = rk_bundle_put(w, "user_map.mean", RK_F32, 1, m->d, m->mean, err);

    if (rc == RK_OK)
        rc = rk_bundle_put(w, "user_map.base", RK_F32, 1, m->n_items, m->base,
                           err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w, "user_map.weights", RK_F32, m->d, m->n_items,
                           m->weights, err);
    return rc;
}


int rk_user_map_get(rk_user_map *out, const rk_bundle *b, size_t n_items,
                    size_t d, rk_error *err)
{
    rk_user_map m = {.n_items = n_items, .d = d, .borrowed = true};
    int rc = rk_floats_get(b, "user_map.mean", 1, d, &m.mean, err);

    *out = (rk_user_map){0};
    if (rc == RK_OK)
        rc = rk_floats_get(b, "user_map.base", 1, n_items, &m.base, err);
    if (rc == RK_OK)
        rc = rk_floats_get(b, "user_map.weights", d, n_items, &m.weights, err);
    if (rc == RK_OK)
        *out = m;
    return rc;
}
