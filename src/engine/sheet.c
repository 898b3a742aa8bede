#include "engine/sheet.h"

#include "core/buf.h"
#include "core/mem.h"
#include "engine/mark.h"

#include <assert.h>
#include <cyaml/cyaml.h>
#include <stdio.h>
#include <string.h>

/* What libcyaml fills. Numbers come as text too: its own reading of them
 * takes "10abc" for 10. */
struct slot {
    char *text;
    char **words;
    uint32_t n_words;
};

struct root {
    struct slot *sections[RK_SHEET_SECTIONS]; /* NULL: absent or empty */
    struct slot own[RK_SHEET_KEYS];           /* keys of the top level */
};

#define NO_SECTION SIZE_MAX

struct place {
    size_t section; /* index into root.sections, or NO_SECTION */
    size_t slot;
};

struct rk_sheet {
    const rk_sheet_key *keys; /* (n_keys), borrowed, as are name and bytes */
    size_t n_keys;
    const char *name;
    const char *bytes;
    size_t len;
    struct place places[RK_SHEET_KEYS];
    const char *sections[RK_SHEET_SECTIONS];
    size_t n_sections;
    cyaml_schema_value_t schema;
    cyaml_schema_field_t top[RK_SHEET_KEYS + RK_SHEET_SECTIONS + 1];
    cyaml_schema_field_t inner[RK_SHEET_KEYS + RK_SHEET_SECTIONS];
    struct root *root; /* NULL for an empty document */
};

/* What libcyaml says about a failure: a problem, then the keys it stood in,
 * innermost first. */
struct report {
    char problem[160];
    char path[2][64];
    size_t n_path;
};

static const cyaml_schema_value_t word_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED)};


static void take_log(cyaml_log_t level, void *ctx, const char *fmt,
                     va_list args)
{
    struct report *r = ctx;
    char line[160];
    char key[64];

    (void)level;
    vsnprintf(line, sizeof(line), fmt, args);
    line[strcspn(line, "\n")] = '\0';
    if (sscanf(line, "  in mapping field '%63[^']'", key) == 1) {
        if (r->n_path < 2)
            memcpy(r->path[r->n_path++], key, sizeof(key));
    } else if (!r->problem[0] && !strstr(line, "Backtrace")) {
        const char *text = strncmp(line, "Load: ", 6) == 0 ? line + 6 : line;

        memcpy(r->problem, text, strlen(text) + 1);
    }
}


/* libcyaml's allocator: size 0 frees. */
static void *take_memory(void *ctx, void *p, size_t size)
{
    (void)ctx;
    if (size)
        return rk_realloc_array(p, size, 1);
    free(p);
    return NULL;
}


static cyaml_config_t config_of(struct report *r)
{
    return (cyaml_config_t){.log_fn = take_log,
                            .log_ctx = r,
                            .mem_fn = take_memory,
                            .log_level = CYAML_LOG_WARNING,
                            .flags = CYAML_CFG_NO_ALIAS};
}


static cyaml_schema_field_t field_of(const rk_sheet_key *key, size_t at)
{
    cyaml_schema_field_t f = {.key = key->name};

    f.value.flags = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL;
    if (key->is_list) {
        f.data_offset = (uint32_t)(at + offsetof(struct slot, words));
        f.count_offset = (uint32_t)(at + offsetof(struct slot, n_words));
        f.count_size = sizeof(uint32_t);
        f.value.type = CYAML_SEQUENCE;
        f.value.data_size = sizeof(char *);
        f.value.sequence.entry = &word_schema;
        f.value.sequence.max = RK_SHEET_WORDS;
    } else {
        f.data_offset = (uint32_t)(at + offsetof(struct slot, text));
        f.value.type = CYAML_STRING;
        f.value.data_size = sizeof(char);
        f.value.string.max = CYAML_UNLIMITED;
    }
    return f;
}


static cyaml_schema_field_t section_of(const char *name, size_t index,
                                       const cyaml_schema_field_t *fields)
{
    cyaml_schema_field_t f = {.key = name};

    f.data_offset = (uint32_t)(offsetof(struct root, sections) +
                               index * sizeof(struct slot *));
    f.value.type = CYAML_MAPPING;
    f.value.flags = CYAML_FLAG_POINTER_NULL_STR | CYAML_FLAG_OPTIONAL;
    f.value.mapping.fields = fields;
    return f;
}


