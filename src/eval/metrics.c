#include "eval/metrics.h"

#include <math.h>

#define K 10

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


void rk_figures_add(rk_figures *f, double rank)
{
    f->n_users++;
    f->ndcg += rk_ndcg_at(rank, K);
    f->recall += rank <= K;
    f->mrr += rank <= K ? 1 / rank : 0;
}


void rk_figures_finish(rk_figures *f)
{
    double n = f->n_users ? (double)f->n_users : 1;

    f->ndcg /= n;
    f->recall /= n;
    f->mrr /= n;
}
