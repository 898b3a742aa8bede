#include "learn/places.h"

#include "learner_laws.h"


static void test_places_are_the_histories_turned_over(void **state)
{
    rk_places p;
    law_data d;

    (void)state;
    law_data_init(&d, 1);
    assert_int_equal(rk_places_init(&p, &d.h, NULL), RK_OK);
    assert_int_equal(p.start[LAW_ITEMS], d.start[LAW_USERS]);
    for (size_t i = 0; i < LAW_ITEMS; i++)
        for (size_t k = p.start[i]; k < p.start[i + 1]; k++) {
            rk_place at = p.place[k];

            assert_int_equal(d.item[d.start[at.user] + at.at], i);
            assert_true(d.start[at.user] + at.at < d.start[at.user + 1]);
            if (k > p.start[i])
                assert_true(p.place[k - 1].user < at.user);
        }
    rk_places_clear(&p);
}


static bool has(const rk_histories *h, size_t u, uint32_t item)
{
    for (size_t e = h->start[u]; e < h->start[u + 1]; e++)
        if (h->item[e] == item)
            return true;
    return false;
}


/* Of part of the users too, and items that come twice count once. */
static void test_the_gram_counts_users_who_had_both(void **state)
{
    static float g[LAW_ITEMS * LAW_ITEMS];
    rk_histories part;
    law_data d;

    (void)state;
    law_data_init(&d, 2);
    for (size_t e = 3; e < d.start[LAW_USERS]; e += 5)
        d.item[e] = d.item[e - 1];
    part = rk_histories_part(&d.h, 4, LAW_USERS - 6);
    assert_int_equal(rk_places_gram(&part, g, NULL), RK_OK);
    for (uint32_t i = 0; i < LAW_ITEMS; i++)
        for (uint32_t j = i; j < LAW_ITEMS; j++) {
            int both = 0;

            for (size_t u = 0; u < part.n_users; u++)
                both += has(&part, u, i) && has(&part, u, j);
            assert_true(g[i * LAW_ITEMS + j] == (float)both);
        }
}


static void test_every_failing_allocation_is_reported(void **state)
{
    static float g[LAW_ITEMS * LAW_ITEMS];
    size_t fail = 0;
    law_data d;
    int rc;

    (void)state;
    law_data_init(&d, 3);
    do {
        rk_mem_fail_at(++fail);
        rc = rk_places_gram(&d.h, g, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
    } while (rc != RK_OK);
    assert_int_equal(fail, 7);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places_are_the_histories_turned_over),
        cmocka_unit_test(test_the_gram_counts_users_who_had_both),
        cmocka_unit_test(test_every_failing_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
