/* One request's walk: who, recall, filter, rank, explain, trace. */
#include "core/clock.h"
#include "core/mem.h"
#include "core/text.h"
#include "engine/answer.h"
#include "engine/ask.h"
#include "engine/llm_step.h"
#include "engine/propose.h"
#include "engine/rank.h"
#include "engine/spending.h"

#include <stdio.h>
#include <string.h>

/* A request being answered. */
typedef struct walk {
    rk_engine *engine;
    const rk_snapshot *s;
    const rk_request *request;
    const rk_paradigm *way; /* NULL: auto */
    char level[256];
    rk_budget budget;
    rk_answer_box *box;
    rk_asker asker;
    rk_candidates candidates;
} walk;


/* The way asked for; another, said so in the level, when it lacks something. */
static int choose_way(walk *w, const char *name, rk_error *err)
{
    const char *lacks;

    w->way = rk_paradigm_find(name);
    snprintf(w->level, sizeof(w->level), "%s", name);
    if (!w->way)
        return strcmp(name, "auto") == 0
                   ? RK_OK
                   : rk_fail(err, RK_EINVAL,
                             "way is '%s', must be embeddings, tokens, llm, "
                             "rag or auto",
                             name);
    lacks = w->way->lacks(w->s);
    if (lacks) {
        snprintf(w->level, sizeof(w->level), "auto, because %s: %s", name,
                 lacks);
        w->way = NULL;
    }
    return RK_OK;
}


static int begin(walk *w, rk_engine *e, const rk_request *request,
                 rk_error *err)
{
    const char *name = request->way ? request->way : "auto";
    int rc;

    w->engine = e;
    w->request = request;
    rc = rk_answer_box_new(&w->box, e, name, request->user, err);
    if (rc == RK_OK)
        rc = rk_engine_serving(e, &w->box->run, err);
    if (rc)
        return rc;
    w->s = &e->serving->snapshot;
    rc = choose_way(w, name, err);
    if (rc == RK_OK)
        rc = rk_spending_begin(&w->budget, e, request, &w->box->run, err);
    if (rc == RK_OK)
        rc = rk_asker_init(&w->asker, e, request,
                           !w->way || w->way == &rk_tokens, &w->box->run, err);
    if (rc == RK_OK && !w->request->include_seen)
        rc = rk_asker_skip_seen(&w->asker, w->s->n_items, &w->box->run, err);
    return rc;
}


static void end(walk *w)
{
    if (w->box) {
        rk_spending_end(w->engine, &w->box->run, w->box->answer.way, false,
                        w->request->user);
        rk_answer_free(&w->box->answer);
    }
    rk_asker_clear(&w->asker);
    rk_candidates_clear(&w->candidates);
}


/* `given`: the candidates are there already. */
static int recall_and_score(walk *w, bool given, rk_error *err)
{
    return given ? rk_propose_order(w->s, w->way, &w->asker.who, &w->candidates,
                                    &w->box->run, err)
                 : rk_propose(w->s, w->way, &w->asker.who, w->request->n,
                              &w->candidates, &w->box->run, err);
}


/* The language model's say in the fused order, where it has one. */
static int ask_step(walk *w, rk_error *err)
{
    rk_cascade c;
    int rc = rk_llm_step(&c, w->s, &w->asker.who, &w->candidates, &w->box->run,
                         err);

    if (rc == RK_OK && c.n_read > 0 && c.why[0])
        snprintf(w->level, sizeof(w->level), "auto with llm over %s",
                 w->box->run.short_of);
    else if (rc == RK_OK && c.n_read > 0)
        snprintf(w->level, sizeof(w->level), "auto with llm");
    else if (rc == RK_OK && c.why[0])
        snprintf(w->level, sizeof(w->level), "auto, without llm: %s", c.why);
    return rc;
}


/* Asks the way. Where the model that was there when prepared cannot be had
 * now, the budget has no room for it, or nothing is proposed, auto answers, and
 * the level says so. */
static int ask_way(walk *w, rk_error *err)
{
    bool given = w->candidates.n > 0;
    rk_error why = {0};
    int rc = recall_and_score(w, given, &why);

    if (rc == RK_OK && w->way && w->candidates.n == 0)
        rc = rk_fail(&why, RK_ENOTFOUND, "it proposes nothing");
    if (rc == RK_OK && w->box->run.short_of[0])
        snprintf(w->level, sizeof(w->level), "%s over %s", w->way->name,
                 w->box->run.short_of);
    else if (rc == RK_OK && !w->way && strcmp(w->level, "auto") == 0)
        rc = ask_step(w, &why);
    if ((rk_loaded_is_away(w->box->run.models, rc) || rc == RK_ECANCELLED) &&
        w->way) {
        snprintf(w->level, sizeof(w->level), "auto, because %s: %.100s",
                 w->way->name, why.msg);
        rk_text_end_whole(w->level);
        w->way = NULL;
        if (!given)
            w->candidates.n = 0;
        rc = recall_and_score(w, given, &why);
    }
    return rc ? rk_fail(err, rc, "%s", why.msg) : RK_OK;
}


static int finish(walk *w, size_t n, rk_answer **out, rk_error *err)
{
    rk_explain_fn explain = w->way ? w->way->explain : rk_rank_explain;
    size_t told = w->engine->config->llm.why;
    int rc = w->request->why ? rk_teller_parse(&told, w->request->why, err)
                             : RK_OK;

    if (rc == RK_OK)
        rc = rk_teller_init(&w->box->teller, w->engine, told, &w->box->run,
                            err);
    if (rc == RK_OK)
        rc = rk_answer_box_items(w->box, w->s, &w->asker.who, &w->candidates, n,
                                 explain, err);
    rk_teller_close(&w->box->teller);
    rk_spending_end(w->engine, &w->box->run, w->box->answer.way, false,
                    w->request->user);
    if (rc == RK_OK)
        rc = rk_answer_box_close(w->box, w->engine, w->level, err);
    if (rc == RK_OK) {
        *out = &w->box->answer;
        w->box = NULL;
    }
    return rc;
}


int rk_recommend(rk_engine *e, const rk_request *request, rk_answer **out,
                 rk_error *err)
{
    walk w = {0};
    int rc;

    *out = NULL;
    if (request->n == 0 || request->n > RK_MOST_ITEMS)
        return rk_fail(err, RK_EINVAL, "n is %zu, must be 1 to %d", request->n,
                       RK_MOST_ITEMS);
    if (request->n_candidates > RK_MOST_ITEMS)
        return rk_fail(err, RK_EINVAL, "%zu candidates, at most %d are ranked",
                       request->n_candidates, RK_MOST_ITEMS);
    rc = begin(&w, e, request, err);
    for (size_t i = 0; i < request->n_candidates && rc == RK_OK; i++)
        rc = rk_propose_given(w.s, request->candidates[i], &w.candidates, err);
    if (rc == RK_OK)
        rc = ask_way(&w, err);
    if (rc == RK_OK)
        rc = finish(&w, request->n, out, err);
    end(&w);
    return rc;
}


int rk_predict(rk_engine *e, const rk_request *request, const char *item,
               rk_answer **out, rk_error *err)
{
    walk w = {0};
    int rc;

    *out = NULL;
    rc = begin(&w, e, request, err);
    if (rc == RK_OK)
        rc = rk_propose_given(w.s, item, &w.candidates, err);
    if (rc == RK_OK)
        rc = ask_way(&w, err);
    if (rc == RK_OK)
        rc = finish(&w, 1, out, err);
    end(&w);
    return rc;
}
