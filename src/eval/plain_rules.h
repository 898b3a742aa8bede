/* Contestants that nothing is learnt for: what a model must beat.
 *
 *   random               a seeded draw
 *   user rate            the share of likes in the history, smoothed
 *   user and item rate   its log-odds and the item's, added: the item's among
 *                        the training events
 *
 * The last two are for RK_TASK_LIKE. */
#ifndef RK_EVAL_PLAIN_RULES_H
#define RK_EVAL_PLAIN_RULES_H

#include "eval/judge.h"

typedef struct rk_plain_rule {
    uint64_t seed;
    float *rates; /* (n_items) like rates, owned; NULL where not needed */
} rk_plain_rule;

/* False when no rule is called that. */
bool rk_plain_rule_is(const char *name);

/* Fills score, ctx and train_s of a contestant of one of these names; `rule`
 * is its ctx and must outlive it. RK_ENOMEM. */
int rk_plain_rule_open(rk_contestant *out, rk_plain_rule *rule,
                       const char *name, const rk_task *t, uint64_t seed,
                       rk_error *err);
void rk_plain_rule_clear(rk_plain_rule *rule);

#endif
