#include "eval/contestants.h"

#include "core/blas.h"
#include "core/clock.h"
#include "core/mem.h"
#include "core/threads.h"
#include "engine/learn.h"
#include "engine/llm_step.h"
#include "engine/others.h"
#include "engine/propose.h"
#include "eval/plain_rules.h"
#include "eval/shuffle.h"
#include "learn/blend.h"
#include "paradigms/liking.h"
#include "paradigms/mode.h"
#include "paradigms/vocabulary.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROPOSED 200 /* items that a way is asked for in a full ranking */

static double seconds_since(int64_t start)
{
    return (double)(rk_clock_us() - start) / 1e6;
}


/* The llm way alone, from a snapshot where nothing else was learnt. */
static int train_modes(rk_school *school, rk_error *err)
{
    const rk_workshop *w = &school->readings.workshop;
    float *mean = NULL;
    int rc = rk_llm_ranker.fit(w, err);

    if (rc == RK_OK && w->snapshot->vectors) {
        mean = rk_snapshot_mean_vector(w->snapshot);
        rc = mean ? rk_bundle_put(w->out, "vectors.mean", RK_F32, 1,
                                  w->snapshot->d, mean, err)
                  : rk_no_memory(err);
    }
    free(mean);
    return rc;
}


static int train(rk_school *school, const char *path, rk_error *err)
{
    char trial_path[4200];
    rk_bundle_writer *out = NULL;
    int64_t start = rk_clock_us();
    int rc = rk_bundle_writer_new(&out, err);

    snprintf(trial_path, sizeof(trial_path), "%s.trial", path);
    school->readings.workshop.out = out;
    if (rc == RK_OK)
        rc = school->opts.modes_alone
                 ? train_modes(school, err)
                 : rk_learn(&school->readings.workshop, trial_path, err);
    school->train_s = seconds_since(start);
    if (rc == RK_OK)
        rc = rk_bundle_save(out, path, err);
    if (rc == RK_OK)
        rc = rk_bundle_open(&school->bundle, path, err);
    (void)unlink(path); /* mapped; the name is not needed */
    rk_bundle_writer_free(out);
    if (rc == RK_OK)
        rc = rk_snapshot_attach(&school->snapshot, school->bundle,
                                &school->room, err);
    return rc;
}


/* Whom the task asks must not set how the writer is asked. Where likes are
 * told from dislikes, training on what came before is what is judged. */
static int leave_out(rk_school *school, rk_error *err)
{
    const rk_questions *sets[] = {&school->task->test,
                                  &school->task->validation};
    size_t n_users = school->task->train->n_users;

    if (school->task->kind != RK_TASK_RANK)
        return RK_OK;
    school->left_out = rk_calloc(n_users, sizeof(*school->left_out));
    if (!school->left_out)
        return rk_no_memory(err);
    for (size_t k = 0; k < 2; k++)
        for (size_t u = 0; sets[k]->asked && u < sets[k]->asked->n_users; u++)
            if (sets[k]->user[u] != RK_NO_ID)
                school->left_out[sets[k]->user[u]] = true;
    school->readings.workshop.left_out = school->left_out;
    return RK_OK;
}


