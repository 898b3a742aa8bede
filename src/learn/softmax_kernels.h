/* The products of learn/softmax_loss.h, on operands packed for them. The widest
 * instructions of the processor are picked when first asked for. Any thread.
 *
 *   h        float32 (n, d)               n a multiple of RK_SM_ROWS
 *   columns  float32 (panels, d, PANEL)   items, a panel side by side
 *   by_item  float32 (d / WIDE, panels * PANEL, WIDE)   the same by item
 *   bias     float32 (panels, PANEL)
 *   logits   float32 (panels, n, PANEL)
 *
 * where PANEL = RK_SM_PANEL, WIDE = RK_SM_WIDE and d is padded to WIDE. */
#ifndef RK_LEARN_SOFTMAX_KERNELS_H
#define RK_LEARN_SOFTMAX_KERNELS_H

#include <stddef.h>

#define RK_SM_PANEL ((size_t)24)
#define RK_SM_WIDE  ((size_t)16)
#define RK_SM_ROWS  ((size_t)12) /* positions: what both tiles divide */
#define RK_SM_THIN  ((size_t)4)  /* columns of h that are taken together */

typedef struct rk_softmax_kernels {
    const char *name;

    /* logits of one panel = bias + h columns; most (n, 8): at least the
     * greatest so far of each row is in one of its eight. */
    void (*logits)(size_t n, size_t d, const float *h, const float *columns,
                   const float *bias, float *logits, float *most);

    /* exp(logits - shift) of one panel, in place; sums (n, 8) are added to. */
    void (*exponents)(size_t n, const float *shift, float *logits, float *sums);

    /* to (n, WIDE) += logits by_item over so many panels. */
    void (*to_rows)(size_t n, size_t panels, const float *logits,
                    const float *by_item, float *to, size_t ld);

    /* to (THIN, PANEL) += h' logits of one panel, h (n, THIN). */
    void (*to_columns)(size_t n, const float *h, const float *logits,
                       float *to);
} rk_softmax_kernels;

const rk_softmax_kernels *rk_softmax_kernels_best(void);

/* The i-th that this machine can run, best first; NULL past the end. */
const rk_softmax_kernels *rk_softmax_kernels_at(size_t i);

#endif
