/* The files of kept prefixes, <key>.prefix in a folder, under a budget. Private
 * to prefix_cache.c; several processes may share a folder. */
#ifndef RK_LLM_PREFIX_FOLDER_H
#define RK_LLM_PREFIX_FOLDER_H

#include "core/buf.h"

#include <stdint.h>

/* The path of the file for these tokens in this world; *out is initialised. */
void rk_prefix_folder_path(rk_buf *out, const char *folder, const char *world,
                           const int32_t *tokens, size_t n_tokens);

/* Deletes what was not used for longest until `len` more bytes fit the budget;
 * false when they cannot. */
bool rk_prefix_folder_make_room(const char *folder, size_t disk_bytes,
                                size_t len);

#endif
