/* Named tensors in one file, read by mapping: the form of a snapshot
 * ("RKSN", docs/formats.md). Each tensor is aligned to 64 bytes; the file
 * carries a checksum of every byte and is refused when it does not match.
 * A bundle is immutable; any thread may read one. */
#ifndef RK_DATA_BUNDLE_H
#define RK_DATA_BUNDLE_H

#include "data/strings.h"

enum rk_dtype { RK_F32 = 1, RK_I8, RK_U8, RK_U32, RK_U64, RK_I64 };

size_t rk_dtype_size(enum rk_dtype dtype);

typedef struct rk_tensor {
    enum rk_dtype dtype;
    size_t rows; /* 1 for a vector */
    size_t cols;
    const void *data; /* row-major, borrowed from the bundle */
} rk_tensor;

typedef struct rk_bundle_writer rk_bundle_writer;

int rk_bundle_writer_new(rk_bundle_writer **out, rk_error *err);
void rk_bundle_writer_free(rk_bundle_writer *w);

/* Copies a tensor in. Names are unique, 1 to 63 bytes. */
int rk_bundle_put(rk_bundle_writer *w, const char *name, enum rk_dtype dtype,
                  size_t rows, size_t cols, const void *data, rk_error *err);

/* A string table, as "<name>.offsets" and "<name>.bytes". `at` returns the
 * i-th string. A failure may leave one of the two behind. */
int rk_bundle_put_strings(rk_bundle_writer *w, const char *name, size_t n,
                          const char *(*at)(const void *ctx, size_t i),
                          const void *ctx, rk_error *err);

/* Writes atomically. */
int rk_bundle_save(const rk_bundle_writer *w, const char *path, rk_error *err);

typedef struct rk_bundle rk_bundle;

/* `len` bytes, borrowed for the bundle's life; alignment 64 (a mapping is);
 * may be hostile: RK_EFORMAT. */
int rk_bundle_parse(rk_bundle **out, const void *bytes, size_t len,
                    rk_error *err);
int rk_bundle_open(rk_bundle **out, const char *path, rk_error *err);
void rk_bundle_close(rk_bundle *b);

/* False when there is no such tensor. */
bool rk_bundle_has(const rk_bundle *b, const char *name);

/* RK_ENOTFOUND (no such name), RK_EFORMAT (another dtype, or another number
 * of rows or columns; a wanted 0 means any). */
int rk_bundle_get(const rk_bundle *b, const char *name, enum rk_dtype dtype,
                  size_t rows, size_t cols, rk_tensor *out, rk_error *err);

/* n = 0: any count. Offsets are checked against the bytes. */
int rk_bundle_get_strings(const rk_bundle *b, const char *name, size_t n,
                          rk_strings *out, rk_error *err);

#endif
