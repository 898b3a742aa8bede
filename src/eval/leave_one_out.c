#include "eval/leave_one_out.h"

#include "core/mem.h"
#include "core/rng.h"
#include "engine/corpus.h"
#include "engine/engine.h"
#include "engine/learn.h"
#include "engine/others.h"
#include "engine/rank.h"
#include "engine/recall.h"
#include "engine/workshop.h"
#include "paradigms/liking.h"
#include "paradigms/vocabulary.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KEEP_EVENTS 5 /* users with no more than that are not asked */

/* A snapshot that has not seen the held events. */
typedef struct trial {
    rk_corpus *all;
    rk_corpus *corpus;
    rk_seen *held;
    rk_readings readings;
    rk_bundle *bundle;
    rk_snapshot snapshot;
    rk_snapshot_room room;
    rk_run run;
} trial;


static int learn_trial(trial *t, const char *path, rk_error *err)
{
    char trial_path[4200];
    rk_bundle_writer *out = NULL;
    int rc = rk_bundle_writer_new(&out, err);

    snprintf(trial_path, sizeof(trial_path), "%s.trial", path);
    t->readings.workshop.out = out;
    if (rc == RK_OK)
        rc = rk_learn(&t->readings.workshop, trial_path, err);
    if (rc == RK_OK)
        rc = rk_bundle_save(out, path, err);
    if (rc == RK_OK)
        rc = rk_bundle_open(&t->bundle, path, err);
    (void)unlink(path);
    rk_bundle_writer_free(out);
    t->snapshot = t->readings.snapshot;
    if (rc == RK_OK)
        rc = rk_snapshot_attach(&t->snapshot, t->bundle, &t->room, err);
    return rc;
}


static int trial_open(trial *t, rk_engine *e, const rk_progress *p,
                      rk_error *err)
{
    char path[4096];
    int rc = rk_engine_corpus(&t->all, e->store, &e->config->events, err);

    t->run = rk_engine_run(e);
    snprintf(path, sizeof(path), "%s.loo-%ld", e->snapshot_path,
             (long)getpid());
    if (rc == RK_OK)
        rc = rk_corpus_hold_out(t->all, 1, KEEP_EVENTS, &t->corpus, &t->held,
                                err);
    if (rc == RK_OK)
        rc = rk_readings_make(&t->readings, t->corpus, &e->settings, &t->run, p,
                              err);
    if (rc == RK_OK)
        rc = learn_trial(t, path, err);
    return rc;
}


static void trial_close(trial *t)
{
    rk_snapshot_room_clear(&t->room);
    rk_bundle_close(t->bundle);
    rk_readings_clear(&t->readings);
    rk_corpus_free(t->corpus);
    rk_corpus_free(t->all);
    rk_run_clear(&t->run);
    free(t->held);
}


/* One user as the trial knows them, and what they have had. */
typedef struct asking {
    rk_who who;
    rk_token_weight tokens[RK_TOKENS_MAX];
    bool *had; /* (n_items) */
    uint32_t truth;
} asking;


static bool has_had(const void *ctx, uint32_t item)
{
    const bool *had = ctx;

    return had[item];
}


static void ask_as(trial *t, size_t user, asking *a)
{
    const rk_corpus *c = t->corpus;

    rk_liking_who(&t->readings.workshop, user, c->seen + c->start[user],
                  c->start[user + 1] - c->start[user], a->tokens, &a->who);
    a->truth = t->held[user].item;
    memset(a->had, 0, c->n_items);
    for (size_t i = 0; i < a->who.n_history; i++)
        a->had[a->who.history[i].item] = true;
    t->run.skip = has_had;
    t->run.skip_ctx = a->had;
}


/* A way of the full ranking: proposes and scores. */
typedef int (*full_fn)(trial *t, asking *a, rk_candidates *c, rk_error *err);


static int every_item(trial *t, asking *a, rk_candidates *c, rk_error *err)
{
    size_t n = t->corpus->n_items;

    c->list = rk_calloc(n, sizeof(*c->list));
    if (!c->list)
        return rk_no_memory(err);
    c->cap = n;
    for (uint32_t i = 0; i < n; i++)
        if (!a->had[i])
            c->list[c->n++].item = i;
    return RK_OK;
}


