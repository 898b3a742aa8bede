/* LLM tokens + RS: the language model turns profiles into readable tokens; a
 * trained recommender works on the tokens, and every score is a sum that can
 * be printed: "thriller -0.81, historical +0.44".
 *
 * What a user thinks of each token is a ridge regression of their likes and
 * dislikes on the tokens of what they had (learn/token_ridge.h), so a new
 * event changes the next answer. Over it a logistic regression makes log-odds
 * of a like:
 *
 *   log-odds = bias + a sum_k theta_k (t_ik - mean_k) + b share(u) + c rate(i)
 */
#include "paradigms/paradigm.h"

#include "core/clock.h"
#include "core/mem.h"
#include "paradigms/liking.h"
#include "paradigms/sentence.h"
#include "paradigms/token_reason.h"
#include "paradigms/vocabulary.h"

#include <math.h>
#include <string.h>

enum { TASTE, USER_SHARE, ITEM_RATE, N_FEATURES };

#define FIT_EVENTS 6000 /* at most: each solves for a user's taste */

static const int8_t signs[N_FEATURES] = {+1, +1, +1};


/* The tokens of an item: a row of the matrix. */
typedef struct row {
    const uint32_t *token;
    const float *weight;
    size_t n;
} row;


static row row_of(const rk_snapshot *s, uint32_t item)
{
    const rk_csr *t = &s->item_tokens;
    uint64_t start = t->start[item];

    return (row){t->col + start, t->value + start,
                 (size_t)(t->start[item + 1] - start)};
}


/* theta float32 (n_tokens), yours to free. */
static int taste_of(const rk_snapshot *s, const rk_who *who, float **theta,
                    rk_error *err)
{
    int rc;

    *theta = rk_alloc_array(s->vocabulary.n, sizeof(**theta));
    if (!*theta)
        return rk_no_memory(err);
    rc = rk_token_taste(s->tokens, &s->item_tokens, who->history,
                        who->n_history, who->tokens, who->n_tokens, *theta,
                        err);
    if (rc) {
        free(*theta);
        *theta = NULL;
    }
    return rc;
}


static void features_of(const rk_snapshot *s, const rk_who *who,
                        const float *theta, uint32_t item, float *x)
{
    row r = row_of(s, item);

    x[TASTE] = rk_token_score(s->tokens, theta, r.token, r.weight, r.n, NULL,
                              NULL);
    x[USER_SHARE] = rk_who_like_share(who, s->catalogue_share);
    x[ITEM_RATE] = rk_snapshot_like_rate(s, item);
}


static int like_features(const rk_snapshot *s, const rk_who *who,
                         const uint32_t *items, size_t n, float *x, void *ctx,
                         rk_error *err)
{
    float *theta;
    int rc = taste_of(s, who, &theta, err);

    (void)ctx;
    for (size_t i = 0; i < n && rc == RK_OK; i++)
        features_of(s, who, theta, items[i], x + i * N_FEATURES);
    free(theta);
    return rc;
}


static int tokens_fit(const rk_workshop *w, rk_error *err)
{
    rk_snapshot s = *w->snapshot;
    rk_token_model *model = NULL;
    size_t n = s.vocabulary.n;
    int rc;

    if (n == 0)
        return RK_OK;
    rc = rk_token_model_fit(&model, &s.item_tokens, err);
    if (rc)
        return rc;
    s.tokens = model;
    rc = rk_liking_fit(&s.tokens_like, w, &s, like_features, NULL, N_FEATURES,
                       signs, FIT_EVENTS, err);
    if (rc == RK_OK)
        rc = rk_like_model_put(w->out, "tokens.like", &s.tokens_like, err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w->out, "tokens.mean", RK_F32, 1, n, model->mean,
                           err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w->out, "tokens.gram", RK_F32, n, n, model->gram,
                           err);
    if (rc == RK_OK) {
        float settings[2] = {model->lambda, model->background};

        rc = rk_bundle_put(w->out, "tokens.settings", RK_F32, 1, 2, settings,
                           err);
    }
    rk_token_model_free(model);
    return rc;
}


static const char *tokens_lacks(const rk_snapshot *s)
{
    return s->tokens ? NULL : "no item has a category or another token";
}


