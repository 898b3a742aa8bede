/* A reranker ranks (llm/rerank.h): the query is what the user liked, the
 * documents are the candidates' profiles, and a model that was trained to tell
 * how well a document answers a query says so of each.
 *
 *   score(c) = relevance(profile and likes, profile of c)
 *
 * The model is a server's, so tokens are what it counts, or four bytes each
 * before it was asked. Dislikes are not told: a reranker takes what stands in a
 * query as wanted. */
#include "core/hash.h"
#include "core/mem.h"
#include "core/text.h"
#include "paradigms/mode.h"

#include <stdio.h>
#include <string.h>

#define STAGE      "reranking"
#define TOKEN_SIZE 4 /* bytes, where nobody counts */

/* One request's question. */
typedef struct questions {
    char *query;
    char **documents; /* (n) */
    size_t n;
    const char **missing; /* (n_missing) of those, without a kept answer */
    size_t *place;        /* (n_missing) among the candidates */
    float *said;          /* (n_missing) */
    size_t n_missing;
} questions;

typedef struct output_key {
    char text[40];
} output_key;


static void questions_clear(questions *q)
{
    rk_texts_free(q->documents, q->n);
    free(q->query);
    free(q->missing);
    free(q->place);
    free(q->said);
}


static int questions_make(questions *q, const rk_mode_ask *a, rk_error *err)
{
    size_t n_likes;
    bool ok;

    memset(q, 0, sizeof(*q));
    q->n = a->n;
    q->query = rk_prompt_user(a->s, a->who, +1, &n_likes);
    q->documents = rk_calloc(a->n, sizeof(*q->documents));
    q->missing = rk_calloc(a->n, sizeof(*q->missing));
    q->place = rk_calloc(a->n, sizeof(*q->place));
    q->said = rk_calloc(a->n, sizeof(*q->said));
    ok = q->query && q->documents && q->missing && q->place && q->said;
    for (size_t i = 0; i < a->n && ok; i++) {
        q->documents[i] = rk_snapshot_text(a->s, a->items[i],
                                           a->s->settings->item_profile);
        ok = q->documents[i] != NULL;
    }
    return ok ? RK_OK : rk_no_memory(err);
}


/* What a server says is kept under its address and its model's name. */
static output_key key_of(const rk_mode_ask *a, const questions *q,
                         const char *document)
{
    rk_key key = rk_key_of("rerank", a->run->models->reranker_name, q->query,
                           document, NULL);
    output_key out;

    snprintf(out.text, sizeof(out.text), "%s%s", RK_PASSING, key.hex);
    return out;
}


/* Kept answers into the scores; the rest is missing, and 0. */
static int recall(const rk_mode_ask *a, questions *q, float *scores,
                  rk_error *err)
{
    for (size_t i = 0; i < q->n; i++) {
        void *bytes = NULL;
        size_t len = 0;
        int rc = rk_store_get_output(a->run->store,
                                     key_of(a, q, q->documents[i]).text, &bytes,
                                     &len, err);

        if (rc && rc != RK_ENOTFOUND)
            return rc;
        scores[i] = 0;
        if (rc == RK_OK && len == sizeof(*scores)) {
            memcpy(&scores[i], bytes, len);
        } else {
            q->place[q->n_missing] = i;
            q->missing[q->n_missing++] = q->documents[i];
        }
        free(bytes);
    }
    return RK_OK;
}


/* Whether the missing ones may be asked for now. */
static int may_ask(const rk_mode_ask *a, const questions *q, rk_error *err)
{
    rk_budget *budget = a->run->budget;
    rk_cost cost = {0};

    for (size_t i = 0; i < q->n_missing; i++)
        cost.spent.tokens += (strlen(q->query) + strlen(q->missing[i])) /
                                 TOKEN_SIZE +
                             1;
    if (a->run->reckon) {
        rk_spent_add(&a->run->reckon->spent, cost.spent);
        return RK_OK;
    }
    return budget && rk_limits_any(&budget->limits)
               ? rk_run_may_ask(a->run, &cost, err)
               : RK_OK;
}


static int keep(const rk_mode_ask *a, const questions *q, rk_error *err)
{
    int rc = rk_store_begin(a->run->store, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < q->n_missing && rc == RK_OK; i++)
        rc = rk_store_put_output(a->run->store,
                                 key_of(a, q, q->missing[i]).text, &q->said[i],
                                 sizeof(q->said[i]), err);
    if (rc == RK_OK)
        rc = rk_store_commit(a->run->store, err);
    else
        rk_store_rollback(a->run->store);
    return rc;
}


static int ask(const rk_mode_ask *a, questions *q, float *scores, rk_error *err)
{
    rk_reranker *r;
    int rc = rk_loaded_reranker(a->run->models, &r, err);

    if (rc)
        return rc;
    rk_run_hold_reranker(a->run, r);
    rc = rk_reranker_scores(r, q->query, q->missing, q->n_missing, q->said,
                            err);
    rk_run_count_reranker(a->run, r, STAGE);
    if (rc == RK_OK)
        rc = keep(a, q, err);
    for (size_t i = 0; i < q->n_missing && rc == RK_OK; i++)
        scores[q->place[i]] = q->said[i];
    return rc;
}


static int score(const rk_mode_ask *a, float *scores, rk_mode_note *notes,
                 rk_error *err)
{
    questions q;
    int rc = questions_make(&q, a, err);

    if (rc == RK_OK)
        rc = recall(a, &q, scores, err);
    if (rc == RK_OK && q.n_missing > 0)
        rc = may_ask(a, &q, err);
    if (rc == RK_OK && q.n_missing > 0 && !a->run->reckon)
        rc = ask(a, &q, scores, err);
    for (size_t i = 0; i < a->n && rc == RK_OK; i++) {
        notes[i][0] = scores[i];
        notes[i][1] = 0;
    }
    questions_clear(&q);
    return rc;
}


/* A profile is some twice as long as a line. */
static float tokens(const rk_mode_size *z)
{
    return z->n * z->liked + 2 * z->lines;
}


static int explain(const rk_snapshot *s, const rk_who *who,
                   const rk_candidate *c, const float *parts, rk_reasons *out,
                   rk_error *err)
{
    (void)s;
    (void)who;
    return rk_reasons_add(out, "model", "asked the reranker",
                          parts[RK_MODE_FIRST], err,
                          "as an answer to what was liked, the reranker gives "
                          "it %.3g (higher is better, no unit)",
                          (double)c->note[0]);
}


const rk_mode rk_mode_rerank = {
    .name = "rerank",
    .summary = "how well each candidate's profile answers the user's likes, as "
               "a reranker's server tells it",
    .law = "n P + D on the reranker's server: the user's likes beside each "
           "candidate's profile",
    .judge = "the reranker",
    .by_name_only = true,
    .asks_reranker = true,
    .tokens = tokens,
    .score = score,
    .explain = explain,
};
