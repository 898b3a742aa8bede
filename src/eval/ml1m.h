/* MovieLens 1M as sequences: what several protocols are made from. Files of
 * the folder ml-1m-loo:
 *
 *   items.tsv       item_id, title, genres
 *   users.tsv       user_id, gender, age_band, occupation, zip
 *   sequences.tsv   user_id, is_validation_user, history, test_item
 *   llm_descriptions.json   item to a paragraph; may be missing
 *
 * Items have title ("The Matrix"), year, genres, and llm_description where
 * there is one; users gender, age and occupation in words. */
#ifndef RK_EVAL_ML1M_H
#define RK_EVAL_ML1M_H

#include "eval/sequences.h"

/* RK_ENOTFOUND, RK_EFORMAT, RK_ENOMEM; *out is empty after a failure. */
int rk_ml1m_load(rk_sequences *out, const char *dir, rk_error *err);

/* "Matrix, The (1999)" as "The Matrix" and "1999", both for free(); year NULL
 * when there is none. RK_ENOMEM. */
int rk_ml1m_title(const char *listed, char **title, char **year, rk_error *err);

#endif
