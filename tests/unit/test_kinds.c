#include "eval/kinds.h"

#include "core/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { N = 7 };

/* The field's name and value of each item. */
static const rk_field fields[N] = {
    {"genres", "a|b"},       {"genres", " b | c|b"}, {"categories", "a|b"},
    {"Genre", "c"},          {"category", "A"},      {"mood", "a"},
    {"genres", "| |c||d|a"},
};


static rk_corpus *corpus_new(void)
{
    static const rk_rules none = {0};
    rk_corpus_builder *b = NULL;
    rk_corpus *c = NULL;

    assert_int_equal(rk_corpus_builder_new(&b, &none, NULL), RK_OK);
    for (size_t i = 0; i < N; i++) {
        char id[24];
        const rk_field both[] = {{"title", id}, fields[i]};

        snprintf(id, sizeof(id), "%zu", i);
        assert_int_equal(rk_corpus_add_item(b, &(rk_record){id, both, 2}, NULL),
                         RK_OK);
    }
    assert_int_equal(rk_corpus_finish(b, &c, NULL), RK_OK);
    rk_corpus_builder_free(b);
    return c;
}


static void test_items_are_as_alike_as_their_categories(void **state)
{
    static const double alike[N][N] = {
        {1, 1.0 / 3, 1, 0, 0, 0, 0.25}, {0, 1, 1.0 / 3, 0.5, 0, 0, 0.25},
        {0, 0, 1, 0, 0, 0, 0.25},       {0, 0, 0, 1, 0, 0, 1.0 / 3},
        {0, 0, 0, 0, 1, 0, 0},          {0, 0, 0, 0, 0, 0, 0},
        {0, 0, 0, 0, 0, 0, 1},
    };
    rk_corpus *c = corpus_new();
    rk_kinds k;

    (void)state;
    assert_int_equal(rk_kinds_init(&k, c, NULL), RK_OK);
    assert_int_equal(k.start[1], 2);
    assert_int_equal(k.start[2] - k.start[1], 2); /* b comes twice */
    assert_int_equal(k.start[7] - k.start[6], 3); /* nothing is no category */
    for (uint32_t i = 0; i < N; i++) {
        for (uint32_t j = i; j < N; j++) {
            assert_true(fabs(rk_kinds_alike(&k, i, j) - alike[i][j]) < 1e-12);
            assert_true(rk_kinds_alike(&k, i, j) == rk_kinds_alike(&k, j, i));
        }
    }
    rk_kinds_clear(&k);
    rk_corpus_free(c);
}


static void test_kinds_survive_each_allocation_failing(void **state)
{
    rk_corpus *c = corpus_new();
    size_t n = 0;
    rk_kinds k;
    int rc;

    (void)state;
    do {
        rk_mem_fail_at(++n);
        rc = rk_kinds_init(&k, c, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || (rc == RK_ENOMEM && !k.start && !k.kind));
    } while (rc != RK_OK);
    assert_true(n > 10);
    rk_kinds_clear(&k);
    rk_corpus_free(c);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_items_are_as_alike_as_their_categories),
        cmocka_unit_test(test_kinds_survive_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
