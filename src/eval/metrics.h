/* Ranking metrics for one truth among candidates. */
#ifndef RK_EVAL_METRICS_H
#define RK_EVAL_METRICS_H

#include <stddef.h>

/* 1 + how many of `n` scores are greater than the truth's + half of the
 * others that equal it: a constant score earns the middle, not the top.
 * `truth` is its place among them. */
double rk_rank_of(const float *scores, size_t n, size_t truth);

/* 1 / log2(rank + 1) up to k, else 0 (one relevant item: the ideal is 1). */
double rk_ndcg_at(double rank, double k);

/* Means over users. */
typedef struct rk_figures {
    size_t n_users;
    double ndcg;   /* @10 */
    double recall; /* @10 */
    double mrr;    /* @10 */
} rk_figures;

/* Adds one user; a rank of INFINITY is a truth that was not proposed. */
void rk_figures_add(rk_figures *f, double rank);

/* Turns sums into means; nothing was added: zeros. */
void rk_figures_finish(rk_figures *f);

#endif
