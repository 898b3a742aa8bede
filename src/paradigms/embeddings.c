/* LLM embeddings + RS: the language model turns profiles into vectors; two
 * trained recommenders work on the vectors.
 *
 * What comes next is learnt as a map from the state of a history to the next
 * item's vector (learn/bilinear.h). Whether it will please is a logistic
 * regression, negative answers included, over the user's taste in directions
 * of the space (learn/vector_taste.h) and the nearness of the profile. Both
 * see vectors only, so an item or user with nothing but a text is scored like
 * any other.
 *
 *   log-odds = bias + a taste + b cos(profile) + c share(user) + d rate(item)
 *   score    = w_0 next + w_1 log-odds               w learnt on last likes
 */
#include "paradigms/paradigm.h"

#include "core/blas.h"
#include "core/clock.h"
#include "core/mem.h"
#include "learn/vector_taste.h"
#include "paradigms/liking.h"
#include "paradigms/sentence.h"

#include <math.h>
#include <string.h>

enum { TASTE, PROFILE, USER_SHARE, ITEM_RATE, N_FEATURES };

#define FIT_EVENTS   6000  /* at most: each solves for a user's taste */
#define FIT_USERS    400   /* at most, for the ranking weights */
#define PROFILE_PART 0.15f /* of a state, beside a full history */
#define NAMED_EVENTS 4     /* in an explanation */
#define STATE_UNIT   10.0f /* makes cosines of a state about one unit */

static const int8_t signs[N_FEATURES] = {+1, +1, +1, +1};

static const float rank_prior[2] = {1, 1};


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


/* The query of a user's state; false when nothing was liked: the map has learnt
 * what follows items, not what follows profiles. */
static bool next_query(const rk_snapshot *s, const rk_who *who, float *query,
                       float *state)
{
    if (!s->bilinear || rk_who_count(who, +1) == 0 ||
        !rk_bilinear_state(s->bilinear, all_vectors(s), who->history,
                           who->n_history, who->vector, PROFILE_PART, state))
        return false;
    rk_bilinear_query(s->bilinear, state, query);
    return true;
}


/* The two features that rank: what comes next, and the log-odds of a like. */
static int rank_features(const rk_snapshot *s, const rk_who *who,
                         const uint32_t *items, size_t n, float *x, void *ctx,
                         rk_error *err)
{
    float *room = rk_alloc_array(2 * s->d + N_FEATURES * n, sizeof(*room));
    float *query = room;
    float *like = room ? room + 2 * s->d : NULL;
    float centre = 0;
    bool known;
    int rc;

    if (!room)
        return rk_no_memory(err);
    known = next_query(s, who, query, query + s->d);
    if (known)
        centre = rk_dot_f32(query, s->vector_mean, s->d);
    rc = like_features(s, who, items, n, like, ctx, err);
    for (size_t i = 0; i < n && rc == RK_OK; i++, like += N_FEATURES) {
        const float *v = rk_snapshot_vector(s, items[i]);

        x[2 * i] = known ? STATE_UNIT * (rk_dot_f32(query, v, s->d) - centre)
                         : 0;
        x[2 * i + 1] = s->embeddings_like.fitted
                           ? rk_logistic_logit(&s->embeddings_like.logistic,
                                               like, NULL)
                           : 4 * (like[TASTE] + like[PROFILE]);
    }
    free(room);
    return rc;
}


/* The map, or none when nobody liked one thing after another: then what is
 * near to likes and profile must do. */
static int fit_map(rk_bilinear **out, const rk_corpus *c, const rk_snapshot *s,
                   rk_error *err)
{
    int rc = rk_bilinear_fit(out, c, all_vectors(s), s->d, 0,
                             s->settings->decay, err);

    return rc == RK_EINVAL ? RK_OK : rc;
}


/* The ranking weights: learnt on each user's last like, by a map that has not
 * seen it. */
static int fit_rank(const rk_workshop *w, const rk_snapshot *s,
                    float weights[2], rk_error *err)
{
    rk_snapshot trial = *s;
    rk_workshop before = *w;
    rk_corpus *corpus = NULL;
    rk_bilinear *map = NULL;
    rk_seen *held = NULL;
    int rc;

    rc = rk_corpus_hold_out(w->corpus, 1, 2, &corpus, &held, err);
    if (rc)
        return rc;
    rc = fit_map(&map, corpus, s, err);
    trial.bilinear = map;
    before.corpus = corpus;
    if (rc == RK_OK)
        rc = rk_ranking_fit(weights, &before, &trial, held, rank_features, NULL,
                            2, FIT_USERS, rank_prior, err);
    rk_bilinear_free(map);
    rk_corpus_free(corpus);
    free(held);
    return rc;
}


