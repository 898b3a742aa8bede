/* The templates that prompts are made from: their names in the configuration,
 * what is built in, and which names each is given. */
#ifndef RK_PARADIGMS_PROMPT_TEXTS_H
#define RK_PARADIGMS_PROMPT_TEXTS_H

#include "core/error.h"
#include "paradigms/settings.h"

/* "likes", "yes_no_task": a key of the configuration's `prompts:`. */
const char *rk_prompt_text_name(enum rk_prompt_text which);

/* The configured template, or the built-in one. */
const char *rk_prompt_text(const rk_settings *settings,
                           enum rk_prompt_text which);

/* Refuses with RK_EFORMAT a template that is longer than 16 KiB, is not well
 * formed, or names what it will not be given, where that can be known: any
 * field may stand in a list of items, and in what is about one item. */
int rk_prompt_text_check(enum rk_prompt_text which, const char *text,
                         rk_error *err);

#endif
