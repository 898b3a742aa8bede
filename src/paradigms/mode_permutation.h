/* Reading an order that a model wrote: hostile text. */
#ifndef RK_PARADIGMS_MODE_PERMUTATION_H
#define RK_PARADIGMS_MODE_PERMUTATION_H

#include "core/error.h"

/* The letters and digits of a text in lower case, words divided by a space:
 * yours to free, NULL: no memory. */
char *rk_written_plain(const char *text, size_t len);

/* Places by what was written, float32 (n): the first title that is named gets
 * n, the last named one 1 at least, who was not named 0. `titles` (n) are
 * plain. */
int rk_written_places(const char *text, char *const *titles, size_t n,
                      float *places, rk_error *err);

#endif