static int put_bilinear(rk_bundle_writer *out, const rk_bilinear *m,
                        rk_error *err)
{
    int rc = rk_bundle_put(out, "bilinear.map", RK_F32, m->d, m->d, m->map,
                           err);

    if (rc == RK_OK)
        rc = rk_bundle_put(out, "bilinear.mean", RK_F32, 1, m->d, m->mean, err);
    if (rc == RK_OK)
        rc = rk_bundle_put(out, "bilinear.decay", RK_F32, 1, 1, &m->decay, err);
    return rc;
}


/* Mean vector of the catalogue, yours to free. */
static float *mean_of(const rk_snapshot *s)
{
    float *mean = rk_calloc(s->d, sizeof(*mean));

    for (uint32_t i = 0; mean && i < s->n_items; i++)
        rk_axpy(s->d, 1 / (float)s->n_items, rk_snapshot_vector(s, i), mean);
    return mean;
}


static int embeddings_fit(const rk_workshop *w, rk_error *err)
{
    rk_snapshot s = *w->snapshot;
    rk_bilinear *map = NULL;
    float *mean = NULL;
    float weights[2];
    int rc;

    if (!s.vectors)
        return RK_OK;
    mean = mean_of(&s);
    if (!mean)
        return rk_no_memory(err);
    s.vector_mean = mean;
    rc = fit_map(&map, w->corpus, &s, err);
    s.bilinear = map;
    if (rc == RK_OK)
        rc = rk_bundle_put(w->out, "vectors.mean", RK_F32, 1, s.d, mean, err);
    if (rc)
        goto done;
    rc = rk_liking_fit(&s.embeddings_like, w, &s, like_features, NULL,
                       N_FEATURES, signs, FIT_EVENTS, err);
    if (rc == RK_OK)
        rc = fit_rank(w, &s, weights, err);
    if (rc == RK_OK && map)
        rc = put_bilinear(w->out, map, err);
    if (rc == RK_OK)
        rc = rk_like_model_put(w->out, "embeddings.like", &s.embeddings_like,
                               err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w->out, "embeddings.rank", RK_F32, 1, 2, weights,
                           err);

done:
    rk_bilinear_free(map);
    free(mean);
    return rc;
}


static const char *embeddings_lacks(const rk_snapshot *s)
{
    return s->vectors && s->embeddings_rank ? NULL
                                            : "no embedder when prepared";
}


static int embeddings_recall(const rk_snapshot *s, const rk_who *who, size_t k,
                             rk_candidates *out, rk_run *run, rk_error *err)
{
    int64_t start = rk_clock_us();
    float *query = rk_alloc_array(2 * s->d, sizeof(*query));
    rk_hit *hits = rk_alloc_array(k, sizeof(*hits));
    const float *asked = query;
    size_t n = 0;
    int rc = query && hits ? RK_OK : rk_no_memory(err);

    if (rc == RK_OK && !next_query(s, who, query, query + s->d))
        asked = who->vector; /* no map or nothing liked: the profile itself */
    if (rc == RK_OK && asked)
        rc = rk_index_search(s->vectors, asked, k, RK_SEARCH_I8, run->skip,
                             run->skip_ctx, hits, &n, err);
    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        rk_candidate c = {.item = hits[i].index,
                          .score = hits[i].score,
                          .probability = NAN,
                          .source = "vectors"};

        rc = rk_candidates_add(out, c, err);
    }
    rk_run_trace(run, "recall by vectors", rk_index_count(s->vectors), n, start,
                 "%s",
                 asked == query ? "the state of the history, mapped"
                 : asked        ? "the profile's vector"
                                : "neither likes nor a profile");
    free(query);
    free(hits);
    return rc;
}


static int embeddings_score(const rk_snapshot *s, const rk_who *who,
                            rk_candidates *io, rk_run *run, rk_error *err)
{
    int64_t start = rk_clock_us();
    uint32_t *items = rk_alloc_array(io->n, sizeof(*items));
    float *x = rk_alloc_array(io->n * 2, sizeof(*x));
    int rc = items && x ? RK_OK : rk_no_memory(err);

    for (size_t i = 0; i < io->n && rc == RK_OK; i++)
        items[i] = io->list[i].item;
    if (rc == RK_OK)
        rc = rank_features(s, who, items, io->n, x, NULL, err);
    for (size_t i = 0; i < io->n && rc == RK_OK; i++) {
        io->list[i].score = s->embeddings_rank[0] * x[2 * i] +
                            s->embeddings_rank[1] * x[2 * i + 1];
        io->list[i].probability = s->embeddings_like.fitted
                                      ? rk_sigmoid(x[2 * i + 1])
                                      : NAN;
    }
    rk_run_trace(run, "rank by vectors", io->n, io->n, start,
                 "%.2f x next + %.2f x log-odds of a like",
                 (double)s->embeddings_rank[0], (double)s->embeddings_rank[1]);
    free(items);
    free(x);
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
    .cites = "Choe et al. 2021 (SLIST), carried to text vectors; Hou et al. "
             "2022 (UniSRec)",
    .fit = embeddings_fit,
    .lacks = embeddings_lacks,
    .recall = embeddings_recall,
    .score = embeddings_score,
    .explain = embeddings_explain,
};
