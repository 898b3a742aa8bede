#include "learn/bounded.h"

#include "core/mem.h"

int rk_bounded_order(uint32_t *order, const float *score, size_t n, size_t m,
                     rk_error *err)
{
    bool *placed = rk_calloc(n, sizeof(*placed));
    size_t first = 0; /* not placed yet, with the smallest old place */

    if (!placed)
        return rk_no_memory(err);
    for (size_t t = 0; t < n; t++) {
        size_t last = m < n - 1 - t ? t + m : n - 1;
        size_t best = first;

        for (size_t i = first + 1; i <= last && t - first != m; i++)
            if (!placed[i] && score[i] > score[best])
                best = i;
        placed[best] = true;
        order[t] = (uint32_t)best;
        while (first < n && placed[first])
            first++;
    }
    free(placed);
    return RK_OK;
}
