/* What a language model is given to read, from the templates of the
 * configuration (prompt_texts.h). The constant part comes first, the user next,
 * the candidates last, so that prefixes are shared: what a branch is read after
 * is `constant` and `user`, one behind the other.
 *
 *   likelihood   "Books I loved:\n" and a line for each item; a branch is a
 *                candidate's line
 *   yes_no       likes, dislikes and a question about one candidate, so that
 *                the answer's first token is yes or no (TALLRec, Bao et al.
 *                2023)
 *   letters      a pool "(A) title" of at most 26 candidates in one branch, so
 *                that the answer's first token is a letter (LlamaRec, Yue et
 *                al. 2023)
 *   permutation  numbered candidates in one branch; an order is to be written
 *                (LLMRank, Hou et al. 2024)
 *   why          evidence about one candidate; a sentence is to be written
 *
 * Text of items and users is cleaned, each value one line, and stays text.
 * Nothing here asks a model. */
#ifndef RK_PARADIGMS_PROMPT_H
#define RK_PARADIGMS_PROMPT_H

#include "paradigms/snapshot.h"
#include "paradigms/who.h"

enum rk_prompt_kind {
    RK_PROMPT_LIKELIHOOD,
    RK_PROMPT_YES_NO,
    RK_PROMPT_LETTERS,
    RK_PROMPT_PERMUTATION,
    RK_PROMPT_WHY
};

#define RK_N_PROMPT_KINDS  5
#define RK_PROMPT_LETTERED 26 /* candidates that have a letter */

typedef struct rk_prompt_ask {
    enum rk_prompt_kind kind;
    int label; /* likelihood: +1 after liked items, -1 after disliked ones */
    const uint32_t *candidates; /* (n) items, in the order they are written */
    size_t n;
    bool without_user; /* the same text as of somebody nothing is known of: what
                          a prior is read after */
    bool has_chat;     /* the model has a chat template: rk_llm_has_chat() */
    const char *const *evidence; /* (n_evidence) why: lines, cleaned here */
    size_t n_evidence;
} rk_prompt_ask;

typedef struct rk_prompt {
    char *constant;  /* the same for every user; may be "" */
    char *user;      /* follows it */
    char **branches; /* (n) each follows `user`: one a candidate, or one in all
                        for letters and permutation */
    size_t n;
    size_t n_liked; /* items of the user's that it may tell of */
    size_t n_disliked;
    bool chat; /* to be asked in the model's chat template: rk_llm_set_chat() */
    const char *lead; /* what an answer's first word stands after: " " behind
                         "Answer:", "" at the beginning of a chat's answer */
} rk_prompt;

/* *out is cleared with rk_prompt_clear() in any case. RK_EINVAL: more
 * candidates than letters, evidence about more or less than one candidate, a
 * text of more than a megabyte; RK_ENOMEM. */
int rk_prompt_make(rk_prompt *out, const rk_snapshot *s, const rk_who *who,
                   const rk_prompt_ask *ask, rk_error *err);
void rk_prompt_clear(rk_prompt *p);

/* `constant` and `user` in one, yours to free; NULL: no memory. */
char *rk_prompt_prefix(const rk_prompt *p);

/* "likelihood" "yes_no" "letters" "permutation" "why"; RK_EINVAL for another
 * word. */
const char *rk_prompt_kind_name(enum rk_prompt_kind kind);
int rk_prompt_kind_parse(enum rk_prompt_kind *out, const char *word,
                         rk_error *err);

/* Of the likelihood: what candidates are read after without any user, the
 * heading alone. Yours to free; NULL: no memory. */
char *rk_prompt_heading(const rk_snapshot *s, int label);

/* The same for one user: profile (of likes only), heading, and their newest
 * settings->llm_history items of this label, oldest first, one a line.
 * *n_items is how many there are. */
char *rk_prompt_user(const rk_snapshot *s, const rk_who *who, int label,
                     size_t *n_items);

/* One line for an item, without its newline. */
char *rk_prompt_item(const rk_snapshot *s, uint32_t item);

#endif
