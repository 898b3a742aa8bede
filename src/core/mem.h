/* Allocation with overflow-checked sizes, and a switch that makes the n-th
 * allocation fail, so that tests can walk through every failure. What comes
 * from here is released with free(). */
#ifndef RK_CORE_MEM_H
#define RK_CORE_MEM_H

#include <stddef.h>
#include <stdlib.h>

/* NULL when there is no memory or n * size does not fit a size_t. */
void *rk_calloc(size_t n, size_t size);
void *rk_alloc_array(size_t n, size_t size); /* not cleared */
void *rk_realloc_array(void *p, size_t n, size_t size);
char *rk_strdup(const char *s);
char *rk_strndup(const char *s, size_t len);

/* Aligned to 64 bytes, for vectors; released with free(). */
void *rk_alloc_aligned(size_t n, size_t size);

/* Makes room for one more element: doubles `*cap` when `n` has reached it.
 * Returns the array to use, or NULL with the old one untouched. */
void *rk_grow(void *p, size_t n, size_t *cap, size_t size);

/* Tests only: the n-th allocation from now fails (1 = the next); 0 turns it
 * off. Returns how many allocations were made since the last call. */
size_t rk_mem_fail_at(size_t n);

#endif
