/* Tiny files of protocols, for tests of their loaders. */
#ifndef RK_TESTS_PROTOCOL_FILES_H
#define RK_TESTS_PROTOCOL_FILES_H

#include "../scratch.h"
#include "core/buf.h"
#include "core/mem.h"
#include "core/rng.h"
#include "eval/task.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { CROWD = 40 }; /* users and items of ml-1m as put_crowd() writes it */


static inline void put(scratch *s, const char *name, const char *text)
{
    FILE *f = fopen(scratch_path(s, name), "wb");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}


static inline void put_buf(scratch *s, const char *name, rk_buf *text)
{
    put(s, name, rk_buf_str(text));
    rk_buf_clear(text);
}


static inline unsigned crowd_item(unsigned user, unsigned i)
{
    return (user + 3 * i) % CROWD + 1;
}


/* MovieLens 1M of 40 users 1 to 40: user u has had items crowd_item(u, 0) to
 * (u, 5); (u, 6) is the test. Every fourth tunes. */
static inline void put_crowd(scratch *s)
{
    rk_buf items;
    rk_buf users;
    rk_buf rows;

    rk_buf_init(&items);
    rk_buf_init(&users);
    rk_buf_init(&rows);
    rk_buf_puts(&items, "item_id\ttitle\tgenres\n");
    rk_buf_puts(&users, "user_id\tgender\tage_band\toccupation\tzip\n");
    rk_buf_puts(&rows, "user_id\tis_validation_user\thistory\ttest_item\n");
    for (unsigned u = 1; u <= CROWD; u++) {
        rk_buf_printf(&items, "%u\tFilm %u (1999)\tDrama\n", u, u);
        rk_buf_printf(&users, "%u\tF\t25\t%u\t1\n", u, u % 21);
        rk_buf_printf(&rows, "%u\t%d\t", u, u % 4 == 0);
        for (unsigned i = 0; i < 6; i++)
            rk_buf_printf(&rows, "%s%u", i ? " " : "", crowd_item(u, i));
        rk_buf_printf(&rows, "\t%u\n", crowd_item(u, 6));
    }
    put_buf(s, "items.tsv", &items);
    put_buf(s, "users.tsv", &users);
    put_buf(s, "sequences.tsv", &rows);
}


static inline int load(const char *name, scratch *s, rk_task **t, rk_error *err)
{
    const rk_task_opts opts = {.data = s->dir, .seed = 2};

    return rk_protocol_find(name)->load(t, &opts, err);
}


/* Loaded, and its guards hold. */
static inline rk_task *load_good(const char *name, scratch *s)
{
    rk_error err = {0};
    rk_task *t;

    if (load(name, s, &t, &err) || rk_task_check(t, &err))
        fail_msg("%s", err.msg);
    assert_string_equal(t->name, name);
    assert_true(t->n_notes > 0);
    return t;
}


/* RK_EFORMAT that says so, "FILE:LINE: ". */
static inline void load_damaged(const char *name, scratch *s, const char *says)
{
    rk_error err = {0};
    rk_task *t;

    assert_int_equal(load(name, s, &t, &err), RK_EFORMAT);
    assert_int_equal(err.code, RK_EFORMAT);
    assert_null(t);
    if (!strstr(err.msg, says))
        fail_msg("'%s' does not say '%s'", err.msg, says);
}


/* Each allocation fails in turn; nothing is left. */
static inline void load_without_memory(const char *name, scratch *s,
                                       size_t step)
{
    size_t n = 1;
    int rc;

    do {
        rk_task *t;

        rk_mem_fail_at(n);
        rc = load(name, s, &t, NULL);
        rk_mem_fail_at(0);
        assert_int_equal(t == NULL, rc != RK_OK);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
        rk_task_free(t);
        n += step;
    } while (rc != RK_OK);
    assert_true(n > 10);
}

#endif
