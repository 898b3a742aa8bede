/* Fast, not cryptographic, hashes (xxHash). Any thread. */
#ifndef RK_CORE_HASH_H
#define RK_CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t rk_hash64(const void *bytes, size_t len);

/* A content key: the 128-bit hash of several texts in order, told apart from
 * any other division of the same letters. 32 hexadecimal digits and a NUL.
 * The list of texts ends with NULL. */
typedef struct rk_key {
    char hex[33];
} rk_key;

rk_key rk_key_of(const char *text, ...) __attribute__((sentinel));

#endif
