/* Bringing a column of scores to the scale that a blend works on. */
#ifndef RK_LEARN_BLEND_SCALE_H
#define RK_LEARN_BLEND_SCALE_H

#include <stdbool.h>
#include <stddef.h>

/* Each row of rows float32 (n_rows, n): (score - mean) / sd, and unless it
 * is_log, asinh of twice that (to 1e-5). A row that is all the same becomes
 * zeros. Uses rk_threads() threads. */
void rk_blend_scale(float *rows, size_t n_rows, size_t n, bool is_log);

#endif
