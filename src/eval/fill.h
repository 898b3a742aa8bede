/* Filling a corpus or questions, one user after another: what a protocol's
 * file does after it has read its own. Caller's storage; one thread. */
#ifndef RK_EVAL_FILL_H
#define RK_EVAL_FILL_H

#include "core/rng.h"
#include "eval/task.h"

typedef struct rk_fill {
    rk_questions q;
    size_t user_cap;
    size_t users_cap;
    size_t start_cap;
    size_t seen_cap;
    size_t truth_start_cap;
    size_t truth_cap;
    size_t candidates_cap;
    size_t label_cap;
    size_t cluster_cap;
} rk_fill;

/* Over the items of `catalogue`, which must outlive what is made.
 * n_candidates: of each question, 0: none. */
int rk_fill_begin(rk_fill *f, const rk_corpus *catalogue, size_t n_candidates,
                  rk_error *err);
void rk_fill_clear(rk_fill *f);

/* A new user: RK_EFORMAT when `id` is not new; `profile` is copied, `in_train`
 * is rk_questions.user. Events and truths that follow are theirs, oldest first.
 */
int rk_fill_user(rk_fill *f, const char *id, const rk_record *profile,
                 uint32_t in_train, rk_error *err);
int rk_fill_event(rk_fill *f, rk_seen e, rk_error *err);
int rk_fill_truth(rk_fill *f, uint32_t item, rk_error *err);

/* The candidates of the user added last: their one truth at a place drawn from
 * `rng`, and up to n_candidates - 1 of `others`. */
int rk_fill_candidates(rk_fill *f, const uint32_t *others, size_t n,
                       rk_rng *rng, rk_error *err);

/* The answer and the cluster of the user added last. */
int rk_fill_label(rk_fill *f, int8_t label, uint32_t cluster, rk_error *err);

/* Hand over what was filled and leave `f` empty. The corpus is freed with
 * rk_fill_free_corpus(), questions with rk_fill_free_questions(). */
rk_corpus *rk_fill_take_corpus(rk_fill *f);
void rk_fill_take_questions(rk_fill *f, rk_questions *out);
void rk_fill_free_corpus(rk_corpus *c);
void rk_fill_free_questions(rk_questions *q);

/* Which of n users are asked: all, or `at_most` drawn with the seed; for
 * free(). NULL: no memory. */
bool *rk_fill_draw(size_t n, size_t at_most, uint64_t seed);

#endif
