#include "store/migrate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* A store that writes down what is done to it: "[12]" is a transaction in
 * which migrations 1 and 2 were applied and committed, "[1!" one that was
 * rolled back. */
typedef struct fake {
    int version;
    int applied;  /* within the open transaction */
    int taken_at; /* begin finds this version, made by another process */
    int fails_at; /* apply fails at this migration */
    char log[64];
} fake;

static const rk_migration steps[] = {{1, "one"}, {2, "two"}, {3, "three"}};


static void say(fake *f, char c)
{
    size_t len = strlen(f->log);

    assert_true(len + 1 < sizeof(f->log));
    f->log[len] = c;
    f->log[len + 1] = '\0';
}


static int version_get(void *ctx, int *out, rk_error *err)
{
    const fake *f = ctx;

    (void)err;
    *out = f->version;
    return RK_OK;
}


static int begin(void *ctx, rk_error *err)
{
    fake *f = ctx;

    (void)err;
    say(f, '[');
    if (f->taken_at > f->version)
        f->version = f->taken_at;
    f->applied = f->version;
    return RK_OK;
}


static int apply(void *ctx, const rk_migration *m, rk_error *err)
{
    fake *f = ctx;

    assert_int_equal(m->version, f->applied + 1);
    assert_string_equal(m->sql, steps[m->version - 1].sql);
    if (m->version == f->fails_at)
        return rk_fail(err, RK_EIO, "disk full");
    f->applied = m->version;
    say(f, (char)('0' + m->version));
    return RK_OK;
}


static int commit(void *ctx, rk_error *err)
{
    fake *f = ctx;

    (void)err;
    f->version = f->applied;
    say(f, ']');
    return RK_OK;
}


static void rollback(void *ctx)
{
    say(ctx, '!');
}


static int migrate(fake *f, size_t n, rk_error *err)
{
    rk_migrator m = {version_get, begin, apply, commit, rollback, f};

    return rk_migrate(&m, steps, n, err);
}


static void test_migrate_applies_each_step_in_its_own_transaction(void **state)
{
    fake f = {.version = 0};

    (void)state;
    assert_int_equal(migrate(&f, 3, NULL), RK_OK);
    assert_string_equal(f.log, "[1][2][3]");
    assert_int_equal(f.version, 3);
}


static void test_migrate_applies_only_what_is_missing(void **state)
{
    fake f = {.version = 2};

    (void)state;
    assert_int_equal(migrate(&f, 3, NULL), RK_OK);
    assert_string_equal(f.log, "[3]");
}


static void test_migrate_does_not_lock_a_store_that_lacks_nothing(void **state)
{
    fake f = {.version = 3};

    (void)state;
    assert_int_equal(migrate(&f, 3, NULL), RK_OK);
    assert_string_equal(f.log, "");
}


static void test_migrate_refuses_a_newer_store_with_both_versions(void **state)
{
    fake f = {.version = 4};
    rk_error err = {0};

    (void)state;
    assert_int_equal(migrate(&f, 3, &err), RK_EFORMAT);
    assert_string_equal(err.msg,
                        "the store has version 4, written by a newer reckon; "
                        "this one reads up to version 3");
    assert_string_equal(f.log, "");
}


static void test_migrate_leaves_out_what_another_process_did(void **state)
{
    fake f = {.version = 0, .taken_at = 2};

    (void)state;
    assert_int_equal(migrate(&f, 3, NULL), RK_OK);
    assert_string_equal(f.log, "[][][3]");
    assert_int_equal(f.version, 3);
}


static void test_migrate_refuses_what_a_newer_process_did(void **state)
{
    fake f = {.version = 0, .taken_at = 3};

    (void)state;
    assert_int_equal(migrate(&f, 2, NULL), RK_EFORMAT);
    assert_string_equal(f.log, "[!");
}


static void test_migrate_undoes_a_step_that_fails_and_stops(void **state)
{
    fake f = {.version = 0, .fails_at = 2};
    rk_error err = {0};

    (void)state;
    assert_int_equal(migrate(&f, 3, &err), RK_EIO);
    assert_string_equal(err.msg, "disk full");
    assert_string_equal(f.log, "[1][!");
    assert_int_equal(f.version, 1);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_migrate_applies_each_step_in_its_own_transaction),
        cmocka_unit_test(test_migrate_applies_only_what_is_missing),
        cmocka_unit_test(test_migrate_does_not_lock_a_store_that_lacks_nothing),
        cmocka_unit_test(test_migrate_refuses_a_newer_store_with_both_versions),
        cmocka_unit_test(test_migrate_leaves_out_what_another_process_did),
        cmocka_unit_test(test_migrate_refuses_what_a_newer_process_did),
        cmocka_unit_test(test_migrate_undoes_a_step_that_fails_and_stops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
