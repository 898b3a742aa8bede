/* Who writes the sentences of an answer: the language model, for as many
 * items as are asked for, else rules (paradigms/why.h). */
#ifndef RK_ENGINE_TELLER_H
#define RK_ENGINE_TELLER_H

#include "engine/engine.h"
#include "paradigms/why.h"

typedef struct rk_teller {
    size_t most;           /* items whose sentences the writer writes */
    const rk_named *names; /* the serving's; NULL: nobody writes */
    rk_llm *writer;        /* borrowed, as is the run */
    rk_run *run;
    size_t n_asked;
    size_t n_written; /* freely; others chosen or left to rules */
    size_t n_chosen;
    int64_t took_us;
    char refused[160]; /* the first refusal */
} rk_teller;

/* "off" (0), "first" (1), "all" (RK_MOST_ITEMS) or a number up to that, into
 * *most. RK_EINVAL, with what was expected. */
int rk_teller_parse(size_t *most, const char *word, rk_error *err);

/* Opens the writer and, once for a serving, the index of names. Without a
 * writer nobody writes, and a stage of the run says why. RK_ENOMEM. */
int rk_teller_init(rk_teller *t, rk_engine *e, size_t most, rk_run *run,
                   rk_error *err);

/* The sentence of the next item: replaces reasons->why where it can, and where
 * the run's budget has room for one more. *out says who wrote it. RK_ENOMEM,
 * and what the writer fails with, but for being away or out of time. */
int rk_teller_tell(rk_teller *t, rk_why *out, const rk_snapshot *s,
                   const rk_who *who, const rk_candidate *c,
                   rk_reasons *reasons, rk_error *err);

/* Adds the stage and the tokens to the run, if anything was asked. */
void rk_teller_close(rk_teller *t);

#endif
