#include "llm/rerank.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/text.h"
#include "llm/openai_reply.h"

#include <string.h>

#define PATH     "/rerank"
#define BATCH    64
#define MAX_TEXT ((size_t)1 << 20)

struct rk_reranker {
    rk_fetch *server;
    char *model; /* "": the server's only one */
    rk_llm_usage usage;
};


int rk_reranker_open(rk_reranker **out, const char *url,
                     const rk_server_opts *opts, rk_error *err)
{
    size_t len = strcspn(url, "#");
    const char *name = url[len] ? url + len + 1 : "";
    rk_reranker *r = rk_calloc(1, sizeof(*r));
    char *address = rk_strndup(url, len);
    int rc = r && address ? RK_OK : rk_no_memory(err);

    *out = NULL;
    if (rc == RK_OK && !rk_text_is_utf8(name, strlen(name), NULL))
        rc = rk_fail(err, RK_EINVAL, "the model's name is not UTF-8");
    if (rc == RK_OK)
        rc = rk_fetch_open(&r->server, address, opts ? opts->fetch : NULL, err);
    if (rc == RK_OK) {
        r->model = rk_strdup(name);
        rc = r->model ? RK_OK : rk_no_memory(err);
    }
    if (rc == RK_OK) {
        *out = r;
        r = NULL;
    }
    rk_reranker_close(r);
    free(address);
    return rc;
}


void rk_reranker_close(rk_reranker *r)
{
    if (!r)
        return;
    rk_fetch_close(r->server);
    free(r->model);
    free(r);
}


static int check_text(const char *what, size_t i, const char *text,
                      rk_error *err)
{
    size_t len = strlen(text);

    if (len > MAX_TEXT)
        return rk_fail(err, RK_EINVAL, "%s %zu is %zu bytes long, at most %zu",
                       what, i, len, MAX_TEXT);
    if (!rk_text_is_utf8(text, len, NULL))
        return rk_fail(err, RK_EINVAL, "%s %zu is not UTF-8", what, i);
    return RK_OK;
}


static json_t *question(const rk_reranker *r, const char *query,
                        const char *const *documents, size_t n)
{
    json_t *list = json_array();
    json_t *q;

    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(list, json_string(documents[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    q = json_pack("{s:s, s:o, s:I, s:b}", "query", query, "documents", list,
                  "top_n", (json_int_t)n, "return_documents", false);
    if (q && *r->model &&
        json_object_set_new(q, "model", json_string(r->model)) != 0) {
        json_decref(q);
        q = NULL;
    }
    return q;
}


static int score(rk_reranker *r, const char *query,
                 const char *const *documents, size_t n, float *scores,
                 rk_error *err)
{
    json_t *body = question(r, query, documents, n);
    rk_question q = {.path = PATH, .body = body};
    json_t *reply = NULL;
    rk_error why;
    int rc = body ? rk_fetch_json(r->server, &q, &reply, NULL, err)
                  : rk_no_memory(err);

    json_decref(body);
    if (rc)
        return rc;
    rc = rk_reply_scores(reply, n, scores, &why);
    if (rc)
        rk_fail(err, rc, "%s" PATH ": %s", rk_fetch_host(r->server), why.msg);
    else
        r->usage.prefix_tokens += rk_reply_usage_of(reply).prompt;
    json_decref(reply);
    return rc;
}


int rk_reranker_scores(rk_reranker *r, const char *query,
                       const char *const *documents, size_t n, float *scores,
                       rk_error *err)
{
    int64_t start_us;
    int rc = check_text("query", 0, query, err);

    if (rc == RK_OK && !*query)
        rc = rk_fail(err, RK_EINVAL, "the query is empty");
    for (size_t i = 0; i < n && rc == RK_OK; i++)
        rc = check_text("document", i, documents[i], err);
    if (rc || n == 0)
        return rc;
    start_us = rk_clock_us();
    for (size_t at = 0; at < n && rc == RK_OK; at += BATCH)
        rc = score(r, query, documents + at, n - at < BATCH ? n - at : BATCH,
                   scores + at, err);
    r->usage.calls++;
    r->usage.took_us += rk_clock_us() - start_us;
    return rc;
}


void rk_reranker_until(rk_reranker *r, int64_t until_us)
{
    rk_fetch_until(r->server, until_us);
}


rk_llm_usage *rk_reranker_usage(rk_reranker *r)
{
    return &r->usage;
}
