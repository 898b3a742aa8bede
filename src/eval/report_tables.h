/* The tables of a report's page: every figure, every difference, what it cost,
 * and what others published. */
#ifndef RK_EVAL_REPORT_TABLES_H
#define RK_EVAL_REPORT_TABLES_H

#include "core/buf.h"

#include "reckon.h"

/* How a row stands to the best: "best", "level" where the interval of their
 * difference includes 0, else "". */
const char *rk_report_standing(const rk_report *r, size_t row);

/* Rows that were judged: the first n of the report's. */
size_t rk_report_judged(const rk_report *r);

void rk_report_table_figures(rk_buf *out, const rk_report *r);
void rk_report_table_contrasts(rk_buf *out, const rk_report *r);
void rk_report_table_costs(rk_buf *out, const rk_report *r);
void rk_report_table_published(rk_buf *out, const rk_report *r);

#endif
