#include "engine/rank.h"

#include "core/clock.h"
#include "core/mem.h"
#include "engine/others.h"
#include "engine/recall.h"
#include "learn/fuse.h"
#include "paradigms/liking.h"
#include "paradigms/sentence.h"
#include "paradigms/vocabulary.h"

#include <math.h>
#include <string.h>

#define FIT_USERS 400     /* at most, whose last likes teach the weights */
#define FIT_LIST  150     /* candidates a list */
#define ENOUGH    100     /* lists to tell by whether a source adds something */
#define FEW       50      /* below, recall's candidates are added */
#define ABSENT    (-4.0f) /* a place in a list that no candidate takes */

/* The second is for somebody known by a profile alone: what they say counts. */
static const float priors[2][RK_FUSION_FEATURES] = {{0.3f, 1, 0.5f, 0.3f},
                                                    {0.3f, 0.3f, 0.7f, 1}};

static const float others_alone[RK_FUSION_FEATURES] = {[RK_BY_OTHERS] = 1};

static const char *const names[RK_FUSION_FEATURES] = {
    "popularity", "others' histories", "vectors", "tokens"};


static const float *weights_for(const rk_snapshot *s, const rk_who *who)
{
    bool new = rk_who_count(who, +1) + rk_who_count(who, -1) == 0;

    return s->fusion ? s->fusion + (new ? RK_FUSION_FEATURES : 0) : priors[new];
}


void rk_rank_prior(float *weights, bool newcomers)
{
    memcpy(weights, priors[newcomers], sizeof(priors[newcomers]));
}


/* What one way says of all candidates. */
typedef struct said {
    float *column; /* (n) scores */
    float *odds;   /* (n) log-odds of a like, NaN where it has none */
} said;


static int by_way(const rk_paradigm *way, const rk_snapshot *s,
                  const rk_who *who, const rk_candidates *c, rk_run *run,
                  const said *out, rk_error *err)
{
    rk_candidates copy = {rk_alloc_array(c->n, sizeof(*c->list)), c->n, c->n};
    int rc = copy.list ? RK_OK : rk_no_memory(err);

    if (rc == RK_OK) {
        memcpy(copy.list, c->list, c->n * sizeof(*c->list));
        rc = way->score(s, who, &copy, run, err);
    }
    for (size_t i = 0; i < c->n && rc == RK_OK; i++) {
        out->column[i] = copy.list[i].score;
        out->odds[i] = rk_log_odds(copy.list[i].probability);
    }
    rk_candidates_clear(&copy);
    return rc;
}


static int by_others(const rk_snapshot *s, const rk_who *who,
                     const rk_candidates *c, rk_run *run, float *column,
                     rk_error *err)
{
    const float *scores;
    int rc = rk_others_scores(s, who, run, &scores, err);

    for (size_t i = 0; i < c->n && rc == RK_OK && scores; i++)
        column[i] = scores[c->list[i].item];
    return rc;
}


/* Features by column, float32 (RK_FUSION_FEATURES, n), z-scored; log-odds of
 * a like, the mean of the ways that have them, or NaN, into odds (n). */
static int features_of(const rk_snapshot *s, const rk_who *who,
                       const rk_candidates *c, rk_run *run, float *x,
                       float *odds, rk_error *err)
{
    float *more = rk_alloc_array(c->n, sizeof(*more));
    int rc = more ? RK_OK : rk_no_memory(err);
    size_t n = c->n;

    memset(x, 0, RK_FUSION_FEATURES * n * sizeof(*x));
    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        uint32_t item = c->list[i].item;

        odds[i] = NAN;
        more[i] = NAN;
        x[RK_BY_POPULARITY * n + i] = s->popularity && item < s->n_fitted
                                          ? s->popularity[item]
                                          : 0;
    }
    if (rc == RK_OK)
        rc = by_others(s, who, c, run, x + RK_BY_OTHERS * n, err);
    if (rc == RK_OK && !rk_embeddings.lacks(s))
        rc = by_way(&rk_embeddings, s, who, c, run,
                    &(said){x + RK_BY_VECTORS * n, odds}, err);
    if (rc == RK_OK && !rk_tokens.lacks(s))
        rc = by_way(&rk_tokens, s, who, c, run,
                    &(said){x + RK_BY_TOKENS * n, more}, err);
    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        if (isnan(odds[i]))
            odds[i] = more[i];
        else if (!isnan(more[i]))
            odds[i] = (odds[i] + more[i]) / 2;
    }
    for (size_t f = 0; f < RK_FUSION_FEATURES && rc == RK_OK; f++)
        rk_zscore(x + f * n, n);
    free(more);
    return rc;
}


