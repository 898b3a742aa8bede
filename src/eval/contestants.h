/* Those who are judged: the ways of recommending and the learners, trained in a
 * school and asked as a request asks them. */
#ifndef RK_EVAL_CONTESTANTS_H
#define RK_EVAL_CONTESTANTS_H

#include "eval/judge.h"
#include "eval/school.h"

/* Who is asked by this name: a plain rule (eval/plain_rules.h), "collaborative"
 * (the blend of all learners), "auto", a way, the llm way in one of its modes
 * ("llm:letters"), or a learner alone, which is trained now and blended from
 * its own columns. RK_EINVAL: no such name, or the
 * learner cannot be trained; RK_ENOTREADY: the way lacks something, and the
 * message says what. */
int rk_contestant_open(rk_contestant *out, rk_school *school, const char *name,
                       rk_error *err);
void rk_contestant_close(rk_contestant *c);

/* "auto" with the language model's say (engine/llm_step.h), whatever the
 * configuration; "auto" is always without. */
#define RK_AUTO_WITH_LLM "auto+llm"

/* The mode that a name like "llm:letters" means; NULL: none. */
const char *rk_contestant_mode(const char *name);

#endif
