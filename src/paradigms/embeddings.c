/* LLM embeddings + RS: the language model turns profiles into vectors; two
 * trained recommenders work on the vectors.
 *
 * What comes next is learnt as a map from the state of a history to the next
 * item's vector (learn/bilinear.h). Whether it will please is a logistic
 * regression, negative answers included, on how near an item is to what the
 * user liked, to what they disliked, and to their profile. Both see vectors
 * only, so an item or user with nothing but a text is scored like any other.
 *
 *   score = w_0 next / sd + w_1 log-odds of a like     w learnt on last likes
 */
#include "paradigms/paradigm.h"

#include "core/blas.h"
#include "core/clock.h"
#include "core/mem.h"
#include "paradigms/liking.h"
#include "paradigms/sentence.h"

#include <math.h>
#include <string.h>

enum { LIKED, DISLIKED, PROFILE, USER_SHARE, ITEM_RATE, N_FEATURES };

#define NEAREST      3     /* events whose nearness is averaged */
#define FIT_EVENTS   20000 /* at most, for the logistic regression */
#define FIT_USERS    400   /* at most, for the ranking weights */
#define PROFILE_PART 0.15f /* of a state, beside a full history */

static const int8_t signs[N_FEATURES] = {+1, -1, +1, +1, +1};

static const float rank_prior[2] = {1, 1};


/* What two items drawn at random have in common: what a missing nearness is
 * taken for. */
static float usual_nearness(const rk_snapshot *s)
{
    return s->bilinear ? rk_dot(s->bilinear->mean, s->bilinear->mean, s->d)
                       : 0;
}


/* Mean cosine of an item to its NEAREST events of one label. */
static float nearness(const rk_snapshot *s, const rk_who *who, uint32_t item,
                      int label)
{
    const float *v = rk_snapshot_vector(s, item);
    rk_hit room[NEAREST];
    rk_topk top;
    float sum = 0;
    size_t n;

    rk_topk_init(&top, room, NEAREST);
    for (size_t i = 0; i < who->n_history; i++) {
        const rk_seen *e = &who->history[i];

        if (e->label == label && e->item != item)
            rk_topk_add(&top, (uint32_t)i,
                        rk_dot_f32(v, rk_snapshot_vector(s, e->item), s->d));
    }
    n = rk_topk_finish(&top);
    for (size_t i = 0; i < n; i++)
        sum += room[i].score;
    return n ? sum / (float)n : usual_nearness(s);
}


static int like_features(const rk_snapshot *s, const rk_who *who,
                         const uint32_t *items, size_t n, float *x, void *ctx,
                         rk_error *err)
{
    (void)ctx;
    (void)err;
    for (size_t i = 0; i < n; i++, x += N_FEATURES) {
        x[LIKED] = nearness(s, who, items[i], +1);
        x[DISLIKED] = nearness(s, who, items[i], -1);
        x[PROFILE] = who->vector
                         ? rk_dot_f32(who->vector,
                                      rk_snapshot_vector(s, items[i]), s->d)
                         : 0;
        x[USER_SHARE] = rk_who_like_share(who, s->catalogue_share);
        x[ITEM_RATE] = rk_snapshot_like_rate(s, items[i]);
    }
    return RK_OK;
}


/* The query of a user's state; false when there is nothing to go by. */
static bool next_query(const rk_snapshot *s, const rk_who *who, float *query,
                       float *state)
{
    if (!s->bilinear ||
        !rk_bilinear_state(s->bilinear, rk_index_vector(s->vectors, 0),
                           who->history, who->n_history, who->vector,
                           PROFILE_PART, state))
        return false;
    rk_bilinear_query(s->bilinear, state, query);
    return true;
}


/* The two features that rank: what comes next, and the log-odds of a like. */
static int rank_features(const rk_snapshot *s, const rk_who *who,
                         const uint32_t *items, size_t n, float *x, void *ctx,
                         rk_error *err)
{
    float *query = rk_alloc_array(2 * s->d, sizeof(*query));
    float like[N_FEATURES];
    bool known;
    int rc = RK_OK;

    if (!query)
        return rk_no_memory(err);
    known = next_query(s, who, query, query + s->d);
    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        const float *v = rk_snapshot_vector(s, items[i]);
        float centred = 0;

        if (known)
            centred = rk_dot_f32(query, v, s->d) -
                      rk_dot_f32(query, s->bilinear->mean, s->d);
        rc = like_features(s, who, &items[i], 1, like, ctx, err);
        x[2 * i] = 10 * centred; /* cosines of a state: about one unit */
        x[2 * i + 1] = s->embeddings_like.fitted
                           ? rk_logistic_logit(&s->embeddings_like.logistic,
                                               like, NULL)
                           : 4 * (like[LIKED] + like[PROFILE]);
    }
    free(query);
    return rc;
}


