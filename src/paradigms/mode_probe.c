/* A trained probe on what the writer holds of items: the hidden states of their
 * lines, in two towers (learn/two_tower.h, probe_towers.h), beside the
 * likelihoods.
 *
 *   f_i   = (state of the heading and the item's line, item's vector)
 *   h_u   = (mean of f over what u liked, f of the newest of it)
 *   score = w0 z((U' h_u + c) . (V' f_i)) + w1 z(likelihood)
 *
 * over the likes that the prompt tells of. The towers learn from the last likes
 * of users whom no list asks, the weights from the lists. A state is of an
 * item alone and kept for good, so training reads each item once, however many
 * users teach. */
#include "core/blas.h"
#include "core/mem.h"
#include "paradigms/mode_likelihood.h"
#include "paradigms/mode_weights.h"
#include "paradigms/probe_towers.h"

enum { TOWERS, LIKELIHOOD };

static const float usual[RK_PROBE_FEATURES] = {1, 0.25f};


static const char *lacks(rk_llm *writer)
{
    return rk_llm_describe(writer)->width
               ? NULL
               : "this kind of model gives no hidden states";
}


/* Towers and likelihoods of all candidates, float32 (n, RK_PROBE_FEATURES). */
static int features_of(const rk_mode_ask *a, float *x, rk_mode_note *notes,
                       rk_error *err)
{
    const float *weights = rk_likelihood_weights(a->s);
    float *towers = rk_alloc_array(a->n, sizeof(*towers));
    rk_lines l = {0};
    int rc = towers ? rk_lines_init(&l, a->s, a->items, a->n, err)
                    : rk_no_memory(err);

    if (rc == RK_OK)
        rc = rk_probe_towers_read(a, towers, err);
    if (rc == RK_OK)
        rc = rk_lines_read(&l, a->s, a->who, a->run, err);
    for (size_t i = 0; i < a->n && rc == RK_OK; i++) {
        float *row = x + i * RK_PROBE_FEATURES;

        row[TOWERS] = towers[i];
        row[LIKELIHOOD] = rk_likelihood_score(a->s, &l, i, weights, notes[i]);
    }
    if (rc == RK_OK)
        rc = rk_mode_standardise(x, a->n, RK_PROBE_FEATURES, err);
    rk_lines_clear(&l);
    free(towers);
    return rc;
}


static int score(const rk_mode_ask *a, float *scores, rk_mode_note *notes,
                 rk_error *err)
{
    const float *w = rk_mode_weights(a->s->llm.probe_weights, usual,
                                     RK_PROBE_FEATURES);
    float *x = rk_alloc_array(a->n, RK_PROBE_FEATURES * sizeof(*x));
    int rc = x ? features_of(a, x, notes, err) : rk_no_memory(err);

    for (size_t i = 0; i < a->n && rc == RK_OK; i++)
        scores[i] = rk_dot(w, x + i * RK_PROBE_FEATURES, RK_PROBE_FEATURES);
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
    static const rk_mode_features f = {RK_PROBE_FEATURES, usual, true,
                                       list_features};
    int rc = io->probe.n_user ? RK_OK : rk_probe_towers_fit(&io->probe, l, err);

    return rc == RK_OK && io->probe.n_user
               ? rk_mode_weigh(io->probe_weights, &f, io, l, err)
               : rc;
}


const rk_mode rk_mode_probe = {
    .name = "probe",
    .summary = "a two-tower head on the writer's hidden states, trained on "
               "other users' likes, beside the likelihoods",
    .law = "as likelihood, and once for each item its line: to train, for at "
           "most 4,096 items",
    .takes_vectors = true,
    .judge = "the writer's states and likelihoods",
    .needs = RK_CAN_LIKELIHOOD,
    .tokens = rk_likelihood_tokens,
    .first_tokens = rk_probe_towers_tokens,
    .lacks = lacks,
    .fit = fit,
    .score = score,
    .like = rk_likelihood_like,
    .explain = rk_likelihood_explain,
};
