#include "llm/budget.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DAY_US INT64_C(86400000000)


int64_t rk_budget_day(int64_t unix_us)
{
    return unix_us / DAY_US - (unix_us % DAY_US < 0);
}


static bool any(rk_spent s)
{
    return s.tokens || s.micros;
}


bool rk_limits_of_a_day(const rk_limits *l)
{
    return any(l->user_day) || any(l->day);
}


bool rk_limits_any(const rk_limits *l)
{
    return l->deadline_us || any(l->request) || rk_limits_of_a_day(l);
}


static void tighten(uint64_t *limit, uint64_t other)
{
    if (other && (*limit == 0 || other < *limit))
        *limit = other;
}


static void tighten_both(rk_spent *limit, rk_spent other)
{
    tighten(&limit->tokens, other.tokens);
    tighten(&limit->micros, other.micros);
}


void rk_limits_tighten(rk_limits *l, const rk_limits *other)
{
    if (other->deadline_us &&
        (l->deadline_us == 0 || other->deadline_us < l->deadline_us))
        l->deadline_us = other->deadline_us;
    tighten_both(&l->request, other->request);
    tighten_both(&l->user_day, other->user_day);
    tighten_both(&l->day, other->day);
}


static uint64_t sum(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}


void rk_spent_add(rk_spent *s, rk_spent more)
{
    s->tokens = sum(s->tokens, more.tokens);
    s->micros = sum(s->micros, more.micros);
}


uint64_t rk_micros(double price, uint64_t tokens)
{
    double micros = price > 0 ? ceil(price * (double)tokens) : 0;

    return micros < 0x1p64 ? (uint64_t)micros : UINT64_MAX;
}


void rk_cost_add(rk_cost *c, const rk_llm *m, uint64_t n_tokens)
{
    double took_us = (double)c->took_us +
                     rk_llm_us_per_token(m) * (double)n_tokens;

    c->took_us = took_us < 0x1p62 ? (int64_t)took_us : INT64_C(1) << 62;
    rk_spent_add(&c->spent,
                 (rk_spent){n_tokens,
                            rk_micros(rk_llm_describe(m)->price_in, n_tokens)});
}


/* Whether `more` goes beyond a limit of which `spent` is gone, and in which
 * words: of the tokens, or of the money. */
static bool is_over(rk_spent limit, rk_spent spent, rk_spent more,
                    const char *whose, char why[RK_BUDGET_WHY])
{
    bool tokens = limit.tokens && sum(spent.tokens, more.tokens) > limit.tokens;
    bool money = limit.micros && sum(spent.micros, more.micros) > limit.micros;
    bool gone = tokens ? spent.tokens >= limit.tokens
                       : spent.micros >= limit.micros;
    const char *state = gone ? "are spent" : "leave no room";

    if (tokens)
        snprintf(why, RK_BUDGET_WHY, "%s %llu tokens %s", whose,
                 (unsigned long long)limit.tokens, state);
    else if (money)
        snprintf(why, RK_BUDGET_WHY, "%s %.6g of money %s", whose,
                 (double)limit.micros / 1e6, state);
    return tokens || money;
}


bool rk_budget_fits(const rk_budget *b, const rk_cost *c, int64_t elapsed_us,
                    char why[RK_BUDGET_WHY])
{
    const rk_limits *l = &b->limits;
    rk_spent user = b->user_day;
    rk_spent day = b->day;

    why[0] = '\0';
    if (c->spent.tokens == 0)
        return true;
    if (b->closed ||
        (l->deadline_us && (elapsed_us >= l->deadline_us ||
                            c->took_us > l->deadline_us - elapsed_us))) {
        snprintf(why, RK_BUDGET_WHY, "deadline %.6g ms",
                 (double)l->deadline_us / 1e3);
        return false;
    }
    rk_spent_add(&user, b->request);
    rk_spent_add(&day, b->request);
    return !is_over(l->request, b->request, c->spent, "the request's", why) &&
           !is_over(l->user_day, user, c->spent, "the user's daily", why) &&
           !is_over(l->day, day, c->spent, "the day's", why);
}
