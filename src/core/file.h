/* Whole files: read, mapped, and written so that a reader sees the old one
 * or the new one, never a part. */
#ifndef RK_CORE_FILE_H
#define RK_CORE_FILE_H

#include "core/error.h"

#include <stddef.h>

/* Reads a file of at most `max` bytes; *bytes is NUL-terminated (beyond
 * *len) and the caller frees it. RK_ENOTFOUND, RK_EIO, RK_EFORMAT (larger
 * than max), RK_ENOMEM. */
int rk_file_read(const char *path, size_t max, char **bytes, size_t *len,
                 rk_error *err);

/* Writes to `path`.reckon-tmp, syncs, renames, syncs the directory. On failure
 * the old file stands. Writers of one path, in any process, take turns; what
 * a killed one left the next one takes. */
int rk_file_write(const char *path, const void *bytes, size_t len,
                  rk_error *err);

/* A read-only mapping of a whole file. */
typedef struct rk_mapping {
    const unsigned char *bytes;
    size_t len;
} rk_mapping;

int rk_file_map(rk_mapping *out, const char *path, rk_error *err);
void rk_file_unmap(rk_mapping *m);

/* Makes a directory and its parents. */
int rk_dir_make(const char *path, rk_error *err);

#endif
