/* Asks contestants a task's questions and measures the answers.
 *
 * rank = 1 + how many scored greater + half of the others that scored equal,
 * over all items but those in the history, or over the given candidates.
 * With several truths recall@k divides by min(k, truths), NDCG by the best
 * that can be had, MRR goes by the first that comes.
 * Figures are means over users; their 95% intervals come from a bootstrap by
 * user (or cluster), and differences between two contestants from the same
 * resamples, paired (Efron & Tibshirani 1993). */
#ifndef RK_EVAL_JUDGE_H
#define RK_EVAL_JUDGE_H

#include "core/progress.h"
#include "eval/task.h"

/* Who is judged. Trained before, if at all: by whoever made it. */
typedef struct rk_contestant {
    const char *name;
    void *ctx;
    /* scores float32 (n, n_items) of users [first, first + n) of q->asked,
     * overwritten; a NaN or -INFINITY was not proposed and counts as a miss.
     * With candidates, only their scores are read (RK_TASK_LIKE: there is one).
     * `t` and `q` are shown without answers: no truth, no label, and `t` has
     * no questions. */
    int (*score)(void *ctx, const rk_task *t, const rk_questions *q,
                 size_t first, size_t n, float *scores, rk_error *err);
    double train_s;        /* what training took; NaN: nothing was trained */
    const rk_usage *usage; /* what the language models did; NULL: none */
} rk_contestant;

/* "ndcg@10" */
extern const char *const rk_metric_names[RK_N_METRICS];

typedef struct rk_measure {
    double value; /* NaN: not of this task */
    double low;   /* 95% */
    double high;
} rk_measure;

typedef struct rk_slice {
    const char *by;   /* "history" or "popularity" */
    const char *name; /* "20 to 49 events" */
    size_t n_users;
    rk_measure figure; /* the task's headline */
} rk_slice;

#define RK_SLICES 8

typedef struct rk_verdict {
    const char *contestant; /* borrowed */
    size_t n_users;         /* with a truth */
    rk_measure metrics[RK_N_METRICS];
    rk_slice slices[RK_SLICES];
    size_t n_slices;
    double train_s;
    double score_s; /* all users */
    double p50_us;  /* of a batch, per user */
    double p95_us;
    rk_usage usage;
    double *per_user; /* (asked->n_users) the headline figure of each, owned;
                         NaN: not asked. RK_TASK_LIKE: the score */
} rk_verdict;

typedef struct rk_judge_opts {
    uint64_t seed;
    size_t n_resamples; /* 0: 1000 */
    size_t batch;       /* users scored at once; 0: 256 */
    rk_progress progress;
} rk_judge_opts;

/* Judges on test questions (or `validation`, when asked for: tuning). */
int rk_judge(rk_verdict *out, const rk_task *t, const rk_questions *q,
             rk_contestant *who, const rk_judge_opts *opts, rk_error *err);
void rk_verdict_clear(rk_verdict *v);

/* b's headline figure minus a's, paired by user, with its 95% interval. Both
 * judged on the same questions. */
int rk_judge_difference(rk_measure *out, const rk_questions *q,
                        const rk_verdict *a, const rk_verdict *b,
                        const rk_judge_opts *opts, rk_error *err);

#endif
