/* The one door to every collaborative model: what it needs, what it would
 * cost, training, scoring, and its place in a snapshot. A new model is one file
 * and one line in rk_learners.
 *
 * A model says what may come next for a history, in one or several columns of
 * scores (one model read in several ways, as with three speeds of forgetting).
 * Columns have no common unit: what makes one score of them is the blend
 * (learn/blend.h). */
#ifndef RK_LEARN_LEARNER_H
#define RK_LEARN_LEARNER_H

#include "core/progress.h"
#include "data/bundle.h"
#include "data/csr.h"
#include "data/histories.h"

enum rk_effort {
    RK_FAST, /* minutes */
    RK_FULL  /* tens of minutes */
};

/* "fast", "full" */
const char *rk_effort_name(enum rk_effort effort);

/* What is known of items besides events. Parts that are not there are NULL. */
typedef struct rk_side {
    const float *vectors; /* float32 (n_items, d), rows of length one */
    size_t d;
    const rk_csr *tokens; /* (n_items, n_tokens) weights >= 0 */
} rk_side;

enum { RK_NEEDS_VECTORS = 1, RK_NEEDS_TOKENS = 2 };

typedef struct rk_train_opts {
    enum rk_effort effort;
    uint64_t seed;
    size_t max_bytes; /* of memory; 0: no limit */
    const rk_side *side;
    /* Someone's next items, not in what is trained on, to watch progress by:
     * watch_truth (watch->n_users). Never trained on. NULL: none. */
    const rk_histories *watch;
    const uint32_t *watch_truth;
    /* Where long training leaves what it has, to go on after an interruption;
     * the file is removed when training is through. NULL: nowhere. */
    const char *checkpoint;
    rk_progress progress;
} rk_train_opts;

typedef struct rk_estimate {
    double bytes; /* of memory, while training */
    double flop;  /* of training */
} rk_estimate;

typedef struct rk_learner rk_learner;

/* A trained model: the first member of each learner's own struct. Immutable;
 * any thread. */
typedef struct rk_model {
    const rk_learner *learner;
    size_t n_items; /* that it was trained on */
} rk_model;

struct rk_learner {
    const char *name;
    const char *summary;   /* one line, for a person */
    const char *cites;     /* author, title, year */
    unsigned needs;        /* RK_NEEDS_..., besides histories */
    enum rk_effort effort; /* the least at which it is trained */
    size_t n_columns;
    const char *const *columns; /* (n_columns) names */
    bool is_log; /* scores are like log-odds; else like probabilities, a few
                    large ones far above many small */

    void (*estimate)(const rk_histories *h, const rk_train_opts *opts,
                     rk_estimate *out);

    /* RK_EINVAL before any large allocation when the estimate exceeds
     * `max_bytes` (the message gives both) or a need is not met; RK_ENOMEM,
     * RK_ECANCELLED. */
    int (*train)(rk_model **out, const rk_histories *h,
                 const rk_train_opts *opts, rk_error *err);

    /* scores float32 (who->n_users, n_columns, m->n_items), overwritten; uses
     * rk_threads() threads. Items past m->n_items, newer than the model, age
     * the others of a history and add nothing. An empty history gives zeros
     * where the model has nothing to go by. What was had is scored too. */
    int (*score)(const rk_model *m, const rk_histories *who, float *scores,
                 rk_error *err);

    /* Tensors "<name>.*". The getter borrows from the bundle, which is hostile:
     * RK_ENOTFOUND (the model is not in it), RK_EFORMAT. */
    int (*put)(const rk_model *m, rk_bundle_writer *w, rk_error *err);
    int (*get)(rk_model **out, const rk_bundle *b, size_t n_items,
               rk_error *err);

    void (*free)(rk_model *m); /* NULL allowed */
};

/* Ends with NULL. */
extern const rk_learner *const rk_learners[];

/* By name; NULL when there is none. */
const rk_learner *rk_learner_find(const char *name);

/* RK_EINVAL, "slit: needs 5.2 GiB for 20000 items, may take 4.0 GiB", when the
 * estimate exceeds opts->max_bytes; or "l3ae: needs the items' vectors". For
 * the first line of every `train`. */
int rk_learner_check(const rk_learner *l, const rk_histories *h,
                     const rk_train_opts *opts, rk_error *err);

#endif
