/* The folder of prefix_cache.h's entries, each a file of its own, as far as it
 * is about how many bytes they take. What else lies there is left alone. Any
 * thread; several processes may share a folder. */
#ifndef RK_LLM_PREFIX_FOLDER_H
#define RK_LLM_PREFIX_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

/* An entry's file: 32 letters and this. */
#define RK_PREFIX_SUFFIX ".prefix"

/* Deletes entries, the one not used for longest first, until `len` more bytes
 * fit the budget; false when they cannot. */
bool rk_prefix_folder_make_room(const char *path, size_t disk_bytes,
                                size_t len);

/* The bytes of all entries, and in *n how many there are; none where there is
 * no such folder. */
size_t rk_prefix_folder_size(const char *path, size_t *n);

#endif