static int tokens_recall(const rk_snapshot *s, const rk_who *who, size_t k,
                         rk_candidates *out, rk_run *run, rk_error *err)
{
    int64_t start = rk_clock_us();
    rk_hit *room = rk_alloc_array(k, sizeof(*room));
    float *theta = NULL;
    rk_topk top;
    size_t n = 0;
    int rc = room ? taste_of(s, who, &theta, err) : rk_no_memory(err);

    rk_topk_init(&top, room, k);
    for (uint32_t i = 0; i < s->n_items && rc == RK_OK; i++) {
        row r = row_of(s, i);

        if (!run->skip || !run->skip(run->skip_ctx, i))
            rk_topk_add(&top, i,
                        rk_token_score(s->tokens, theta, r.token, r.weight, r.n,
                                       NULL, NULL));
    }
    if (rc == RK_OK)
        n = rk_topk_finish(&top);
    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        rk_candidate c = {.item = room[i].index,
                          .score = room[i].score,
                          .probability = NAN,
                          .source = "tokens"};

        rc = rk_candidates_add(out, c, err);
    }
    rk_run_trace(run, "recall by tokens", s->n_items, n, start,
                 "taste in %zu tokens from %zu events and %zu profile tokens",
                 s->vocabulary.n, who->n_history, who->n_tokens);
    free(theta);
    free(room);
    return rc;
}


static int tokens_score(const rk_snapshot *s, const rk_who *who,
                        rk_candidates *io, rk_run *run, rk_error *err)
{
    int64_t start = rk_clock_us();
    float *theta;
    int rc = taste_of(s, who, &theta, err);

    for (size_t i = 0; i < io->n && rc == RK_OK; i++) {
        rk_candidate *c = &io->list[i];
        float x[N_FEATURES];

        features_of(s, who, theta, c->item, x);
        c->score = x[TASTE];
        c->probability = NAN;
        if (s->tokens_like.fitted) {
            c->score = rk_logistic_logit(&s->tokens_like.logistic, x, NULL);
            c->probability = rk_sigmoid(c->score);
        }
    }
    rk_run_trace(run, "rank by tokens", io->n, io->n, start, "%s",
                 s->tokens_like.fitted ? "log-odds of a like"
                                       : "taste alone: no dislikes to learn "
                                         "yes and no from");
    free(theta);
    return rc;
}


static int tokens_explain(const rk_snapshot *s, const rk_who *who,
                          const rk_candidate *c, rk_reasons *out, rk_run *run,
                          rk_error *err)
{
    const rk_logistic *m = &s->tokens_like.logistic;
    float unit = s->tokens_like.fitted ? m->weight[TASTE] / m->sd[TASTE] : 1;
    float parts[RK_TOKENS_MAX];
    float shares[N_FEATURES] = {0};
    float x[N_FEATURES];
    float *theta;
    float rest;
    row r = row_of(s, c->item);
    int rc = taste_of(s, who, &theta, err);

    (void)run;
    if (rc)
        return rc;
    rk_token_score(s->tokens, theta, r.token, r.weight, r.n, parts, &rest);
    for (size_t k = 0; k < r.n && rc == RK_OK; k++)
        rc = rk_token_reason_add(out, s, who, r.token[k], theta[r.token[k]],
                                 unit * parts[k], err);
    if (rc == RK_OK && s->tokens_like.fitted) {
        features_of(s, who, theta, c->item, x);
        rk_logistic_logit(m, x, shares);
        rc = rk_reasons_add(out, "quality", rk_snapshot_id(s, c->item),
                            shares[ITEM_RATE], err,
                            "liked by %.0f%% of those "
                            "who had it (smoothed)",
                            100 * (double)x[ITEM_RATE]);
        /* What is left of the sum, so that the parts add up to the score. */
        rest = c->score - shares[ITEM_RATE];
        for (size_t k = 0; k < r.n; k++)
            rest -= unit * parts[k];
    }
    if (rc == RK_OK)
        rc = rk_reasons_add(out, "model", "tokens", rest, err,
                            "what this user likes on the whole, and tokens "
                            "that the %s lacks",
                            s->settings->noun);
    if (rc == RK_OK)
        rc = rk_sentence_write(out, rk_snapshot_title(s, c->item),
                               c->probability, "the sum of its tokens", err);
    free(theta);
    return rc;
}


const rk_paradigm rk_tokens = {
    .name = "tokens",
    .cites = "Xi et al. 2024 (KAR); Hu, Koren, Volinsky 2008",
    .fit = tokens_fit,
    .lacks = tokens_lacks,
    .recall = tokens_recall,
    .score = tokens_score,
    .explain = tokens_explain,
};
