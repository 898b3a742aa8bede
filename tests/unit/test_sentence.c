#include "paradigms/sentence.h"

#include "core/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

typedef struct given {
    const char *kind;
    float weight;
    const char *text;
} given;


/* The sentence of some reasons, in any order; yours to free. */
static char *sentence(const given *g, size_t n, float probability)
{
    rk_reasons r = {0};
    char *why;

    for (size_t i = 0; i < n; i++)
        assert_int_equal(rk_reasons_add(&r, g[i].kind, g[i].text, g[i].weight,
                                        NULL, "%s", g[i].text),
                         RK_OK);
    assert_int_equal(
        rk_sentence_write(&r, "Dune", probability, "the test", NULL), RK_OK);
    why = r.why;
    r.why = NULL;
    rk_reasons_clear(&r);
    return why;
}


static void assert_sentence(const given *g, size_t n, float probability,
                            const char *wanted)
{
    char *why = sentence(g, n, probability);

    assert_string_equal(why, wanted);
    free(why);
}


static void test_the_strongest_on_each_side_are_quoted(void **state)
{
    static const given g[] = {
        {"token", 0.1f, "sand"},    {"token", -2, "war"},
        {"token", 0.5f, "space"},   {"liked", 0.3f, "near to Foundation"},
        {"model", 9, "the model"},  {"token", -0.2f, "long"},
        {"quality", 0.4f, "liked"},
    };

    (void)state;
    assert_sentence(g, 7, 0.8f,
                    "Dune should please: space; liked; against it: war. "
                    "Judged by the test.");
    assert_sentence(g, 7, 0.2f,
                    "Dune is likely to disappoint: war; long; for it: space. "
                    "Judged by the test.");
}


static void test_without_a_probability_it_is_a_recommendation(void **state)
{
    static const given g[] = {{"token", -1, "war"}};

    (void)state;
    assert_sentence(g, 1, NAN,
                    "Dune should please; against it: war. Judged by the test.");
    assert_sentence(g, 0, NAN, "Dune should please. Judged by the test.");
    assert_sentence(g, 1, 0.5f,
                    "Dune should please; against it: war. Judged by the test.");
}


/* A like without a weight does not speak against, nor a dislike for it. */
static void
test_a_reason_without_a_weight_is_on_the_side_of_its_kind(void **state)
{
    static const given g[] = {{"liked", NAN, "like Hyperion"},
                              {"disliked", NAN, "like Solaris"},
                              {"wish", NAN, "a wish"}};

    (void)state;
    assert_sentence(g, 3, 0.9f,
                    "Dune should please: a wish; like Hyperion; against it: "
                    "like Solaris. Judged by the test.");
    assert_sentence(g, 3, 0.1f,
                    "Dune is likely to disappoint: a wish; like Solaris; for "
                    "it: like Hyperion. Judged by the test.");
}


static void test_writing_survives_each_allocation_failing(void **state)
{
    size_t n = 0;
    size_t made;

    (void)state;
    do {
        rk_reasons r = {0};
        int rc;

        rk_mem_fail_at(++n);
        rc = rk_reasons_add(&r, "token", "war", 1, NULL, "%s", "war");
        if (rc == RK_OK)
            rc = rk_sentence_write(&r, "Dune", 0.9f, "the test", NULL);
        made = rk_mem_fail_at(0);
        assert_int_equal(rc, made < n ? RK_OK : RK_ENOMEM);
        rk_reasons_clear(&r);
    } while (made >= n);
    assert_true(n > 3);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_strongest_on_each_side_are_quoted),
        cmocka_unit_test(test_without_a_probability_it_is_a_recommendation),
        cmocka_unit_test(
            test_a_reason_without_a_weight_is_on_the_side_of_its_kind),
        cmocka_unit_test(test_writing_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
