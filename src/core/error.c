#include "core/error.h"

#include "core/text.h"

#include <stdarg.h>
#include <stdio.h>

int rk_fail(rk_error *err, int code, const char *fmt, ...)
{
    if (err) {
        va_list ap;

        err->code = code;
        va_start(ap, fmt);
        vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
        va_end(ap);
        rk_text_end_whole(err->msg);

        /* One line, whatever was quoted in it. */
        for (char *p = err->msg; *p; p++)
            if (*p == '\n' || *p == '\r')
                *p = ' ';
    }
    return code;
}
