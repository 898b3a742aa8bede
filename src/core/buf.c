#include "core/buf.h"

#include "core/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void rk_buf_init(rk_buf *b)
{
    memset(b, 0, sizeof(*b));
}


void rk_buf_clear(rk_buf *b)
{
    free(b->data);
    rk_buf_init(b);
}


void rk_buf_reset(rk_buf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->data)
        b->data[0] = '\0';
}


/* Room for `more` bytes and a NUL. */
static bool reserve(rk_buf *b, size_t more)
{
    size_t want;
    char *bigger;

    if (b->failed || more > (size_t)-1 / 4 - b->len) {
        b->failed = true;
        return false;
    }
    if (b->data && b->len + more < b->cap)
        return true;
    want = b->len + more + 1;
    want = want < 2 * b->cap ? 2 * b->cap : want;
    want = want < 64 ? 64 : want;
    bigger = rk_realloc_array(b->data, want, 1);
    if (!bigger) {
        b->failed = true;
        return false;
    }
    b->data = bigger;
    b->cap = want;
    return true;
}


void rk_buf_add(rk_buf *b, const void *bytes, size_t len)
{
    if (!reserve(b, len))
        return;
    if (len)
        memcpy(b->data + b->len, bytes, len);
    b->len += len;
    b->data[b->len] = '\0';
}


void rk_buf_puts(rk_buf *b, const char *s)
{
    rk_buf_add(b, s, strlen(s));
}


void rk_buf_putc(rk_buf *b, char c)
{
    rk_buf_add(b, &c, 1);
}


void rk_buf_printf(rk_buf *b, const char *fmt, ...)
{
    va_list ap, again;
    int len;

    va_start(ap, fmt);
    va_copy(again, ap);
    len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (len >= 0 && reserve(b, (size_t)len)) {
        vsnprintf(b->data + b->len, (size_t)len + 1, fmt, again);
        b->len += (size_t)len;
    }
    va_end(again);
}


char *rk_buf_take(rk_buf *b)
{
    char *text = NULL;

    if (!b->failed && !b->data)
        rk_buf_add(b, "", 0);
    if (!b->failed) {
        text = b->data;
        b->data = NULL;
    }
    rk_buf_clear(b);
    return text;
}


const char *rk_buf_str(const rk_buf *b)
{
    return b->data ? b->data : "";
}
