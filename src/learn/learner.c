#include "learn/learner.h"

#include "learn/ease.h"
#include "learn/fm_ranker.h"
#include "learn/ials.h"
#include "learn/l3ae.h"
#include "learn/popular.h"
#include "learn/sequence_neighbours.h"
#include "learn/slit.h"
#include "learn/slit_joint.h"
#include "learn/text_map.h"
#include "learn/tokens_ease.h"
#include "learn/transformer.h"

#include <string.h>

#define GIB (1024.0 * 1024.0 * 1024.0)

const rk_learner *const rk_learners[] = {
    &rk_learner_popular,    &rk_learner_ease,        &rk_learner_slit,
    &rk_learner_slit_joint, &rk_learner_ials,        &rk_learner_neighbours,
    &rk_learner_fm,         &rk_learner_l3ae,        &rk_learner_tokens_ease,
    &rk_learner_text_map,   &rk_learner_transformer, NULL,
};


const char *rk_effort_name(enum rk_effort effort)
{
    return effort == RK_FULL ? "full" : "fast";
}


const rk_learner *rk_learner_find(const char *name)
{
    for (const rk_learner *const *l = rk_learners; *l; l++)
        if (strcmp((*l)->name, name) == 0)
            return *l;
    return NULL;
}


int rk_learner_check(const rk_learner *l, const rk_histories *h,
                     const rk_train_opts *opts, rk_error *err)
{
    const rk_side *side = opts->side;
    rk_estimate cost = {0};

    if ((l->needs & RK_NEEDS_VECTORS) && (!side || !side->vectors))
        return rk_fail(err, RK_EINVAL, "%s: needs the items' vectors", l->name);
    if ((l->needs & RK_NEEDS_TOKENS) && (!side || !side->tokens))
        return rk_fail(err, RK_EINVAL, "%s: needs the items' tokens", l->name);
    l->estimate(h, opts, &cost);
    if (opts->max_bytes && cost.bytes > (double)opts->max_bytes)
        return rk_fail(err, RK_EINVAL,
                       "%s: needs %.1f GiB for %zu items, may take %.1f GiB",
                       l->name, cost.bytes / GIB, h->n_items,
                       (double)opts->max_bytes / GIB);
    return RK_OK;
}
