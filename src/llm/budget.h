/* What a request may spend on models: time, tokens and money, of its own and
 * of what is left of a user's and of everybody's day. Arithmetic alone: what
 * was spent is told by the store's ledger (engine/spending.h), what something
 * costs by the question's own tokens, counted before it is asked.
 *
 * A day is one of UTC. Money is in millionths ("micros"). Sums stand still at
 * their type's largest value. One thread. */
#ifndef RK_LLM_BUDGET_H
#define RK_LLM_BUDGET_H

#include "llm/llm.h"

#include <stdbool.h>

typedef struct rk_spent {
    uint64_t tokens; /* evaluated: prefixes, candidates, what was written */
    uint64_t micros;
} rk_spent;

/* 0: no limit. */
typedef struct rk_limits {
    int64_t deadline_us; /* of a request, from its start; loading a model does
                            not count */
    rk_spent request;
    rk_spent user_day;
    rk_spent day;
} rk_limits;

typedef struct rk_budget {
    rk_limits limits;
    rk_spent request;  /* spent by now */
    rk_spent user_day; /* spent before this request */
    rk_spent day;
    bool closed; /* nothing more is asked: the deadline was hit on the way */
    double guess_us_per_token; /* of a model that was not asked yet in this
                                  process; 0: try it out */
} rk_budget;

/* What questions cost. */
typedef struct rk_cost {
    rk_spent spent;
    int64_t took_us;
} rk_cost;

/* Room for rk_budget_fits()'s reason. */
#define RK_BUDGET_WHY 80

/* Days since 1970. */
int64_t rk_budget_day(int64_t unix_us);

bool rk_limits_any(const rk_limits *l);
bool rk_limits_of_a_day(const rk_limits *l);

/* Makes each limit the tighter of both. */
void rk_limits_tighten(rk_limits *l, const rk_limits *other);

void rk_spent_add(rk_spent *s, rk_spent more);

/* Money for tokens at a price for a million of them, rounded up. */
uint64_t rk_micros(double price, uint64_t tokens);

/* n tokens more of a model's reading. */
void rk_cost_add(rk_cost *c, const rk_llm *m, uint64_t n_tokens);

/* Whether a question may be asked `elapsed_us` after the request's start; what
 * costs no tokens always may. If not, the first limit it is over, in words:
 * "deadline 300 ms", "the day's 50000 tokens are spent". */
bool rk_budget_fits(const rk_budget *b, const rk_cost *c, int64_t elapsed_us,
                    char why[RK_BUDGET_WHY]);

#endif
