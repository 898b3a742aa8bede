/* How likely each candidate's line is after the user's lists, less what is
 * likely anyway (pointwise mutual information; Holtzman et al., "Surface Form
 * Competition", EMNLP 2021).
 *
 *   gain(list) = (log p(line | list) - log p(line | stranger)) / tokens
 *   score      = weights . features - ratio w(gain) gain(disliked)
 *
 * The features are a table; more of them is a line more. What is compiled in
 * takes off some two thirds of the prior. Learnt weights stay only where they
 * rank lists that they have not seen better, by more than a standard error.
 * Nothing in those lists says what a dislike counts, so its ratio comes from
 * the model of likes: that of its weights, one half at most. */
#include "paradigms/mode_likelihood.h"

#include "paradigms/mode_weights.h"

#include <math.h>
#include <string.h>

#define DISLIKE_MOST 0.5f

static float gain_token(const rk_lines *l, size_t i)
{
    return rk_lines_gain(l, i, +1);
}


static float prior_token(const rk_lines *l, size_t i)
{
    return l->prior[2 * i] / rk_lines_tokens(l, i);
}


static float gain_line(const rk_lines *l, size_t i)
{
    return l->liked[i] - l->prior[2 * i];
}


static float prior_line(const rk_lines *l, size_t i)
{
    return l->prior[2 * i];
}


static float tokens(const rk_lines *l, size_t i)
{
    return rk_lines_tokens(l, i);
}


/* `unit` brings a feature to a spread of about one. */
static const struct {
    const char *name;
    float unit;
    float (*of)(const rk_lines *l, size_t i);
} features[RK_LIKELIHOOD_FEATURES] = {
    {"gain a token", 1, gain_token},
    {"prior a token", 1, prior_token},
    {"gain of the line", 0.1f, gain_line},
    {"prior of the line", 0.1f, prior_line},
    {"tokens", 0.1f, tokens},
};

enum { GAIN_TOKEN, PRIOR_TOKEN, GAIN_LINE };

/* Chosen on 300 users of MovieLens 1M and 132 of Amazon games, none of whom a
 * protocol's language models are asked about (docs/evaluation.md). */
static const float usual[RK_LIKELIHOOD_FEATURES] = {1, 0.8f, 1.1f, -0.1f};
static const float pure[RK_LIKELIHOOD_FEATURES] = {1};


void rk_likelihood_features(const rk_lines *l, size_t i, float *x)
{
    for (size_t f = 0; f < RK_LIKELIHOOD_FEATURES; f++)
        x[f] = features[f].unit * features[f].of(l, i);
}


const float *rk_likelihood_weights(const rk_snapshot *s)
{
    return rk_mode_weights(s->llm.likelihood, usual, RK_LIKELIHOOD_FEATURES);
}


/* How much the reading after dislikes counts against the one after likes:
 * what the regression found, but for ranking no more than a half. */
static float dislike_ratio(const rk_snapshot *s)
{
    const rk_logistic *m = &s->llm_like.logistic;
    float like;
    float dislike;

    if (!s->llm_like.fitted)
        return 0;
    like = m->weight[RK_MODE_FIRST] / m->sd[RK_MODE_FIRST];
    dislike = -m->weight[RK_MODE_SECOND] / m->sd[RK_MODE_SECOND];
    if (!(like > 0) || !(dislike > 0))
        return 0;
    return dislike < DISLIKE_MOST * like ? dislike / like : DISLIKE_MOST;
}


float rk_likelihood_score(const rk_snapshot *s, const rk_lines *l, size_t i,
                          const float *weights, rk_mode_note note)
{
    float x[RK_LIKELIHOOD_FEATURES];
    float length = rk_lines_tokens(l, i);
    float counts = weights[GAIN_TOKEN] +
                   weights[GAIN_LINE] * features[GAIN_LINE].unit * length;
    float score = 0;

    note[0] = rk_lines_gain(l, i, +1);
    note[1] = rk_lines_gain(l, i, -1);
    rk_likelihood_features(l, i, x);
    for (size_t f = 0; f < RK_LIKELIHOOD_FEATURES; f++)
        score += weights[f] * x[f];
    return counts > 0 ? score - dislike_ratio(s) * counts * note[1] : score;
}


static int score_by(const rk_mode_ask *a, const float *weights, float *scores,
                    rk_mode_note *notes, rk_error *err)
{
    rk_lines l = {0};
    int rc = rk_lines_init(&l, a->s, a->items, a->n, err);

    if (rc == RK_OK)
        rc = rk_lines_read(&l, a->s, a->who, a->run, err);
    for (size_t i = 0; i < a->n && rc == RK_OK; i++)
        scores[i] = rk_likelihood_score(a->s, &l, i, weights, notes[i]);
    rk_lines_clear(&l);
    return rc;
}


static int score(const rk_mode_ask *a, float *scores, rk_mode_note *notes,
                 rk_error *err)
{
    return score_by(a, rk_likelihood_weights(a->s), scores, notes, err);
}


static int score_pure(const rk_mode_ask *a, float *scores, rk_mode_note *notes,
                      rk_error *err)
{
    return score_by(a, pure, scores, notes, err);
}


