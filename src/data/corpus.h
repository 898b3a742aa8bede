/* What learning sees: the catalogue, the users, and every user's history.
 * Positions are dense: item 0 to n_items - 1, user 0 to n_users - 1.
 * Immutable once filled; any thread. */
#ifndef RK_DATA_CORPUS_H
#define RK_DATA_CORPUS_H

#include "data/rules.h"
#include "data/strings.h"

/* One event of a history, its item as a position. */
typedef struct rk_seen {
    uint32_t item;
    int32_t label; /* +1 liked, -1 disliked, 0 merely seen */
    float value;
    int64_t at_us;
} rk_seen;

/* Whether one of n events is about this item. */
bool rk_seen_has(const rk_seen *seen, size_t n, uint32_t item);

typedef struct rk_corpus {
    size_t n_items;
    rk_ids *item_ids;
    rk_record **items; /* (n_items) owned */
    size_t n_users;
    rk_ids *user_ids;
    rk_record **users; /* (n_users) owned; a user known by events alone has no
                          fields */
    size_t *start;     /* (n_users + 1) */
    rk_seen *seen;     /* (start[n_users]), each user's oldest first */
    size_t n_dropped;  /* events of items that are not in the catalogue */
    bool borrowed;     /* ids and records are another corpus's */
} rk_corpus;

/* Filling: items and users, then events in any order, then finish, which
 * sorts each user's by time, equal times in order of arrival. An id that comes
 * again replaces its record. Events of unknown items are dropped and counted.
 * After a finish that succeeded the builder is only good for freeing. */
typedef struct rk_corpus_builder rk_corpus_builder;

int rk_corpus_builder_new(rk_corpus_builder **out, const rk_rules *rules,
                          rk_error *err);
void rk_corpus_builder_free(rk_corpus_builder *b);
int rk_corpus_add_item(rk_corpus_builder *b, const rk_record *r, rk_error *err);
int rk_corpus_add_user(rk_corpus_builder *b, const rk_record *r, rk_error *err);
int rk_corpus_add_event(rk_corpus_builder *b, const rk_event *e, rk_error *err);
int rk_corpus_finish(rk_corpus_builder *b, rk_corpus **out, rk_error *err);
void rk_corpus_free(rk_corpus *c);

/* The same catalogue with each user's last `n` liked events, and what follows
 * the first of them, taken away: the training part of leave-one-out. Someone
 * with fewer likes loses all of them; users with no more than `keep` events
 * keep all of them. `*held` (n_users), yours to free, is the first event taken
 * (item RK_NO_ID where none was). Borrows items and users of `c`, which must
 * outlive it; freed with rk_corpus_free(). */
int rk_corpus_hold_out(const rk_corpus *c, size_t n, size_t keep,
                       rk_corpus **out, rk_seen **held, rk_error *err);

#endif
