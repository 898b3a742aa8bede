#include "core/progress.h"

int rk_progress_report(const rk_progress *p, const char *stage, uint64_t done,
                       uint64_t total, rk_error *err)
{
    if (!p || !p->report || p->report(p->ctx, stage, done, total) == 0)
        return RK_OK;
    return rk_fail(err, RK_ECANCELLED,
                   "stopped at %s, %llu of %llu: run it again to go on", stage,
                   (unsigned long long)done, (unsigned long long)total);
}
