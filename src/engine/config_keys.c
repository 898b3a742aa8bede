#include "engine/config_keys.h"

#include "core/buf.h"
#include "core/mem.h"
#include "core/text.h"
#include "data/template.h"
#include "engine/sheet.h"
#include "engine/teller.h"
#include "paradigms/mode.h"
#include "paradigms/prompt_texts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What a value is, and so how its text is checked and kept. */
enum kind {
    TEXT,     /* char *; min: 1 when it may not be empty */
    TEMPLATE, /* char * */
    PROMPT,   /* char *, or NULL; min: which of enum rk_prompt_text */
    CHAT,     /* enum rk_chat */
    WORDS,    /* catalogue.tags */
    POSITIVE, /* events */
    NEGATIVE,
    COUNT,  /* size_t within min, max */
    MILLIS, /* int64_t, microseconds of that many milliseconds */
    MONEY,  /* uint64_t, millionths */
    SWITCH, /* bool, on or off */
    NUMBER, /* double within min, max */
    EFFORT, /* enum rk_effort */
    MODE,   /* char *, "auto" or a name of rk_modes */
    WHY     /* size_t, see rk_teller_parse() */
};

struct key {
    const char *section;
    const char *name;
    enum kind kind;
    size_t at;
    double min, max;
};

#define AT(member) offsetof(rk_config, member)
#define PROMPT_KEY(name, which)                                                \
    {                                                                          \
        "prompts", name, PROMPT, AT(prompts.texts[which]), which, 0            \
    }

