/* MovieLens 1M as sequences: what several protocols are made from. Files of
 * the folder ml-1m-loo:
 *
 *   items.tsv       item_id, title, genres
 *   users.tsv       user_id, gender, age_band, occupation, zip
 *   sequences.tsv   user_id, is_validation_user, history, test_item
 *   llm_descriptions.json   item to a paragraph; may be missing
 *
 * Items have title ("The Matrix"), year, genres, and llm_description where
 * there is one; users gender, age and occupation in words. Immutable; any
 * thread. */
#ifndef RK_EVAL_ML1M_H
#define RK_EVAL_ML1M_H

#include "data/corpus.h"

typedef struct rk_ml1m {
    rk_corpus *shelf;  /* items, and users in the order of users.tsv; no
                          events */
    size_t *start;     /* (n_users + 1) */
    uint32_t *history; /* (start[n_users]) items, oldest first */
    uint32_t *test;    /* (n_users) the item after it; RK_NO_ID: no sequence */
    bool *tunes;       /* (n_users) whose last of history is for tuning */
} rk_ml1m;

/* RK_ENOTFOUND, RK_EFORMAT, RK_ENOMEM. */
int rk_ml1m_load(rk_ml1m *out, const char *dir, rk_error *err);
void rk_ml1m_clear(rk_ml1m *m);

/* Event number `i` of a user: a like, its time its number. */
rk_seen rk_ml1m_event(const rk_ml1m *m, uint32_t user, size_t i);
size_t rk_ml1m_length(const rk_ml1m *m, uint32_t user);
const char *rk_ml1m_user(const rk_ml1m *m, uint32_t user);

/* "Matrix, The (1999)" as "The Matrix" and "1999", both for free(); year NULL
 * when there is none. RK_ENOMEM. */
int rk_ml1m_title(const char *listed, char **title, char **year, rk_error *err);

#endif
