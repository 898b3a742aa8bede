/* A reranker ranks (llm/rerank.h): the query is what the user liked, the
 * documents are the candidates' profiles, and a model that was trained to tell
 * how well a document answers a query says so of each.
 *
 *   score(c) = relevance(profile and likes, profile of c)
 *
 * The model is a server's, so tokens are what it counts, or four bytes each
 * before it was asked. Dislikes are not told: a reranker takes what stands in a
 * query as wanted. */
#include "core/mem.h"
#include "core/text.h"
#include "paradigms/cached.h"
#include "paradigms/mode.h"
#include "paradigms/prompt.h"

static int score(const rk_mode_ask *a, float *scores, rk_mode_note *notes,
                 rk_error *err)
{
    rk_asking asking = {.run = a->run,
                        .model_key = a->run->models->reranker_name,
                        .stage = "reranking",
                        .how = RK_ASK_PASSING};
    size_t n_likes;
    char *query = rk_prompt_user(a->s, a->who, +1, &n_likes);
    char **documents = rk_calloc(a->n, sizeof(*documents));
    int rc = query && documents ? RK_OK : rk_no_memory(err);

    for (size_t i = 0; i < a->n && rc == RK_OK; i++) {
        documents[i] = rk_snapshot_text(a->s, a->items[i],
                                        a->s->settings->item_profile);
        rc = documents[i] ? RK_OK : rk_no_memory(err);
    }
    if (rc == RK_OK)
        rc = rk_cached_relevance(&asking, query, (const char *const *)documents,
                                 a->n, scores, err);
    for (size_t i = 0; i < a->n && rc == RK_OK; i++) {
        notes[i][0] = scores[i];
        notes[i][1] = 0;
    }
    rk_texts_free(documents, a->n);
    free(query);
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