int rk_school_open(rk_school *school, rk_engine *e, const rk_task *task,
                   const rk_school_opts *opts, rk_error *err)
{
    char path[4096];
    int64_t start = rk_clock_us();
    rk_servers servers = rk_engine_servers(e);
    int rc;

    memset(school, 0, sizeof(*school));
    school->task = task;
    school->opts = *opts;
    school->settings = e->settings;
    school->settings.effort = opts->effort;
    school->settings.without_words = opts->modes_alone;
    if (task->wording) {
        school->settings.noun = task->wording->noun;
        school->settings.noun_plural = task->wording->noun_plural;
        school->settings.item_line = task->wording->item_line;
    }
    school->settings.llm_modes = opts->llm_modes;
    if (opts->llm_mode)
        school->settings.llm_mode = opts->llm_mode;
    school->settings.auto_llm = opts->llm_step;
    rk_loaded_init(
        &school->models, opts->without_embedder ? "none" : e->embedder,
        opts->without_writer ? "none" : e->writer, e->config->models.folder);
    rk_loaded_set_servers(&school->models, e->config->models.reranker,
                          &servers);
    school->run = (rk_run){.store = e->store, .models = &school->models};
    snprintf(path, sizeof(path), "%s.eval-%ld", e->snapshot_path,
             (long)getpid());
    rc = rk_readings_make(&school->readings, task->train, &school->settings,
                          &school->run, &school->opts.progress, err);
    school->read_s = seconds_since(start);
    if (rc == RK_OK && opts->shuffle_texts)
        rc = rk_shuffle_texts(&school->readings, e->settings.seed, err);
    if (rc == RK_OK)
        rc = leave_out(school, err);
    school->snapshot = school->readings.snapshot;
    if (rc == RK_OK && !opts->untrained)
        rc = train(school, path, err);
    return rc;
}


void rk_school_close(rk_school *school)
{
    rk_snapshot_room_clear(&school->room);
    rk_bundle_close(school->bundle);
    rk_readings_clear(&school->readings);
    rk_run_clear(&school->run);
    rk_loaded_clear(&school->models);
    free(school->left_out);
    memset(school, 0, sizeof(*school));
}


/* A blend, and whose it is. */
typedef struct pupil {
    rk_school *school;
    const rk_blend *blend;
    rk_blend *own; /* NULL: the school's */
} pupil;


static int score_blend(void *ctx, const rk_task *t, const rk_questions *q,
                       size_t first, size_t n, float *scores, rk_error *err)
{
    const pupil *p = ctx;
    rk_corpus batch = *q->asked; /* a view of these users alone */
    rk_histories *who = NULL;
    int rc;

    (void)t;
    batch.n_users = n;
    batch.start += first;
    rc = rk_histories_new(&who, &batch, err);
    if (rc == RK_OK)
        rc = rk_blend_score(p->blend, who, scores, NULL, err);
    rk_histories_free(who);
    return rc;
}


/* One learner, as the engine trains it: weights from what is held back, then
 * all. */
static int train_alone(pupil *p, const rk_learner *learner, rk_error *err)
{
    const rk_learner *const only[] = {learner, NULL};
    rk_workshop w = p->school->readings.workshop;
    rk_workshop trial = w;
    rk_corpus *corpus = NULL;
    rk_seen *held = NULL;
    rk_blend *first = NULL;
    int rc = rk_corpus_hold_out(w.corpus, 1, 2, &corpus, &held, err);

    trial.corpus = corpus;
    if (rc == RK_OK)
        rc = rk_others_fit(&first, &trial, held, only, err);
    if (rc == RK_OK)
        rc = rk_others_refit(&p->own, &w, first, err);
    p->blend = p->own;
    rk_blend_free(first);
    rk_corpus_free(corpus);
    free(held);
    return rc;
}


typedef struct asking {
    rk_school *school;
    const rk_paradigm *way; /* NULL: auto */
    rk_settings settings;   /* the school's, but for the mode */
    rk_snapshot snapshot;
    /* Of the batch at hand. */
    const rk_task *task;
    const rk_questions *q;
    size_t first;
    float *scores;
    rk_usage usage;
    int rc; /* the first failure */
    rk_error err;
} asking;


static bool has_had(const void *ctx, uint32_t item)
{
    const bool *had = ctx;

    return had[item];
}


/* What this user may be recommended, where that is a list of its own. */
static int given_candidates(const asking *a, size_t user, const bool *had,
                            rk_candidates *out, rk_error *err)
{
    const rk_questions *q = a->q;
    const rk_task *t = a->task;
    int rc = RK_OK;

    for (size_t i = 0; i < q->n_candidates && rc == RK_OK; i++) {
        uint32_t item = q->candidates[user * q->n_candidates + i];

        if (item != RK_NO_ID)
            rc = rk_candidates_add(
                out, (rk_candidate){.item = item, .probability = NAN}, err);
    }
    for (uint32_t i = 0; q->hidden_only && i < t->train->n_items && rc == RK_OK;
         i++)
        if (t->hidden[i] && !had[i])
            rc = rk_candidates_add(
                out, (rk_candidate){.item = i, .probability = NAN}, err);
    return rc;
}


