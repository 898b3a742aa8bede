#include "learn/sampler.h"

#include "core/mem.h"
#include "core/rng.h"

#include <math.h>

#define POWER 0.75

struct rk_sampler {
    size_t n_items;
    double *up_to; /* (n_items) the share of draws up to each */
};


int rk_sampler_new(rk_sampler **out, const rk_histories *h, rk_error *err)
{
    rk_sampler *s = rk_calloc(1, sizeof(*s));
    double *up_to = rk_calloc(h->n_items, sizeof(*up_to));
    double sum = 0;

    *out = NULL;
    if (!s || !up_to) {
        free(s);
        free(up_to);
        return rk_no_memory(err);
    }
    for (size_t i = h->start[0]; i < h->start[h->n_users]; i++)
        up_to[h->item[i]]++;
    for (size_t j = 0; j < h->n_items; j++)
        up_to[j] = sum += pow(up_to[j] + 1, POWER);
    for (size_t j = 0; j < h->n_items; j++)
        up_to[j] /= sum;
    *s = (rk_sampler){h->n_items, up_to};
    *out = s;
    return RK_OK;
}


void rk_sampler_free(rk_sampler *s)
{
    if (!s)
        return;
    free(s->up_to);
    free(s);
}


/* The first item whose share goes past x. */
static uint32_t item_at(const rk_sampler *s, double x)
{
    size_t low = 0;
    size_t high = s->n_items - 1;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (s->up_to[mid] > x)
            high = mid;
        else
            low = mid + 1;
    }
    return (uint32_t)low;
}


void rk_sampler_draw(const rk_sampler *s, uint64_t seed, size_t n,
                     uint32_t *item, float *log_expected)
{
    rk_rng rng = {seed};

    for (size_t i = 0; i < n; i++) {
        uint32_t j = item_at(s, rk_rng_unit(&rng));
        double q = s->up_to[j] - (j ? s->up_to[j - 1] : 0);

        item[i] = j;
        log_expected[i] = (float)log(q * (double)n);
    }
}
