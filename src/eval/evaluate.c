/* rk_evaluate(): a protocol, its contestants and the judge make a report. */
#include "core/clock.h"
#include "core/mem.h"
#include "engine/corpus.h"
#include "engine/spending.h"
#include "eval/plain_rules.h"
#include "eval/trial.h"
#include "paradigms/mode.h"

#include <string.h>

/* Users whom a way that asks a model is put to without being named. */
#define MOST_PATIENT 100

/* Who is judged when nobody is named. */
static const char *const rankers[] = {"random",     "popular", "collaborative",
                                      "embeddings", "tokens",  "llm",
                                      "rag",        "auto",    NULL};
static const char *const likers[] = {
    "user rate", "user and item rate", "embeddings", "tokens", "llm", "auto",
    NULL};


static bool is_named(const rk_trial *t, const char *way)
{
    for (size_t i = 0; i < t->n_ways; i++)
        if (strcmp(t->ways[i], way) == 0)
            return true;
    return false;
}


static bool asks_model(const char *way)
{
    const rk_paradigm *p = rk_paradigm_find(way);

    return (p && p->asks_model) || rk_contestant_mode(way) ||
           strcmp(way, RK_AUTO_WITH_LLM) == 0;
}


static int choose_ways(rk_trial *t, rk_error *err)
{
    const char *const *all = t->task->kind == RK_TASK_LIKE ? likers : rankers;

    if (t->opts->n_ways > RK_TRIAL_ROWS)
        return rk_fail(err, RK_EINVAL, "%zu ways, at most %d are judged",
                       t->opts->n_ways, RK_TRIAL_ROWS);
    for (size_t i = 0; i < t->opts->n_ways; i++)
        t->ways[t->n_ways++] = t->opts->ways[i];
    for (size_t i = 0; t->opts->n_ways == 0 && all[i]; i++)
        t->ways[t->n_ways++] = all[i];
    return RK_OK;
}


static int load_task(rk_trial *t, rk_error *err)
{
    rk_task_opts opts = {.data = t->opts->data,
                         .seed = t->opts->seed,
                         .n_users = t->opts->n_users};
    int rc = RK_OK;

    if (strcmp(t->protocol->name, "mine") == 0) {
        rc = rk_engine_corpus(&t->corpus, t->engine->store,
                              &t->engine->config->events, err);
        opts.corpus = t->corpus;
    } else if (!opts.data) {
        rc = rk_fail(err, RK_EINVAL, "%s needs data: %s", t->protocol->name,
                     t->protocol->needs);
    }
    if (rc == RK_OK)
        rc = t->protocol->load(&t->task, &opts, err);
    if (rc == RK_OK)
        rc = rk_task_check(t->task, err);
    return rc;
}


/* Rules and learners alone need nothing that the others are trained for. */
static bool is_trained_alone(const char *way)
{
    return rk_plain_rule_is(way) || rk_learner_find(way) != NULL;
}


static int open_school(rk_trial *t, rk_error *err)
{
    rk_school_opts opts = {
        .effort = t->effort,
        .shuffle_texts = t->opts->shuffle_texts,
        .progress = t->opts->progress,
        .without_writer = !is_named(t, "tokens") && !is_named(t, "llm") &&
                          !is_named(t, "rag"),
        .without_embedder = true,
        .without_words = !is_named(t, "tokens") && !is_named(t, "llm") &&
                         !is_named(t, "rag"),
        .modes_alone = true,
        .untrained = true};

    for (size_t i = 0; i < t->n_ways; i++) {
        const rk_learner *l = rk_learner_find(t->ways[i]);
        const char *mode = rk_contestant_mode(t->ways[i]);

        if (strcmp(t->ways[i], RK_AUTO_WITH_LLM) == 0) {
            opts.llm_step = true;
            opts.without_writer = false;
        }
        if (mode) {
            opts.llm_modes |= (uint32_t)1 << rk_mode_find(mode);
            /* No others need be tried where none may be chosen. */
            opts.llm_mode = is_named(t, "llm") ? NULL : mode;
            opts.without_writer = opts.untrained = false;
            if (rk_modes[rk_mode_find(mode)]->takes_vectors)
                opts.without_embedder = false;
        } else if (!is_trained_alone(t->ways[i])) {
            opts.untrained = opts.without_embedder = opts.modes_alone = false;
        }
        if (l && (l->needs & RK_NEEDS_VECTORS))
            opts.without_embedder = false;
    }
    /* Its say in auto is weighed in this mode: no other need be tried. */
    if (opts.llm_step && !opts.llm_mode && !is_named(t, "llm") &&
        strcmp(t->engine->settings.llm_mode, "auto") == 0)
        opts.llm_mode = rk_mode_likelihood.name;
    return rk_school_open(&t->school, t->engine, t->task, &opts, err);
}


