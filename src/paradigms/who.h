/* Who asks: a stored user, or a profile alone. */
#ifndef RK_PARADIGMS_WHO_H
#define RK_PARADIGMS_WHO_H

#include "data/corpus.h"
#include "learn/token_ridge.h"

typedef struct rk_who {
    const char *id;         /* NULL: a profile alone */
    const char *profile;    /* as text, "" if there is none */
    const rk_seen *history; /* (n_history), oldest first */
    size_t n_history;
    const float *vector; /* the profile's (d), NULL if there is none */
    const rk_token_weight *tokens; /* (n_tokens), the profile's */
    size_t n_tokens;
} rk_who;

/* Share of likes among likes and dislikes, (likes + a m) / (n + a) with the
 * catalogue's share m and a = 5. */
float rk_who_like_share(const rk_who *who, float catalogue_share);

/* How many of the history are liked (+1) or disliked (-1). */
size_t rk_who_count(const rk_who *who, int label);

/* Whether the history (of an rk_who) has the item: as rk_run.skip. */
bool rk_who_has_had(const void *who, uint32_t item);

/* The item of the newest event of this label, at most `max` of them, oldest
 * first, into `items` (max); each item once. Returns how many. */
size_t rk_who_latest(const rk_who *who, int label, size_t max, uint32_t *items);

#endif