static const struct key keys[] = {
    {NULL, "store", TEXT, AT(store), 1, 0},
    {"models", "embedder", TEXT, AT(models.embedder), 1, 0},
    {"models", "writer", TEXT, AT(models.writer), 1, 0},
    {"models", "reranker", TEXT, AT(models.reranker), 1, 0},
    {"models", "folder", TEXT, AT(models.folder), 0, 0},
    {"models", "key_env", TEXT, AT(models.key_env), 0, 0},
    {"servers", "connect_ms", COUNT, AT(servers.connect_ms), 1, 600000},
    {"servers", "timeout_ms", COUNT, AT(servers.timeout_ms), 1, 600000},
    {"servers", "max_retries", COUNT, AT(servers.max_retries), 0, 10},
    {"servers", "max_reply_bytes", COUNT, AT(servers.max_reply_bytes), 1024,
     1073741824.0},
    {"servers", "price_in", NUMBER, AT(servers.price_in), 0, 1e6},
    {"servers", "price_out", NUMBER, AT(servers.price_out), 0, 1e6},
    {"servers", "price_embed", NUMBER, AT(servers.price_embed), 0, 1e6},
    {"profiles", "item", TEMPLATE, AT(profiles.item), 1, 0},
    {"profiles", "user", TEMPLATE, AT(profiles.user), 0, 0},
    {"profiles", "line", TEMPLATE, AT(profiles.line), 1, 0},
    {"catalogue", "noun", TEXT, AT(catalogue.noun), 1, 0},
    {"catalogue", "noun_plural", TEXT, AT(catalogue.noun_plural), 1, 0},
    {"catalogue", "categories", TEXT, AT(catalogue.categories), 0, 0},
    {"catalogue", "tags", WORDS, AT(catalogue.tags), 0, 0},
    {"prompts", "chat", CHAT, AT(prompts.chat), 0, 0},
    PROMPT_KEY("likelihood_task", RK_TEXT_LIKELIHOOD_TASK),
    PROMPT_KEY("likes", RK_TEXT_LIKES),
    PROMPT_KEY("dislikes", RK_TEXT_DISLIKES),
    PROMPT_KEY("user", RK_TEXT_USER),
    PROMPT_KEY("yes_no_task", RK_TEXT_YES_NO_TASK),
    PROMPT_KEY("yes_no_item", RK_TEXT_YES_NO_ITEM),
    PROMPT_KEY("letters_task", RK_TEXT_LETTERS_TASK),
    PROMPT_KEY("letters_items", RK_TEXT_LETTERS_ITEMS),
    PROMPT_KEY("permutation_task", RK_TEXT_PERMUTATION_TASK),
    PROMPT_KEY("permutation_items", RK_TEXT_PERMUTATION_ITEMS),
    PROMPT_KEY("why_task", RK_TEXT_WHY_TASK),
    PROMPT_KEY("why_user", RK_TEXT_WHY_USER),
    PROMPT_KEY("why_item", RK_TEXT_WHY_ITEM),
    {"events", "positive", POSITIVE, AT(events), 0, 0},
    {"events", "negative", NEGATIVE, AT(events), 0, 0},
    {"llm", "history", COUNT, AT(llm.history), 0, 1000},
    {"llm", "candidates", COUNT, AT(llm.candidates), 1, 1000},
    {"llm", "mode", MODE, AT(llm.mode), 1, 0},
    {"llm", "seed", COUNT, AT(llm.seed), 0, 4294967295.0},
    {"llm", "why", WHY, AT(llm.why), 0, 0},
    {"llm", "cache_memory_mb", COUNT, AT(llm.cache_memory_mb), 0, 1e6},
    {"llm", "cache_disk_mb", COUNT, AT(llm.cache_disk_mb), 0, 1e6},
    {"budget", "deadline_ms", MILLIS, AT(budget.deadline_us), 0, 1e9},
    {"budget", "request_tokens", COUNT, AT(budget.request.tokens), 0, 1e15},
    {"budget", "user_tokens_per_day", COUNT, AT(budget.user_day.tokens), 0,
     1e15},
    {"budget", "tokens_per_day", COUNT, AT(budget.day.tokens), 0, 1e15},
    {"budget", "request_cost", MONEY, AT(budget.request.micros), 0, 1e9},
    {"budget", "user_cost_per_day", MONEY, AT(budget.user_day.micros), 0, 1e9},
    {"budget", "cost_per_day", MONEY, AT(budget.day.micros), 0, 1e9},
    {"auto", "llm", SWITCH, AT(fused.llm), 0, 0},
    {"auto", "llm_candidates", COUNT, AT(fused.llm_candidates), 2, 200},
    {"auto", "llm_moves", COUNT, AT(fused.llm_moves), 0, 200},
    {"learn", "effort", EFFORT, AT(learn.effort), 0, 0},
    {"learn", "half_life_days", NUMBER, AT(learn.half_life_days), 0, 1e6},
};

#define N_KEYS (sizeof(keys) / sizeof(keys[0]))


static void *member(rk_config *c, const struct key *k)
{
    return (char *)c + k->at;
}


static int set_text(char **out, const char *text, rk_error *err)
{
    char *copy = rk_strdup(text);

    if (!copy)
        return rk_no_memory(err);
    free(*out);
    *out = copy;
    return RK_OK;
}


static void tags_free(rk_config *c)
{
    for (size_t i = 0; i < c->catalogue.n_tags; i++)
        free(c->catalogue.tags[i]);
    free(c->catalogue.tags);
    c->catalogue.tags = NULL;
    c->catalogue.n_tags = 0;
}


static int set_tags(rk_config *c, const rk_sheet *s, size_t i,
                    const rk_sheet_value *v, rk_error *err)
{
    tags_free(c);
    c->catalogue.tags = rk_calloc(v->n_words, sizeof(char *));
    if (!c->catalogue.tags)
        return rk_no_memory(err);
    for (size_t j = 0; j < v->n_words; j++) {
        int rc = v->words[j][0]
                     ? set_text(&c->catalogue.tags[j], v->words[j], err)
                     : rk_sheet_refuse(s, i, "expected words, found nothing",
                                       err);

        if (rc)
            return rc;
        c->catalogue.n_tags++;
    }
    return RK_OK;
}


