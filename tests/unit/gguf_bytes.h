/* GGUF files byte by byte, for tests: gguf_head() first, then the keys, then
 * the tensors' descriptions, then gguf_align() and the tensors' bytes. */
#ifndef GGUF_BYTES_H
#define GGUF_BYTES_H

#include "core/buf.h"

#include <stdint.h>
#include <string.h>

enum {
    GGUF_UINT32 = 4,
    GGUF_FLOAT32 = 6,
    GGUF_BOOL = 7,
    GGUF_STRING = 8,
    GGUF_ARRAY = 9
};


static inline void gguf_u32(rk_buf *b, uint32_t value)
{
    rk_buf_add(b, &value, sizeof(value)); /* as the format: little-endian */
}


static inline void gguf_u64(rk_buf *b, uint64_t value)
{
    rk_buf_add(b, &value, sizeof(value));
}


static inline void gguf_f32(rk_buf *b, float value)
{
    rk_buf_add(b, &value, sizeof(value));
}


static inline void gguf_text(rk_buf *b, const char *text)
{
    gguf_u64(b, strlen(text));
    rk_buf_puts(b, text);
}


static inline void gguf_head(rk_buf *b, uint64_t n_tensors, uint64_t n_keys)
{
    rk_buf_puts(b, "GGUF");
    gguf_u32(b, 3);
    gguf_u64(b, n_tensors);
    gguf_u64(b, n_keys);
}


static inline void gguf_key(rk_buf *b, const char *key, uint32_t type)
{
    gguf_text(b, key);
    gguf_u32(b, type);
}


static inline void gguf_key_u32(rk_buf *b, const char *key, uint32_t value)
{
    gguf_key(b, key, GGUF_UINT32);
    gguf_u32(b, value);
}


static inline void gguf_key_text(rk_buf *b, const char *key, const char *value)
{
    gguf_key(b, key, GGUF_STRING);
    gguf_text(b, value);
}


static inline void gguf_key_array(rk_buf *b, const char *key, uint32_t type,
                                  uint64_t n)
{
    gguf_key(b, key, GGUF_ARRAY);
    gguf_u32(b, type);
    gguf_u64(b, n);
}


/* A float32 tensor (rows, width), or (width) when rows is 0. */
static inline void gguf_tensor(rk_buf *b, const char *name, uint64_t width,
                               uint64_t rows, uint64_t offset)
{
    gguf_text(b, name);
    gguf_u32(b, rows ? 2 : 1);
    gguf_u64(b, width);
    if (rows)
        gguf_u64(b, rows);
    gguf_u32(b, 0);
    gguf_u64(b, offset);
}


static inline void gguf_align(rk_buf *b)
{
    while (b->len % 32 != 0)
        rk_buf_putc(b, '\0');
}

#endif
