#include "core/text.h"

#include "core/mem.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Decodes one character; returns its length, or 0 when it is not UTF-8. */
static size_t decode(const unsigned char *p, size_t len, uint32_t *out)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = p[0] < 0x80    ? 1
               : p[0] >= 0xF0 ? 4
               : p[0] >= 0xE0 ? 3
               : p[0] >= 0xC2 ? 2
                              : 0;
    uint32_t c;

    if (n == 0 || n > len || p[0] > 0xF4)
        return 0;
    c = n == 1 ? p[0] : p[0] & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3F);
    }
    if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) || c == 0)
        return 0;
    *out = c;
    return n;
}


bool rk_text_is_utf8(const char *bytes, size_t len, size_t *bad)
{
    size_t at = 0;
    uint32_t c;

    while (at < len) {
        size_t n = decode((const unsigned char *)bytes + at, len - at, &c);

        if (n == 0) {
            if (bad)
                *bad = at;
            return false;
        }
        at += n;
    }
    return true;
}


void rk_text_end_whole(char *s)
{
    size_t len = strlen(s);
    size_t n = 0; /* bytes that go on with a character */
    unsigned char first;

    while (n < len && n < 3 && (s[len - 1 - n] & 0xC0) == 0x80)
        n++;
    if (n == len)
        return;
    first = (unsigned char)s[len - 1 - n];
    if (n < (first >= 0xF0 ? 3u : first >= 0xE0 ? 2u : first >= 0xC0))
        s[len - 1 - n] = '\0';
}


/* Characters that are not seen but are read by a model. */
static bool hidden(uint32_t c)
{
    return (c < 0x20 && c != '\n' && c != '\t' && c != '\r') || c == 0x7F ||
           (c >= 0x80 && c < 0xA0) || c == 0xAD || c == 0xFEFF ||
           (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F) || (c >= 0xE0000 && c <= 0xE007F);
}


void rk_text_clean(rk_buf *out, const char *s)
{
    size_t len = strlen(s);
    size_t at = 0;
    bool space = false;
    bool any = false;

    while (at < len) {
        uint32_t c;
        size_t n = decode((const unsigned char *)s + at, len - at, &c);

        if (n == 0) {
            at++; /* not UTF-8: drop the byte */
            continue;
        }
        if (c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == 0xA0) {
            space = any;
        } else if (!hidden(c)) {
            if (space)
                rk_buf_putc(out, ' ');
            rk_buf_add(out, s + at, n);
            space = false;
            any = true;
        }
        at += n;
    }
}


bool rk_text_next(const char **s, char sep, const char **piece, size_t *len)
{
    const char *start = *s;
    const char *end;

    if (!start || !*start)
        return false;
    end = strchr(start, sep);
    if (!end)
        end = start + strlen(start);
    *s = *end ? end + 1 : end;

    while (start < end && isspace((unsigned char)*start))
        start++;
    while (end > start && isspace((unsigned char)end[-1]))
        end--;
    *piece = start;
    *len = (size_t)(end - start);
    return true;
}


bool rk_text_same(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}


static bool word_char(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}


const char *rk_text_find_word(const char *text, const char *word)
{
    size_t len = strlen(word);

    if (len == 0)
        return NULL;
    for (const char *p = text; *p; p++) {
        const char *end;

        if ((p > text && word_char(p[-1])) || strncasecmp(p, word, len) != 0)
            continue;
        end = p + len;
        if (*end == 's' || *end == 'S')
            end++;
        if (!word_char(*end))
            return p;
    }
    return NULL;
}


void rk_text_lower(rk_buf *out, const char *s)
{
    for (; *s; s++)
        rk_buf_putc(out, (char)tolower((unsigned char)*s));
}


bool rk_text_to_double(const char *s, double *out)
{
    char *end;

    if (!*s || isspace((unsigned char)*s))
        return false;
    *out = strtod(s, &end);
    return *end == '\0' && isfinite(*out);
}


char **rk_texts_around(const char *before, const char *const *words, size_t n,
                       const char *after)
{
    char **texts = rk_calloc(n, sizeof(void *));

    for (size_t i = 0; texts && i < n; i++) {
        rk_buf b;

        rk_buf_init(&b);
        rk_buf_printf(&b, "%s%s%s", before, words[i], after);
        texts[i] = rk_buf_take(&b);
        if (!texts[i]) {
            rk_texts_free(texts, n);
            return NULL;
        }
    }
    return texts;
}


void rk_texts_free(char **texts, size_t n)
{
    for (size_t i = 0; texts && i < n; i++)
        free(texts[i]);
    free(texts);
}
