#include "core/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_sizes_that_do_not_fit_are_refused(void **state)
{
    size_t half = SIZE_MAX / 2 + 1;
    void *p = rk_calloc(4, 4);

    (void)state;
    assert_null(rk_calloc(half, 2));
    assert_null(rk_alloc_array(half, 2));
    assert_null(rk_alloc_array(3, SIZE_MAX / 2));
    assert_null(rk_alloc_aligned(half, 2));
    assert_null(rk_alloc_aligned(SIZE_MAX - 8, 1));
    assert_non_null(p);
    assert_null(rk_realloc_array(p, half, 2));
    free(p); /* is still there */
}


static void test_nothing_is_asked_for_and_something_comes(void **state)
{
    void *all[] = {rk_calloc(0, 8), rk_calloc(8, 0), rk_alloc_array(0, 8),
                   rk_realloc_array(NULL, 0, 8), rk_alloc_aligned(0, 4)};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        assert_non_null(all[i]);
        free(all[i]);
    }
}


static void test_vectors_are_aligned_and_calloc_is_zero(void **state)
{
    (void)state;
    for (size_t n = 1; n < 100; n += 7) {
        float *v = rk_alloc_aligned(n, sizeof(*v));
        unsigned char *z = rk_calloc(n, 3);

        assert_int_equal((uintptr_t)v % 64, 0);
        memset(v, 1, n * sizeof(*v)); /* all of it is ours */
        for (size_t i = 0; i < 3 * n; i++)
            assert_int_equal(z[i], 0);
        free(v);
        free(z);
    }
}


static void test_copies_of_text_end(void **state)
{
    char *whole = rk_strdup("a tale");
    char *part = rk_strndup("a tale", 1);

    (void)state;
    assert_string_equal(whole, "a tale");
    assert_string_equal(part, "a");
    free(whole);
    free(part);
}


static void test_growing_keeps_what_was_there(void **state)
{
    uint32_t *list = NULL;
    size_t cap = 0;

    (void)state;
    for (uint32_t n = 0; n < 1000; n++) {
        uint32_t *more = rk_grow(list, n, &cap, sizeof(*list));

        assert_non_null(more);
        assert_true(cap > n && cap < 2 * n + 17);
        list = more;
        list[n] = n;
    }
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(list[i], i);
    free(list);
}


static void test_growing_without_memory_changes_nothing(void **state)
{
    char small[4] = "abc";
    size_t cap = 4;
    size_t huge = SIZE_MAX / 2 + 1;

    (void)state;
    rk_mem_fail_at(1);
    assert_null(rk_grow(small, 4, &cap, 1));
    rk_mem_fail_at(0);
    assert_int_equal(cap, 4);
    assert_string_equal(small, "abc");
    assert_ptr_equal(rk_grow(small, 3, &cap, 1), small); /* there is room */
    assert_null(rk_grow(small, huge, &huge, 1)); /* twice that is no size */
    assert_true(huge == SIZE_MAX / 2 + 1);
}


static void test_the_allocation_that_is_named_fails_and_no_other(void **state)
{
    (void)state;
    for (size_t at = 1; at <= 6; at++) {
        void *made[6];

        rk_mem_fail_at(at);
        made[0] = rk_calloc(1, 1);
        made[1] = rk_alloc_array(1, 1);
        made[2] = rk_realloc_array(NULL, 1, 1);
        made[3] = rk_strdup("x");
        made[4] = rk_strndup("x", 1);
        made[5] = rk_alloc_aligned(1, 1);
        assert_int_equal(rk_mem_fail_at(0), 6);
        for (size_t i = 0; i < 6; i++) {
            assert_int_equal(made[i] == NULL, i + 1 == at);
            free(made[i]);
        }
    }
    assert_int_equal(rk_mem_fail_at(0), 0);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes_that_do_not_fit_are_refused),
        cmocka_unit_test(test_nothing_is_asked_for_and_something_comes),
        cmocka_unit_test(test_vectors_are_aligned_and_calloc_is_zero),
        cmocka_unit_test(test_copies_of_text_end),
        cmocka_unit_test(test_growing_keeps_what_was_there),
        cmocka_unit_test(test_growing_without_memory_changes_nothing),
        cmocka_unit_test(test_the_allocation_that_is_named_fails_and_no_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
