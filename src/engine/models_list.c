/* What can learn from events, and what each would cost on this store. */
#include "core/threads.h"
#include "engine/card.h"
#include "engine/corpus.h"
#include "engine/engine.h"
#include "engine/learn.h"
#include "learn/blend.h"
#include "paradigms/mode.h"

#include <stdio.h>

/* What a thread does in a second, for a guess at how long training takes:
 * assumed, a tenth of what a fast core does in dense products. */
#define FLOP_PER_SECOND 1e10


/* NULL when the side has what the learner needs. */
static const char *lacks(const rk_learner *l, const rk_side *side)
{
    if ((l->needs & RK_NEEDS_VECTORS) && !side->vectors)
        return "items' vectors, which the snapshot does not have";
    if ((l->needs & RK_NEEDS_TOKENS) && !side->tokens)
        return "items' tokens, which the snapshot does not have";
    return NULL;
}


static const char *needs_text(unsigned needs)
{
    switch (needs & (RK_NEEDS_VECTORS | RK_NEEDS_TOKENS)) {
    case 0: return "events";
    case RK_NEEDS_VECTORS: return "events, items' vectors";
    case RK_NEEDS_TOKENS: return "events, items' tokens";
    default: return "events, items' vectors and tokens";
    }
}


static bool is_in(const rk_blend *b, const rk_learner *l)
{
    for (size_t i = 0; b && i < b->n_models; i++)
        if (b->models[i]->learner == l)
            return true;
    return false;
}


static void add_cost(rk_card_box *box, const rk_learner *l,
                     const rk_histories *h, const rk_train_opts *opts)
{
    const char *missing = lacks(l, opts->side);
    rk_estimate cost = {0};

    if (missing) {
        rk_card_add(box, l->name, "lacks", "%s", missing);
        return;
    }
    l->estimate(h, opts, &cost);
    rk_card_add(box, l->name, "memory", "%.1f MiB%s", cost.bytes / 1048576,
                cost.bytes > (double)opts->max_bytes
                    ? ", more than a learner may take: it is left out"
                    : "");
    rk_card_add(box, l->name, "training", "about %.1f s",
                cost.flop / FLOP_PER_SECOND / (double)rk_threads());
}


static void add_learner(rk_card_box *box, const rk_learner *l,
                        const rk_histories *h, const rk_train_opts *opts,
                        const rk_blend *blend)
{
    rk_card_add(box, l->name, "is", "%s", l->summary);
    rk_card_add(box, l->name, "cites", "%s", l->cites);
    rk_card_add(box, l->name, "needs", "%s", needs_text(l->needs));
    rk_card_add(box, l->name, "effort", "%s", rk_effort_name(l->effort));
    add_cost(box, l, h, opts);
    rk_card_add(box, l->name, "in the snapshot", "%s",
                is_in(blend, l) ? "yes" : "no");
}


/* How the writer may be asked, and what that was worth on held lists. */
static void add_modes(rk_card_box *box, const rk_snapshot *s)
{
    char section[32];

    rk_card_add(box, "llm", "mode", "%s: %s", rk_modes[rk_mode_of(s)]->name,
                rk_mode_reason(s));
    for (size_t m = 0; m < RK_N_MODES; m++) {
        const rk_llm_trial *t = &s->llm.trials[m];

        snprintf(section, sizeof(section), "llm, %s", rk_modes[m]->name);
        rk_card_add(box, section, "is", "%s", rk_modes[m]->summary);
        rk_card_add(box, section, "costs", "%s", rk_modes[m]->law);
        if (t->lists > 0)
            rk_card_add(box, section, "measured",
                        "ndcg@10 %.3f, standard error %.3f, on %.0f lists of "
                        "%d; about %.0f tokens a request",
                        (double)t->ndcg, (double)t->sd, (double)t->lists,
                        RK_LLM_LIST, (double)t->tokens);
    }
}


int rk_models_list(rk_engine *e, rk_card **out, rk_error *err)
{
    rk_run run = rk_engine_run(e);
    rk_side side = {0};
    rk_train_opts opts = {.effort = e->settings.effort,
                          .seed = e->settings.seed,
                          .max_bytes = RK_LEARN_MAX_BYTES,
                          .side = &side};
    const rk_snapshot *s = NULL;
    rk_corpus *corpus = NULL;
    rk_histories *h = NULL;
    rk_card_box *box = NULL;
    int rc = rk_engine_corpus(&corpus, e->store, &e->config->events, err);

    *out = NULL;
    if (rc == RK_OK)
        rc = rk_histories_new(&h, corpus, err);
    if (rc == RK_OK)
        rc = rk_card_box_new(&box, err);
    if (rc)
        goto done;
    if (rk_engine_serving(e, &run, NULL) == RK_OK)
        s = &e->serving->snapshot;
    if (s && s->vectors) {
        side.vectors = rk_index_vector(s->vectors, 0);
        side.d = s->d;
    }
    if (s && s->item_tokens.n_rows)
        side.tokens = &s->item_tokens;
    for (size_t i = 0; rk_learners[i]; i++)
        add_learner(box, rk_learners[i], h, &opts, s ? s->blend : NULL);
    if (s && s->writer_key[0])
        add_modes(box, s);
    rc = rk_card_finish(box, out, err);

done:
    rk_histories_free(h);
    rk_corpus_free(corpus);
    rk_run_clear(&run);
    return rc;
}
