/* Where something stands in a YAML text, for messages: what libcyaml does
 * not tell. Any thread. */
#ifndef RK_ENGINE_MARK_H
#define RK_ENGINE_MARK_H

#include <stddef.h>

typedef struct rk_mark {
    size_t line;       /* from 1; 0: not there */
    const char *found; /* "one value", "a list", "keys", "nothing" */
    char problem[80];  /* not "": the text is no YAML, and breaks at `line` */
} rk_mark;

/* Finds the key `name` of `section` (NULL: of the top level), the last one
 * where it stands twice; with both NULL, the document itself. Without memory
 * it finds nothing. */
void rk_mark_find(rk_mark *out, const char *bytes, size_t len,
                  const char *section, const char *name);

#endif
