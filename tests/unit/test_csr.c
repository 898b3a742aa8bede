#include "data/csr.h"

#include "../scratch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/*  .  2  .  4
 *  .  .  .  .
 *  6  .  7  . */
static const uint64_t start[] = {0, 2, 2, 4};
static const uint32_t col[] = {1, 3, 0, 2};
static const float value[] = {2, 4, 6, 7};


/* The bundle of one matrix, in the scratch directory. */
static rk_bundle *bundle_of(scratch *s, const rk_csr *m)
{
    rk_bundle_writer *w;
    rk_bundle *b;

    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    assert_int_equal(rk_csr_put(w, "m", m, NULL), RK_OK);
    assert_int_equal(rk_bundle_save(w, scratch_path(s, "b"), NULL), RK_OK);
    rk_bundle_writer_free(w);
    assert_int_equal(rk_bundle_open(&b, scratch_path(s, "b"), NULL), RK_OK);
    return b;
}


static void test_csr_gives_back_what_was_put(void **state)
{
    rk_csr m = {3, 4, start, col, value};
    rk_csr got;
    rk_bundle *b;
    scratch s;

    (void)state;
    scratch_init(&s);
    b = bundle_of(&s, &m);
    assert_int_equal(rk_csr_get(b, "m", 3, 4, &got, NULL), RK_OK);
    assert_int_equal(got.n_rows, 3);
    assert_int_equal(got.n_cols, 4);
    assert_memory_equal(got.start, start, sizeof(start));
    assert_memory_equal(got.col, col, sizeof(col));
    assert_memory_equal(got.value, value, sizeof(value));
    rk_bundle_close(b);
    scratch_clear(&s);
}


static void test_csr_may_hold_nothing(void **state)
{
    static const uint64_t none[] = {0};
    rk_csr m = {0, 0, none, NULL, NULL};
    rk_bundle *b;
    scratch s;

    (void)state;
    scratch_init(&s);
    b = bundle_of(&s, &m);
    assert_int_equal(rk_csr_get(b, "m", 0, 0, &m, NULL), RK_OK);
    assert_int_equal(rk_csr_get(b, "m", SIZE_MAX, 0, &m, NULL), RK_EFORMAT);
    rk_bundle_close(b);
    scratch_clear(&s);
}


static void test_csr_get_refuses_another_shape(void **state)
{
    rk_csr m = {3, 4, start, col, value};
    rk_csr got;
    rk_error err = {0};
    rk_bundle *b;
    scratch s;

    (void)state;
    scratch_init(&s);
    b = bundle_of(&s, &m);
    assert_int_equal(rk_csr_get(b, "m", 2, 4, &got, &err), RK_EFORMAT);
    assert_int_equal(rk_csr_get(b, "m", 4, 4, &got, &err), RK_EFORMAT);
    assert_int_equal(rk_csr_get(b, "m", 3, 3, &got, &err), RK_EFORMAT);
    assert_string_equal(err.msg, "matrix 'm' row 0: column 3 of 3");
    assert_int_equal(rk_csr_get(b, "n", 3, 4, &got, &err), RK_ENOTFOUND);
    rk_bundle_close(b);
    scratch_clear(&s);
}


static void assert_refused(const rk_csr *m)
{
    rk_csr got;
    rk_bundle *b;
    scratch s;

    scratch_init(&s);
    b = bundle_of(&s, m);
    assert_int_equal(rk_csr_get(b, "m", m->n_rows, m->n_cols, &got, NULL),
                     RK_EFORMAT);
    rk_bundle_close(b);
    scratch_clear(&s);
}


static void test_csr_get_checks_every_index(void **state)
{
    static const uint64_t late[] = {1, 2, 2, 4};
    static const uint64_t back[] = {0, 3, 2, 4};
    static const uint64_t far[] = {0, 9, 2, 4};
    static const uint32_t outside[] = {1, 3, 0, 4};
    static const uint32_t twice[] = {1, 1, 0, 2};
    static const uint32_t falling[] = {1, 3, 2, 0};
    static const float infinite[] = {2, INFINITY, 6, 7};

    (void)state;
    assert_refused(&(rk_csr){3, 4, late, col, value});
    assert_refused(&(rk_csr){3, 4, back, col, value});
    assert_refused(&(rk_csr){3, 4, far, col, value});
    assert_refused(&(rk_csr){3, 4, start, outside, value});
    assert_refused(&(rk_csr){3, 4, start, twice, value});
    assert_refused(&(rk_csr){3, 4, start, falling, value});
    assert_refused(&(rk_csr){3, 4, start, col, infinite});
}


static void test_csr_get_refuses_parts_of_different_lengths(void **state)
{
    rk_bundle_writer *w;
    rk_bundle *b;
    rk_csr got;
    scratch s;

    (void)state;
    scratch_init(&s);
    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    assert_int_equal(rk_bundle_put(w, "m.start", RK_U64, 1, 4, start, NULL),
                     RK_OK);
    assert_int_equal(rk_bundle_put(w, "m.col", RK_U32, 1, 4, col, NULL), RK_OK);
    assert_int_equal(rk_bundle_put(w, "m.value", RK_F32, 1, 3, value, NULL),
                     RK_OK);
    assert_int_equal(rk_bundle_save(w, scratch_path(&s, "b"), NULL), RK_OK);
    rk_bundle_writer_free(w);
    assert_int_equal(rk_bundle_open(&b, scratch_path(&s, "b"), NULL), RK_OK);
    assert_int_equal(rk_csr_get(b, "m", 3, 4, &got, NULL), RK_EFORMAT);
    rk_bundle_close(b);
    scratch_clear(&s);
}


static void test_csr_put_refuses_a_name_without_room(void **state)
{
    char name[64];
    rk_csr m = {3, 4, start, col, value};
    rk_bundle_writer *w;

    (void)state;
    memset(name, 'n', 63);
    name[63] = '\0';
    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    assert_int_equal(rk_csr_put(w, name, &m, NULL), RK_EINVAL);
    assert_int_equal(rk_csr_put(w, name + 6, &m, NULL), RK_OK);
    assert_int_equal(rk_csr_put(w, name + 6, &m, NULL), RK_EINVAL);
    rk_bundle_writer_free(w);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csr_gives_back_what_was_put),
        cmocka_unit_test(test_csr_may_hold_nothing),
        cmocka_unit_test(test_csr_get_refuses_another_shape),
        cmocka_unit_test(test_csr_get_checks_every_index),
        cmocka_unit_test(test_csr_get_refuses_parts_of_different_lengths),
        cmocka_unit_test(test_csr_put_refuses_a_name_without_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
