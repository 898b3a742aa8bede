#include "eval/report.h"

char *rk_report_html(const rk_report *r)
{
    return rk_report_json(r);
}
