/* The sentence of why, written by the language model from the evidence and
 * checked against it (facts.h). A text that does not pass is thrown away: the
 * writer then only chooses, by likelihood, among sentences that rules have
 * built with the same facts in their places; where rules find none to offer,
 * the sentence that is there stays.
 *
 * Cost, in tokens: the prompt (its constant part is kept, so it counts once),
 * at most 48 written and, where that failed, those of at most 4 phrasings
 * behind the same prompt. */
#ifndef RK_PARADIGMS_WHY_H
#define RK_PARADIGMS_WHY_H

#include "llm/llm.h"
#include "paradigms/grounds.h"
#include "paradigms/prompt.h"

#define RK_WHY_PHRASINGS 4

typedef struct rk_why {
    const char *by;    /* static: "writer", "writer, chosen" or "rules" */
    char refused[160]; /* why the writer's text was not taken; "" if it was */
} rk_why;

/* The prompt, of kind RK_PROMPT_WHY: constant examples, then this item's facts
 * as lines of evidence ("Title: ", "Kind: ", "Verdict: ", "Because: "). Clear
 * *out in any case. `has_chat` as in rk_prompt_ask. RK_ENOMEM, and what
 * rk_prompt_make() says of templates. */
int rk_why_prompt(rk_prompt *out, const rk_snapshot *s, const rk_who *who,
                  const rk_candidate *c, const rk_reasons *reasons,
                  bool has_chat, rk_error *err);

/* Sentences built by rules from the grounds, each of which passes the check;
 * yours to free with rk_texts_free(*, RK_WHY_PHRASINGS). RK_ENOMEM. */
int rk_why_phrasings(char ***out, size_t *n, const rk_grounds *g,
                     const rk_reasons *reasons, rk_error *err);

/* Replaces reasons->why where the writer's sentence passes, and says in *out
 * what happened. Only RK_ENOMEM is a failure: where the model fails, the rules'
 * sentence stays and out->refused says why. */
int rk_why_write(rk_why *out, rk_reasons *reasons, rk_llm *writer,
                 const rk_grounds *g, const rk_candidate *c, rk_error *err);

#endif
