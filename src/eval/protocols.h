/* The protocols there are, one file each: what rk_protocols lists. And what
 * their loaders share. */
#ifndef RK_EVAL_PROTOCOLS_H
#define RK_EVAL_PROTOCOLS_H

#include "eval/task.h"

extern const rk_protocol rk_protocol_ml1m;
extern const rk_protocol rk_protocol_llmrank_ml1m;
extern const rk_protocol rk_protocol_llmrank_games;
extern const rk_protocol rk_protocol_tallrec;
extern const rk_protocol rk_protocol_ml100k;
extern const rk_protocol rk_protocol_cold_items;
extern const rk_protocol rk_protocol_cold_users;
extern const rk_protocol rk_protocol_mine;

/* A task of that kind, empty; with notes copied, a list that ends with NULL.
 * NULL: no memory. */
rk_task *rk_task_new(const rk_protocol *p, enum rk_task_kind kind,
                     enum rk_metric headline, const char *const *notes);

/* One more note, printed; RK_ENOMEM. */
int rk_task_note(rk_task *t, rk_error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* RK_EINVAL when a folder is needed and none is given. */
int rk_task_needs(const rk_protocol *p, const rk_task_opts *opts,
                  rk_error *err);

#endif
