/* Answers and cards as a person reads them, on stdout. */
#ifndef RK_CLI_ANSWER_H
#define RK_CLI_ANSWER_H

#include "cli/cli.h"

typedef struct answer_opts {
    bool reasons; /* under each item, the parts of its score */
    bool trace;   /* what each stage did */
} answer_opts;

/* A ranked list; items that answer a wish stand under it. */
void answer_list(const cli *c, const rk_answer *a, const answer_opts *opts);

/* A judgement of one item, with the `max_reasons` strongest reasons. */
void answer_verdict(const cli *c, const rk_answer *a, size_t max_reasons);

void answer_trace(const cli *c, const rk_answer *a);

/* Lines under their sections' headings. */
void answer_card(const cli *c, const rk_card *card);

#endif
