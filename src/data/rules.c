#include "data/rules.h"

#include "core/text.h"

#include <ctype.h>
#include <string.h>

static int refuse(const char *text, rk_error *err)
{
    return rk_fail(err, RK_EFORMAT,
                   "'%.80s': expected TYPE, TYPE>=N, TYPE<=N, TYPE>N or "
                   "TYPE<N",
                   text);
}


/* Spaces around a part of a rule do not count. */
static bool trimmed(const char *s, size_t len, char *out, size_t size)
{
    while (len && isspace((unsigned char)*s)) {
        s++;
        len--;
    }
    while (len && isspace((unsigned char)s[len - 1]))
        len--;
    if (len == 0 || len >= size)
        return false;
    memcpy(out, s, len);
    out[len] = '\0';
    return true;
}


static bool type_is_good(const char *type)
{
    for (const char *p = type; *p; p++)
        if (iscntrl((unsigned char)*p) || *p == '=')
            return false;
    return rk_text_is_utf8(type, strlen(type), NULL);
}


int rk_rule_parse(rk_rule *out, const char *text, rk_error *err)
{
    size_t type_len = strcspn(text, "<>");
    const char *p = text + type_len;
    char number[64];
    rk_rule rule = {.when = RK_ALWAYS};

    if (!trimmed(text, type_len, rule.type, sizeof(rule.type)) ||
        !type_is_good(rule.type))
        return refuse(text, err);
    if (*p) {
        bool equal = p[1] == '=';

        if (*p == '>')
            rule.when = equal ? RK_AT_LEAST : RK_ABOVE;
        else
            rule.when = equal ? RK_AT_MOST : RK_BELOW;
        p += equal ? 2 : 1;
        if (!trimmed(p, strlen(p), number, sizeof(number)) ||
            !rk_text_to_double(number, &rule.value))
            return refuse(text, err);
    }
    *out = rule;
    return RK_OK;
}


static bool matches(const rk_rule *rule, const rk_event *e)
{
    if (!rk_text_same(rule->type, e->type))
        return false;
    switch (rule->when) {
    case RK_AT_LEAST: return e->value >= rule->value;
    case RK_AT_MOST: return e->value <= rule->value;
    case RK_ABOVE: return e->value > rule->value;
    case RK_BELOW: return e->value < rule->value;
    case RK_ALWAYS: break;
    }
    return true;
}


static bool any(const rk_rule *rules, size_t n, const rk_event *e)
{
    for (size_t i = 0; i < n; i++)
        if (matches(&rules[i], e))
            return true;
    return false;
}


int rk_rules_label(const rk_rules *rules, const rk_event *e)
{
    if (any(rules->negative, rules->n_negative, e))
        return -1;
    return any(rules->positive, rules->n_positive, e) ? 1 : 0;
}
