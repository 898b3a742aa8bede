/* The slow oracle of learn/blend_scale.h. */
#ifndef RK_TESTS_SCALE_SLOWLY_H
#define RK_TESTS_SCALE_SLOWLY_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>


/* One row, in double. */
static inline void scale_slowly(const float *row, size_t n, bool is_log,
                                double *out)
{
    double mean = 0;
    double variance = 0;

    for (size_t i = 0; i < n; i++)
        mean += (double)row[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        variance += pow((double)row[i] - mean, 2) / (double)n;
    for (size_t i = 0; i < n; i++) {
        double z = variance > 0 ? ((double)row[i] - mean) / sqrt(variance) : 0;

        out[i] = is_log ? z : asinh(2 * z);
    }
}

#endif
