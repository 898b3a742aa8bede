/* What the configuration says to the ways of recommending. Borrowed text. */
#ifndef RK_PARADIGMS_SETTINGS_H
#define RK_PARADIGMS_SETTINGS_H

#include "learn/learner.h"

#include <stddef.h>
#include <stdint.h>

typedef struct rk_settings {
    const char *item_profile; /* templates: data/template.h */
    const char *user_profile;
    const char *item_line; /* an item in a prompt */
    const char *noun;      /* "book" */
    const char *noun_plural;
    const char *categories;  /* the field of an item's categories */
    const char *const *tags; /* (n_tags) words to tag with besides ours */
    size_t n_tags;
    size_t llm_history;    /* liked items a prompt tells of */
    size_t llm_candidates; /* items the language model ranks */
    const char *llm_mode;  /* "auto", or a name of rk_modes; NULL: auto */
    uint32_t llm_modes;    /* bits of modes to learn whatever they cost */
    bool auto_llm;         /* it has a say in the fused order */
    size_t auto_llm_candidates;
    size_t auto_llm_moves; /* places that it may move an item by */
    uint64_t seed;
    enum rk_effort effort; /* of training */
    double half_life_days;
} rk_settings;

#endif