static int features_of(const rk_mode_ask *a, float *x, rk_error *err)
{
    rk_lines lines = {0};
    int rc = rk_lines_init(&lines, a->s, a->items, a->n, err);

    if (rc == RK_OK)
        rc = rk_lines_read(&lines, a->s, a->who, a->run, err);
    for (size_t i = 0; i < a->n && rc == RK_OK; i++)
        rk_likelihood_features(&lines, i, x + i * RK_LIKELIHOOD_FEATURES);
    rk_lines_clear(&lines);
    return rc;
}


static int fit(rk_llm_learnt *io, const rk_mode_lists *l, rk_error *err)
{
    static const rk_mode_features f = {RK_LIKELIHOOD_FEATURES, usual, true,
                                       features_of};

    return rk_mode_weigh(io->likelihood, &f, io, l, err);
}


float rk_likelihood_tokens(const rk_mode_size *z)
{
    return z->liked + z->lines + (z->disliked > 0 ? z->disliked + z->lines : 0);
}


const rk_like_model *rk_likelihood_like(const rk_snapshot *s)
{
    return &s->llm_like;
}


/* The newest item of one label that carries a category; RK_NO_ID: none.
 * *balance: its likes less its dislikes among all of the user's events. */
static uint32_t carrier(const rk_snapshot *s, const rk_who *who, uint32_t item,
                        int label, const char *category, int *balance)
{
    uint32_t newest = RK_NO_ID;

    *balance = 0;
    for (size_t i = 0; i < who->n_history; i++) {
        const rk_seen *e = &who->history[i];

        if (e->item == item || !rk_snapshot_has_category(s, e->item, category))
            continue;
        *balance += e->label;
        if (e->label == label)
            newest = e->item;
    }
    return newest;
}


/* The category an item shares with the user's items that says most for one
 * label: it must be more liked than disliked, or the other way round. */
static bool shared_fact(const rk_snapshot *s, const rk_who *who, uint32_t item,
                        int label, const char **category, uint32_t *with)
{
    int best = 0;

    for (size_t k = 0; k < s->vocabulary.n_categories; k++) {
        const char *word = s->vocabulary.words[k];
        uint32_t other;
        int balance;

        if (!rk_snapshot_has_category(s, item, word))
            continue;
        other = carrier(s, who, item, label, word, &balance);
        if (other != RK_NO_ID && label * balance > best) {
            best = label * balance;
            *category = word;
            *with = other;
        }
    }
    return best > 0;
}


static int add_reading(const rk_snapshot *s, const rk_who *who,
                       const rk_candidate *c, int label, float weight,
                       rk_reasons *out, rk_error *err)
{
    const char *verb = label > 0 ? "liked" : "disliked";
    float gain = c->note[label > 0 ? 0 : 1];
    const char *category;
    uint32_t with;
    int rc;

    rc = rk_reasons_add(
        out, "model", label > 0 ? "read after likes" : "read after dislikes",
        weight, err,
        "after what the user %s the writer finds its line "
        "%+.2f nats a token likelier than after a stranger's list",
        verb, (double)gain);
    /* A shared fact speaks for the reading's side, or not at all; its weight
     * is the reading's and is not counted twice. */
    if (rc == RK_OK && weight * (float)label > 0 &&
        shared_fact(s, who, c->item, label, &category, &with))
        rc = rk_reasons_add(out, verb, rk_snapshot_id(s, with), NAN, err,
                            "it is %s like %s, which the user %s", category,
                            rk_snapshot_title(s, with), verb);
    return rc;
}


int rk_likelihood_explain(const rk_snapshot *s, const rk_who *who,
                          const rk_candidate *c, const float *parts,
                          rk_reasons *out, rk_error *err)
{
    int rc = add_reading(s, who, c, +1, parts[RK_MODE_FIRST], out, err);

    if (rc == RK_OK && rk_who_count(who, -1))
        rc = add_reading(s, who, c, -1, parts[RK_MODE_SECOND], out, err);
    if (rc == RK_OK && who->profile[0] && rk_who_count(who, +1) == 0)
        rc = rk_reasons_add(out, "profile", "profile", parts[RK_MODE_FIRST],
                            err,
                            "the writer finds it %s after the user's profile",
                            parts[RK_MODE_FIRST] >= 0 ? "likely" : "unlikely");
    return rc;
}


const rk_mode rk_mode_likelihood = {
    .name = "likelihood",
    .summary = "how likely each candidate's line is after the user's lists, "
               "what is likely anyway taken off in part, or as learnt",
    .law = "P + C: the list of likes and all candidates' lines, once; the same "
           "again where there are dislikes",
    .judge = "the writer's likelihoods",
    .needs = RK_CAN_LIKELIHOOD,
    .tokens = rk_likelihood_tokens,
    .fit = fit,
    .score = score,
    .like = rk_likelihood_like,
    .explain = rk_likelihood_explain,
};

const rk_mode rk_mode_pure = {
    .name = "pure",
    .summary = "likelihood with all of what is likely anyway taken off: no "
               "popularity, the user alone",
    .law = "as likelihood",
    .by_name_only = true,
    .judge = "the writer's likelihoods",
    .needs = RK_CAN_LIKELIHOOD,
    .tokens = rk_likelihood_tokens,
    .score = score_pure,
    .like = rk_likelihood_like,
    .explain = rk_likelihood_explain,
};
