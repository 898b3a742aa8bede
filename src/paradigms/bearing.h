/* What bears a mention: of the evidence, what it is said of and whose words it
 * stands on. Private to the check of facts.h. */
#ifndef RK_PARADIGMS_BEARING_H
#define RK_PARADIGMS_BEARING_H

#include "paradigms/facts.h"
#include "paradigms/mentions.h"

/* A text being checked. */
typedef struct rk_check {
    const char *text;
    const rk_grounds *g;
    rk_wording words;
    rk_mentions mentions;
    rk_findings *out;
} rk_check;

/* Whether one text bears a mention. */
bool rk_bearing_is(const rk_check *k, const rk_ground *g, const rk_mention *m);

/* What bears mention i: the ground of what it is said of, or any; NULL: none.
 * *subject is the item that it is said of, RK_NO_ID: of none. RK_ENOMEM. */
int rk_bearing_find(const rk_check *k, size_t i, const rk_ground **by,
                    uint32_t *subject, rk_error *err);

#endif