/* Scores exactly these candidates. */
static int rank_these(const rk_snapshot *s, const rk_who *who,
                      rk_candidates *io, rk_run *run, rk_error *err)
{
    const float *w = weights_for(s, who);
    float *x = rk_calloc(io->n, (RK_FUSION_FEATURES + 1) * sizeof(*x));
    float *odds = x ? x + RK_FUSION_FEATURES * io->n : NULL;
    int rc = x ? features_of(s, who, io, run, x, odds, err) : rk_no_memory(err);

    for (size_t i = 0; i < io->n && rc == RK_OK; i++) {
        io->list[i].score = 0;
        for (size_t f = 0; f < RK_FUSION_FEATURES; f++) {
            io->list[i].note[f] = w[f] * x[f * io->n + i];
            io->list[i].score += io->list[i].note[f];
        }
        io->list[i].probability = rk_sigmoid(odds[i]);
    }
    free(x);
    return rc;
}


int rk_rank(const rk_snapshot *s, const rk_who *who, rk_candidates *io,
            rk_run *run, rk_error *err)
{
    const float *w = weights_for(s, who);
    int64_t start = rk_clock_us();
    size_t asked = io->n;
    int rc = RK_OK;

    if (asked < FEW)
        rc = rk_recall(s, who, FEW, io, run, err);
    if (rc == RK_OK)
        rc = rank_these(s, who, io, run, err);
    rk_run_trace(run, "fuse", io->n, asked, start,
                 "weights: popularity %.2f, others' histories %.2f, vectors "
                 "%.2f, tokens %.2f",
                 (double)w[RK_BY_POPULARITY], (double)w[RK_BY_OTHERS],
                 (double)w[RK_BY_VECTORS], (double)w[RK_BY_TOKENS]);
    io->n = asked < io->n ? asked : io->n; /* recall's stand behind */
    return rc;
}


static int add_part(const rk_snapshot *s, const rk_who *who,
                    const rk_candidate *c, size_t feature, float part,
                    rk_reasons *out, rk_error *err)
{
    uint32_t near;

    switch (feature) {
    case RK_BY_POPULARITY:
        return rk_reasons_add(out, "popular", names[feature], part, err,
                              "%s with all users",
                              part >= 0 ? "popular" : "not popular");
    case RK_BY_OTHERS:
        if (rk_who_count(who, +1) == 0)
            return rk_reasons_add(out, "model", names[feature], part, err,
                                  "%s by people with such a profile",
                                  part >= 0 ? "liked" : "liked less");
        near = rk_others_witness(s, who, c->item);
        if (near == RK_NO_ID)
            return rk_reasons_add(out, "model", names[feature], part, err,
                                  "no link to the history in what others "
                                  "liked");
        return rk_reasons_add(out, "neighbour", rk_snapshot_id(s, near), part,
                              err, "%s by those who also liked %s",
                              part >= 0 ? "liked" : "liked less than others",
                              rk_snapshot_title(s, near));
    default:
        return rk_reasons_add(out, "model", names[feature], part, err,
                              "score of the way that works on %s",
                              names[feature]);
    }
}


/* The ways' own strongest reasons, without weights here: their parts are in
 * another unit. */
static int add_way_reasons(const rk_paradigm *way, const rk_snapshot *s,
                           const rk_who *who, const rk_candidate *c,
                           rk_reasons *out, rk_run *run, rk_error *err)
{
    rk_reasons theirs = {0};
    int rc;

    if (way->lacks(s))
        return RK_OK;
    rc = way->explain(s, who, c, &theirs, run, err);
    for (size_t i = 0; i < theirs.n && i < 3 && rc == RK_OK; i++) {
        const rk_evidence *e = &theirs.list[i];
        bool against = e->weight < 0;
        bool known = strcmp(e->kind, "model") != 0 &&
                     strcmp(e->kind, "quality") != 0;

        if (known && (c->probability < 0.5f) == against)
            rc = rk_reasons_add(out, e->kind, e->id, NAN, err, "%s", e->text);
    }
    rk_reasons_clear(&theirs);
    return rc;
}


int rk_rank_explain(const rk_snapshot *s, const rk_who *who,
                    const rk_candidate *c, rk_reasons *out, rk_run *run,
                    rk_error *err)
{
    int rc = RK_OK;

    for (size_t f = 0; f < RK_FUSION_FEATURES && rc == RK_OK; f++)
        if (c->note[f] != 0) /* what has no weight is no reason */
            rc = add_part(s, who, c, f, c->note[f], out, err);
    if (rc == RK_OK && c->moved)
        rc = rk_reasons_add(out, "model", "llm", c->moved_part, err,
                            "the language model moved it %s by %d place%s",
                            c->moved > 0 ? "up" : "down", abs(c->moved),
                            abs(c->moved) == 1 ? "" : "s");
    if (rc == RK_OK && c->unread)
        rc = rk_reasons_add(out, "model", "budget", NAN, err,
                            "not read by the language model, for lack of "
                            "budget");
    if (rc == RK_OK)
        rc = add_way_reasons(&rk_embeddings, s, who, c, out, run, err);
    if (rc == RK_OK)
        rc = add_way_reasons(&rk_tokens, s, who, c, out, run, err);
    if (rc == RK_OK)
        rc = rk_sentence_write(out, rk_snapshot_title(s, c->item),
                               c->probability, "all ways fused", err);
    return rc;
}


