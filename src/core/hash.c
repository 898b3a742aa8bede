#include "core/hash.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t rk_hash64(const void *bytes, size_t len)
{
    return XXH3_64bits(bytes, len);
}


rk_key rk_key_of(const char *text, ...)
{
    XXH3_state_t state;
    XXH128_hash_t sum;
    rk_key key;
    va_list ap;

    XXH3_128bits_reset(&state);
    va_start(ap, text);
    for (; text; text = va_arg(ap, const char *))
        XXH3_128bits_update(&state, text, strlen(text) + 1); /* NUL divides */
    va_end(ap);
    sum = XXH3_128bits_digest(&state);
    snprintf(key.hex, sizeof(key.hex), "%016llx%016llx",
             (unsigned long long)sum.high64, (unsigned long long)sum.low64);
    return key;
}
