/* Text from outside: checked, cleaned, split. UTF-8 in, UTF-8 out. */
#ifndef RK_CORE_TEXT_H
#define RK_CORE_TEXT_H

#include "core/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether the bytes are UTF-8 (no overlong forms, no surrogates) without NUL.
 * If not and `bad` is not NULL, *bad is the offset of the first wrong byte. */
bool rk_text_is_utf8(const char *bytes, size_t len, size_t *bad);

/* Takes off the end what a cut has left of a character: for texts that were
 * UTF-8 and had to fit somewhere. */
void rk_text_end_whole(char *s);

/* Appends `s` with control characters, zero-width and bidirectional marks
 * and tag characters removed and runs of white space made one space: what a
 * prompt or an embedding may see of an item's text. */
void rk_text_clean(rk_buf *out, const char *s);

/* The next piece of `*s` up to `sep`, trimmed of spaces; moves `*s` past it.
 * False at the end. `*piece` points into the text and has no NUL. */
bool rk_text_next(const char **s, char sep, const char **piece, size_t *len);

/* Case-folded for ASCII, compared whole. */
bool rk_text_same(const char *a, const char *b);

/* Where `word` stands in `text` as a whole word or with a plural ending,
 * ignoring ASCII case; NULL if nowhere. */
const char *rk_text_find_word(const char *text, const char *word);

/* Appends `s` in ASCII lower case. */
void rk_text_lower(rk_buf *out, const char *s);

/* n texts, each `before`, one of the words, `after`. Freed with
 * rk_texts_free(); NULL: no memory. */
char **rk_texts_around(const char *before, const char *const *words, size_t n,
                       const char *after);

/* Frees n texts, any of which may be NULL, and their array. */
void rk_texts_free(char **texts, size_t n);

/* Strict numbers: the whole text, nothing left over, finite. */
bool rk_text_to_double(const char *s, double *out);

#endif
