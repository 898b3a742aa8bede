/* LLM embeddings + RS: the language model turns profiles into vectors; two
 * trained recommenders work on the vectors.
 *
 * What comes next is a ridge regression from items' texts to what goes with
 * them in other users' histories (learn/text_map.h, paradigms/next.h). Whether
 * it will please is a logistic regression, negative answers included, over the
 * user's taste in directions of the space (learn/vector_taste.h) and the
 * nearness of the profile. Both see texts only, so an item or user with
 * nothing but a text is scored like any other.
 *
 *   log-odds = bias + a taste + b cos(profile) + c share(user) + d rate(item)
 *   score    = w_0 next + w_1 log-odds               w learnt on last likes
 */
#include "paradigms/embeddings.h"

#include "core/blas.h"
#include "core/clock.h"
#include "core/mem.h"
#include "learn/vector_taste.h"
#include "paradigms/next.h"
#include "paradigms/sentence.h"

#include <math.h>
#include <string.h>

enum { TASTE, PROFILE, USER_SHARE, ITEM_RATE, N_FEATURES };
enum { NEXT, LIKING }; /* what ranks */


/* What is liked next teaches little about dislikes, and nothing about who is
 * known by a profile alone: they have no other voice. */
#define LEAST_LIKING 0.05f
#define PRIOR        1.0f

#define FIT_EVENTS   6000 /* at most: each solves for a user's taste */
#define FIT_USERS    400  /* at most, for the ranking weights */
#define NAMED_EVENTS 4    /* in an explanation */

static const int8_t signs[N_FEATURES] = {+1, +1, +1, +1};

static const float *all_vectors(const rk_snapshot *s)
{
    return rk_index_vector(s->vectors, 0);
}


static int like_features(const rk_snapshot *s, const rk_who *who,
                         const uint32_t *items, size_t n, float *x, void *ctx,
                         rk_error *err)
{
    float *direction = rk_alloc_array(s->d, sizeof(*direction));
    rk_vector_taste taste;
    float centre;
    int rc;

    (void)ctx;
    if (!direction)
        return rk_no_memory(err);
    rc = rk_vector_taste_fit(&taste, direction, all_vectors(s), s->vector_mean,
                             s->d, who->history, who->n_history, 0, err);
    centre = rk_dot_f32(direction, s->vector_mean, s->d);
    for (size_t i = 0; i < n && rc == RK_OK; i++, x += N_FEATURES) {
        const float *v = rk_snapshot_vector(s, items[i]);

        x[TASTE] = rk_dot_f32(direction, v, s->d) - centre;
        x[PROFILE] = who->vector ? rk_dot_f32(who->vector, v, s->d) : 0;
        x[USER_SHARE] = rk_who_like_share(who, s->catalogue_share);
        x[ITEM_RATE] = rk_snapshot_like_rate(s, items[i]);
    }
    free(direction);
    return rc;
}


int rk_embeddings_features(const rk_snapshot *s, const rk_who *who,
                           const uint32_t *items, size_t n, float *x, void *ctx,
                           rk_error *err)
{
    rk_run own = {0};
    float *room = rk_alloc_array(N_FEATURES * n, sizeof(*room));
    const float *like = room;
    const float *next = NULL;
    int rc = room ? like_features(s, who, items, n, room, NULL, err)
                  : rk_no_memory(err);

    if (rc == RK_OK)
        rc = rk_next_scores(s, who, ctx ? ctx : &own, &next, err);
    for (size_t i = 0; i < n && rc == RK_OK; i++, like += N_FEATURES) {
        x[NEXT] = next ? next[items[i]] : 0;
        x[LIKING] = s->embeddings_like.fitted
                        ? rk_logistic_logit(&s->embeddings_like.logistic, like,
                                            NULL)
                        : 4 * (like[TASTE] + like[PROFILE]);
        x += RK_EMBEDDINGS_WEIGHTS;
    }
    rk_run_clear(&own);
    free(room);
    return rc;
}


int rk_embeddings_weigh(float *weights, const rk_workshop *w,
                        const rk_snapshot *s, const rk_seen *held,
                        rk_error *err)
{
    static const float prior[RK_EMBEDDINGS_WEIGHTS] = {PRIOR, PRIOR};
    int rc = rk_ranking_fit(weights, w, s, held, rk_embeddings_features, NULL,
                            RK_EMBEDDINGS_WEIGHTS, FIT_USERS, prior, err);

    if (weights[LIKING] < LEAST_LIKING)
        weights[LIKING] = LEAST_LIKING;
    return rc;
}


/* The ranking weights. A trial learns them on each user's last like, which
 * its text map has not seen: the blend it is a part of was trained on the
 * trial's corpus, which ends before that like, and so were the like rates.
 * What is learnt from all events afterwards has seen those likes and would be
 * trusted too much by them, so it takes the trial's weights over. */
