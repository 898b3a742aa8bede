/* The door to the learners; each keeps the laws in its own test, those that
 * have none here. */
#include "learn/learner.h"

#include "learn/transformer.h"
#include "learner_laws.h"

#include <string.h>


static void estimate_a_gib(const rk_histories *h, const rk_train_opts *opts,
                           rk_estimate *out)
{
    (void)h;
    (void)opts;
    *out = (rk_estimate){.bytes = 1 << 30, .flop = 1};
}


static const rk_learner demanding = {
    .name = "demanding",
    .needs = RK_NEEDS_VECTORS | RK_NEEDS_TOKENS,
    .estimate = estimate_a_gib,
};


static void refused(const rk_train_opts *opts, const char *says)
{
    static const size_t start[] = {0};
    static const rk_histories h = {0, 20000, start, NULL};
    rk_error err = {0};

    assert_int_equal(rk_learner_check(&demanding, &h, opts, &err), RK_EINVAL);
    assert_int_equal(err.code, RK_EINVAL);
    assert_string_equal(err.msg, says);
    assert_int_equal(rk_learner_check(&demanding, &h, opts, NULL), RK_EINVAL);
}


static void test_a_learner_is_refused_what_it_cannot_have(void **state)
{
    static const float vectors[1] = {1};
    static const rk_csr tokens = {0};
    static const size_t start[] = {0};
    static const rk_histories h = {0, 20000, start, NULL};
    rk_side side = {0};
    rk_train_opts opts = {0};

    (void)state;
    refused(&opts, "demanding: needs the items' vectors");
    opts.side = &side;
    refused(&opts, "demanding: needs the items' vectors");
    side.vectors = vectors;
    refused(&opts, "demanding: needs the items' tokens");
    side.tokens = &tokens;
    assert_int_equal(rk_learner_check(&demanding, &h, &opts, NULL), RK_OK);
    opts.max_bytes = (size_t)1 << 29;
    refused(&opts, "demanding: needs 1.0 GiB for 20000 items, may take 0.5 "
                   "GiB");
    opts.max_bytes = (size_t)1 << 30;
    assert_int_equal(rk_learner_check(&demanding, &h, &opts, NULL), RK_OK);
}


static bool is_line(const char *s)
{
    return s && s[0] && !strchr(s, '\n') && s[strlen(s) - 1] != '.';
}


static void test_every_learner_says_what_it_is(void **state)
{
    (void)state;
    for (const rk_learner *const *l = rk_learners; *l; l++) {
        assert_true(is_line((*l)->name));
        assert_true(is_line((*l)->summary));
        assert_true(is_line((*l)->cites));
        assert_true((*l)->n_columns > 0);
        for (size_t c = 0; c < (*l)->n_columns; c++)
            assert_true(is_line((*l)->columns[c]));
        assert_true((*l)->effort == RK_FAST || (*l)->effort == RK_FULL);
        assert_true((*l)->estimate && (*l)->train && (*l)->score);
        assert_true((*l)->put && (*l)->get && (*l)->free);
    }
}


static void test_names_and_columns_are_each_found_once(void **state)
{
    (void)state;
    for (const rk_learner *const *a = rk_learners; *a; a++) {
        assert_ptr_equal(rk_learner_find((*a)->name), *a);
        for (const rk_learner *const *b = rk_learners; *b; b++)
            for (size_t i = 0; i < (*a)->n_columns; i++)
                for (size_t j = 0; j < (*b)->n_columns; j++)
                    assert_true((a == b && i == j) ||
                                strcmp((*a)->columns[i], (*b)->columns[j]) !=
                                    0);
    }
    assert_null(rk_learner_find("nobody"));
    assert_null(rk_learner_find(""));
}


/* What an estimate says grows with what there is to learn from, and no need
 * not met is part of it. */
static void test_estimates_grow_with_the_data(void **state)
{
    static const size_t few[] = {0, 2, 4};
    static const size_t many[] = {0, 2000, 4000};
    static const rk_histories small = {2, 100, few, NULL};
    static const rk_histories large = {2, 10000, many, NULL};
    const rk_train_opts opts = {.effort = RK_FULL};

    (void)state;
    for (const rk_learner *const *l = rk_learners; *l; l++) {
        rk_estimate a = {0};
        rk_estimate b = {0};

        (*l)->estimate(&small, &opts, &a);
        (*l)->estimate(&large, &opts, &b);
        assert_true(a.bytes > 0 && b.bytes > a.bytes);
        assert_true(a.flop > 0 && b.flop > a.flop);
    }
}


static void test_the_transformer_keeps_the_laws_of_learners(void **state)
{
    (void)state;
    learner_laws(&rk_learner_transformer);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_learner_is_refused_what_it_cannot_have),
        cmocka_unit_test(test_every_learner_says_what_it_is),
        cmocka_unit_test(test_names_and_columns_are_each_found_once),
        cmocka_unit_test(test_estimates_grow_with_the_data),
        cmocka_unit_test(test_the_transformer_keeps_the_laws_of_learners),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