/* Writes the schema of the keys; arrays of fields end with an empty one,
 * which rk_calloc made. */
static void schema_make(rk_sheet *s)
{
    cyaml_schema_field_t *next = s->inner;
    cyaml_schema_field_t *section = NULL;
    size_t n_top = 0;
    size_t n_own = 0;
    size_t slot = 0;

    for (size_t i = 0; i < s->n_keys; i++) {
        const rk_sheet_key *key = &s->keys[i];

        if (!key->section) {
            s->places[i] = (struct place){NO_SECTION, n_own};
            s->top[n_top++] = field_of(key, offsetof(struct root, own) +
                                                n_own++ * sizeof(struct slot));
            continue;
        }
        if (!section || strcmp(section->key, key->section) != 0) {
            assert(s->n_sections < RK_SHEET_SECTIONS);
            next += section != NULL; /* past the end mark */
            section = &s->top[n_top++];
            *section = section_of(key->section, s->n_sections, next);
            s->sections[s->n_sections++] = key->section;
            slot = 0;
        }
        s->places[i] = (struct place){s->n_sections - 1, slot};
        *next++ = field_of(key, slot++ * sizeof(struct slot));
        section->value.data_size = (uint32_t)(slot * sizeof(struct slot));
    }
    s->schema.type = CYAML_MAPPING;
    s->schema.flags = CYAML_FLAG_POINTER_NULL_STR;
    s->schema.data_size = sizeof(struct root);
    s->schema.mapping.fields = s->top;
}


/* "n, deadline_ms": the keys that could have stood there. */
static void known_keys(const rk_sheet *s, const char *section, rk_buf *out)
{
    for (size_t i = 0; i < s->n_keys; i++)
        if (section
                ? s->keys[i].section && strcmp(s->keys[i].section, section) == 0
                : !s->keys[i].section)
            rk_buf_printf(out, "%s%s", out->len ? ", " : "", s->keys[i].name);
    for (size_t i = 0; !section && i < s->n_sections; i++)
        rk_buf_printf(out, "%s%s", out->len ? ", " : "", s->sections[i]);
}


static int unknown_key(const rk_sheet *s, const struct report *r, rk_error *err)
{
    const char *colon = strchr(r->problem, ':');
    const char *name = colon ? colon + 2 : r->problem;
    const char *section = r->n_path ? r->path[0] : NULL;
    rk_buf known;
    rk_mark at;
    int rc;

    rk_buf_init(&known);
    known_keys(s, section, &known);
    rk_mark_find(&at, s->bytes, s->len, section, name);
    rc = rk_fail(err, RK_EFORMAT,
                 "%s:%zu: unknown key '%.40s%s%.40s', expected one of %s",
                 s->name, at.line, section ? section : "", section ? "." : "",
                 name, rk_buf_str(&known));
    rk_buf_clear(&known);
    return rc;
}


/* What the schema expects where the report's path ends. */
static const char *expected_kind(const rk_sheet *s, const char *section,
                                 const char *name, const char *found)
{
    for (size_t i = 0; i < s->n_keys; i++) {
        const rk_sheet_key *k = &s->keys[i];

        if (strcmp(k->name, name) != 0 || !section != !k->section ||
            (section && strcmp(section, k->section) != 0))
            continue;
        if (!k->is_list)
            return "one value (in quotes where it begins with {, [, * or &)";
        return strcmp(found, "a list") == 0 ? "single values in the list"
                                            : "a list";
    }
    return "keys";
}


static int wrong_kind(const rk_sheet *s, const struct report *r, rk_error *err)
{
    const char *section = r->n_path == 2 ? r->path[1] : NULL;
    const char *name = r->n_path ? r->path[0] : NULL;
    rk_mark at;

    rk_mark_find(&at, s->bytes, s->len, section, name);
    if (!name)
        return rk_fail(err, RK_EFORMAT,
                       "%s:%zu: expected lines of `key: value`, found %s",
                       s->name, at.line, at.found);
    return rk_fail(err, RK_EFORMAT, "%s:%zu: %s%s%s: expected %s, found %s",
                   s->name, at.line, section ? section : "", section ? "." : "",
                   name, expected_kind(s, section, name, at.found), at.found);
}


