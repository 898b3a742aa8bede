/* What the configuration says to the ways of recommending. Borrowed text. */
#ifndef RK_PARADIGMS_SETTINGS_H
#define RK_PARADIGMS_SETTINGS_H

#include "learn/learner.h"

#include <stddef.h>
#include <stdint.h>

/* The templates of prompts (prompt_texts.h). */
enum rk_prompt_text {
    RK_TEXT_LIKELIHOOD_TASK,
    RK_TEXT_LIKES,
    RK_TEXT_DISLIKES,
    RK_TEXT_USER,
    RK_TEXT_YES_NO_TASK,
    RK_TEXT_YES_NO_ITEM,
    RK_TEXT_LETTERS_TASK,
    RK_TEXT_LETTERS_ITEMS,
    RK_TEXT_PERMUTATION_TASK,
    RK_TEXT_PERMUTATION_ITEMS,
    RK_TEXT_WHY_TASK,
    RK_TEXT_WHY_USER,
    RK_TEXT_WHY_ITEM,
    RK_N_PROMPT_TEXTS
};

/* Whether instructions are put into the model's own chat template. */
enum rk_chat { RK_CHAT_AUTO, RK_CHAT_YES, RK_CHAT_NO };

typedef struct rk_settings {
    const char *item_profile; /* templates: data/template.h */
    const char *user_profile;
    const char *item_line;                  /* an item in a prompt */
    const char *prompts[RK_N_PROMPT_TEXTS]; /* NULL: the built-in one */
    enum rk_chat chat;
    const char *noun; /* "book" */
    const char *noun_plural;
    const char *categories;  /* the field of an item's categories */
    const char *const *tags; /* (n_tags) words to tag with besides ours */
    size_t n_tags;
    size_t llm_history;    /* liked items a prompt tells of */
    size_t llm_candidates; /* items the language model ranks */
    const char *llm_mode;  /* "auto", or a name of rk_modes; NULL: auto */
    uint32_t llm_modes;    /* bits of modes to learn whatever they cost */
    size_t llm_read_ahead; /* items, the most popular, whose priors prepare
                              reads: others' when they are asked for. All with
                              effort full, none if 0 */
    bool without_words;    /* no item or user is read by the vocabulary */
    bool auto_llm;         /* it has a say in the fused order */
    size_t auto_llm_candidates;
    size_t auto_llm_moves; /* places that it may move an item by */
    uint64_t seed;
    enum rk_effort effort; /* of training */
    double half_life_days;
} rk_settings;

#endif
