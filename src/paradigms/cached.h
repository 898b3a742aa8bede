/* What a model says to a text, asked once and kept in the store under the key
 * of model, question and text. Asking again costs no model, not even its
 * loading. Interrupted, what was answered stays.
 *
 * What depends on a user's history is passing: it is kept while it is among the
 * newest, rk_cached_prune() forgets the rest.
 *
 * `model_key` is the fingerprint that the caller's data was made with: a
 * model that has changed since is refused (RK_ENOTREADY). All fail as
 * rk_loaded_get() does when something must be asked and there is no model. */
#ifndef RK_PARADIGMS_CACHED_H
#define RK_PARADIGMS_CACHED_H

#include "core/progress.h"
#include "paradigms/run.h"

/* Who asks, and whom. */
typedef struct rk_asking {
    rk_run *run;
    const char *model_key;
    const char *stage;           /* for progress; NULL: "embedding" */
    const rk_progress *progress; /* NULL allowed */
    unsigned how;                /* RK_ASK_PASSING, RK_ASK_CHAT */
} rk_asking;

/* The answer depends on a user's history; what is asked is a message in the
 * model's chat template (rk_llm_set_chat()). */
#define RK_ASK_PASSING 1u
#define RK_ASK_CHAT    2u

/* Begins the keys of passing answers. */
#define RK_PASSING "r"

/* Forgets all passing answers but the newest, some 40 MB of them. */
int rk_cached_prune(rk_store *store, rk_error *err);

/* The model of a role, held to the run's deadline, for questions whose answers
 * are not kept. */
int rk_asking_model(const rk_asking *a, enum rk_llm_role role, rk_llm **out,
                    rk_error *err);

/* Vectors of n texts, float32 (n, d), into `out`. */
int rk_cached_vectors(const rk_asking *a, size_t d, const char *const *texts,
                      size_t n, float *out, rk_error *err);

/* log p(word | prefix + text), float32 (n, n_words), see
 * rk_llm_next_words(). */
typedef struct rk_words_question {
    const char *prefix;
    const char *const *words;
    size_t n_words;
} rk_words_question;

int rk_cached_words(const rk_asking *a, const rk_words_question *w,
                    const char *const *texts, size_t n, float *logp,
                    rk_error *err);

/* log p(text | prefix) per text and its tokens, float32 (n, 2), see
 * rk_llm_likelihood(). */
int rk_cached_likelihood(const rk_asking *a, const char *prefix,
                         const char *const *texts, size_t n, float *rows,
                         rk_error *err);

/* A question of the caller's own to the writer, an answer `width` floats.
 * `what` and `context` tell it from all others. */
typedef struct rk_own_question {
    const char *what;
    const char *context;
    size_t width;
    int (*ask)(void *ctx, rk_llm *m, const char *const *texts, size_t n,
               float *rows, rk_error *err);
    void *ctx;
} rk_own_question;

/* float32 (n, width). */
int rk_cached_own(const rk_asking *a, const rk_own_question *own,
                  const char *const *texts, size_t n, float *rows,
                  rk_error *err);

/* How well each document answers the query, as the reranker tells it, float32
 * (n); `model_key` is its name. See rk_reranker_scores(). */
int rk_cached_relevance(const rk_asking *a, const char *query,
                        const char *const *documents, size_t n, float *scores,
                        rk_error *err);

#endif
