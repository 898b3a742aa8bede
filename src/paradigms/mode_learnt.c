/* What modes learnt, in a bundle and out of it (paradigms/mode.h). */
#include "paradigms/mode.h"

#include <math.h>
#include <string.h>


void rk_llm_learnt_clear(rk_llm_learnt *learnt)
{
    rk_two_tower_clear(&learnt->probe);
    memset(learnt, 0, sizeof(*learnt));
}


int rk_llm_learnt_put(const rk_llm_learnt *l, rk_bundle_writer *w,
                      rk_error *err)
{
    int rc = rk_bundle_put(w, "llm.trials", RK_F32, RK_N_MODES,
                           sizeof(rk_llm_trial) / sizeof(float), l->trials,
                           err);

    if (rc == RK_OK && l->n_stranger_likes)
        rc = rk_bundle_put(w, "llm.strangers", RK_U32, RK_STRANGERS,
                           l->n_stranger_likes, l->strangers, err);

    if (rc == RK_OK)
        rc = rk_bundle_put(w, "llm.mode", RK_U32, 1, 1, &l->mode, err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w, "llm.likelihood", RK_F32, 1,
                           RK_LIKELIHOOD_FEATURES, l->likelihood, err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w, "llm.nearness", RK_F32, 1, RK_NEARNESS_FEATURES,
                           l->nearness, err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w, "llm.slots", RK_F32, 1, RK_LLM_LIST, l->slots,
                           err);
    if (rc == RK_OK && l->probe.n_user)
        rc = rk_two_tower_put(&l->probe, w, "llm.probe", err);
    if (rc == RK_OK && l->probe.n_user)
        rc = rk_bundle_put(w, "llm.probe.mix", RK_F32, 1, RK_PROBE_FEATURES,
                           l->probe_weights, err);
    return rc;
}


/* Floats of a bundle copied to where they are used; absent: zeros. */
static int floats_copy(const rk_bundle *b, const char *name, size_t rows,
                       size_t cols, void *to, rk_error *err)
{
    const float *from;
    rk_tensor t;
    int rc;

    if (!rk_bundle_has(b, name))
        return RK_OK;
    rc = rk_bundle_get(b, name, RK_F32, rows, cols, &t, err);
    if (rc)
        return rc;
    from = t.data;
    for (size_t i = 0; i < rows * cols; i++)
        if (!isfinite(from[i]))
            return rk_fail(err, RK_EFORMAT, "%s: value %zu is %g", name, i,
                           (double)from[i]);
    memcpy(to, from, rows * cols * sizeof(*from));
    return RK_OK;
}


/* A bundle made before a mode came has no trial of it: they are the last. */
static int trials_get(rk_llm_learnt *l, const rk_bundle *b, rk_error *err)
{
    const size_t width = sizeof(rk_llm_trial) / sizeof(float);
    rk_tensor t;
    int rc;

    if (!rk_bundle_has(b, "llm.trials"))
        return RK_OK;
    rc = rk_bundle_get(b, "llm.trials", RK_F32, 0, width, &t, err);
    if (rc == RK_OK && t.rows > RK_N_MODES)
        rc = rk_fail(err, RK_EFORMAT, "llm.trials: %zu modes, at most %d",
                     (size_t)t.rows, RK_N_MODES);
    return rc ? rc
              : floats_copy(b, "llm.trials", t.rows, width, l->trials, err);
}


/* `n_items`: positions below it are items. */
static int strangers_get(rk_llm_learnt *l, const rk_bundle *b, size_t n_items,
                         rk_error *err)
{
    rk_tensor t;
    int rc;

    if (!rk_bundle_has(b, "llm.strangers"))
        return RK_OK;
    rc = rk_bundle_get(b, "llm.strangers", RK_U32, RK_STRANGERS, 0, &t, err);
    if (rc)
        return rc;
    l->strangers = t.data;
    l->n_stranger_likes = t.cols;
    for (size_t i = 0; i < t.rows * t.cols; i++)
        if (l->strangers[i] >= n_items)
            return rk_fail(err, RK_EFORMAT,
                           "llm.strangers: item %u of %zu items",
                           l->strangers[i], n_items);
    return RK_OK;
}


int rk_llm_learnt_get(rk_llm_learnt *l, const rk_bundle *b, size_t n_items,
                      rk_error *err)
{
    rk_tensor t = {0};
    int rc = trials_get(l, b, err);

    if (rc == RK_OK && rk_bundle_has(b, "llm.mode"))
        rc = rk_bundle_get(b, "llm.mode", RK_U32, 1, 1, &t, err);
    if (rc == RK_OK && t.data)
        l->mode = *(const uint32_t *)t.data;
    if (rc == RK_OK && l->mode >= RK_N_MODES)
        rc = rk_fail(err, RK_EFORMAT, "llm.mode is %u, must be under %d",
                     l->mode, RK_N_MODES);
    if (rc == RK_OK)
        rc = floats_copy(b, "llm.likelihood", 1, RK_LIKELIHOOD_FEATURES,
                         l->likelihood, err);
    if (rc == RK_OK)
        rc = floats_copy(b, "llm.nearness", 1, RK_NEARNESS_FEATURES,
                         l->nearness, err);
    if (rc == RK_OK)
        rc = floats_copy(b, "llm.slots", 1, RK_LLM_LIST, l->slots, err);
    if (rc == RK_OK && rk_bundle_has(b, "llm.probe.user"))
        rc = rk_two_tower_get(&l->probe, b, "llm.probe", err);
    if (rc == RK_OK)
        rc = floats_copy(b, "llm.probe.mix", 1, RK_PROBE_FEATURES,
                         l->probe_weights, err);
    if (rc == RK_OK)
        rc = strangers_get(l, b, n_items, err);
    return rc;
}
