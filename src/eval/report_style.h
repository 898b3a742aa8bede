/* How a report's page looks: light and dark, on a phone and on paper. */
#ifndef RK_EVAL_REPORT_STYLE_H
#define RK_EVAL_REPORT_STYLE_H

extern const char rk_report_style[];

#endif
