/* From a score to a probability, by one of two maps that never fall where the
 * score rises:
 *
 *   Platt      p = sigmoid(a s + b), a >= 0 (Platt 1999), fitted to the targets
 *              (n+ + 1) / (n+ + 2) for a like and 1 / (n- + 2) for none, by
 *              Newton's method with halved steps (Lin, Lin, Weng 2007)
 *   isotonic   the non-decreasing step function of least squares, by pooling
 *              adjacent violators (Zadrozny & Elkan, KDD 2002), straight
 *              between the blocks' mean scores and level beyond the last;
 *              one row of the mean share is added to each block and pooled
 *              again, so that nothing is certain. Over RK_CALIBRATE_KNOTS rows
 *              are first put together, neighbours in score, into that many
 *
 * whichever has the lower log loss in cross-validation over 5 parts, row i in
 * part i mod 5. Immutable once fitted; any thread. */
#ifndef RK_LEARN_CALIBRATE_H
#define RK_LEARN_CALIBRATE_H

#include "data/bundle.h"

#define RK_CALIBRATE_KNOTS 256

enum rk_calibration { RK_PLATT, RK_ISOTONIC };

typedef struct rk_calibrate {
    enum rk_calibration kind;
    float a; /* Platt */
    float b;
    size_t n;                    /* knots of the isotonic map, 1 or more */
    float x[RK_CALIBRATE_KNOTS]; /* strictly ascending scores */
    float p[RK_CALIBRATE_KNOTS]; /* not falling, inside 0 to 1 */
} rk_calibrate;

/* score (m), y 0 or 1 (m); m at least 10 with both classes among them and all
 * scores finite, else RK_EINVAL and *out is as it was. O(m log m). */
int rk_calibrate_fit(rk_calibrate *out, const float *score, const uint8_t *y,
                     size_t m, rk_error *err);

/* One of the two, without a choice. */
int rk_calibrate_fit_kind(rk_calibrate *out, enum rk_calibration kind,
                          const float *score, const uint8_t *y, size_t m,
                          rk_error *err);

/* 0 to 1, both excluded; NaN for NaN. */
double rk_calibrate_probability(const rk_calibrate *c, float score);

/* The non-decreasing fit (m) to y (m) in its order, weights (m) > 0, that has
 * the least squared error. `fit` may be `y`. RK_ENOMEM. */
int rk_calibrate_pool(const double *y, const double *weight, size_t m,
                      double *fit, rk_error *err);

/* Expected calibration error over equally wide bins of probability (Naeini,
 * Cooper, Hauskrecht, AAAI 2015): the mean over rows of |share of likes - mean
 * probability| of the row's bin. 0 is best. 0 without rows; NaN when a
 * probability is not from 0 to 1. n_bins 1 to 100. */
double rk_calibrate_error(const double *p, const uint8_t *y, size_t m,
                          size_t n_bins);

/* As "<name>.calibrate"; the getter refuses what is not such a map
 * (RK_EFORMAT), RK_ENOTFOUND. */
int rk_calibrate_put(const rk_calibrate *c, const char *name,
                     rk_bundle_writer *w, rk_error *err);
int rk_calibrate_get(rk_calibrate *out, const char *name, const rk_bundle *b,
                     rk_error *err);

#endif
