/* The configuration: what reckon.yaml says, and what holds where it says
 * nothing. Every key is optional, and so is the file. Immutable once made. */
#ifndef RK_ENGINE_CONFIG_H
#define RK_ENGINE_CONFIG_H

#include "core/error.h"
#include "data/rules.h"
#include "learn/learner.h"
#include "llm/budget.h"
#include "paradigms/settings.h"

typedef struct rk_config {
    char *store; /* "sqlite:PATH" or a path */
    struct {
        char *embedder; /* names, paths (see rk_model_find()) or addresses */
        char *writer;
        char *reranker; /* an address or "none" */
        char *folder;   /* "": the default places */
        char *key_env;  /* "": servers get no key */
    } models;
    struct {
        size_t connect_ms; /* see rk_fetch_opts */
        size_t timeout_ms;
        size_t max_retries;
        size_t max_reply_bytes;
        double price_in; /* see rk_servers */
        double price_out;
        double price_embed;
    } servers;
    struct {
        char *item; /* templates: see data/template.h */
        char *user;
        char *line; /* an item as one line of a prompt */
    } profiles;
    struct {
        char *noun; /* what an item is called in prompts: "book" */
        char *noun_plural;
        char *categories; /* the field that holds an item's categories */
        char **tags;      /* (n_tags) words for tagging besides those */
        size_t n_tags;
    } catalogue;
    struct {
        enum rk_chat chat;
        char *texts[RK_N_PROMPT_TEXTS]; /* templates, see prompt_texts.h;
                                           NULL: the built-in one */
    } prompts;
    rk_rules events;
    struct {
        size_t history;    /* liked items a prompt tells of */
        size_t candidates; /* items the language model ranks */
        char *mode;        /* how it is asked: "auto" or a name of rk_modes */
        size_t seed;
        size_t why;             /* items whose sentence the writer writes */
        size_t cache_memory_mb; /* of prefixes that are kept; 0: none */
        size_t cache_disk_mb;
    } llm;
    rk_limits budget; /* of requests, users and days */
    struct {
        bool llm; /* the language model has a say in the fused order */
        size_t llm_candidates;
        size_t llm_moves; /* places that it may move an item by */
    } fused;              /* auto */
    struct {
        enum rk_effort effort; /* of training */
        double half_life_days; /* of an event's weight; 0: for ever */
    } learn;
} rk_config;

/* Makes the configuration of a file, or with `path` NULL the defaults.
 * Relative paths in a file (store, models.folder, a model with a '/') are made
 * to start at its folder. *out is freed with rk_config_free(). RK_ENOTFOUND,
 * RK_EIO, RK_EFORMAT with "reckon.yaml:12: llm.seed: expected ..., found ...".
 */
int rk_config_load(rk_config **out, const char *path, rk_error *err);

/* The same from bytes, which may be hostile; `name` is used in messages.
 * Paths stay as they are. */
int rk_config_parse(rk_config **out, const char *bytes, size_t len,
                    const char *name, rk_error *err);

void rk_config_free(rk_config *config);

/* "fast" or "full"; RK_EINVAL for other words. */
int rk_effort_parse(enum rk_effort *out, const char *word, rk_error *err);

/* The commented file that rk_config_write_default() writes. The defaults are
 * what it says: every configuration is this text with another over it. */
extern const char rk_config_default[];

#endif
