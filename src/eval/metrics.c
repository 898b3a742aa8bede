#include "eval/metrics.h"

#include "core/topk.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define K     10
#define BLOCK 64
#define TOP   64

double rk_rank_of(const float *scores, size_t n, size_t truth)
{
    double greater = 0;
    double equal = 0;

    for (size_t i = 0; i < n; i++) {
        greater += scores[i] > scores[truth];
        equal += i != truth && scores[i] == scores[truth];
    }
    return 1 + greater + equal / 2;
}


double rk_ndcg_at(double rank, double k)
{
    return rank <= k ? 1 / log2(rank + 1) : 0;
}


/* Counters of 32 bits, of a width with the scores: what a compiler turns into
 * vector code on any machine. */
void rk_count_scores(const float *scores, size_t n, float score,
                     size_t *greater, size_t *equal)
{
    uint32_t above = 0;
    uint32_t same = 0;

    for (size_t i = 0; i < n; i++) {
        above += scores[i] > score;
        same += scores[i] == score;
    }
    *greater = above;
    *equal = same;
}


/* Blocks in which nothing is above the worst kept score are passed over. */
size_t rk_top_scores(const float *scores, size_t n, size_t k, uint32_t *top)
{
    rk_hit room[TOP];
    rk_topk kept;
    float bar = -INFINITY;

    assert(k > 0 && k <= TOP);
    rk_topk_init(&kept, room, k);
    for (size_t from = 0; from < n; from += BLOCK) {
        size_t end = n - from < BLOCK ? n : from + BLOCK;
        uint32_t above = 0;

        for (size_t i = from; i < end; i++)
            above += scores[i] > bar;
        for (size_t i = from; i < end && above; i++) {
            if (!(scores[i] > bar))
                continue;
            rk_topk_add(&kept, (uint32_t)i, scores[i]);
            if (kept.n == k)
                bar = room[0].score;
        }
    }
    n = rk_topk_finish(&kept);
    for (size_t i = 0; i < n; i++)
        top[i] = room[i].index;
    return n;
}


double rk_ndcg_of(const double *ranks, size_t n, double k)
{
    double gain = 0;
    double best = 0;

    for (size_t i = 0; i < n; i++) {
        gain += rk_ndcg_at(ranks[i], k);
        best += rk_ndcg_at((double)i + 1, k);
    }
    return gain / best;
}


double rk_recall_of(const double *ranks, size_t n, double k)
{
    double found = 0;

    for (size_t i = 0; i < n; i++)
        found += ranks[i] <= k;
    return found / fmin((double)n, k);
}


double rk_mrr_of(const double *ranks, size_t n, double k)
{
    double best = INFINITY;

    for (size_t i = 0; i < n; i++)
        best = fmin(best, ranks[i]);
    return best <= k ? 1 / best : 0;
}


static int greatest_first(const void *a, const void *b)
{
    const rk_scored *x = a;
    const rk_scored *y = b;

    return x->score > y->score ? -1 : x->score < y->score;
}


void rk_scored_sort(rk_scored *s, size_t n)
{
    if (n)
        qsort(s, n, sizeof(*s), greatest_first);
}


double rk_scored_auc(const rk_scored *sorted, size_t n, const uint32_t *drawn)
{
    double ones = 0; /* seen so far */
    double zeros = 0;
    double right = 0; /* pairs */
    size_t i = 0;

    while (i < n) {
        float score = sorted[i].score;
        double tied[2] = {0, 0};

        do {
            tied[sorted[i].label != 0] += drawn ? drawn[sorted[i].unit] : 1;
            i++;
        } while (i < n && sorted[i].score == score);
        right += tied[0] * (ones + tied[1] / 2);
        ones += tied[1];
        zeros += tied[0];
    }
    return ones > 0 && zeros > 0 ? right / (ones * zeros) : NAN;
}
