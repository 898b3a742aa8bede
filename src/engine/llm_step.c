#include "engine/llm_step.h"

#include "core/clock.h"
#include "core/mem.h"
#include "engine/rank.h"
#include "engine/recall.h"
#include "learn/bounded.h"
#include "learn/fuse.h"
#include "paradigms/liking.h"
#include "paradigms/vocabulary.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define FIT_LISTS  60      /* at most, that weights are learnt from */
#define FIT_TRIED  600     /* users at most, to find them */
#define ENOUGH     20      /* lists to learn from */
#define RECALLED   50      /* items each source proposes for a list */
#define ABSENT     (-4.0f) /* a place in a list that no candidate takes */
#define BELIEVED   0.2f    /* w before anything is learnt */
#define N_FEATURES (1 + RK_LLM_STEP_SPANS)

/* Likes and dislikes from which on a span begins. */
static const size_t spans[RK_LLM_STEP_SPANS] = {0, 10, 50};


static size_t span_of(const rk_who *who)
{
    size_t n = rk_who_count(who, +1) + rk_who_count(who, -1);
    size_t span = 0;

    while (span + 1 < RK_LLM_STEP_SPANS && n >= spans[span + 1])
        span++;
    return span;
}


const char *rk_llm_step_lacks(const rk_snapshot *s)
{
    return s->settings->auto_llm ? rk_llm_ranker.lacks(s)
                                 : "the configuration leaves it out";
}


/* Reads the first n of a fused order: z (n), 0 where nothing was read. */
static int read_z(rk_cascade *out, const rk_snapshot *s, const rk_who *who,
                  const rk_candidate *fused, size_t n, rk_run *run, float *z,
                  rk_error *err)
{
    rk_candidates c = {rk_alloc_array(n, sizeof(*c.list)), n, n};
    float *scores = rk_alloc_array(n, sizeof(*scores));
    int rc = c.list && scores ? RK_OK : rk_no_memory(err);

    if (rc == RK_OK) {
        memcpy(c.list, fused, n * sizeof(*c.list));
        rc = rk_cascade_read(out, s, &rk_llm_ranker, who, &c, run, err);
    }
    for (size_t i = 0; i < n && rc == RK_OK; i++)
        z[i] = 0;
    if (rc == RK_OK) {
        for (size_t k = 0; k < out->n_read; k++)
            scores[k] = c.list[k].score;
        rk_zscore(scores, out->n_read);
    }
    for (size_t i = 0; i < n && rc == RK_OK; i++)
        for (size_t k = 0; k < out->n_read; k++)
            if (c.list[k].item == fused[i].item)
                z[i] = scores[k];
    rk_candidates_clear(&c);
    free(scores);
    return rc;
}


/* Reorders the first n by the second score, within bounds; *n_moved is how
 * many then stand elsewhere. */
static int move(rk_candidate *list, const float *score, size_t n, size_t most,
                size_t *n_moved, rk_error *err)
{
    rk_candidate *old = rk_alloc_array(n, sizeof(*old));
    uint32_t *order = rk_alloc_array(n, sizeof(*order));
    int rc = old && order ? rk_bounded_order(order, score, n, most, err)
                          : rk_no_memory(err);

    *n_moved = 0;
    if (rc == RK_OK)
        memcpy(old, list, n * sizeof(*old));
    for (size_t t = 0; t < n && rc == RK_OK; t++) {
        list[t] = old[order[t]];
        list[t].score = old[t].score;
        list[t].moved = (int)order[t] - (int)t;
        list[t].moved_part = old[t].score - old[order[t]].score;
        *n_moved += order[t] != t;
    }
    free(old);
    free(order);
    return rc;
}


/* What keeps the model from reading is told and no failure. */
static int forgive(rk_cascade *out, const rk_loaded *models, int rc,
                   const rk_error *why, rk_error *err)
{
    if (!rk_loaded_is_away(models, rc) && rc != RK_ECANCELLED)
        return rc ? rk_fail(err, rc, "%s", why->msg) : RK_OK;
    *out = (rk_cascade){.n_read = 0};
    snprintf(out->why, sizeof(out->why), "%.79s", why->msg);
    return RK_OK;
}


int rk_llm_step(rk_cascade *out, const rk_snapshot *s, const rk_who *who,
                rk_candidates *io, rk_run *run, rk_error *err)
{
    const rk_settings *with = s->settings;
    size_t n = io->n < with->auto_llm_candidates ? io->n
                                                 : with->auto_llm_candidates;
    float w = s->llm_step ? s->llm_step[span_of(who)] : BELIEVED;
    int64_t start = rk_clock_us();
    rk_error why = {0};
    size_t n_moved = 0;
    float *score;
    int rc;

    *out = (rk_cascade){.n_read = 0};
    if (rk_llm_step_lacks(s) || n < 2 || with->auto_llm_moves == 0)
        return RK_OK;
    if (w == 0) {
        rk_run_trace(run, "language model in auto", n, 0, start,
                     "not asked: its reading ranked no better than without it, "
                     "when prepared");
        return RK_OK;
    }
    score = rk_calloc(n, sizeof(*score));
    if (!score)
        return rk_no_memory(err);
    rc = read_z(out, s, who, io->list, n, run, score, &why);
    rc = forgive(out, run->models, rc, &why, err);
    for (size_t i = 0; i < n; i++)
        score[i] = io->list[i].score + w * score[i];
    if (rc == RK_OK && out->n_read > 1)
        rc = move(io->list, score, n, with->auto_llm_moves, &n_moved, err);
    if (rc == RK_OK)
        rk_run_trace(run, "language model in auto", n, out->n_read, start,
                     "weight %.2f; %zu moved, by %zu places at most%s%s",
                     (double)w, n_moved, with->auto_llm_moves,
                     out->why[0] ? "; " : "", out->why);
    if (rc == RK_OK && out->n_read > 0 && out->n_read < n)
        snprintf(run->short_of, sizeof(run->short_of),
                 "%zu of %zu candidates: %s", out->n_read, n, out->why);
    free(score);
    return rc;
}


