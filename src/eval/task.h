/* One protocol made ready: what may be trained on, who is asked, and what the
 * answers are. A protocol is one file that fills a task; the judge
 * (eval/judge.h) does the rest the same way for all.
 *
 * `validation` and `test` are corpora over the items of `train` (the same
 * positions): their histories are what a contestant is given. Nothing that it
 * is asked for stands in `train` for the same user, nor anything later:
 * rk_task_check() holds a task to that. Immutable once loaded; any thread. */
#ifndef RK_EVAL_TASK_H
#define RK_EVAL_TASK_H

#include "data/corpus.h"

enum rk_metric {
    RK_M_NDCG_1, /* recall at one */
    RK_M_NDCG_5,
    RK_M_NDCG_10,
    RK_M_NDCG_20,
    RK_M_RECALL_5,
    RK_M_RECALL_10,
    RK_M_RECALL_20,
    RK_M_MRR_10,
    RK_M_AUC,       /* RK_TASK_LIKE; else of the truth against the others */
    RK_M_GAUC,      /* mean of the AUC within each cluster that has both */
    RK_M_COVERAGE,  /* share of the catalogue in somebody's first ten; of those
                       asked, so it has no interval */
    RK_M_NOVELTY,   /* mean -log2 of the share of users who had it, first ten */
    RK_M_DIVERSITY, /* 1 - mean likeness of the first ten, pairwise: of their
                       categories (Jaccard) */
    RK_N_METRICS
};

enum rk_task_kind {
    RK_TASK_RANK, /* which items come next: NDCG, recall, MRR */
    RK_TASK_LIKE  /* whether this item pleases: AUC */
};

/* Somebody asked for something: user u of `asked` and the right answers. */
typedef struct rk_questions {
    rk_corpus *asked;     /* histories as given; owned, its items borrowed */
    uint32_t *user;       /* (n_users) place among train's users, RK_NO_ID:
                             nobody that was trained on */
    size_t *truth_start;  /* (asked->n_users + 1) */
    uint32_t *truth;      /* items; an empty range is not asked */
    size_t n_candidates;  /* 0: all items but those in the history */
    uint32_t *candidates; /* (n_users, n_candidates), RK_NO_ID past the end of
                             a shorter list; the truth at a drawn place.
                             RK_TASK_LIKE: the truth alone */
    int8_t *label;        /* RK_TASK_LIKE: (n_users), 1 or 0, of the truth */
    uint32_t *cluster;    /* (n_users) resampled together in the bootstrap;
                             NULL: each alone */
    bool hidden_only;     /* rank the hidden items among themselves */
} rk_questions;

/* How a protocol's catalogue is spoken of in prompts. */
typedef struct rk_item_words {
    const char *noun;
    const char *noun_plural;
    const char *item_line; /* template of an item in a prompt */
} rk_item_words;

extern const rk_item_words rk_words_for_movies;

typedef struct rk_task {
    const char *name;
    const rk_item_words *wording; /* NULL: as the configuration says */
    enum rk_task_kind kind;
    rk_corpus *catalogue; /* the items' owner; NULL: rk_task_opts.corpus is */
    rk_corpus *train;
    rk_corpus *tune;         /* trained on while `validation` is asked, where
                                `train` has its answers; NULL: `train` */
    rk_questions validation; /* for tuning; asked NULL: none */
    rk_questions test;
    rk_questions mixed; /* the questions of `test` ranked another way, for a
                           second figure; borrows all from `test`; asked NULL:
                           none */
    bool *hidden;       /* (n_items) cold items, absent from `train`'s events;
                           NULL: none */
    enum rk_metric headline;
    char **notes; /* (n_notes) what a reader must know, one line each */
    size_t n_notes;
} rk_task;

typedef struct rk_task_opts {
    const char *data; /* folder of the protocol's files */
    uint64_t seed;
    size_t n_users;          /* asked at most, drawn with the seed; 0: all */
    const rk_corpus *corpus; /* of a store, for "mine"; must outlive the task */
} rk_task_opts;

typedef struct rk_published {
    const char *name;   /* "SASRec" */
    const char *metric; /* "ndcg@10" */
    double value;
} rk_published;

typedef struct rk_protocol {
    const char *name;    /* "ml-1m-loo" */
    const char *summary; /* one line */
    const char *needs;   /* which files, for a person */
    /* RK_ENOTFOUND with the path of what is missing; RK_EFORMAT with file and
     * line. */
    int (*load)(rk_task **out, const rk_task_opts *opts, rk_error *err);
    const rk_published *published; /* ends with a NULL name */
    const rk_item_words *wording;  /* NULL: as the configuration says */
} rk_protocol;

/* Ends with NULL. */
extern const rk_protocol *const rk_protocols[];
const rk_protocol *rk_protocol_find(const char *name);

void rk_task_free(rk_task *t);

/* The guards, for whoever judges, once a task: no truth stands in what is
 * trained on or in the history that is given; nothing of an asked user that is
 * trained on is later than the history given (tuning: of `tune`); with
 * candidates, the truth is among them and not at one place for all; hidden
 * items have no events. RK_EINVAL names the user and the item. */
int rk_task_check(const rk_task *t, rk_error *err);

#endif
