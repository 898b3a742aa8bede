/* Draws items by their popularity: q proportional to (count + 1)^.75, which
 * reaches rare items too. Immutable; any thread. */
#ifndef RK_LEARN_SAMPLER_H
#define RK_LEARN_SAMPLER_H

#include "data/histories.h"

typedef struct rk_sampler rk_sampler;

int rk_sampler_new(rk_sampler **out, const rk_histories *h, rk_error *err);
void rk_sampler_free(rk_sampler *s);

/* n draws with replacement, by seed, and log(n q) of each. */
void rk_sampler_draw(const rk_sampler *s, uint64_t seed, size_t n,
                     uint32_t *item, float *log_expected);

#endif
