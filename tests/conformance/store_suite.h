/* What the tests of stores share: the list of backends, a fresh store for each
 * test, and walks told as text. A new backend is a line in `openers`. */
#ifndef RK_TESTS_STORE_SUITE_H
#define RK_TESTS_STORE_SUITE_H

#include "store/store.h"

#include "../scratch.h"
#include "core/buf.h"
#include "core/mem.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef struct opener {
    const char *name;
    const char *url;  /* what stands before the file */
    const char *file; /* in a directory of the test's own; NULL: the store
                         lives and dies with its connection */
} opener;

static const opener openers[] = {
    {"sqlite file", "sqlite:", "store.db"},
    {"sqlite memory", "sqlite::memory:", NULL},
};

#define SUITE_MAX ((size_t)64)
#define N_OPENERS (sizeof(openers) / sizeof(*openers))

typedef struct fixture {
    const opener *how;
    scratch dir;
    rk_store *s;
} fixture;


static inline rk_store *store_connect(fixture *f)
{
    const char *file = f->how->file ? scratch_path(&f->dir, f->how->file) : "";
    rk_error err = {0};
    char url[1024];
    rk_store *s;

    snprintf(url, sizeof(url), "%s%s", f->how->url, file);
    if (rk_store_open(&s, url, &err))
        fail_msg("%s", err.msg);
    return s;
}


static inline int setup(void **state)
{
    fixture *f = rk_calloc(1, sizeof(*f));

    f->how = *state;
    scratch_init(&f->dir);
    f->s = store_connect(f);
    *state = f;
    return 0;
}


static inline int teardown(void **state)
{
    fixture *f = *state;

    rk_store_close(f->s);
    scratch_clear(&f->dir);
    free(f);
    return 0;
}


static inline int put_item(rk_store *s, const char *id, const char *title)
{
    rk_field f = {"title", title};

    return rk_store_put_record(s, RK_ITEMS, &(rk_record){id, &f, 1}, NULL);
}


static inline int put_event(rk_store *s, const char *user, const char *item,
                            const char *type, double value, int64_t at_us)
{
    return rk_store_put_event(s, &(rk_event){user, item, type, value, at_us},
                              NULL);
}


static inline rk_store_counts counts(rk_store *s)
{
    rk_store_counts c;

    assert_int_equal(rk_store_counts_get(s, &c, NULL), RK_OK);
    return c;
}


static inline void assert_same_counts(rk_store *s, rk_store_counts expected)
{
    rk_store_counts found = counts(s);

    assert_memory_equal(&found, &expected, sizeof(found));
}


/* Walks as text, so that order and content are compared at once. */
static inline int record_tell(void *ctx, const rk_record *r, rk_error *err)
{
    (void)err;
    rk_buf_puts(ctx, r->id);
    for (size_t i = 0; i < r->n_fields; i++)
        rk_buf_printf(ctx, " %s=%s", r->fields[i].name, r->fields[i].value);
    rk_buf_putc(ctx, '\n');
    return RK_OK;
}


static inline int event_tell(void *ctx, const rk_event *e, rk_error *err)
{
    (void)err;
    rk_buf_printf(ctx, "%s %s %s %g %lld\n", e->user, e->item, e->type,
                  e->value, (long long)e->at_us);
    return RK_OK;
}


static inline void assert_records(rk_store *s, enum rk_kind kind,
                                  uint64_t since, const char *expected)
{
    rk_buf told;

    rk_buf_init(&told);
    assert_int_equal(
        rk_store_each_record(s, kind, since, record_tell, &told, NULL), RK_OK);
    assert_string_equal(rk_buf_str(&told), expected);
    rk_buf_clear(&told);
}


static inline void assert_events(rk_store *s, const char *user,
                                 const char *expected)
{
    rk_buf told;

    rk_buf_init(&told);
    assert_int_equal(rk_store_each_event(s, user, event_tell, &told, NULL),
                     RK_OK);
    assert_string_equal(rk_buf_str(&told), expected);
    rk_buf_clear(&told);
}


/* Runs the tests (n) on each opener; returns how many failed. */
static inline int suite_run(const struct CMUnitTest *suite, size_t n)
{
    int n_failed = 0;

    for (size_t i = 0; i < N_OPENERS; i++) {
        struct CMUnitTest tests[SUITE_MAX] = {0};

        if (n > SUITE_MAX)
            abort();
        memcpy(tests, suite, n * sizeof(*tests));
        for (size_t k = 0; k < n; k++) {
            tests[k].setup_func = setup;
            tests[k].teardown_func = teardown;
            tests[k].initial_state = (void *)&openers[i];
        }
        n_failed += _cmocka_run_group_tests(openers[i].name, tests, n, NULL,
                                            NULL);
    }
    return n_failed;
}

#endif
