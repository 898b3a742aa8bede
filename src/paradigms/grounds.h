/* What a sentence about one recommendation may rest on: the evidence that was
 * given for this item and this user, taken apart into words. One thread; all
 * that it is made from must outlive it. */
#ifndef RK_PARADIGMS_GROUNDS_H
#define RK_PARADIGMS_GROUNDS_H

#include "paradigms/named.h"
#include "paradigms/paradigm.h"

/* One item, or one text, of the evidence. */
typedef struct rk_ground {
    uint32_t item;  /* RK_NO_ID: the profile, or a reason's text */
    int32_t label;  /* what the user said of the item: +1, -1, 0 nothing */
    const char *is; /* static: "the item", "an item of the reasons", ... */
    rk_wording words;
} rk_ground;

/* The item recommended is the first ground. */
typedef struct rk_grounds {
    const rk_snapshot *s;
    const rk_named *names;
    const rk_who *who;
    float probability; /* of a like; NaN: a recommendation */
    rk_ground *list;
    size_t n;
    size_t cap;
} rk_grounds;

/* The grounds of a candidate: its own fields, the items that its reasons name
 * by id or title, with what the user said of them, the reasons' texts and
 * the profile. Clear it in any case. RK_ENOMEM. */
int rk_grounds_init(rk_grounds *g, const rk_snapshot *s, const rk_named *names,
                    const rk_who *who, const rk_candidate *c,
                    const rk_reasons *reasons, rk_error *err);
void rk_grounds_clear(rk_grounds *g);

/* The ground of an item; NULL: it is not in the evidence. */
const rk_ground *rk_grounds_item(const rk_grounds *g, uint32_t item);

/* The first ground in which n words stand together; NULL: none. */
const rk_ground *rk_grounds_find(const rk_grounds *g, const rk_word *run,
                                 size_t n);

/* -1 where a dislike is likelier than a like, else +1. */
int rk_grounds_verdict(const rk_grounds *g);

#endif
