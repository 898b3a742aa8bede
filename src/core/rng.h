/* A small seeded generator (SplitMix64; Steele, Lea, Flood 2014): the same
 * seed gives the same numbers everywhere. One thread each. */
#ifndef RK_CORE_RNG_H
#define RK_CORE_RNG_H

#include <stdint.h>

typedef struct rk_rng {
    uint64_t state; /* the seed; any value */
} rk_rng;

uint64_t rk_rng_u64(rk_rng *r);
uint32_t rk_rng_below(rk_rng *r, uint32_t n); /* 0 to n - 1; n > 0 */
double rk_rng_unit(rk_rng *r);                /* [0, 1) */
void rk_rng_shuffle(rk_rng *r, uint32_t *values, uint32_t n);

#endif
