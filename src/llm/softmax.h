/* The softmax of a row of logits. */
#ifndef RK_LLM_SOFTMAX_H
#define RK_LLM_SOFTMAX_H

#include <stddef.h>

/* log(sum(exp(x[i]))) of n > 0 finite numbers: log p(i) = x[i] - this. Within
 * 1e-5 of the exact value. */
double rk_softmax_total(const float *x, size_t n);

#endif
