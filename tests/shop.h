/* A shop for tests of the whole engine: the example bookstore, or none of it,
 * in a directory of its own, with models that need no file. Tests run in the
 * root of the sources. */
#ifndef RK_TESTS_SHOP_H
#define RK_TESTS_SHOP_H

#include "reckon.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SCRIPTED "embedder: scripted, writer: scripted"

typedef struct shop {
    scratch files; /* reckon.yaml, reckon.db, reckon.db.snapshot */
    char config[512];
    rk_engine *engine;
} shop;


/* Succeeds, or ends the test with what went wrong. */
#define assert_ok(call, err)                                                   \
    do {                                                                       \
        (err).msg[0] = '\0';                                                   \
        if ((call) != RK_OK)                                                   \
            fail_msg("%s", (err).msg);                                         \
    } while (0)


static inline void shop_write(shop *s, const char *name, const void *bytes,
                              size_t len)
{
    FILE *f = fopen(scratch_path(&s->files, name), "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}


/* A whole file, NUL-terminated, yours to free. */
static inline char *shop_read(shop *s, const char *name, size_t *len)
{
    FILE *f = fopen(scratch_path(&s->files, name), "rb");
    char *bytes;
    long size;

    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    size = ftell(f);
    assert_true(size >= 0);
    rewind(f);
    bytes = malloc((size_t)size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)size, f), size);
    fclose(f);
    bytes[size] = '\0';
    if (len)
        *len = (size_t)size;
    return bytes;
}


/* Closed and opened again, with other models where `opts` says so. */
static inline void shop_reopen(shop *s, const rk_engine_opts *opts)
{
    rk_error err;

    rk_engine_close(s->engine);
    assert_ok(rk_engine_open(&s->engine, s->config, opts, &err), err);
}


/* An empty shop. `models` as in the configuration. */
static inline void shop_open(shop *s, const char *models)
{
    char text[256];

    memset(s, 0, sizeof(*s));
    scratch_init(&s->files);
    snprintf(text, sizeof(text), "models: {%s}\ncatalogue: {noun: book}\n",
             models);
    shop_write(s, "reckon.yaml", text, strlen(text));
    snprintf(s->config, sizeof(s->config), "%s",
             scratch_path(&s->files, "reckon.yaml"));
    shop_reopen(s, NULL);
}


static inline void shop_close(shop *s)
{
    rk_engine_close(s->engine);
    s->engine = NULL;
    scratch_clear(&s->files);
}


/* The books, readers and ratings of examples/bookstore. */
static inline void shop_fill(shop *s)
{
    static const char *const names[] = {"items", "users", "events"};
    rk_import_report report;
    char path[64];
    rk_error err;

    for (int kind = RK_ITEMS; kind <= RK_EVENTS; kind++) {
        snprintf(path, sizeof(path), "examples/bookstore/%s.csv", names[kind]);
        assert_ok(rk_import_file(s->engine, (enum rk_kind)kind, path, NULL,
                                 &report, &err),
                  err);
        assert_true(report.n_rows > 0);
        assert_int_equal(report.n_bad, 0);
    }
}


static inline void shop_prepare(shop *s)
{
    rk_error err;

    assert_ok(rk_prepare(s->engine, NULL, &err), err);
}


/* The bookstore, ready to be asked. */
static inline void shop_open_prepared(shop *s, const char *models)
{
    shop_open(s, models);
    shop_fill(s);
    shop_prepare(s);
}


/* Another shop with the same files; closes and reopens the first. */
static inline void shop_copy(shop *to, shop *from)
{
    static const char *const names[] = {"reckon.yaml", "reckon.db",
                                        "reckon.db.snapshot"};

    memset(to, 0, sizeof(*to));
    scratch_init(&to->files);
    rk_engine_close(from->engine); /* so that the file is the whole store */
    from->engine = NULL;
    for (size_t i = 0; i < 3; i++) {
        size_t len;
        char *bytes;

        if (access(scratch_path(&from->files, names[i]), F_OK) != 0)
            continue;
        bytes = shop_read(from, names[i], &len);
        shop_write(to, names[i], bytes, len);
        free(bytes);
    }
    snprintf(to->config, sizeof(to->config), "%s",
             scratch_path(&to->files, "reckon.yaml"));
    shop_reopen(from, NULL);
    shop_reopen(to, NULL);
}

#endif
