#include "core/mem.h"

#include <stdint.h>
#include <string.h>

static _Thread_local size_t n_made;
static _Thread_local size_t fail_at;


static int refused(size_t n, size_t size)
{
    n_made++;
    if (fail_at && n_made == fail_at)
        return 1;
    return size && n > SIZE_MAX / size;
}


void *rk_calloc(size_t n, size_t size)
{
    return refused(n, size) ? NULL : calloc(n ? n : 1, size ? size : 1);
}


void *rk_alloc_array(size_t n, size_t size)
{
    if (refused(n, size))
        return NULL;
    return malloc(n && size ? n * size : 1);
}


void *rk_realloc_array(void *p, size_t n, size_t size)
{
    if (refused(n, size))
        return NULL;
    return realloc(p, n && size ? n * size : 1);
}


char *rk_strdup(const char *s)
{
    return rk_strndup(s, strlen(s));
}


char *rk_strndup(const char *s, size_t len)
{
    char *copy = rk_alloc_array(len + 1, 1);

    if (copy) {
        memcpy(copy, s, len);
        copy[len] = '\0';
    }
    return copy;
}


void *rk_alloc_aligned(size_t n, size_t size)
{
    if (refused(n, size) || n * size > SIZE_MAX - 64)
        return NULL;
    return aligned_alloc(64, (n * size / 64 + 1) * 64);
}


void *rk_grow(void *p, size_t n, size_t *cap, size_t size)
{
    size_t more = *cap ? *cap * 2 : 16;
    void *bigger;

    if (n < *cap)
        return p;
    bigger = more > *cap ? rk_realloc_array(p, more, size) : NULL;
    if (bigger)
        *cap = more;
    return bigger;
}


size_t rk_mem_fail_at(size_t n)
{
    size_t made = n_made;

    n_made = 0;
    fail_at = n;
    return made;
}
