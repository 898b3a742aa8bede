/* Ranking metrics: of one truth or several among candidates, and of labels.
 * Any thread. */
#ifndef RK_EVAL_METRICS_H
#define RK_EVAL_METRICS_H

#include <stddef.h>
#include <stdint.h>

/* 1 + how many of `n` scores are greater than the truth's + half of the
 * others that equal it: a constant score earns the middle, not the top.
 * `truth` is its place among them. */
double rk_rank_of(const float *scores, size_t n, size_t truth);

/* 1 / log2(rank + 1) up to k, else 0 (one relevant item: the ideal is 1). */
double rk_ndcg_at(double rank, double k);

/* How many of n scores are greater than `score`, and how many equal it. NaN is
 * neither. */
void rk_count_scores(const float *scores, size_t n, float score,
                     size_t *greater, size_t *equal);

/* The k best of n scores, best first, ties by lower place; NaN and -INFINITY
 * are not proposed. `top` has room for k. Returns how many there are. */
size_t rk_top_scores(const float *scores, size_t n, size_t k, uint32_t *top);

/* Of the ranks of n truths, n > 0. NDCG: over the best that can be had;
 * recall: over min(k, n); MRR: of the best rank. */
double rk_ndcg_of(const double *ranks, size_t n, double k);
double rk_recall_of(const double *ranks, size_t n, double k);
double rk_mrr_of(const double *ranks, size_t n, double k);

/* An answer to a yes or no. */
typedef struct rk_scored {
    float score;   /* not NaN */
    uint32_t unit; /* what it is drawn with in a resample */
    int8_t label;  /* 1 or 0 */
} rk_scored;

/* Sorts by score, the greatest first: for rk_scored_auc(). */
void rk_scored_sort(rk_scored *s, size_t n);

/* The share of pairs of a 1 and a 0 that the scores put right, ties half
 * (Mann & Whitney 1947), each answer counted drawn[unit] times (NULL: once);
 * NaN when one of the labels is missing. */
double rk_scored_auc(const rk_scored *sorted, size_t n, const uint32_t *drawn);

#endif
