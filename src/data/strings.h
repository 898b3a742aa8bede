/* A table of strings in one block, so that it can lie in a mapped file:
 * string i is bytes[offsets[i]] to its NUL. Immutable; any thread. */
#ifndef RK_DATA_STRINGS_H
#define RK_DATA_STRINGS_H

#include "core/buf.h"
#include "core/error.h"

typedef struct rk_strings {
    const uint64_t *offsets; /* (n) */
    const char *bytes;
    size_t n;
    size_t n_bytes;
} rk_strings;

const char *rk_strings_at(const rk_strings *s, size_t i);

/* Position of a string, by a hash table built once. */
typedef struct rk_ids rk_ids;

#define RK_NO_ID UINT32_MAX

/* An empty set of ids that grows; positions are given in order of arrival.
 * It owns copies of its strings. */
int rk_ids_new(rk_ids **out, rk_error *err);
void rk_ids_free(rk_ids *ids);

/* The position of `id`, added if new. */
int rk_ids_add(rk_ids *ids, const char *id, uint32_t *position, rk_error *err);
uint32_t rk_ids_find(const rk_ids *ids, const char *id); /* or RK_NO_ID */
const char *rk_ids_at(const rk_ids *ids, uint32_t position);
size_t rk_ids_count(const rk_ids *ids);

#endif