/* Judges one contestant on one set of questions. */
static int judge(rk_trial *t, rk_contestant *c, const rk_questions *q,
                 const char *suffix, rk_error *err)
{
    rk_judge_opts opts = {.seed = t->opts->seed, .progress = t->opts->progress};
    rk_judged *j = &t->judged[t->n_judged];
    rk_buf name;
    int rc;

    rk_buf_init(&name);
    rk_buf_printf(&name, "%s%s", c->name, suffix);
    j->name = rk_buf_take(&name);
    if (!j->name)
        return rk_no_memory(err);
    t->n_judged++;
    j->questions = q;
    rc = rk_judge(&j->verdict, t->task, q, c, &opts, err);
    j->verdict.contestant = j->name;
    return rc;
}


/* One way on all questions; left out, with the reason, when it cannot be
 * judged. */
static int judge_way(rk_trial *t, const char *way, rk_error *err)
{
    rk_contestant c = {0};
    rk_error why = {0};
    int rc;

    if (t->opts->n_ways == 0 && asks_model(way) &&
        rk_trial_n_asked(&t->task->test) > MOST_PATIENT) {
        rk_report_add_left_out(t->box, way,
                               "asks the model for every user: name it, and "
                               "how many users");
        return RK_OK;
    }
    rc = rk_contestant_open(&c, &t->school, way, &why);
    if (rc == RK_ENOTREADY || (rc == RK_EINVAL && rk_learner_find(way))) {
        rk_report_add_left_out(t->box, way, why.msg);
        rc = RK_OK;
        goto done;
    }
    if (rc) {
        (void)rk_fail(err, rc, "%s", why.msg);
        goto done;
    }
    rc = judge(t, &c, &t->task->test, "", err);
    if (rc == RK_OK && t->task->mixed.asked)
        rc = judge(t, &c, &t->task->mixed, ", all items", err);

done:
    rk_contestant_close(&c);
    return rc;
}


static void trial_clear(rk_trial *t)
{
    for (size_t i = 0; i < t->n_judged; i++) {
        rk_verdict_clear(&t->judged[i].verdict);
        free(t->judged[i].name);
    }
    rk_report_box_free(t->box);
    rk_spending_end(t->engine, &t->school.run, "eval", true, NULL);
    rk_school_close(&t->school);
    rk_task_free(t->task);
    rk_corpus_free(t->corpus);
    rk_buf_clear(&t->command);
    free(t);
}


int rk_evaluate(rk_engine *engine, const char *protocol,
                const rk_evaluate_opts *opts, rk_report **out, rk_error *err)
{
    static const rk_evaluate_opts none = {0};
    int64_t start = rk_clock_us();
    rk_trial *t = rk_calloc(1, sizeof(*t));
    int rc = RK_OK;

    *out = NULL;
    if (!t)
        return rk_no_memory(err);
    t->engine = engine;
    t->opts = opts ? opts : &none;
    t->effort = engine->settings.effort;
    t->protocol = rk_protocol_find(protocol);
    rk_buf_init(&t->command);
    if (!t->protocol) {
        rc = rk_fail(err, RK_EINVAL, "no protocol is called '%s'", protocol);
        trial_clear(t);
        return rc;
    }
    if (t->opts->effort)
        rc = rk_effort_parse(&t->effort, t->opts->effort, err);
    if (rc == RK_OK)
        rc = load_task(t, err);
    if (rc == RK_OK)
        rc = choose_ways(t, err);
    if (rc == RK_OK)
        rc = rk_trial_begin(t, err);
    if (rc == RK_OK)
        rc = open_school(t, err);
    for (size_t i = 0; i < t->n_ways && rc == RK_OK; i++)
        rc = judge_way(t, t->ways[i], err);
    for (size_t i = 0; i < t->n_judged && rc == RK_OK; i++)
        rk_trial_add_row(t, &t->judged[i].verdict);
    if (rc == RK_OK)
        rc = rk_trial_add_contrasts(t, err);
    if (rc == RK_OK) {
        rk_trial_add_notes(t);
        rc = rk_report_finish(t->box, rk_clock_us() - start, out, err);
        t->box = NULL;
    }
    trial_clear(t);
    return rc;
}