static int at_random(trial *t, asking *a, rk_candidates *c, rk_error *err)
{
    rk_rng rng = {(uint64_t)a->truth << 32 | a->who.n_history};
    int rc = every_item(t, a, c, err);

    for (size_t i = 0; i < c->n; i++)
        c->list[i].score = (float)rk_rng_unit(&rng);
    return rc;
}


static int by_popularity(trial *t, asking *a, rk_candidates *c, rk_error *err)
{
    int rc = every_item(t, a, c, err);

    for (size_t i = 0; i < c->n; i++)
        c->list[i].score = t->snapshot.popularity[c->list[i].item];
    return rc;
}


static int by_others(trial *t, asking *a, rk_candidates *c, rk_error *err)
{
    const float *scores = NULL;
    int rc = every_item(t, a, c, err);

    if (rc == RK_OK)
        rc = rk_others_scores(&t->snapshot, &a->who, &t->run, &scores, err);
    for (size_t i = 0; i < c->n && rc == RK_OK; i++)
        c->list[i].score = scores ? scores[c->list[i].item] : 0;
    return rc;
}


static int by_embeddings(trial *t, asking *a, rk_candidates *c, rk_error *err)
{
    int rc = every_item(t, a, c, err);

    return rc ? rc
              : rk_embeddings.score(&t->snapshot, &a->who, c, &t->run, err);
}


static int by_tokens(trial *t, asking *a, rk_candidates *c, rk_error *err)
{
    int rc = every_item(t, a, c, err);

    return rc ? rc : rk_tokens.score(&t->snapshot, &a->who, c, &t->run, err);
}


static int by_auto(trial *t, asking *a, rk_candidates *c, rk_error *err)
{
    int rc = rk_recall(&t->snapshot, &a->who, RK_RECALL_EACH, c, &t->run, err);

    return rc ? rc : rk_rank(&t->snapshot, &a->who, c, &t->run, err);
}


/* The truth's rank among the candidates. */
static int rank_in(const rk_candidates *c, uint32_t truth, double *rank,
                   rk_error *err)
{
    float *scores = rk_alloc_array(c->n, sizeof(*scores));
    size_t at = c->n;

    if (!scores)
        return rk_no_memory(err);
    for (size_t i = 0; i < c->n; i++) {
        scores[i] = c->list[i].score;
        if (c->list[i].item == truth)
            at = i;
    }
    *rank = at < c->n ? rk_rank_of(scores, c->n, at) : INFINITY;
    free(scores);
    return RK_OK;
}


static const struct {
    const char *name;
    full_fn fn;
    const rk_paradigm *needs;
} full_ways[] = {
    {"random", at_random, NULL},
    {"popularity", by_popularity, NULL},
    {"others' histories", by_others, NULL},
    {"embeddings", by_embeddings, &rk_embeddings},
    {"tokens", by_tokens, &rk_tokens},
    {"auto", by_auto, NULL},
};

#define N_FULL (sizeof(full_ways) / sizeof(full_ways[0]))


/* Drops the trace of a finished question: nobody reads it here. */
static void forget_trace(rk_run *run)
{
    rk_run fresh = {
        .store = run->store, .models = run->models, .usage = run->usage};

    rk_run_clear(run);
    *run = fresh;
}


static int full_ranking(trial *t, asking *a, const rk_progress *p,
                        rk_loo_row *rows, size_t *n_rows, rk_error *err)
{
    size_t n_users = t->corpus->n_users;
    int rc = RK_OK;

    for (size_t w = 0; w < N_FULL && rc == RK_OK; w++) {
        rk_loo_row *row = &rows[*n_rows];

        if (full_ways[w].needs && full_ways[w].needs->lacks(&t->snapshot))
            continue;
        *row = (rk_loo_row){.name = full_ways[w].name};
        for (size_t u = 0; u < n_users && rc == RK_OK; u++) {
            rk_candidates c = {0};
            double rank = INFINITY;

            if (t->held[u].item == RK_NO_ID)
                continue;
            ask_as(t, u, a);
            rc = full_ways[w].fn(t, a, &c, err);
            if (rc == RK_OK)
                rc = rank_in(&c, a->truth, &rank, err);
            if (rc == RK_OK)
                rk_figures_add(&row->figures, rank);
            rk_candidates_clear(&c);
            forget_trace(&t->run);
        }
        rk_figures_finish(&row->figures);
        ++*n_rows;
        if (rc == RK_OK)
            rc = rk_progress_report(p, "ranking all", w + 1, N_FULL, err);
    }
    return rc;
}


