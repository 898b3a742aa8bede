/* Which events say that a user liked, disliked or merely saw an item:
 * "rating>=4", "rating<=2", "purchase", "view". */
#ifndef RK_DATA_RULES_H
#define RK_DATA_RULES_H

#include "core/error.h"

#define RK_RULES_MAX 16

typedef struct rk_rule {
    char type[64];
    enum { RK_ALWAYS, RK_AT_LEAST, RK_AT_MOST, RK_ABOVE, RK_BELOW } when;
    double value;
} rk_rule;

typedef struct rk_rules {
    rk_rule positive[RK_RULES_MAX];
    size_t n_positive;
    rk_rule negative[RK_RULES_MAX];
    size_t n_negative;
} rk_rules;

/* One rule; RK_EFORMAT ("'rating=>4': expected TYPE, TYPE>=N, ..."). */
int rk_rule_parse(rk_rule *out, const char *text, rk_error *err);

/* +1 liked, -1 disliked, 0 neither. Negative rules win. */
int rk_rules_label(const rk_rules *rules, const rk_event *e);

#endif
