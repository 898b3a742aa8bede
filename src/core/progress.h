/* Telling a caller how far long work is, and hearing that it should stop. */
#ifndef RK_CORE_PROGRESS_H
#define RK_CORE_PROGRESS_H

#include "core/error.h"

/* RK_OK, or RK_ECANCELLED when the caller asked to stop. `p` may be NULL. */
int rk_progress_report(const rk_progress *p, const char *stage, uint64_t done,
                       uint64_t total, rk_error *err);

#endif
