/* A YAML file of known keys, as text: `key: value` lines, some of them under
 * a `section:`, a value being one text or a list of texts. What is not known,
 * stands twice or is of another kind is refused with its line. Read by
 * libcyaml, whose only user this is. Immutable; any thread. */
#ifndef RK_ENGINE_SHEET_H
#define RK_ENGINE_SHEET_H

#include "core/error.h"

#define RK_SHEET_KEYS     64   /* at most */
#define RK_SHEET_SECTIONS 16   /* at most */
#define RK_SHEET_WORDS    1000 /* in one list, at most */

typedef struct rk_sheet_key {
    const char *section; /* NULL: at the top level */
    const char *name;
    bool is_list;
} rk_sheet_key;

typedef struct rk_sheet_value {
    bool given;
    const char *text;         /* of a single value, "" when it was empty */
    const char *const *words; /* (n_words) of a list */
    size_t n_words;
} rk_sheet_value;

typedef struct rk_sheet rk_sheet;

/* Reads `len` bytes. Keys of one section stand together in `keys`. `keys`,
 * `bytes` and `name` (used in messages) are borrowed until rk_sheet_free().
 * RK_EFORMAT with "name:line: ...", RK_ENOMEM. */
int rk_sheet_parse(rk_sheet **out, const rk_sheet_key *keys, size_t n_keys,
                   const char *name, const char *bytes, size_t len,
                   rk_error *err);
void rk_sheet_free(rk_sheet *sheet);

/* The value of keys[i]; its text lives as long as the sheet. */
rk_sheet_value rk_sheet_get(const rk_sheet *sheet, size_t i);

/* Refuses the value of keys[i]: RK_EFORMAT, "name:line: section.key: why". */
int rk_sheet_refuse(const rk_sheet *sheet, size_t i, const char *why,
                    rk_error *err);

#endif
