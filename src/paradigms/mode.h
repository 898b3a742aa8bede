/* How the llm way asks its model for an order: one mode a file, and one line
 * in rk_modes. A mode is told by its cost law, what a model must be able to do
 * for it, what it learns at prepare, and how it scores.
 *
 * What is learnt is learnt from lists: a like of a sample user among items at
 * random, with the history before it. Which mode is best is measured on the
 * same lists, each half by what the other half taught. */
#ifndef RK_PARADIGMS_MODE_H
#define RK_PARADIGMS_MODE_H

#include "paradigms/cached.h"
#include "paradigms/paradigm.h"
#include "paradigms/prompt.h"

/* One user's candidates. A mode sees them in an order of their own, by id,
 * each once: the caller's order can mean nothing. */
typedef struct rk_mode_ask {
    const rk_snapshot *s;
    const rk_who *who;
    const uint32_t *items; /* (n) */
    size_t n;
    rk_run *run;
} rk_mode_ask;

/* Two numbers of each candidate that explain it, and that a like is told by. */
typedef float rk_mode_note[2];

/* Lists to learn from. */
typedef struct rk_mode_lists {
    const rk_workshop *w;
    const rk_snapshot *s;
    size_t n;
    uint32_t *user;    /* (n) places in the workshop's corpus */
    size_t *n_history; /* (n) the user's events before the like */
    uint32_t *items;   /* (n, RK_LLM_LIST) by id */
    uint32_t *truth;   /* (n) the like's place in its list */
    size_t fold; /* lists i with i % 2 == fold are not learnt from; 2: all are
                  */
} rk_mode_lists;

/* What tokens a request costs is reckoned from. */
typedef struct rk_mode_size {
    float liked;    /* tokens of the user's list of likes */
    float disliked; /* of dislikes, 0: none */
    float lines;    /* of all candidates' lines */
    float n;        /* candidates */
} rk_mode_size;

typedef struct rk_mode {
    const char *name;
    const char *summary; /* one line */
    const char *law;     /* what a request costs, in tokens */
    const char *judge;   /* what a reason's sentence says judged */
    bool by_name_only;   /* never chosen by measurement */
    bool asks_reranker;  /* not the writer, which then need not be there */
    bool takes_vectors;  /* of items, where there is an embedder */
    float (*tokens)(const rk_mode_size *z);

    /* What learning costs once, besides the lists; NULL: nothing. */
    float (*first_tokens)(const rk_workshop *w, const rk_mode_size *z);

    unsigned needs; /* bits of enum rk_llm_can, all of them */

    /* What else a model that can all that lacks, or NULL; `lacks` itself may be
     * NULL. */
    const char *(*lacks)(rk_llm *writer);

    /* Learns from the lists; NULL: nothing to learn. May be called again with
     * what it learnt itself and other folds. */
    int (*fit)(rk_llm_learnt *io, const rk_mode_lists *l, rk_error *err);

    /* Scores float32 (n), higher is better, and notes (n). */
    int (*score)(const rk_mode_ask *a, float *scores, rk_mode_note *notes,
                 rk_error *err);

    /* The model of likes over notes and the user's share of likes; NULL, or
     * not fitted: this mode has no probability. */
    const rk_like_model *(*like)(const rk_snapshot *s);

    /* Reasons from a candidate's notes. parts (RK_MODE_FEATURES) are what each
     * counts for. */
    int (*explain)(const rk_snapshot *s, const rk_who *who,
                   const rk_candidate *c, const float *parts, rk_reasons *out,
                   rk_error *err);
} rk_mode;

/* What a like is told by. */
enum { RK_MODE_FIRST, RK_MODE_SECOND, RK_MODE_SHARE, RK_MODE_FEATURES };

extern const rk_mode rk_mode_likelihood;
extern const rk_mode rk_mode_pure;
extern const rk_mode rk_mode_nearness;
extern const rk_mode rk_mode_yes_no;
extern const rk_mode rk_mode_letters;
extern const rk_mode rk_mode_probe;
extern const rk_mode rk_mode_permutation;
extern const rk_mode rk_mode_rerank;

/* In the order in which they are tried: cheap ones first. */
extern const rk_mode *const rk_modes[RK_N_MODES];

/* Its place in rk_modes; RK_N_MODES: there is none of this name. */
size_t rk_mode_find(const char *name);

/* The mode that requests are answered by: of the settings, or as measured. */
size_t rk_mode_of(const rk_snapshot *s);

/* Why these models cannot be asked in a mode, as one line, or NULL. `writer` is
 * theirs; NULL where the mode asks the reranker. */
const char *rk_mode_lacks(size_t mode, const rk_loaded *models, rk_llm *writer);

/* How it came to that mode, in words. */
const char *rk_mode_reason(const rk_snapshot *s);

/* Learns the modes that the settings ask for or that may be chosen, tries
 * them, and chooses. `io` has its strangers, and nothing else yet;
 * clear it in any case. */
int rk_modes_fit(rk_llm_learnt *io, const rk_workshop *w, rk_error *err);
void rk_llm_learnt_clear(rk_llm_learnt *learnt);

/* As "llm.trials", "llm.mode", "llm.strangers" and what each learnt. The getter
 * leaves as it is what the bundle does not have, and borrows; strangers like
 * items below n_items. RK_EFORMAT. */
int rk_llm_learnt_put(const rk_llm_learnt *learnt, rk_bundle_writer *w,
                      rk_error *err);
int rk_llm_learnt_get(rk_llm_learnt *learnt, const rk_bundle *b, size_t n_items,
                      rk_error *err);

/* A prompt for this model, in its chat template where it has one and the
 * settings do not say otherwise. Cleared in any case. */
int rk_mode_prompt(rk_prompt *out, const rk_mode_ask *a, rk_prompt_ask ask,
                   rk_error *err);

/* The asking that such a prompt is put by. */
rk_asking rk_mode_asking(const rk_mode_ask *a, const rk_prompt *p,
                         const char *stage, unsigned how);

/* One list of those to learn from, as a question. `tokens`: room for
 * rk_liking_who(). */
void rk_mode_list_ask(const rk_mode_lists *l, size_t list,
                      rk_token_weight *tokens, rk_who *who, rk_mode_ask *ask);

/* Whether this list may be learnt from now. */
bool rk_mode_list_teaches(const rk_mode_lists *l, size_t list);

#endif
