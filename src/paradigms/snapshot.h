/* Everything serving needs. The learned part is a bundle of tensors, written
 * by prepare, mapped and immutable; the catalogue beside it grows by items
 * that came later, which have a text, a vector and tokens but no column in
 * what was learned from events.
 *
 * Positions: [0, n_fitted) are known to the learners, [n_fitted, n_items) are
 * newer. Any thread may read. */
#ifndef RK_PARADIGMS_SNAPSHOT_H
#define RK_PARADIGMS_SNAPSHOT_H

#include "data/corpus.h"
#include "data/csr.h"
#include "learn/blend.h"
#include "learn/logistic.h"
#include "learn/token_ridge.h"
#include "learn/two_tower.h"
#include "learn/user_map.h"
#include "paradigms/settings.h"
#include "vector/vector.h"

/* The words that items and users are described with. Position below
 * n_categories: the catalogue's own categories; the others are read by the
 * language model. */
typedef struct rk_vocabulary {
    size_t n;
    size_t n_categories;
    const char **words; /* (n) */
    /* Of the others, over the catalogue: mean and spread of the writer's
     * log-probability (n - n_categories), by which a single reading is put in
     * proportion; and the same over users. NULL: no writer. */
    const float *item_mean;
    const float *item_sd;
    const float *user_mean;
    const float *user_sd;
} rk_vocabulary;

/* A learned yes/no: absent when the events held no dislikes. */
typedef struct rk_like_model {
    bool fitted;
    rk_logistic logistic;
} rk_like_model;

/* What the llm way learnt (paradigms/mode.h). All zero: nothing, and what is
 * compiled in holds. */
#define RK_N_MODES             8
#define RK_LLM_LIST            20 /* candidates of the lists it learns from */
#define RK_LIKELIHOOD_FEATURES 5
#define RK_NEARNESS_FEATURES   4
#define RK_PROBE_FEATURES      2
#define RK_STRANGERS           2

/* A mode on lists of users whose next like is known. */
typedef struct rk_llm_trial {
    float ndcg;   /* NDCG@10, 20 candidates */
    float sd;     /* its standard error */
    float tokens; /* of a request, by the mode's cost law */
    float lists;  /* 0: the mode was not tried */
} rk_llm_trial;

typedef struct rk_llm_learnt {
    uint32_t mode; /* place in rk_modes: the one that did best */
    rk_llm_trial trials[RK_N_MODES];
    float likelihood[RK_LIKELIHOOD_FEATURES]; /* weights */
    float nearness[RK_NEARNESS_FEATURES];
    float slots[RK_LLM_LIST]; /* log-probability of a place in a list alone */
    rk_two_tower probe;
    float probe_weights[RK_PROBE_FEATURES];
    /* (RK_STRANGERS, n_stranger_likes) items: paradigms/strangers.h. */
    const uint32_t *strangers;
    size_t n_stranger_likes;
} rk_llm_learnt;

/* By how much somebody has done, the weight of the language model in the fused
 * order: see engine/llm_step.h. */
#define RK_LLM_STEP_SPANS 3

/* What the embeddings way ranks by: what comes next, and the log-odds of a
 * like. */
#define RK_EMBEDDINGS_WEIGHTS 2

typedef struct rk_snapshot {
    const rk_settings *settings;
    size_t n_items;
    size_t n_fitted;
    const rk_ids *ids;
    rk_record *const *items; /* (n_items) */

    rk_index *vectors; /* (n_items, d) normalised; NULL: no embedder */
    size_t d;
    rk_vocabulary vocabulary; /* n = 0: no tokens */
    rk_csr item_tokens;       /* (n_items, n) */
    const bool *is_changed;   /* (n_items) whose text is newer than what was
                                 learnt; NULL: none */

    /* Learned; NULL or not fitted where it could not be. */
    const float *popularity; /* (n_fitted) */
    const float *like_rate;  /* (n_fitted) */
    float catalogue_share;   /* likes / (likes + dislikes) */
    const rk_blend *blend;   /* of collaborative models */
    rk_csr ease; /* (n_fitted, n_fitted) rows of one of them, as evidence;
                    n_rows 0: none */
    const float *vector_mean; /* (d) of the fitted items */
    const rk_model *text_map; /* the blend's; NULL: what it needs was lacking */
    const float *text_x;      /* (n_items, rk_text_map_width) its features */
    const rk_user_map *user_map;
    const rk_token_model *tokens;
    rk_like_model embeddings_like;
    rk_like_model tokens_like;
    rk_like_model llm_like; /* over readings of likelihood */
    rk_like_model llm_yes_no_like;
    rk_llm_learnt llm;
    const float *fusion;   /* (2, RK_FUSION_FEATURES), engine/rank.h */
    const float *llm_step; /* (RK_LLM_STEP_SPANS) */
    /* (2, RK_EMBEDDINGS_WEIGHTS), the second of who liked nothing. */
    const float *embeddings_rank;
    /* Mean and spread of readings over sample users, which a wish is measured
     * against: (n_categories) and (n_categories, n - n_categories). */
    const float *wish_mean;
    const float *wish_sd;
    const float *wish_word_mean;
    const float *wish_word_sd;

    /* Fingerprints of the models whose outputs are in here, "" for none. */
    const char *embedder_key;
    const char *writer_key;
} rk_snapshot;

/* Fills the learned part from a bundle, which must outlive the snapshot;
 * what the bundle lacks stays absent. The catalogue's side must be set
 * (n_fitted is held against the bundle). RK_EFORMAT. The structs that the
 * pointers name live in `room`, which is cleared in any case. */
typedef struct rk_snapshot_room {
    rk_token_model tokens;
    rk_user_map user_map;
    rk_blend *blend;
    float *text_x; /* NULL: the model's own */
} rk_snapshot_room;

int rk_snapshot_attach(rk_snapshot *s, const rk_bundle *b,
                       rk_snapshot_room *room, rk_error *err);
void rk_snapshot_room_clear(rk_snapshot_room *room);

/* Of one item. */
const char *rk_snapshot_title(const rk_snapshot *s, uint32_t item);
const char *rk_snapshot_id(const rk_snapshot *s, uint32_t item);
const float *rk_snapshot_vector(const rk_snapshot *s, uint32_t item);

/* The items' mean vector (d), yours to free; NULL: no memory. */
float *rk_snapshot_mean_vector(const rk_snapshot *s);

/* Smoothed share of likes; the catalogue's own for a newer item. */
float rk_snapshot_like_rate(const rk_snapshot *s, uint32_t item);

/* A template's text for an item, cleaned; yours to free, NULL: no memory. */
char *rk_snapshot_text(const rk_snapshot *s, uint32_t item,
                       const char *template_text);

/* Whether one of the item's categories is this word. */
bool rk_snapshot_has_category(const rk_snapshot *s, uint32_t item,
                              const char *category);

/* A learned yes/no into a bundle; nothing when it was not fitted. */
int rk_like_model_put(rk_bundle_writer *w, const char *name,
                      const rk_like_model *m, rk_error *err);

#endif