static int fit_rank(const rk_workshop *w, const rk_snapshot *s,
                    float weights[2][RK_EMBEDDINGS_WEIGHTS], rk_error *err)
{
    const float *learnt = w->embeddings_rank;

    for (size_t row = 0; row < 2; row++)
        for (size_t i = 0; i < RK_EMBEDDINGS_WEIGHTS; i++)
            weights[row][i] = learnt ? *learnt++ : PRIOR;
    return w->held ? rk_embeddings_weigh(weights[0], w, s, w->held, err)
                   : RK_OK;
}


static int embeddings_fit(const rk_workshop *w, rk_error *err)
{
    rk_snapshot s = *w->snapshot;
    float weights[2][RK_EMBEDDINGS_WEIGHTS];
    float *mean;
    int rc;

    if (!s.vectors)
        return RK_OK;
    mean = rk_snapshot_mean_vector(&s);
    if (!mean)
        return rk_no_memory(err);
    s.vector_mean = mean;
    rc = rk_bundle_put(w->out, "vectors.mean", RK_F32, 1, s.d, mean, err);
    if (rc == RK_OK)
        rc = rk_liking_fit(&s.embeddings_like, w, &s, like_features, NULL,
                           N_FEATURES, signs, FIT_EVENTS, err);
    if (rc == RK_OK)
        rc = fit_rank(w, &s, weights, err);
    if (rc == RK_OK)
        rc = rk_like_model_put(w->out, "embeddings.like", &s.embeddings_like,
                               err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w->out, "embeddings.rank", RK_F32, 2,
                           RK_EMBEDDINGS_WEIGHTS, weights, err);
    free(mean);
    return rc;
}


static const char *embeddings_lacks(const rk_snapshot *s)
{
    return s->vectors && s->embeddings_rank ? NULL
                                            : "no embedder when prepared";
}


static int add_hits(const rk_hit *hits, size_t n, rk_candidates *out,
                    rk_error *err)
{
    int rc = RK_OK;

    for (size_t i = 0; i < n && rc == RK_OK; i++)
        rc = rk_candidates_add(out,
                               (rk_candidate){.item = hits[i].index,
                                              .score = hits[i].score,
                                              .probability = NAN,
                                              .source = "vectors"},
                               err);
    return rc;
}


/* The k best of what comes next, among the first n items. */
static size_t best_next(const float *next, size_t n, size_t k,
                        const rk_run *run, rk_hit *hits)
{
    rk_topk top;

    rk_topk_init(&top, hits, k);
    for (uint32_t i = 0; i < n; i++)
        if (!run->skip || !run->skip(run->skip_ctx, i))
            rk_topk_add(&top, i, next[i]);
    return rk_topk_finish(&top);
}


/* Likes: the best of the whole catalogue. A profile alone: half of what such
 * profiles like, and what is near to its words. */
static int embeddings_recall(const rk_snapshot *s, const rk_who *who, size_t k,
                             rk_candidates *out, rk_run *run, rk_error *err)
{
    int64_t start = rk_clock_us();
    rk_hit *hits = rk_alloc_array(k, sizeof(*hits));
    bool liked = rk_who_count(who, +1) > 0;
    const float *next = NULL;
    size_t before = out->n;
    size_t n = 0;
    int rc = hits ? rk_next_scores(s, who, run, &next, err) : rk_no_memory(err);

    if (rc == RK_OK && next) {
        n = best_next(next, s->n_items, liked ? k : k / 2, run, hits);
        rc = add_hits(hits, n, out, err);
    }
    if (rc == RK_OK && !(liked && next) && who->vector) {
        rc = rk_index_search(s->vectors, who->vector, k, RK_SEARCH_BEST,
                             run->skip, run->skip_ctx, hits, &n, err);
        for (size_t i = 0; i < n && out->n - before < k && rc == RK_OK; i++)
            rc = add_hits(hits + i, 1, out, err);
    }
    rk_run_trace(run, "recall by vectors", rk_index_count(s->vectors),
                 out->n - before, start, "%s",
                 liked && next ? "what follows the history, by text"
                 : next        ? "what such profiles like, and what is near"
                 : who->vector ? "the profile's vector"
                               : "neither likes nor a profile");
    free(hits);
    return rc;
}


static int embeddings_score(const rk_snapshot *s, const rk_who *who,
                            rk_candidates *io, rk_run *run, rk_error *err)
{
    const float *w = s->embeddings_rank +
                     (rk_who_count(who, +1) ? 0 : RK_EMBEDDINGS_WEIGHTS);
    int64_t start = rk_clock_us();
    uint32_t *items = rk_alloc_array(io->n, sizeof(*items));
    float *rows = rk_alloc_array(io->n, sizeof(*rows) * RK_EMBEDDINGS_WEIGHTS);
    const float *x = rows;
    int rc = items && rows ? RK_OK : rk_no_memory(err);

    for (size_t i = 0; i < io->n && rc == RK_OK; i++)
        items[i] = io->list[i].item;
    if (rc == RK_OK)
        rc = rk_embeddings_features(s, who, items, io->n, rows, run, err);
    for (size_t i = 0; i < io->n && rc == RK_OK; i++) {
        io->list[i].score = rk_dot(w, x, RK_EMBEDDINGS_WEIGHTS);
        io->list[i].probability = s->embeddings_like.fitted
                                      ? rk_sigmoid(x[LIKING])
                                      : NAN;
        x += RK_EMBEDDINGS_WEIGHTS;
    }
    rk_run_trace(run, "rank by vectors", io->n, io->n, start,
                 "%.2f x next + %.2f x log-odds of a like", (double)w[NEXT],
                 (double)w[LIKING]);
    free(items);
    free(rows);
    return rc;
}


