/* A look at a GGUF model file before any library trusts it: magic, version,
 * counts and sizes held against the bytes that are there. */
#ifndef RK_LLM_GGUF_H
#define RK_LLM_GGUF_H

#include "core/error.h"

typedef struct rk_gguf {
    char architecture[64]; /* general.architecture, "" if absent */
    uint64_t n_tensors;
    uint64_t n_keys;
    uint64_t needed_bytes; /* the file must be at least this long */
} rk_gguf;

/* `len` bytes of the file's beginning or all of it; `file_len` the whole
 * file's length. RK_EFORMAT with expected and found. Allocates nothing. */
int rk_gguf_parse(rk_gguf *out, const void *bytes, size_t len,
                  uint64_t file_len, rk_error *err);

#endif
