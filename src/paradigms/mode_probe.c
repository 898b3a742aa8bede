/* A trained probe on what the writer holds of a text: its hidden state after
 * the user's prompt and after each item's line, in two towers
 * (learn/two_tower.h, probe_towers.h), beside the likelihoods.
 *
 *   h_u   = state after the list of likes
 *   f_i   = (state after the heading and the item's line, item's vector)
 *   score = w0 (U' h_u + c) . (V' f_i) + w . likelihood's features
 *
 * The towers learn from the last likes of users whom no list asks, the weights
 * from the lists. An item's state is without any user and kept for good, so a
 * request pays for the user's alone. */
#include "paradigms/mode_likelihood.h"
#include "paradigms/mode_weights.h"
#include "paradigms/probe_towers.h"

#define N_FEATURES (1 + RK_LIKELIHOOD_FEATURES)

static const float usual[N_FEATURES] = {0.5f, 1, 0.5f};


static const char *lacks(rk_llm *writer)
{
    return rk_llm_describe(writer)->width
               ? NULL
               : "this kind of model gives no hidden states";
}


/* Towers and likelihoods of all candidates. */
static int read_all(const rk_mode_ask *a, float *towers, rk_lines *l,
                    rk_error *err)
{
    int rc = rk_lines_init(l, a->s, a->items, a->n, err);

    if (rc == RK_OK)
        rc = rk_probe_towers_read(a, towers, err);
    if (rc == RK_OK)
        rc = rk_lines_read(l, a->s, a->who, a->run, err);
    return rc;
}


static int score(const rk_mode_ask *a, float *scores, rk_mode_note *notes,
                 rk_error *err)
{
    const float *w = a->s->llm.probe_weights;
    rk_lines l = {0};
    int rc = read_all(a, scores, &l, err);

    for (size_t i = 0; i < a->n && rc == RK_OK; i++)
        scores[i] = w[0] * scores[i] +
                    rk_likelihood_score(a->s, &l, i, w + 1, notes[i]);
    rk_lines_clear(&l);
    return rc;
}


static int features_of(const rk_mode_ask *a, float *x, rk_error *err)
{
    float towers[RK_LLM_LIST];
    rk_lines lines = {0};
    int rc = read_all(a, towers, &lines, err);

    for (size_t i = 0; i < a->n && rc == RK_OK; i++) {
        x[i * N_FEATURES] = towers[i];
        rk_likelihood_features(&lines, i, x + i * N_FEATURES + 1);
    }
    rk_lines_clear(&lines);
    return rc;
}


static int fit(rk_llm_learnt *io, const rk_mode_lists *l, rk_error *err)
{
    static const rk_mode_features f = {N_FEATURES, usual, false, features_of};
    int rc = io->probe.n_user ? RK_OK : rk_probe_towers_fit(&io->probe, l, err);

    return rc == RK_OK && io->probe.n_user
               ? rk_mode_weigh(io->probe_weights, &f, io, l, err)
               : rc;
}


const rk_mode rk_mode_probe = {
    .name = "probe",
    .summary = "a two-tower head on the writer's hidden states, trained on "
               "other users' likes, beside the likelihoods",
    .law = "as likelihood: the user's state is that after the list of likes, "
           "and items' states are kept; to train, P for each of 200 or 1,000 "
           "users and c for each of at most 2,048 items",
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