/* The map, or none when nobody liked one thing after another: then what is
 * near to likes and profile must do. */
static int fit_map(rk_bilinear **out, const rk_corpus *c, const rk_snapshot *s,
                   rk_error *err)
{
    int rc = rk_bilinear_fit(out, c, rk_index_vector(s->vectors, 0), s->d, 0,
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
        rc = rk_ranking_fit(weights, &before, &trial, held, rank_features,
                            NULL, 2, FIT_USERS, rank_prior, err);
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
        rc = rk_bundle_put(out, "bilinear.mean", RK_F32, 1, m->d, m->mean,
                           err);
    if (rc == RK_OK)
        rc = rk_bundle_put(out, "bilinear.decay", RK_F32, 1, 1, &m->decay,
                           err);
    return rc;
}


static int embeddings_fit(const rk_workshop *w, rk_error *err)
{
    rk_snapshot s = *w->snapshot;
    rk_bilinear *map = NULL;
    float weights[2];
    int rc;

    if (!s.vectors)
        return RK_OK;
    rc = fit_map(&map, w->corpus, &s, err);
    if (rc)
        return rc;
    s.bilinear = map;
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
    rk_bilinear_free(map);
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
                 "%s", asked == query ? "the state of the history, mapped"
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


/* The event of one label nearest to an item; RK_NO_ID when there is none. */
static uint32_t nearest_event(const rk_snapshot *s, const rk_who *who,
                              uint32_t item, int label, float *cosine)
{
    const float *v = rk_snapshot_vector(s, item);
    uint32_t best = RK_NO_ID;

    *cosine = -2;
    for (size_t i = 0; i < who->n_history; i++) {
        const rk_seen *e = &who->history[i];
        float c;

        if (e->label != label || e->item == item)
            continue;
        c = rk_dot_f32(v, rk_snapshot_vector(s, e->item), s->d);
        if (c > *cosine) {
            *cosine = c;
            best = e->item;
        }
    }
    return best;
}


static int add_nearest(const rk_snapshot *s, const rk_who *who,
                       const rk_candidate *c, int label, float weight,
                       rk_reasons *out, rk_error *err)
{
    float cosine;
    uint32_t near = nearest_event(s, who, c->item, label, &cosine);

    if (near == RK_NO_ID)
        return RK_OK;
    return rk_reasons_add(out, label > 0 ? "liked" : "disliked",
                          rk_snapshot_id(s, near), weight, err,
                          "close in meaning to %s, which the user %s "
                          "(cosine %.2f)",
                          rk_snapshot_title(s, near),
                          label > 0 ? "liked" : "disliked", (double)cosine);
}


static int embeddings_explain(const rk_snapshot *s, const rk_who *who,
                              const rk_candidate *c, rk_reasons *out,
                              rk_run *run, rk_error *err)
{
    float x[N_FEATURES];
    float parts[N_FEATURES] = {0};
    bool fitted = s->embeddings_like.fitted;
    int rc = like_features(s, who, &c->item, 1, x, NULL, err);

    (void)run;
    if (fitted)
        rk_logistic_logit(&s->embeddings_like.logistic, x, parts);
    for (size_t i = 0; i < N_FEATURES && !fitted; i++)
        parts[i] = NAN;
    if (rc == RK_OK)
        rc = add_nearest(s, who, c, +1, parts[LIKED], out, err);
    if (rc == RK_OK)
        rc = add_nearest(s, who, c, -1, parts[DISLIKED], out, err);
    if (rc == RK_OK && who->vector)
        rc = rk_reasons_add(out, "profile", "profile", parts[PROFILE], err,
                            "%s the user's profile (cosine %.2f)",
                            parts[PROFILE] >= 0 ? "fits" : "is far from",
                            (double)x[PROFILE]);
    if (rc == RK_OK && fitted)
        rc = rk_reasons_add(out, "quality", rk_snapshot_id(s, c->item),
                            parts[ITEM_RATE], err, "liked by %.0f%% of those "
                            "who had it (smoothed)",
                            100 * (double)x[ITEM_RATE]);
    if (rc == RK_OK && fitted)
        rc = rk_reasons_add(
            out, "model", "embeddings",
            s->embeddings_like.logistic.bias + parts[USER_SHARE], err,
            "what this user likes on the whole (%.0f%%)",
            100 * (double)x[USER_SHARE]);
    if (rc == RK_OK)
        rc = rk_sentence_write(out, rk_snapshot_title(s, c->item),
                               c->probability, "a model trained on likes and "
                               "dislikes over the embedder's vectors", err);
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
