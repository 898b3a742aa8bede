/* Likelihood, and how near each candidate's vector is to those of what the user
 * liked, in one sum of z-scores over the list:
 *
 *   score = w0 z(likelihood) + w1 z(cos to the newest like)
 *         + w2 z(greatest cos to a like) + w3 z(mean cos to the likes)
 *
 * over the likes that the prompt tells of, with the catalogue's mean vector
 * taken off. Nobody else's history is in it but for the four weights: those
 * compiled in were chosen on other users of MovieLens 1M and Amazon games;
 * others are learnt where they rank better, by more than a standard error, on
 * lists that they have not seen. */
#include "core/blas.h"
#include "core/mem.h"
#include "paradigms/mode_likelihood.h"
#include "paradigms/mode_weights.h"

#include <math.h>
#include <string.h>

enum { LIKELIHOOD, NEWEST, NEAREST, MEAN };

static const float usual[RK_NEARNESS_FEATURES] = {1, 0.2f, 0.3f, 0.4f};


/* The vector of an item less the catalogue's mean, brought to length one. */
static void centred(const rk_snapshot *s, uint32_t item, float *v)
{
    float length;

    memcpy(v, rk_snapshot_vector(s, item), s->d * sizeof(*v));
    rk_axpy(s->d, -1, s->vector_mean, v);
    length = sqrtf(rk_dot(v, v, s->d));
    for (size_t k = 0; k < s->d && length > 0; k++)
        v[k] /= length;
}


/* The three cosines of each candidate into x (n, RK_NEARNESS_FEATURES). */
static int nearness(const rk_mode_ask *a, float *x, rk_error *err)
{
    size_t most = a->s->settings->llm_history;
    uint32_t *likes = rk_alloc_array(most, sizeof(*likes));
    float *liked = rk_alloc_array(most, a->s->d * sizeof(*liked));
    float *v = rk_alloc_array(a->s->d, sizeof(*v));
    size_t n = 0;
    int rc = likes && liked && v ? RK_OK : rk_no_memory(err);

    if (rc == RK_OK)
        n = rk_who_latest(a->who, +1, most, likes);
    for (size_t j = 0; j < n; j++)
        centred(a->s, likes[j], liked + j * a->s->d);
    for (size_t i = 0; i < a->n && n > 0 && rc == RK_OK; i++) {
        float *row = x + i * RK_NEARNESS_FEATURES;

        centred(a->s, a->items[i], v);
        row[NEAREST] = -1;
        row[MEAN] = 0;
        for (size_t j = 0; j < n; j++) {
            float cosine = rk_dot(v, liked + j * a->s->d, a->s->d);

            row[NEWEST] = cosine;
            row[NEAREST] = fmaxf(row[NEAREST], cosine);
            row[MEAN] += cosine / (float)n;
        }
    }
    free(likes);
    free(liked);
    free(v);
    return rc;
}


static int features_of(const rk_mode_ask *a, float *x, rk_mode_note *notes,
                       rk_error *err)
{
    const float *weights = rk_likelihood_weights(a->s);
    rk_lines l = {0};
    int rc;

    if (!a->s->vectors || !a->s->vector_mean)
        return rk_fail(err, RK_ENOTREADY,
                       "nearness needs an embedder: set models.embedder and "
                       "run reckon prepare");
    rc = rk_lines_init(&l, a->s, a->items, a->n, err);
    memset(x, 0, a->n * RK_NEARNESS_FEATURES * sizeof(*x));
    if (rc == RK_OK)
        rc = rk_lines_read(&l, a->s, a->who, a->run, err);
    for (size_t i = 0; i < a->n && rc == RK_OK; i++)
        x[i * RK_NEARNESS_FEATURES + LIKELIHOOD] = rk_likelihood_score(
            a->s, &l, i, weights, notes[i]);
    if (rc == RK_OK)
        rc = nearness(a, x, err);
    if (rc == RK_OK)
        rc = rk_mode_standardise(x, a->n, RK_NEARNESS_FEATURES, err);
    rk_lines_clear(&l);
    return rc;
}


static int score(const rk_mode_ask *a, float *scores, rk_mode_note *notes,
                 rk_error *err)
{
    const float *weights = rk_mode_weights(a->s->llm.nearness, usual,
                                           RK_NEARNESS_FEATURES);
    float *x = rk_alloc_array(a->n, RK_NEARNESS_FEATURES * sizeof(*x));
    int rc = x ? features_of(a, x, notes, err) : rk_no_memory(err);

    for (size_t i = 0; i < a->n && rc == RK_OK; i++)
        scores[i] = rk_dot(weights, x + i * RK_NEARNESS_FEATURES,
                           RK_NEARNESS_FEATURES);
    free(x);
    return rc;
}


static int list_features(const rk_mode_ask *a, float *x, rk_error *err)
{
    rk_mode_note notes[RK_LLM_LIST];

    return features_of(a, x, notes, err);
}


static int fit(rk_llm_learnt *io, const rk_mode_lists *l, rk_error *err)
{
    static const rk_mode_features f = {RK_NEARNESS_FEATURES, usual, true,
                                       list_features};

    return rk_mode_weigh(io->nearness, &f, io, l, err);
}


const rk_mode rk_mode_nearness = {
    .name = "nearness",
    .summary = "likelihood, and how near each candidate's vector is to those "
               "of what the user liked",
    .law = "as likelihood: vectors are kept",
    .judge = "the writer's likelihoods and the items' vectors",
    .takes_vectors = true,
    .needs = RK_CAN_LIKELIHOOD,
    .tokens = rk_likelihood_tokens,
    .fit = fit,
    .score = score,
    .like = rk_likelihood_like,
    .explain = rk_likelihood_explain,
};
