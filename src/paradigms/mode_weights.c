#include "paradigms/mode_weights.h"

#include "core/mem.h"
#include "learn/fuse.h"
#include "paradigms/vocabulary.h"

#include <string.h>

#define ENOUGH 20 /* lists that weights are learnt from */


static int fit(float *weights, const rk_mode_features *f, const rk_lists *lists,
               rk_error *err)
{
    rk_fuse_opts opts = {.prior = f->usual, .l2 = 1, .either_sign = true};
    bool earns = true;
    int rc = RK_OK;

    if (f->must_earn)
        rc = rk_fuse_earns(&earns, lists, &opts, f->usual, err);
    if (rc == RK_OK && earns)
        rc = rk_fuse_fit(weights, lists, &opts, err);
    return rc;
}


int rk_mode_weigh(float *weights, const rk_mode_features *f,
                  const rk_llm_learnt *learnt, const rk_mode_lists *l,
                  rk_error *err)
{
    size_t width = RK_LLM_LIST * f->n;
    float *x = rk_calloc(l->n, width * sizeof(*x));
    uint32_t *truth = rk_alloc_array(l->n, sizeof(*truth));
    rk_snapshot s = *l->s;
    size_t n = 0;
    int rc = x && truth ? RK_OK : rk_no_memory(err);

    s.llm = *learnt;
    for (size_t i = 0; i < l->n && rc == RK_OK; i++) {
        rk_token_weight room[RK_TOKENS_MAX];
        rk_mode_ask a;
        rk_who who;

        if (!rk_mode_list_teaches(l, i))
            continue;
        rk_mode_list_ask(l, i, room, &who, &a);
        a.s = &s;
        truth[n] = l->truth[i];
        rc = f->of(&a, x + n++ * width, err);
    }
    memset(weights, 0, f->n * sizeof(*weights));
    if (!f->must_earn)
        memcpy(weights, f->usual, f->n * sizeof(*weights));
    if (rc == RK_OK && n >= ENOUGH)
        rc = fit(weights, f, &(rk_lists){x, truth, n, RK_LLM_LIST, f->n}, err);
    free(x);
    free(truth);
    return rc;
}


int rk_mode_standardise(float *x, size_t n, size_t n_features, rk_error *err)
{
    float *column = rk_alloc_array(n, sizeof(*column));

    if (!column)
        return rk_no_memory(err);
    for (size_t f = 0; f < n_features; f++) {
        for (size_t i = 0; i < n; i++)
            column[i] = x[i * n_features + f];
        rk_zscore(column, n);
        for (size_t i = 0; i < n; i++)
            x[i * n_features + f] = column[i];
    }
    free(column);
    return RK_OK;
}


const float *rk_mode_weights(const float *weights, const float *usual, size_t n)
{
    for (size_t f = 0; f < n; f++)
        if (weights[f] != 0)
            return weights;
    return usual;
}