static int set_rules(rk_config *c, const rk_sheet *s, size_t i,
                     const rk_sheet_value *v, rk_error *err)
{
    bool positive = keys[i].kind == POSITIVE;
    rk_rule *rules = positive ? c->events.positive : c->events.negative;
    size_t *n = positive ? &c->events.n_positive : &c->events.n_negative;
    rk_error why;
    char text[80];

    if (v->n_words > RK_RULES_MAX) {
        snprintf(text, sizeof(text), "expected at most %d rules, found %zu",
                 RK_RULES_MAX, v->n_words);
        return rk_sheet_refuse(s, i, text, err);
    }
    *n = 0;
    for (size_t j = 0; j < v->n_words; j++) {
        if (rk_rule_parse(&rules[j], v->words[j], &why) != RK_OK)
            return rk_sheet_refuse(s, i, why.msg, err);
        ++*n;
    }
    return RK_OK;
}


static bool all_digits(const char *s)
{
    return s[0] && s[strspn(s, "0123456789")] == '\0';
}


static int set_number(rk_config *c, const rk_sheet *s, size_t i,
                      const char *text, rk_error *err)
{
    const struct key *k = &keys[i];
    char why[160];
    double v;
    bool ok = rk_text_to_double(text, &v) &&
              (k->kind == NUMBER || k->kind == MONEY || all_digits(text)) &&
              v >= k->min && v <= k->max;

    if (!ok) {
        snprintf(why, sizeof(why),
                 "expected a%s number, %.10g to %.10g, found '%.40s'",
                 k->kind == COUNT || k->kind == MILLIS ? " whole" : "", k->min,
                 k->max, text);
        return rk_sheet_refuse(s, i, why, err);
    }
    switch (k->kind) {
    case NUMBER: *(double *)member(c, k) = v; break;
    case MILLIS: *(int64_t *)member(c, k) = (int64_t)v * 1000; break;
    case MONEY: *(uint64_t *)member(c, k) = (uint64_t)ceil(v * 1e6); break;
    default: *(size_t *)member(c, k) = (size_t)v;
    }
    return RK_OK;
}


int rk_effort_parse(enum rk_effort *out, const char *word, rk_error *err)
{
    if (strcmp(word, "fast") != 0 && strcmp(word, "full") != 0)
        return rk_fail(err, RK_EINVAL,
                       "effort: expected fast or full, found '%.40s'", word);
    *out = strcmp(word, "full") == 0 ? RK_FULL : RK_FAST;
    return RK_OK;
}


static int set_effort(rk_config *c, const rk_sheet *s, size_t i,
                      const char *word, rk_error *err)
{
    char why[80];

    if (rk_effort_parse(member(c, &keys[i]), word, NULL) == RK_OK)
        return RK_OK;
    snprintf(why, sizeof(why), "expected fast or full, found '%.40s'", word);
    return rk_sheet_refuse(s, i, why, err);
}


static int set_mode(rk_config *c, const rk_sheet *s, size_t i, const char *word,
                    rk_error *err)
{
    rk_buf why;
    int rc;

    if (strcmp(word, "auto") == 0 || rk_mode_find(word) < RK_N_MODES)
        return set_text(member(c, &keys[i]), word, err);
    rk_buf_init(&why);
    rk_buf_puts(&why, "expected auto");
    for (size_t m = 0; m < RK_N_MODES; m++)
        rk_buf_printf(&why, "%s%s", m + 1 < RK_N_MODES ? ", " : " or ",
                      rk_modes[m]->name);
    rk_buf_printf(&why, ", found '%.40s'", word);
    rc = why.failed ? rk_no_memory(err)
                    : rk_sheet_refuse(s, i, rk_buf_str(&why), err);
    rk_buf_clear(&why);
    return rc;
}


static int set_chat(rk_config *c, const rk_sheet *s, size_t i, const char *word,
                    rk_error *err)
{
    static const char *const words[] = {"auto", "yes", "no"};
    char why[80];

    for (size_t j = 0; j < 3; j++) {
        if (strcmp(words[j], word) == 0) {
            *(enum rk_chat *)member(c, &keys[i]) = (enum rk_chat)j;
            return RK_OK;
        }
    }
    snprintf(why, sizeof(why), "expected auto, yes or no, found '%.40s'", word);
    return rk_sheet_refuse(s, i, why, err);
}