static void add_usage(asking *a, const rk_usage *u)
{
    __sync_fetch_and_add(&a->usage.prefix_tokens, u->prefix_tokens);
    __sync_fetch_and_add(&a->usage.candidate_tokens, u->candidate_tokens);
    __sync_fetch_and_add(&a->usage.reused_tokens, u->reused_tokens);
    __sync_fetch_and_add(&a->usage.embedded_texts, u->embedded_texts);
}


/* One user's scores: what is not proposed is NaN. */
static int ask_user(asking *a, size_t user, rk_who *who, bool *had,
                    rk_error *err)
{
    rk_school *school = a->school;
    const rk_snapshot *s = &a->snapshot;
    rk_run run = {.store = school->run.store,
                  .models = &school->models,
                  .skip = has_had,
                  .skip_ctx = had};
    float *scores = a->scores + (user - a->first) * s->n_items;
    rk_candidates c = {0};
    rk_cascade step;
    int rc;

    for (size_t i = 0; i < s->n_items; i++)
        scores[i] = NAN;
    rc = given_candidates(a, user, had, &c, err);
    if (rc == RK_OK)
        rc = c.n ? rk_propose_order(s, a->way, who, &c, &run, err)
                 : rk_propose(s, a->way, who, PROPOSED, &c, &run, err);
    if (rc == RK_OK && a->settings.auto_llm)
        rc = rk_llm_step(&step, s, who, &c, &run, err);
    for (size_t i = 0; i < c.n && rc == RK_OK; i++)
        scores[c.list[i].item] = a->task->kind == RK_TASK_LIKE &&
                                         !isnan(c.list[i].probability)
                                     ? c.list[i].probability
                                     : c.list[i].score;
    add_usage(a, &run.usage);
    if (run.n_uses) /* only where one thread asks */
        rk_run_take_uses(&school->run, &run);
    rk_candidates_clear(&c);
    rk_run_clear(&run);
    return rc;
}


/* As the training corpus knows the user's profile, with the history asked
 * with; somebody it does not know has none. */
static void who_of(const asking *a, size_t user, rk_token_weight *tokens,
                   rk_who *who)
{
    const rk_corpus *asked = a->q->asked;
    const rk_seen *history = asked->seen + asked->start[user];
    size_t n = asked->start[user + 1] - asked->start[user];

    if (a->q->user[user] == RK_NO_ID)
        *who = (rk_who){.history = history, .n_history = n};
    else
        rk_liking_who(&a->school->readings.workshop, a->q->user[user], history,
                      n, tokens, who);
}


static void ask_users(void *ctx, size_t begin, size_t end)
{
    asking *a = ctx;
    rk_token_weight tokens[RK_TOKENS_MAX];
    rk_error err = {0};
    bool *had = rk_calloc(a->task->train->n_items, sizeof(*had));
    int rc = had ? RK_OK : rk_no_memory(&err);

    for (size_t u = a->first + begin; u < a->first + end && rc == RK_OK; u++) {
        rk_who who;

        who_of(a, u, tokens, &who);
        for (size_t i = 0; i < who.n_history; i++)
            had[who.history[i].item] = true;
        rc = ask_user(a, u, &who, had, &err);
        for (size_t i = 0; i < who.n_history; i++)
            had[who.history[i].item] = false;
    }
    free(had);
    if (rc && __sync_bool_compare_and_swap(&a->rc, RK_OK, rc))
        a->err = err;
}


/* Ways that ask no model while they answer are asked by several threads. */
static int score_way(void *ctx, const rk_task *t, const rk_questions *q,
                     size_t first, size_t n, float *scores, rk_error *err)
{
    asking *a = ctx;

    a->task = t;
    a->q = q;
    a->first = first;
    a->scores = scores;
    if (a->settings.auto_llm || (a->way && a->way->asks_model)) {
        ask_users(a, 0, n);
    } else {
        rk_blas_alone_begin(); /* the cores are the users' */
        rk_parallel(n, ask_users, a);
        rk_blas_alone_end();
    }
    return a->rc ? rk_fail(err, a->rc, "%s", a->err.msg) : RK_OK;
}


