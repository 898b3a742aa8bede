/* Where items, users, events and the models' outputs are kept. Backends are
 * chosen by URL: "sqlite:PATH" or a bare path; the path ":memory:" is a store
 * that lives as long as its connection.
 *
 * One connection serves one thread. Several processes may use one store;
 * a writer waits up to 10 s for another. Every change is durable when the
 * call that made it returns (events and catalogue: full sync), except inside
 * begin .. commit, where commit makes it so. A call that was refused changed
 * nothing. */
#ifndef RK_STORE_STORE_H
#define RK_STORE_STORE_H

#include "core/error.h"

typedef struct rk_store rk_store;

typedef struct rk_store_counts {
    uint64_t n_items, n_users, n_events, n_outputs;
    uint64_t change; /* grows with every change to items, users or events */
} rk_store_counts;

/* Opens, creating and migrating as needed. A store written by a newer reckon
 * is refused with both versions (RK_EFORMAT). RK_EIO, RK_EBACKEND. */
int rk_store_open(rk_store **out, const char *url, rk_error *err);
void rk_store_close(rk_store *s);

/* One transaction at a time (RK_EINVAL). A commit that fails has rolled back;
 * a rollback with no transaction open does nothing. */
int rk_store_begin(rk_store *s, rk_error *err);
int rk_store_commit(rk_store *s, rk_error *err);
void rk_store_rollback(rk_store *s);

/* Insert or replace by id; RK_EINVAL for what rk_record_check() refuses.
 * Replacing with the same content changes nothing (and does not count as
 * a change). `kind` is RK_ITEMS or RK_USERS. */
int rk_store_put_record(rk_store *s, enum rk_kind kind, const rk_record *r,
                        rk_error *err);

/* Unknown users are created without fields; an unknown item is refused with
 * RK_ENOTFOUND, what rk_event_check() refuses with RK_EINVAL. The key is
 * user, item, type and time: putting an event again replaces its value. */
int rk_store_put_event(rk_store *s, const rk_event *e, rk_error *err);

/* *out is yours (rk_record_free) and NULL with RK_ENOTFOUND. */
int rk_store_get_record(rk_store *s, enum rk_kind kind, const char *id,
                        rk_record **out, rk_error *err);

/* Every record in the order of arrival, or only those that came or changed
 * after `since` (a former counts.change; 0: all). The callback's negative
 * return ends the walk and is returned. A callback may read the store;
 * writing to it is refused with RK_EINVAL. */
int rk_store_each_record(rk_store *s, enum rk_kind kind, uint64_t since,
                         int (*each)(void *ctx, const rk_record *r,
                                     rk_error *err),
                         void *ctx, rk_error *err);

/* Every event, by user (in order of arrival), then time, then arrival; or one
 * user's, none for an unknown user. `user` NULL: all. Callback as above. */
int rk_store_each_event(rk_store *s, const char *user,
                        int (*each)(void *ctx, const rk_event *e,
                                    rk_error *err),
                        void *ctx, rk_error *err);

int rk_store_counts_get(rk_store *s, rk_store_counts *out, rk_error *err);

/* What a model said once for one input, kept under a content key (see
 * rk_key_of: model, template, text), so that it is never asked twice.
 * Rebuildable: not synced one by one. Get: *bytes is yours (free) and NULL
 * with RK_ENOTFOUND. */
int rk_store_put_output(rk_store *s, const char *key, const void *bytes,
                        size_t len, rk_error *err);
int rk_store_get_output(rk_store *s, const char *key, void **bytes, size_t *len,
                        rk_error *err);

/* Of the outputs whose key begins with `prefix` (not empty), the `keep` that
 * came last stay and the others go. */
int rk_store_prune_outputs(rk_store *s, const char *prefix, size_t keep,
                           rk_error *err);

/* Small named values: the snapshot's name, settings it was made with.
 * Get: *value is yours (free) and NULL with RK_ENOTFOUND. */
int rk_store_put_note(rk_store *s, const char *name, const char *value,
                      rk_error *err);
int rk_store_get_note(rk_store *s, const char *name, char **value,
                      rk_error *err);

/* Token edits: what a person said of a word by hand. They are only added; of
 * those with one kind, id and token the latest counts. */
typedef struct rk_edit {
    const char *kind;  /* "item" "user" "vocabulary" */
    const char *id;    /* of the item or user; "": the vocabulary's */
    const char *token; /* the word */
    const char *what;  /* "set" "ban" "clear" "add" "merge" "rename" */
    const char *into;  /* merge, rename: the other word; else "" */
    double weight;     /* set: -1 to 1; else 0 */
    const char *who;   /* made it; "": not told */
    int64_t at_us;
    uint64_t version; /* 1, 2, 3 ..., given by the store */
} rk_edit;

/* Adds one, durably; its version into *version. RK_EINVAL for what is not as
 * above. */
int rk_store_add_edit(rk_store *s, const rk_edit *e, uint64_t *version,
                      rk_error *err);

/* The version of the newest edit, 0: there is none. Cheap: for each request. */
int rk_store_edits_version(rk_store *s, uint64_t *version, rk_error *err);

/* Edits: all of them by version, or, with `latest`, those that count by kind,
 * id and token (in the order of their bytes). Callback as above. */
int rk_store_each_edit(rk_store *s, bool latest,
                       int (*each)(void *ctx, const rk_edit *e, rk_error *err),
                       void *ctx, rk_error *err);

/* The ledger: what models were asked and what it cost, a row for each day,
 * model, purpose and user, to which use is added. */
#define RK_LEDGER_MOST ((uint64_t)1 << 53) /* at which a count stands still */

typedef struct rk_ledger_row {
    int64_t day;         /* days since 1970, UTC */
    const char *model;   /* its name */
    const char *purpose; /* a way of recommending, "prepare: reading titles" */
    const char *user;    /* "": nobody's */
    uint64_t calls;      /* requests, or jobs, that asked it */
    uint64_t prefix_tokens, candidate_tokens, reused_tokens, generated_tokens;
    uint64_t took_us;
    uint64_t cost_micros; /* millionths of whatever prices are in */
    uint64_t n_users; /* told, not added: over how many users it is summed */
} rk_ledger_row;

/* Adds to the row of this day, model, purpose and user, all rows or none,
 * however many processes do; does not wait for the disk. RK_EINVAL for an empty
 * model or purpose. */
int rk_store_add_ledger(rk_store *s, const rk_ledger_row *rows, size_t n,
                        rk_error *err);

/* The sum over one day, or of one user's (NULL: all) in it, of what was asked
 * for answers: purposes with a ':' are jobs' and are left out. Of texts, only
 * `user` is set. */
int rk_store_sum_ledger(rk_store *s, int64_t day, const char *user,
                        rk_ledger_row *out, rk_error *err);

/* Summed over users: days from `since` on, newest first, then by model and
 * purpose. `user` is "". Callback as above. */
int rk_store_each_ledger(rk_store *s, int64_t since,
                         int (*each)(void *ctx, const rk_ledger_row *row,
                                     rk_error *err),
                         void *ctx, rk_error *err);

/* Forgets the days before `day`; how many rows went, into *n. */
int rk_store_prune_ledger(rk_store *s, int64_t day, uint64_t *n, rk_error *err);

#endif
