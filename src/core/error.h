/* Filling rk_error. Any thread. */
#ifndef RK_CORE_ERROR_H
#define RK_CORE_ERROR_H

#include "reckon.h"

/* Fills *err (NULL is fine) and returns `code`, so that a failure is one
 * line: `return rk_fail(err, RK_EINVAL, "k is 0, must be 1 to 1000")`.
 * Messages are lower case, say expected and found, and have no full stop. */
int rk_fail(rk_error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), cold));

/* rk_fail for the commonest failure. In the header, so that a reader of one
 * file, person or analyser, sees that it never returns RK_OK. */
static inline int rk_no_memory(rk_error *err)
{
    (void)rk_fail(err, RK_ENOMEM, "out of memory");
    return RK_ENOMEM;
}

#endif
