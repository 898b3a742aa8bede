/* Training of iALS: alternating least squares on implicit feedback (Hu, Koren,
 * Volinsky, "Collaborative Filtering for Implicit Feedback Datasets", ICDM
 * 2008) with the objective and the regularisation of Rendle, Krichene, Zhang,
 * Koren, "Revisiting the Performance of iALS on Item Recommendation
 * Benchmarks", RecSys 2022:
 *
 *   L = sum over (u, i) had of (1 - p_u.q_i)^2 + a0 sum over all of (p_u.q_i)^2
 *       + sum over u of ridge(n_u, I) |p_u|^2
 *       + sum over i of ridge(n_i, U) |q_i|^2,
 *   ridge(n, N) = lambda (n + a0 N)^nu
 *
 *   P  float32 (n_users, d), Q float32 (n_items, d), row-major
 *
 * Half an epoch solves every user, or every item, with the other side fixed:
 *
 *   (sum over i in u of q_i q_i' + a0 Q'Q + ridge I) p_u = sum over i of q_i
 *
 * exactly or by a few conjugate gradients from where the row was (Takacs,
 * Pilaszy, Tikk, RecSys 2011), over gathered rows (learn/gathered.h). One
 * thread calls; rk_threads() work. */
#ifndef RK_LEARN_IALS_RUN_H
#define RK_LEARN_IALS_RUN_H

#include "data/histories.h"

typedef struct rk_ials_opts {
    size_t d;        /* a multiple of 16, at most RK_GATHERED_MAX */
    size_t cg_steps; /* 0: exact */
    float unseen;    /* a0 > 0 */
    float lambda;    /* > 0 */
    float nu;        /* 0 to 1 */
    uint64_t seed;
} rk_ials_opts;

typedef struct rk_ials_run rk_ials_run;

/* Both sides drawn from N(0, .01 / d). Borrows the histories. RK_EINVAL (an
 * option out of its range), RK_ENOMEM. */
int rk_ials_run_new(rk_ials_run **out, const rk_histories *h,
                    const rk_ials_opts *opts, rk_error *err);
void rk_ials_run_free(rk_ials_run *run);

/* Half an epoch each; O(events d steps + rows d^2 steps), or exact
 * O(events d^2 + rows d^3). */
void rk_ials_run_users(rk_ials_run *run);
void rk_ials_run_items(rk_ials_run *run);

/* Borrowed until the run is freed; (n_users, d) and (n_items, d). May be
 * written to between two halves, to start from elsewhere. */
float *rk_ials_run_p(rk_ials_run *run);
float *rk_ials_run_q(rk_ials_run *run);

/* L above. O(events d + (users + items) d^2). */
double rk_ials_run_objective(const rk_ials_run *run);

/* ridge(n, N). */
float rk_ials_ridge(const rk_ials_opts *opts, double n, size_t n_others);

/* a0 A'A for A (n, d) into gram (d, d). */
void rk_ials_gram(const float *a, size_t n, const rk_ials_opts *opts,
                  float *gram);

/* RK_EINVAL, saying which option is out of its range. */
int rk_ials_check(const rk_ials_opts *opts, rk_error *err);

#endif