/* The truth at a drawn place among others the user has not had: `n` in all, or
 * fewer in a small catalogue. */
static int short_list(trial *t, const asking *a, size_t n, rk_rng *rng,
                      rk_candidates *c, rk_error *err)
{
    uint32_t n_items = (uint32_t)t->corpus->n_items;
    uint32_t place;
    size_t most = 1;
    int rc = RK_OK;

    for (uint32_t i = 0; i < n_items; i++)
        most += !a->had[i] && i != a->truth;
    n = n < most ? n : most;
    place = rk_rng_below(rng, (uint32_t)n);

    while (c->n < n && rc == RK_OK) {
        rk_candidate one = {.item = rk_rng_below(rng, n_items),
                            .probability = NAN,
                            .source = "drawn"};

        if (c->n == place)
            one.item = a->truth;
        else if (one.item == a->truth || a->had[one.item])
            continue;
        rc = rk_candidates_add(c, one, err);
    }
    return rc;
}


/* Every way on the same lists, one row each. */
static int short_ranking(trial *t, asking *a, const rk_loo_opts *opts,
                         rk_loo_row *rows, size_t *n_rows, rk_error *err)
{
    size_t n = opts->n_short ? opts->n_short : 20;
    size_t n_users = opts->short_users ? opts->short_users : 60;
    size_t step = t->corpus->n_users / n_users + 1;
    rk_loo_row *first = &rows[*n_rows];
    int rc = RK_OK;

    for (size_t w = 0; w < RK_N_PARADIGMS; w++)
        first[w] = (rk_loo_row){.name = rk_paradigms[w]->name,
                                .on_short_list = true};
    for (size_t u = 0; u < t->corpus->n_users && rc == RK_OK; u += step) {
        rk_rng rng = {u + 1};

        rc = rk_progress_report(&opts->progress, "ranking short lists", u,
                                t->corpus->n_users, err);
        if (rc || t->held[u].item == RK_NO_ID)
            continue;
        ask_as(t, u, a);
        for (size_t w = 0; w < RK_N_PARADIGMS && rc == RK_OK; w++) {
            rk_rng same = rng;
            rk_candidates c = {0};
            double rank = INFINITY;

            if (rk_paradigms[w]->lacks(&t->snapshot))
                continue;
            rc = short_list(t, a, n, &same, &c, err);
            if (rc == RK_OK)
                rc = rk_paradigms[w]->score(&t->snapshot, &a->who, &c, &t->run,
                                            err);
            if (rc == RK_OK)
                rc = rank_in(&c, a->truth, &rank, err);
            if (rc == RK_OK)
                rk_figures_add(&first[w].figures, rank);
            rk_candidates_clear(&c);
            forget_trace(&t->run);
        }
    }
    for (size_t w = 0; w < RK_N_PARADIGMS; w++)
        rk_figures_finish(&first[w].figures);
    *n_rows += RK_N_PARADIGMS;
    if (rc == RK_OK)
        rc = rk_progress_report(&opts->progress, "ranking short lists",
                                t->corpus->n_users, t->corpus->n_users, err);
    return rc;
}


int rk_leave_one_out(rk_engine *e, const rk_loo_opts *opts,
                     rk_loo_row rows[RK_LOO_ROWS], size_t *n_rows,
                     rk_error *err)
{
    trial t = {0};
    asking a = {0};
    int rc = trial_open(&t, e, &opts->progress, err);

    *n_rows = 0;
    if (rc == RK_OK) {
        a.had = rk_calloc(t.corpus->n_items, sizeof(*a.had));
        rc = a.had ? RK_OK : rk_no_memory(err);
    }
    if (rc == RK_OK)
        rc = full_ranking(&t, &a, &opts->progress, rows, n_rows, err);
    if (rc == RK_OK)
        rc = short_ranking(&t, &a, opts, rows, n_rows, err);
    free(a.had);
    trial_close(&t);
    return rc;
}
