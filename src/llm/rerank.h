/* A reranker behind a Jina-style endpoint (Jina, Cohere's v1, vLLM,
 * llama-server with --reranking): one question with a query and documents, one
 * relevance for each. One thread at a time. */
#ifndef RK_LLM_RERANK_H
#define RK_LLM_RERANK_H

#include "llm/llm.h"

typedef struct rk_reranker rk_reranker;

/* "http://host:port/v1#name"; a server that serves one model needs no name.
 * Nothing is asked yet. RK_EINVAL (address), RK_ENOMEM. */
int rk_reranker_open(rk_reranker **out, const char *url,
                     const rk_server_opts *opts, rk_error *err);
void rk_reranker_close(rk_reranker *r);

/* How well n documents answer the query, float32 (n) into `scores`: no unit,
 * higher is better, comparable within one query. Documents go in questions of
 * at most 64, each scored on its own by the model. RK_EINVAL (empty query, not
 * UTF-8, more than 1 MiB), RK_EBACKEND (no answer), RK_EFORMAT (a score that is
 * missing, there twice or not finite), RK_ECANCELLED (see
 * rk_reranker_until()), RK_ENOMEM. */
int rk_reranker_scores(rk_reranker *r, const char *query,
                       const char *const *documents, size_t n, float *scores,
                       rk_error *err);

/* As rk_llm_until(). */
void rk_reranker_until(rk_reranker *r, int64_t until_us);

/* Tokens the server counted since the caller last cleared it, as
 * prefix_tokens, calls and their time; never NULL. */
rk_llm_usage *rk_reranker_usage(rk_reranker *r);

#endif
