/* One way of recommending with a language model: the contract that all of
 * them keep, and what they are given. A new way is one file and one line in
 * rk_paradigms. */
#ifndef RK_PARADIGMS_PARADIGM_H
#define RK_PARADIGMS_PARADIGM_H

#include "core/progress.h"
#include "paradigms/run.h"
#include "paradigms/snapshot.h"
#include "paradigms/who.h"

/* What learning is given. */
typedef struct rk_workshop {
    const rk_corpus *corpus;
    /* The catalogue's side, complete: vectors, vocabulary, item tokens; of
     * what is learned, only what earlier ways put there. */
    rk_snapshot *snapshot;
    const char *const *user_profiles; /* (n_users), as text */
    const float *user_vectors; /* float32 (n_users, d); NULL: no embedder */
    const rk_csr *user_tokens; /* (n_users, n_tokens); NULL: no tokens */
    rk_bundle_writer *out;
    rk_run *run;
    const rk_progress *progress;
    /* (n_users) whose events may not set how the writer is asked: those whom
     * an evaluation asks. NULL: none. */
    const bool *left_out;
    bool quick; /* for a trial split: leave out what asks the writer */
    /* In a trial, the likes (n_users) that the corpus ends before, for weights
     * to be learnt on; else NULL. */
    const rk_seen *held;
    /* After a trial, what it learnt: (2, RK_EMBEDDINGS_WEIGHTS); else NULL. */
    const float *embeddings_rank;
} rk_workshop;

typedef struct rk_candidate {
    uint32_t item;
    float score;         /* higher is better */
    float probability;   /* of a like; NaN where nothing is calibrated */
    const char *source;  /* who proposed it: static text */
    const char *heading; /* rag: borrowed from the run; else NULL */
    float note[4];       /* what the way noted for its explanation */
    bool unread; /* the way has not scored it: score and notes are the fused
                    order's */
    int moved;   /* auto: places up that the language model moved it */
    float moved_part; /* auto: of the score, what that changed */
} rk_candidate;

typedef struct rk_candidates {
    rk_candidate *list;
    size_t n;
    size_t cap;
} rk_candidates;

/* Appends, unless the item is there already. */
int rk_candidates_add(rk_candidates *c, rk_candidate candidate, rk_error *err);
void rk_candidates_clear(rk_candidates *c);

/* Best score first, ties by position. */
void rk_candidates_sort(rk_candidates *c);

/* One piece of evidence, owned. */
typedef struct rk_evidence {
    const char *kind; /* static text, see rk_reason */
    char *id;
    char *text;
    float weight; /* NaN where the model is not additive */
} rk_evidence;

typedef struct rk_reasons {
    rk_evidence *list;
    size_t n;
    size_t cap;
    char *why; /* one sentence */
} rk_reasons;

int rk_reasons_add(rk_reasons *r, const char *kind, const char *id,
                   float weight, rk_error *err, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
void rk_reasons_clear(rk_reasons *r);

/* Strongest |weight| first. */
void rk_reasons_sort(rk_reasons *r);

typedef struct rk_paradigm {
    const char *name;  /* "embeddings", "tokens", "llm", "rag" */
    const char *cites; /* the papers it follows */
    bool asks_model;   /* a language model, while a request waits */

    /* Offline: learn from catalogue and events into the bundle and the
     * workshop's snapshot; NULL if nothing is learned. */
    int (*fit)(const rk_workshop *w, rk_error *err);

    /* What is missing for this way to answer, as one line, or NULL. */
    const char *(*lacks)(const rk_snapshot *s);

    /* Propose up to k items not skipped by the run, scored as recall goes;
     * NULL: this way only ranks what others propose. */
    int (*recall)(const rk_snapshot *s, const rk_who *who, size_t k,
                  rk_candidates *out, rk_run *run, rk_error *err);

    /* Set score and probability of every candidate. */
    int (*score)(const rk_snapshot *s, const rk_who *who, rk_candidates *io,
                 rk_run *run, rk_error *err);

    /* Evidence for one scored candidate: parts that add up to the score where
     * the model is additive; every reason names what it rests on. */
    int (*explain)(const rk_snapshot *s, const rk_who *who,
                   const rk_candidate *c, rk_reasons *out, rk_run *run,
                   rk_error *err);
} rk_paradigm;

extern const rk_paradigm rk_embeddings;
extern const rk_paradigm rk_tokens;
extern const rk_paradigm rk_llm_ranker;
extern const rk_paradigm rk_rag;

#define RK_N_PARADIGMS 4
extern const rk_paradigm *const rk_paradigms[RK_N_PARADIGMS];

/* By name; NULL when there is none. */
const rk_paradigm *rk_paradigm_find(const char *name);

#endif