/* One line for a person from libcyaml's code and report. */
static int explain(const rk_sheet *s, cyaml_err_t code, const struct report *r,
                   rk_error *err)
{
    rk_mark at;

    if (code == CYAML_ERR_OOM)
        return rk_no_memory(err);
    if (code == CYAML_ERR_INVALID_KEY)
        return unknown_key(s, r, err);
    if (code == CYAML_ERR_INVALID_VALUE)
        return wrong_kind(s, r, err);

    rk_mark_find(&at, s->bytes, s->len, r->n_path == 2 ? r->path[1] : NULL,
                 r->n_path ? r->path[0] : NULL);
    if (at.problem[0])
        return rk_fail(err, RK_EFORMAT, "%s:%zu: not YAML: %s", s->name,
                       at.line, at.problem);
    if (strstr(r->problem, "already seen"))
        return rk_fail(err, RK_EFORMAT, "%s:%zu: %s stands twice", s->name,
                       at.line, r->path[0]);
    if (code == CYAML_ERR_ALIAS)
        return rk_fail(err, RK_EFORMAT, "%s:%zu: aliases (*name) are not read",
                       s->name, at.line);
    return rk_fail(err, RK_EFORMAT, "%s: expected lines of `key: value`: %s",
                   s->name, cyaml_strerror(code));
}


int rk_sheet_parse(rk_sheet **out, const rk_sheet_key *keys, size_t n_keys,
                   const char *name, const char *bytes, size_t len,
                   rk_error *err)
{
    struct report report = {0};
    cyaml_config_t config = config_of(&report);
    cyaml_data_t *data = NULL;
    cyaml_err_t code;
    rk_sheet *s;
    int rc = RK_OK;

    *out = NULL;
    assert(n_keys <= RK_SHEET_KEYS);
    s = rk_calloc(1, sizeof(*s));
    if (!s)
        return rk_no_memory(err);
    s->keys = keys;
    s->n_keys = n_keys;
    s->name = name;
    s->bytes = bytes;
    s->len = len;
    schema_make(s);
    code = cyaml_load_data((const uint8_t *)bytes, len, &config, &s->schema,
                           &data, NULL);
    if (code != CYAML_OK) {
        rc = explain(s, code, &report, err);
        goto done;
    }
    s->root = data;
    if (report.problem[0]) {
        rc = rk_fail(err, RK_EFORMAT, "%s: expected one document, found more",
                     name);
        goto done;
    }
    *out = s;
    s = NULL;

done:
    rk_sheet_free(s);
    return rc;
}


void rk_sheet_free(rk_sheet *sheet)
{
    struct report report = {0};
    cyaml_config_t config = config_of(&report);

    if (!sheet)
        return;
    if (sheet->root)
        cyaml_free(&config, &sheet->schema, sheet->root, 0);
    free(sheet);
}


rk_sheet_value rk_sheet_get(const rk_sheet *sheet, size_t i)
{
    struct place at = sheet->places[i];
    const struct slot *slot = NULL;
    rk_sheet_value v = {0};
    rk_mark mark;

    if (sheet->root)
        slot = at.section == NO_SECTION ? sheet->root->own
                                        : sheet->root->sections[at.section];
    if (!slot)
        return v;
    slot += at.slot;
    v.text = slot->text;
    v.words = (const char *const *)slot->words;
    v.n_words = slot->n_words;
    v.given = v.text || v.n_words;
    if (!v.given && sheet->keys[i].is_list) {
        /* libcyaml leaves the same behind for `[]` and for nothing. */
        rk_mark_find(&mark, sheet->bytes, sheet->len, sheet->keys[i].section,
                     sheet->keys[i].name);
        v.given = mark.line != 0;
    }
    return v;
}


int rk_sheet_refuse(const rk_sheet *sheet, size_t i, const char *why,
                    rk_error *err)
{
    const rk_sheet_key *key = &sheet->keys[i];
    rk_mark at;

    rk_mark_find(&at, sheet->bytes, sheet->len, key->section, key->name);
    return rk_fail(err, RK_EFORMAT, "%s:%zu: %s%s%s: %s", sheet->name, at.line,
                   key->section ? key->section : "", key->section ? "." : "",
                   key->name, why);
}
