#include "engine/learn.h"

#include "core/mem.h"
#include "engine/llm_step.h"
#include "engine/newcomers.h"
#include "engine/others.h"
#include "engine/rank.h"
#include "learn/popular.h"
#include "paradigms/carry.h"

#include <string.h>
#include <unistd.h>

static float like_share(const rk_corpus *c)
{
    size_t likes = 0;
    size_t dislikes = 0;

    for (size_t e = 0; e < c->start[c->n_users]; e++) {
        likes += c->seen[e].label > 0;
        dislikes += c->seen[e].label < 0;
    }
    return likes + dislikes ? (float)likes / (float)(likes + dislikes) : 0.5f;
}


/* Popularity and like rates, which the ways' features use. `s` points at
 * them afterwards; they are `rates` (2, n_items). */
static int fit_counts(const rk_workshop *w, rk_snapshot *s, float *rates,
                      rk_error *err)
{
    const rk_corpus *c = w->corpus;
    float share = like_share(c);
    int rc;

    rk_popular_fit(c, s->settings->half_life_days, rates);
    rc = rk_like_rate_fit(c, rates + c->n_items, err);
    if (rc)
        return rc;
    s->popularity = rates;
    s->like_rate = rates + c->n_items;
    s->catalogue_share = share;
    s->n_fitted = c->n_items;
    rc = rk_bundle_put(w->out, "popularity", RK_F32, 1, c->n_items,
                       s->popularity, err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w->out, "like_rate", RK_F32, 1, c->n_items,
                           s->like_rate, err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w->out, "like_share", RK_F32, 1, 1, &share, err);
    return rc;
}


/* Counts and every way, in the table's order; the blend is there already. */
static int fit_all(const rk_workshop *w, const rk_blend *blend, rk_error *err)
{
    size_t n_steps = RK_N_PARADIGMS + 1;
    const char *stage = w->quick ? "learning (trial)" : "learning";
    rk_snapshot s = *w->snapshot;
    rk_workshop with = *w;
    float *texts = NULL;
    float *rates = rk_calloc(2 * w->corpus->n_items, sizeof(*rates));
    int rc = rates ? fit_counts(w, &s, rates, err) : rk_no_memory(err);

    with.snapshot = &s;
    s.blend = blend;
    if (rc == RK_OK)
        rc = rk_carry_texts(&s, &texts, err);
    if (rc == RK_OK)
        rc = rk_progress_report(w->progress, stage, 0, n_steps, err);
    if (rc == RK_OK && blend)
        rc = rk_blend_put(blend, w->out, err);
    for (size_t i = 0; i < RK_N_PARADIGMS && rc == RK_OK; i++) {
        rc = rk_progress_report(w->progress, stage, i + 1, n_steps, err);
        if (rc == RK_OK && rk_paradigms[i]->fit)
            rc = rk_paradigms[i]->fit(&with, err);
    }
    if (rc == RK_OK)
        rc = rk_progress_report(w->progress, stage, n_steps, n_steps, err);
    free(rates);
    free(texts);
    return rc;
}


/* What the trial is for: what is to be weighed how. */
typedef struct weights {
    float fusion[2][RK_FUSION_FEATURES]; /* the second of newcomers */
    float embeddings[2][RK_EMBEDDINGS_WEIGHTS];
    bool has_embeddings;
    float llm_step[RK_LLM_STEP_SPANS];
    bool has_llm_step;
} weights;


/* A snapshot of what a trial learnt, to learn on the held likes what each
 * source is worth. */
static int weigh(const rk_workshop *w, const rk_workshop *trial,
                 const char *trial_path, const rk_seen *held, weights *out,
                 rk_error *err)
{
    rk_snapshot s = *trial->snapshot;
    rk_snapshot_room room = {0};
    rk_bundle *bundle = NULL;
    int rc = rk_bundle_save(trial->out, trial_path, err);

    if (rc == RK_OK)
        rc = rk_bundle_open(&bundle, trial_path, err);
    (void)unlink(trial_path); /* mapped; the name is not needed */
    s.n_fitted = trial->corpus->n_items;
    if (rc == RK_OK)
        rc = rk_snapshot_attach(&s, bundle, &room, err);
    if (rc == RK_OK)
        rc = rk_rank_fit(out->fusion[0], trial, &s, held, false, err);
    out->has_embeddings = rc == RK_OK && s.embeddings_rank;
    if (out->has_embeddings)
        memcpy(out->embeddings, s.embeddings_rank, sizeof(out->embeddings));
    if (rc == RK_OK && rk_llm_step_lacks(&s) == NULL) {
        rk_snapshot fused = s;

        fused.fusion = out->fusion[0];
        rc = rk_llm_step_fit(out->llm_step, trial, &fused, held, err);
        out->has_llm_step = rc == RK_OK;
    }
    if (rc == RK_OK)
        rc = rk_newcomers_fit(out->fusion[1], out->embeddings[1], w, &s, err);
    rk_snapshot_room_clear(&room);
    rk_bundle_close(bundle);
    return rc;
}


/* The blend; NULL when there is nothing that a learner can learn from: the
 * ways carry it. */
static int fit_blend(const rk_workshop *trial, const rk_seen *held,
                     rk_blend **blend, rk_error *err)
{
    rk_error why = {0};
    int rc = rk_others_fit(blend, trial, held, NULL, &why);

    if (rc == RK_EINVAL)
        return RK_OK;
    return rc ? rk_fail(err, rc, "%s", why.msg) : RK_OK;
}


/* Fits everything without each user's last like, and learns from those likes
 * the weights of the blend, which is kept, of the embeddings way and of the
 * fusion. */
static int fit_trial(const rk_workshop *w, const char *trial_path,
                     rk_blend **blend, weights *out, rk_error *err)
{
    rk_workshop trial = *w;
    rk_corpus *corpus = NULL;
    rk_seen *held = NULL;
    int rc;

    trial.out = NULL;
    trial.quick = true;
    rc = rk_corpus_hold_out(w->corpus, 1, 2, &corpus, &held, err);
    trial.corpus = corpus;
    trial.held = held;
    if (rc == RK_OK)
        rc = rk_bundle_writer_new(&trial.out, err);
    if (rc == RK_OK)
        rc = fit_blend(&trial, held, blend, err);
    if (rc == RK_OK)
        rc = fit_all(&trial, *blend, err);
    if (rc == RK_OK)
        rc = weigh(w, &trial, trial_path, held, out, err);
    rk_bundle_writer_free(trial.out);
    rk_corpus_free(corpus);
    free(held);
    return rc;
}


int rk_learn(const rk_workshop *w, const char *trial_path, rk_error *err)
{
    weights learnt = {0};
    rk_workshop final = *w;
    rk_blend *first = NULL;
    rk_blend *blend = NULL;
    int rc = fit_trial(w, trial_path, &first, &learnt, err);

    if (rc == RK_OK)
        rc = rk_bundle_put(w->out, "fusion", RK_F32, 2, RK_FUSION_FEATURES,
                           learnt.fusion, err);
    if (rc == RK_OK && learnt.has_llm_step)
        rc = rk_bundle_put(w->out, "llm.step", RK_F32, 1, RK_LLM_STEP_SPANS,
                           learnt.llm_step, err);
    if (learnt.has_embeddings)
        final.embeddings_rank = learnt.embeddings[0];
    if (rc == RK_OK && first)
        rc = rk_others_refit(&blend, w, first, err);
    if (rc == RK_OK)
        rc = fit_all(&final, blend, err);
    rk_blend_free(first);
    rk_blend_free(blend);
    return rc;
}
