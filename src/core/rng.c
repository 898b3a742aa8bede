#include "core/rng.h"

uint64_t rk_rng_u64(rk_rng *r)
{
    uint64_t z = r->state += 0x9E3779B97F4A7C15u;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}


uint32_t rk_rng_below(rk_rng *r, uint32_t n)
{
    return (uint32_t)(((rk_rng_u64(r) >> 32) * n) >> 32);
}


double rk_rng_unit(rk_rng *r)
{
    return (double)(rk_rng_u64(r) >> 11) * 0x1p-53;
}


void rk_rng_shuffle(rk_rng *r, uint32_t *values, uint32_t n)
{
    for (uint32_t i = n; i > 1; i--) {
        uint32_t j = rk_rng_below(r, i);
        uint32_t swap = values[i - 1];

        values[i - 1] = values[j];
        values[j] = swap;
    }
}
