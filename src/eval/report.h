/* A report while it is put together, and what its writers share. A box owns
 * copies of all that it is given; rk_report is its first member. An addition
 * that finds no memory is remembered, so that a judge adds freely and asks once
 * at the end. One thread. */
#ifndef RK_EVAL_REPORT_H
#define RK_EVAL_REPORT_H

#include "core/error.h"

typedef struct rk_report_box rk_report_box;

/* Begins with the members of `head` that are no lists; texts may be NULL and
 * become "". Freed by rk_report_finish(), or rk_report_box_free(). */
int rk_report_box_new(rk_report_box **out, const rk_report *head,
                      rk_error *err);
void rk_report_box_free(rk_report_box *box);

/* Copies the row with its figures and parts. */
void rk_report_add_row(rk_report_box *box, const rk_contender *row);

/* Someone who was not judged, and why. */
void rk_report_add_left_out(rk_report_box *box, const char *name,
                            const char *why);
void rk_report_add_contrast(rk_report_box *box, const rk_contrast *contrast);
void rk_report_add_published(rk_report_box *box,
                             const rk_published_figure *figure);
void rk_report_add_note(rk_report_box *box, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Orders rows by the headline figure, the best first and those left out last,
 * and hands the report over, to be freed by rk_report_free(). The box is gone
 * in any case. RK_ENOMEM when something could not be kept. */
int rk_report_finish(rk_report_box *box, int64_t took_us, rk_report **out,
                     rk_error *err);

/* A row's figure by metric; NULL when it has none. */
const rk_figure *rk_contender_figure(const rk_contender *row,
                                     const char *metric);

/* The contrast between two rows, either way about; NULL when there is none.
 * *sign is 1, or -1 where it was b that was asked for first. */
const rk_contrast *rk_report_contrast(const rk_report *r, const char *a,
                                      const char *b, double *sign);

#endif
