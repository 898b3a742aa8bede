/* A data set in which every user has one history in order and one item that
 * comes after it: next-item sets are published so. Filled row by row, then
 * immutable and for any thread. */
#ifndef RK_EVAL_SEQUENCES_H
#define RK_EVAL_SEQUENCES_H

#include "eval/fill.h"
#include "eval/table.h"

typedef struct rk_sequences {
    rk_corpus *shelf;  /* items and users, no events; owned */
    size_t *start;     /* (n_users + 1) */
    uint32_t *history; /* (start[n_users]) items, oldest first */
    uint32_t *test;    /* (n_users) the item after it; RK_NO_ID: no sequence */
    bool *tunes;       /* (n_users) whose last of history is for tuning */

    /* While filling: rows come in another order than users. */
    size_t *row_at;
    size_t *row_len;
    uint32_t *rows;
    size_t n_rows;
    size_t rows_cap;
} rk_sequences;

typedef struct rk_sequence_row {
    const char *user;
    char *history; /* ids, divided by spaces; spoilt */
    const char *test;
    bool tunes;
} rk_sequence_row;

/* With the shelf in place. RK_ENOMEM. */
int rk_sequences_begin(rk_sequences *s, rk_error *err);

/* RK_EFORMAT, said of the table's row: an unknown user or item, a user again,
 * an item again. */
int rk_sequences_add(rk_sequences *s, const rk_table *t, rk_sequence_row row,
                     rk_error *err);
int rk_sequences_finish(rk_sequences *s, rk_error *err);
void rk_sequences_clear(rk_sequences *s);

size_t rk_sequences_length(const rk_sequences *s, uint32_t user);

/* The user's event number i: a like, its time its number. */
rk_seen rk_sequences_event(const rk_sequences *s, uint32_t user, size_t i);

/* Adds the user to `f` with the first n of their events. */
int rk_sequences_fill(const rk_sequences *s, uint32_t user, size_t n,
                      rk_fill *f, rk_error *err);

/* Everybody with all but the last `held` of their events; of users who tune
 * one more when `tuning_held`. */
int rk_sequences_train(const rk_sequences *s, size_t held, bool tuning_held,
                       rk_corpus **out, rk_error *err);

#endif