static int set_prompt(rk_config *c, const rk_sheet *s, size_t i,
                      const char *text, rk_error *err)
{
    const struct key *k = &keys[i];
    rk_error why;

    if (rk_prompt_text_check((enum rk_prompt_text)k->min, text, &why) != RK_OK)
        return rk_sheet_refuse(s, i, why.msg, err);
    return set_text(member(c, k), text, err);
}


static int set_why(rk_config *c, const rk_sheet *s, size_t i, const char *word,
                   rk_error *err)
{
    rk_error why;

    if (rk_teller_parse(member(c, &keys[i]), word, &why) == RK_OK)
        return RK_OK;
    return rk_sheet_refuse(s, i, why.msg + strlen("why: "), err);
}


static int set_switch(rk_config *c, const rk_sheet *s, size_t i,
                      const char *word, rk_error *err)
{
    char why[80];

    if (strcmp(word, "on") != 0 && strcmp(word, "off") != 0) {
        snprintf(why, sizeof(why), "expected on or off, found '%.40s'", word);
        return rk_sheet_refuse(s, i, why, err);
    }
    *(bool *)member(c, &keys[i]) = strcmp(word, "on") == 0;
    return RK_OK;
}


static int set(rk_config *c, const rk_sheet *s, size_t i, rk_error *err)
{
    const struct key *k = &keys[i];
    rk_sheet_value v = rk_sheet_get(s, i);
    rk_error why;

    if (!v.given)
        return RK_OK;
    switch (k->kind) {
    case WORDS: return set_tags(c, s, i, &v, err);
    case POSITIVE:
    case NEGATIVE: return set_rules(c, s, i, &v, err);
    case SWITCH: return set_switch(c, s, i, v.text, err);
    case COUNT:
    case MILLIS:
    case MONEY:
    case NUMBER: return set_number(c, s, i, v.text, err);
    case EFFORT: return set_effort(c, s, i, v.text, err);
    case MODE: return set_mode(c, s, i, v.text, err);
    case PROMPT: return set_prompt(c, s, i, v.text, err);
    case CHAT: return set_chat(c, s, i, v.text, err);
    case WHY: return set_why(c, s, i, v.text, err);
    case TEXT:
    case TEMPLATE: break;
    }
    if (k->min > 0 && !v.text[0])
        return rk_sheet_refuse(s, i, "expected a text, found nothing", err);
    if (k->kind == TEMPLATE && rk_template_check(v.text, &why) != RK_OK)
        return rk_sheet_refuse(s, i, why.msg, err);
    return set_text(member(c, k), v.text, err);
}


int rk_config_keys_read(rk_config *c, const char *bytes, size_t len,
                        const char *name, rk_error *err)
{
    rk_sheet_key known[N_KEYS];
    rk_sheet *sheet = NULL;
    int rc;

    for (size_t i = 0; i < N_KEYS; i++)
        known[i] = (rk_sheet_key){keys[i].section, keys[i].name,
                                  keys[i].kind == WORDS ||
                                      keys[i].kind == POSITIVE ||
                                      keys[i].kind == NEGATIVE};
    rc = rk_sheet_parse(&sheet, known, N_KEYS, name, bytes, len, err);
    for (size_t i = 0; rc == RK_OK && i < N_KEYS; i++)
        rc = set(c, sheet, i, err);
    rk_sheet_free(sheet);
    return rc;
}


void rk_config_keys_clear(rk_config *c)
{
    for (size_t i = 0; i < N_KEYS; i++)
        if (keys[i].kind == TEXT || keys[i].kind == TEMPLATE ||
            keys[i].kind == MODE || keys[i].kind == PROMPT)
            free(*(char **)member(c, &keys[i]));
    tags_free(c);
}