static int add_event(const rk_snapshot *s, const rk_candidate *c,
                     const rk_vector_taste *t, size_t a, float weight,
                     rk_reasons *out, rk_error *err)
{
    const char *verb = t->label[a] > 0 ? "liked" : "disliked";
    float cosine = rk_dot_f32(rk_snapshot_vector(s, t->item[a]),
                              rk_snapshot_vector(s, c->item), s->d);

    return rk_reasons_add(out, verb, rk_snapshot_id(s, t->item[a]), weight, err,
                          "close in meaning to %s, which the user %s "
                          "(cosine %.2f)",
                          rk_snapshot_title(s, t->item[a]), verb,
                          (double)cosine);
}


/* The events that speak loudest by being close, and in `rest` what all others
 * add up to. `unit` turns taste into log-odds. */
static int add_events(const rk_snapshot *s, const rk_who *who,
                      const rk_candidate *c, float unit, float *rest,
                      rk_reasons *out, rk_error *err)
{
    float *direction = rk_alloc_array(s->d, sizeof(*direction));
    float part[RK_VECTOR_TASTE_EVENTS];
    rk_hit loudest[NAMED_EVENTS];
    rk_vector_taste t;
    rk_topk top;
    size_t n;
    int rc;

    if (!direction)
        return rk_no_memory(err);
    rc = rk_vector_taste_fit(&t, direction, all_vectors(s), s->vector_mean,
                             s->d, who->history, who->n_history, 0, err);
    rk_topk_init(&top, loudest, NAMED_EVENTS);
    for (size_t a = 0; a < t.n && rc == RK_OK; a++) {
        part[a] = unit * rk_vector_taste_part(&t, a, all_vectors(s),
                                              s->vector_mean, s->d, c->item);
        *rest += part[a];
        if (part[a] * (float)t.label[a] > 0) /* close, not merely far */
            rk_topk_add(&top, (uint32_t)a, fabsf(part[a]));
    }
    n = rc == RK_OK ? rk_topk_finish(&top) : 0;
    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        *rest -= part[loudest[i].index];
        rc = add_event(s, c, &t, loudest[i].index, part[loudest[i].index], out,
                       err);
    }
    free(direction);
    return rc;
}


static int embeddings_explain(const rk_snapshot *s, const rk_who *who,
                              const rk_candidate *c, rk_reasons *out,
                              rk_run *run, rk_error *err)
{
    const rk_logistic *m = &s->embeddings_like.logistic;
    bool fitted = s->embeddings_like.fitted;
    float parts[N_FEATURES] = {0};
    float x[N_FEATURES];
    float rest = 0;
    int rc = like_features(s, who, &c->item, 1, x, NULL, err);

    (void)run;
    if (rc)
        return rc;
    if (fitted)
        rest = rk_logistic_logit(m, x, parts) - parts[ITEM_RATE] -
               (who->vector ? parts[PROFILE] : 0) -
               m->weight[TASTE] / m->sd[TASTE] * x[TASTE];
    rc = add_events(s, who, c, fitted ? m->weight[TASTE] / m->sd[TASTE] : 1,
                    &rest, out, err);
    if (rc == RK_OK && who->vector)
        rc = rk_reasons_add(
            out, "profile", "profile", fitted ? parts[PROFILE] : NAN, err,
            "%s the user's profile (cosine %.2f)",
            parts[PROFILE] >= 0 ? "fits" : "is far from", (double)x[PROFILE]);
    if (rc == RK_OK && fitted)
        rc = rk_reasons_add(out, "quality", rk_snapshot_id(s, c->item),
                            parts[ITEM_RATE], err,
                            "liked by %.0f%% of those "
                            "who had it (smoothed)",
                            100 * (double)x[ITEM_RATE]);
    if (rc == RK_OK)
        rc = rk_reasons_add(out, "model", "embeddings", rest, err,
                            "the other events, and what this user likes on "
                            "the whole (%.0f%%)",
                            100 * (double)x[USER_SHARE]);
    if (rc == RK_OK)
        rc = rk_sentence_write(out, rk_snapshot_title(s, c->item),
                               c->probability,
                               "a model trained on likes and "
                               "dislikes over the embedder's vectors",
                               err);
    return rc;
}


const rk_paradigm rk_embeddings = {
    .name = "embeddings",
    .cites = "Saunders et al. 1998 (kernel ridge), from text to item-item "
             "columns; Hou et al. 2022 (UniSRec)",
    .fit = embeddings_fit,
    .lacks = embeddings_lacks,
    .recall = embeddings_recall,
    .score = embeddings_score,
    .explain = embeddings_explain,
};
