#include "eval/plain_rules.h"

#include "core/mem.h"
#include "core/rng.h"
#include "learn/popular.h"
#include "paradigms/who.h"

#include <math.h>
#include <string.h>

#define EVEN 0.5f /* what a history without an answer is taken for */

static int score_random(void *ctx, const rk_task *t, const rk_questions *q,
                        size_t first, size_t n, float *scores, rk_error *err)
{
    const rk_plain_rule *rule = ctx;

    (void)q;
    (void)err;
    for (size_t u = 0; u < n; u++) {
        rk_rng rng = {rule->seed << 32 | (first + u)};

        for (size_t i = 0; i < t->train->n_items; i++)
            scores[u * t->train->n_items + i] = (float)rk_rng_unit(&rng);
    }
    return RK_OK;
}


static float log_odds(float rate)
{
    return logf(rate / (1 - rate));
}


/* The user's log-odds for every item, and the item's own where there are
 * rates. */
static int score_rates(void *ctx, const rk_task *t, const rk_questions *q,
                       size_t first, size_t n, float *scores, rk_error *err)
{
    const rk_plain_rule *rule = ctx;
    const rk_corpus *asked = q->asked;

    (void)err;
    for (size_t u = first; u < first + n; u++) {
        rk_who who = {.history = asked->seen + asked->start[u],
                      .n_history = asked->start[u + 1] - asked->start[u]};
        float user = log_odds(rk_who_like_share(&who, EVEN));

        for (size_t i = 0; i < t->train->n_items; i++)
            *scores++ = user + (rule->rates ? log_odds(rule->rates[i]) : 0);
    }
    return RK_OK;
}


static const struct {
    const char *name;
    int (*score)(void *, const rk_task *, const rk_questions *, size_t, size_t,
                 float *, rk_error *);
    bool of_items;
} rules[] = {
    {"random", score_random, false},
    {"user rate", score_rates, false},
    {"user and item rate", score_rates, true},
};

#define N_RULES (sizeof(rules) / sizeof(rules[0]))


static size_t find(const char *name)
{
    size_t i = 0;

    while (i < N_RULES && strcmp(rules[i].name, name) != 0)
        i++;
    return i;
}


bool rk_plain_rule_is(const char *name)
{
    return find(name) < N_RULES;
}


int rk_plain_rule_open(rk_contestant *out, rk_plain_rule *rule,
                       const char *name, const rk_task *t, uint64_t seed,
                       rk_error *err)
{
    size_t i = find(name);
    int rc = RK_OK;

    rule->seed = seed;
    rule->rates = NULL;
    if (rules[i].of_items) {
        rule->rates = rk_alloc_array(t->train->n_items, sizeof(*rule->rates));
        rc = rule->rates ? rk_like_rate_fit(t->train, rule->rates, err)
                         : rk_no_memory(err);
    }
    out->ctx = rule;
    out->score = rules[i].score;
    out->train_s = NAN;
    return rc;
}


void rk_plain_rule_clear(rk_plain_rule *rule)
{
    free(rule->rates);
    rule->rates = NULL;
}