/* `mode`: of rk_modes, for the llm way; NULL: as prepare chose. */
static int open_way(rk_contestant *out, rk_school *school,
                    const rk_paradigm *way, const char *mode, rk_error *err)
{
    const char *lacks = way ? way->lacks(&school->snapshot) : NULL;
    asking *a;

    if (lacks)
        return rk_fail(err, RK_ENOTREADY, "%s", lacks);
    a = rk_calloc(1, sizeof(*a));
    if (!a)
        return rk_no_memory(err);
    a->school = school;
    a->way = way;
    a->settings = school->settings;
    a->settings.llm_mode = mode ? mode : a->settings.llm_mode;
    a->settings.auto_llm = strcmp(out->name, RK_AUTO_WITH_LLM) == 0;
    a->snapshot = school->snapshot;
    a->snapshot.settings = &a->settings;
    out->ctx = a;
    out->score = score_way;
    out->usage = &a->usage;
    out->train_s = school->train_s;
    return RK_OK;
}


static int open_blend(rk_contestant *out, rk_school *school,
                      const rk_learner *learner, rk_error *err)
{
    int64_t start = rk_clock_us();
    pupil *p = rk_calloc(1, sizeof(*p));
    int rc = RK_OK;

    if (!p)
        return rk_no_memory(err);
    p->school = school;
    p->blend = school->snapshot.blend;
    out->ctx = p;
    out->score = score_blend;
    out->train_s = school->train_s;
    if (learner) {
        rc = train_alone(p, learner, err);
        out->train_s = seconds_since(start);
    }
    if (rc == RK_OK && !p->blend)
        rc = rk_fail(err, RK_ENOTREADY, "no learner could be trained");
    return rc;
}


static int open_rule(rk_contestant *out, const rk_school *school,
                     const char *name, rk_error *err)
{
    rk_plain_rule *rule = rk_calloc(1, sizeof(*rule));

    return rule ? rk_plain_rule_open(out, rule, name, school->task,
                                     school->settings.seed, err)
                : rk_no_memory(err);
}


const char *rk_contestant_mode(const char *name)
{
    static const char llm[] = "llm:";
    size_t mode;

    if (strncmp(name, llm, sizeof(llm) - 1) != 0)
        return NULL;
    mode = rk_mode_find(name + sizeof(llm) - 1);
    return mode < RK_N_MODES ? rk_modes[mode]->name : NULL;
}


int rk_contestant_open(rk_contestant *out, rk_school *school, const char *name,
                       rk_error *err)
{
    const rk_learner *learner = rk_learner_find(name);
    const rk_paradigm *way = rk_paradigm_find(name);
    int rc = RK_OK;

    *out = (rk_contestant){.name = name, .train_s = NAN};
    if (rk_plain_rule_is(name)) {
        rc = open_rule(out, school, name, err);
    } else if (strcmp(name, "collaborative") == 0 || learner) {
        rc = open_blend(out, school, learner, err);
    } else if (rk_contestant_mode(name)) {
        rc = open_way(out, school, &rk_llm_ranker, rk_contestant_mode(name),
                      err);
    } else if (strcmp(name, "auto") == 0 || way ||
               strcmp(name, RK_AUTO_WITH_LLM) == 0) {
        rc = open_way(out, school, way, NULL, err);
    } else {
        rc = rk_fail(err, RK_EINVAL,
                     "no way or learner is called '%s': see reckon models",
                     name);
    }
    return rc;
}


void rk_contestant_close(rk_contestant *c)
{
    if (!c->ctx)
        return;
    if (c->score == score_blend)
        rk_blend_free(((pupil *)c->ctx)->own);
    else if (c->score != score_way)
        rk_plain_rule_clear(c->ctx);
    free(c->ctx);
    memset(c, 0, sizeof(*c));
}
