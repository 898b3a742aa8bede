/* A growing piece of text. A failed append is remembered, so that a writer
 * appends freely and asks once at the end. Caller's storage; one thread. */
#ifndef RK_CORE_BUF_H
#define RK_CORE_BUF_H

#include <stdbool.h>
#include <stddef.h>

typedef struct rk_buf {
    char *data; /* NUL-terminated once anything was added */
    size_t len; /* without the NUL */
    size_t cap;
    bool failed; /* an append found no memory */
} rk_buf;

void rk_buf_init(rk_buf *b);
void rk_buf_clear(rk_buf *b); /* releases; the buffer is as new */
void rk_buf_reset(rk_buf *b); /* empties; keeps the memory */
void rk_buf_add(rk_buf *b, const void *bytes, size_t len);
void rk_buf_puts(rk_buf *b, const char *s);
void rk_buf_putc(rk_buf *b, char c);
void rk_buf_printf(rk_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Hands the text over (the caller frees it) and leaves the buffer as new.
 * NULL when an append had failed; never NULL for an empty buffer. */
char *rk_buf_take(rk_buf *b);

/* The text so far, never NULL. Valid until the next call. */
const char *rk_buf_str(const rk_buf *b);

#endif
