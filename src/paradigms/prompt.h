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

/* What is asked of a writer, for whom, about which candidates. */
enum rk_prompt_kind {
    RK_PROMPT_LIKELIHOOD,
    RK_PROMPT_YES_NO,
    RK_PROMPT_LETTERS,
    RK_PROMPT_PERMUTATION,
    RK_PROMPT_WHY
};

typedef struct rk_prompt_ask {
    enum rk_prompt_kind kind;
    int label; /* +1: after liked items, -1: after disliked ones */
    const uint32_t *candidates; /* (n) */
    size_t n;
    bool bare; /* the same text without a user */
} rk_prompt_ask;

typedef struct rk_prompt {
    char *constant;  /* the same for every user */
    char *user;      /* follows it */
    char **branches; /* (n) one a candidate, or one in all, follows */
    size_t n;
} rk_prompt;

int rk_prompt_make(rk_prompt *out, const rk_snapshot *s, const rk_who *who,
                   const rk_prompt_ask *ask, rk_error *err);
void rk_prompt_clear(rk_prompt *p);

/* Constant and user part in one, yours to free; NULL: no memory. */
char *rk_prompt_prefix(const rk_prompt *p);

#endif