/* One user's list into rows x (FIT_LIST, RK_FUSION_FEATURES); *truth is the
 * place of the held like, RK_NO_ID when recall did not find it. */
static int fit_list(const rk_workshop *w, const rk_snapshot *s, size_t user,
                    uint32_t held, float *x, uint32_t *truth, rk_error *err)
{
    const rk_corpus *c = w->corpus;
    rk_token_weight tokens[RK_TOKENS_MAX];
    rk_candidates list = {0};
    float *columns = NULL;
    rk_run run = {.store = w->run->store,
                  .models = w->run->models,
                  .skip = rk_who_has_had};
    rk_who who;
    size_t n;
    int rc;

    rk_liking_who(w, user, c->seen + c->start[user],
                  c->start[user + 1] - c->start[user], tokens, &who);
    run.skip_ctx = &who;
    rc = rk_recall(s, &who, FIT_LIST / 3, &list, &run, err);
    n = list.n < FIT_LIST ? list.n : FIT_LIST;
    list.n = n;
    if (rc == RK_OK) {
        columns = rk_calloc(n, (RK_FUSION_FEATURES + 1) * sizeof(*columns));
        rc = columns ? features_of(s, &who, &list, &run, columns,
                                   columns + RK_FUSION_FEATURES * n, err)
                     : rk_no_memory(err);
    }
    *truth = RK_NO_ID;
    for (size_t i = 0; i < FIT_LIST && rc == RK_OK; i++) {
        if (i < n && list.list[i].item == held)
            *truth = (uint32_t)i;
        for (size_t f = 0; f < RK_FUSION_FEATURES; f++)
            x[i * RK_FUSION_FEATURES + f] = i < n ? columns[f * n + i] : ABSENT;
    }
    rk_candidates_clear(&list);
    rk_run_clear(&run);
    free(columns);
    return rc;
}


static bool can_teach(const rk_corpus *c, const rk_seen *held, bool newcomers,
                      size_t u)
{
    return held[u].item != RK_NO_ID &&
           (c->start[u + 1] == c->start[u]) == newcomers;
}


static size_t count_fit(const rk_corpus *c, const rk_seen *held, bool newcomers)
{
    size_t n = 0;

    for (size_t u = 0; u < c->n_users; u++)
        n += can_teach(c, held, newcomers, u);
    return n;
}


/* With users enough to tell, what adds nothing to the others' histories on
 * users it was not weighed on is left out. */
static int fit_lists(float *weights, const rk_lists *lists, bool newcomers,
                     bool blended, rk_error *err)
{
    rk_fuse_opts opts = {.prior = priors[newcomers], .l2 = 1};
    bool earns = true;
    int rc = RK_OK;

    if (!newcomers && blended && lists->n_lists >= ENOUGH)
        rc = rk_fuse_earns(&earns, lists, &opts, others_alone, err);
    if (rc == RK_OK && earns)
        return rk_fuse_fit(weights, lists, &opts, err);
    memcpy(weights, others_alone, sizeof(others_alone));
    return rc;
}


int rk_rank_fit(float *weights, const rk_workshop *w, const rk_snapshot *s,
                const rk_seen *held, bool newcomers, rk_error *err)
{
    const rk_corpus *c = w->corpus;
    size_t step = count_fit(c, held, newcomers) / FIT_USERS + 1;
    size_t cap = FIT_USERS + 1;
    size_t n = 0;
    float *x = rk_calloc(cap * FIT_LIST, RK_FUSION_FEATURES * sizeof(*x));
    uint32_t *truth = rk_calloc(cap, sizeof(*truth));
    size_t lists = 0;
    size_t found = 0;
    int rc = x && truth ? RK_OK : rk_no_memory(err);

    rk_rank_prior(weights, newcomers);
    for (size_t u = 0; u < c->n_users && rc == RK_OK; u++) {
        if (!can_teach(c, held, newcomers, u) || n++ % step)
            continue;
        rc = rk_progress_report(w->progress, "learning to fuse", u, c->n_users,
                                err);
        if (rc == RK_OK)
            rc = fit_list(w, s, u, held[u].item,
                          x + lists * FIT_LIST * RK_FUSION_FEATURES,
                          truth + lists, err);
        found += rc == RK_OK && truth[lists] != RK_NO_ID;
        lists++;
    }
    if (rc == RK_OK && found)
        rc = fit_lists(
            weights, &(rk_lists){x, truth, lists, FIT_LIST, RK_FUSION_FEATURES},
            newcomers, s->blend != NULL, err);
    if (rc == RK_OK)
        rc = rk_progress_report(w->progress, "learning to fuse", c->n_users,
                                c->n_users, err);
    free(x);
    free(truth);
    return rc;
}