/* Lists while they are collected: x (FIT_LISTS, n, N_FEATURES). */
typedef struct lists {
    const rk_workshop *shop;
    const rk_snapshot *s;
    size_t n; /* candidates of each */
    float *x;
    uint32_t *truth;
    size_t n_lists;
} lists;


/* The first of one user's fused order as a list, if `held` is among them. */
static int add_list(lists *l, rk_who *who, uint32_t held, rk_error *err)
{
    rk_run run = {.store = l->shop->run->store,
                  .models = l->shop->run->models,
                  .skip = rk_who_has_had,
                  .skip_ctx = who};
    float *x = l->x + l->n_lists * l->n * N_FEATURES;
    float *z = rk_calloc(l->n, sizeof(*z));
    rk_candidates c = {0};
    size_t truth = SIZE_MAX;
    size_t n = 0;
    rk_cascade read;
    int rc = z ? rk_recall(l->s, who, RECALLED, &c, &run, err)
               : rk_no_memory(err);

    if (rc == RK_OK)
        rc = rk_rank(l->s, who, &c, &run, err);
    if (rc == RK_OK) {
        rk_candidates_sort(&c);
        n = c.n < l->n ? c.n : l->n;
    }
    for (size_t i = 0; i < n; i++)
        if (c.list[i].item == held)
            truth = i;
    if (rc == RK_OK && truth != SIZE_MAX)
        rc = read_z(&read, l->s, who, c.list, n, &run, z, err);
    for (size_t i = 0; i < l->n && rc == RK_OK && truth != SIZE_MAX; i++) {
        float *row = x + i * N_FEATURES;

        memset(row, 0, N_FEATURES * sizeof(*row));
        row[0] = i < n ? c.list[i].score : c.list[n - 1].score + ABSENT;
        row[1 + span_of(who)] = i < n ? z[i] : ABSENT;
    }
    if (rc == RK_OK && truth != SIZE_MAX)
        l->truth[l->n_lists++] = (uint32_t)truth;
    rk_run_take_uses(l->shop->run, &run);
    free(z);
    rk_candidates_clear(&c);
    rk_run_clear(&run);
    return rc;
}


static int collect(lists *l, const rk_seen *held, rk_error *err)
{
    const rk_corpus *c = l->shop->corpus;
    const rk_progress *p = l->shop->progress;
    size_t step = c->n_users / FIT_TRIED + 1;
    int rc = RK_OK;

    for (size_t u = 0; u < c->n_users && l->n_lists < FIT_LISTS && rc == RK_OK;
         u += step) {
        rk_token_weight tokens[RK_TOKENS_MAX];
        rk_who who;

        rc = rk_progress_report(p, "weighing the writer", l->n_lists, FIT_LISTS,
                                err);
        if (rc || held[u].item == RK_NO_ID || c->start[u + 1] == c->start[u])
            continue;
        rk_liking_who(l->shop, u, c->seen + c->start[u],
                      c->start[u + 1] - c->start[u], tokens, &who);
        rc = add_list(l, &who, held[u].item, err);
    }
    if (rc == RK_OK)
        rc = rk_progress_report(p, "weighing the writer", FIT_LISTS, FIT_LISTS,
                                err);
    return rc;
}


/* Weights of z in units of the fused score. */
static int weigh(float *w, const rk_lists *l, rk_error *err)
{
    static const float plain[N_FEATURES] = {1};
    static const float believed[N_FEATURES] = {1, BELIEVED, BELIEVED, BELIEVED};
    rk_fuse_opts opts = {.prior = believed, .l2 = 1};
    float learnt[N_FEATURES];
    bool earns = false;
    int rc = rk_fuse_earns(&earns, l, &opts, plain, err);

    if (rc == RK_OK && earns)
        rc = rk_fuse_fit(learnt, l, &opts, err);
    for (size_t i = 0; i < RK_LLM_STEP_SPANS && rc == RK_OK; i++)
        w[i] = earns && learnt[0] > 0 ? learnt[1 + i] / learnt[0] : 0;
    return rc;
}


int rk_llm_step_fit(float *w, const rk_workshop *shop, const rk_snapshot *s,
                    const rk_seen *held, rk_error *err)
{
    size_t n = s->settings->auto_llm_candidates;
    lists l = {.shop = shop, .s = s, .n = n};
    int rc;

    for (size_t i = 0; i < RK_LLM_STEP_SPANS; i++)
        w[i] = BELIEVED;
    l.x = rk_calloc(FIT_LISTS * n, N_FEATURES * sizeof(*l.x));
    l.truth = rk_calloc(FIT_LISTS, sizeof(*l.truth));
    rc = l.x && l.truth ? collect(&l, held, err) : rk_no_memory(err);
    if (rc == RK_OK && l.n_lists >= ENOUGH)
        rc = weigh(w, &(rk_lists){l.x, l.truth, l.n_lists, n, N_FEATURES}, err);
    free(l.x);
    free(l.truth);
    return rc;
}
