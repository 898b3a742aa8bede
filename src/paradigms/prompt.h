/* The prompts of the ways that read the writer's probabilities. The constant
 * part comes first, the user next, the candidates last, so that prefixes are
 * shared. Text of items and users is cleaned and stays text. */
#ifndef RK_PARADIGMS_PROMPT_H
#define RK_PARADIGMS_PROMPT_H

#include "paradigms/snapshot.h"
#include "paradigms/who.h"

/* What candidates are read after without any user: the heading alone.
 * Yours to free; NULL: no memory. */
char *rk_prompt_heading(const rk_snapshot *s, int label);

/* The same for one user: profile (of likes only), heading, and their newest
 * settings->llm_history items of this label, oldest first, one a line.
 * *n_items is how many there are. */
char *rk_prompt_user(const rk_snapshot *s, const rk_who *who, int label,
                     size_t *n_items);

/* One line for an item, without its newline. */
char *rk_prompt_item(const rk_snapshot *s, uint32_t item);

#endif
