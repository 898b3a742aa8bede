/* Into which slices a question falls, so that a figure can be given for some
 * of the users: by the length of the history that is given, and by how popular
 * the truth is in what is trained on. Head: the tenth of the items with most
 * events; tail: the items with the fewest, which together have a fifth of all
 * events; mid: between. Questions with several truths, and catalogues without
 * events, have no slice by popularity. */
#ifndef RK_EVAL_SLICES_H
#define RK_EVAL_SLICES_H

#include "eval/judge.h"

enum { RK_SLICES_BY_HISTORY = 5 }; /* the rest is by popularity */

typedef struct rk_slice_name {
    const char *by;
    const char *name;
} rk_slice_name;

extern const rk_slice_name rk_slice_names[RK_SLICES];

/* slice (asked->n_users, 2): by history, then by popularity; -1: none.
 * `popularity` (n_items) counts events of training. RK_ENOMEM. */
int rk_slices_find(int8_t *slice, const rk_questions *q,
                   const uint32_t *popularity, rk_error *err);

#endif
