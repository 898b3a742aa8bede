/* Wishes: what the language model would recommend in general, before any
 * product. A small model chooses them from a grammar over the catalogue's own
 * tokens, "WORD CATEGORY NOUN" ("dark historical book"), so that every wish can
 * be granted; it chooses by likelihood:
 *
 *   s(category)        = log p(category | liked) / tokens
 *   s(word | category) = log p(word | liked, category)
 *
 * each less its mean over users and divided by its spread: what the model says
 * of everybody is no wish. */
#ifndef RK_PARADIGMS_WISH_H
#define RK_PARADIGMS_WISH_H

#include "paradigms/paradigm.h"

#define RK_N_WISHES 4

typedef struct rk_wish {
    uint32_t category;
    uint32_t word;     /* RK_NO_ID: none could be granted */
    float score;       /* spreads above other users */
    const char *text;  /* "dark historical book", kept by the run */
    const char *plain; /* without the word */
    float *query;      /* float32 (d) */
} rk_wish;

typedef struct rk_wishes {
    rk_wish list[RK_N_WISHES]; /* best first */
    size_t n;
    float *queries; /* (RK_N_WISHES, d), yours to free */
} rk_wishes;

/* Learns what the writer says of everybody; see rk_paradigm.fit. */
int rk_wishes_fit(const rk_workshop *w, rk_error *err);

/* The wishes of one user. Each has items that may be proposed. */
int rk_wishes_make(const rk_snapshot *s, const rk_who *who, rk_run *run,
                   rk_wishes *w, rk_error *err);

/* Whether an item carries a token. */
bool rk_has_token(const rk_snapshot *s, uint32_t item, uint32_t token);

#endif
