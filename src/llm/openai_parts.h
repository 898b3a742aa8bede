/* Parts that the replies of OpenAI-compatible servers are made of, each checked
 * as it is taken: RK_EFORMAT says what was expected and found. Private to
 * openai_reply.c and openai_logprobs.c; any thread. */
#ifndef RK_LLM_OPENAI_PARTS_H
#define RK_LLM_OPENAI_PARTS_H

#include "core/json.h"

/* "a list", "a text", "nothing", for messages. */
const char *rk_reply_kind(const json_t *value);

/* The list called `name`. *out is borrowed. */
int rk_reply_list(const json_t **out, const json_t *reply, const char *name,
                  rk_error *err);

/* The n objects of the list called `name` in the order of their "index", which
 * each has once; an only one may go without. *out is freed by the caller, after
 * a failure too; the objects are borrowed. */
int rk_reply_ordered(const json_t ***out, const json_t *reply, const char *name,
                     size_t n, rk_error *err);

/* The only one of "choices". */
int rk_reply_choice(const json_t **out, const json_t *reply, rk_error *err);

/* A number that is finite as a float too. */
int rk_reply_number(double *out, const json_t *value, const char *what,
                    rk_error *err);

#endif
