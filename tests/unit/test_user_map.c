#include "learn/user_map.h"

#include "learner_laws.h"

#define LAMBDA 2.0f
#define D      LAW_D
#define N      ((size_t)LAW_ITEMS)

/* User 0 has no history and user 3 no profile. */
typedef struct people {
    law_data data;
    float vectors[LAW_USERS * D];
    double mean[D];
    double base[LAW_ITEMS];
    size_t n;
} people;


static bool is_known(size_t u)
{
    return u != 0 && u != 3;
}


static double liked(const law_data *d, size_t u, size_t item)
{
    for (size_t e = d->start[u]; e < d->start[u + 1]; e++)
        if (d->item[e] == item)
            return 1 / sqrt((double)(d->start[u + 1] - d->start[u]));
    return 0;
}


static void people_init(people *p, uint64_t seed)
{
    rk_rng r = {seed};

    *p = (people){0};
    law_data_init(&p->data, seed);
    for (size_t u = 0; u < LAW_USERS; u++)
        for (size_t k = 0; k < D; k++)
            p->vectors[u * D + k] = u == 3 ? 0 : (float)rk_rng_unit(&r);
    p->n = LAW_USERS - 2;
    for (size_t u = 0; u < LAW_USERS; u++) {
        for (size_t k = 0; is_known(u) && k < D; k++)
            p->mean[k] += (double)p->vectors[u * D + k] / (double)p->n;
        for (size_t i = 0; is_known(u) && i < N; i++)
            p->base[i] += liked(&p->data, u, i) / (double)p->n;
    }
}


/* The gradient of the objective is zero. */
static void test_the_map_solves_its_equations(void **state)
{
    rk_user_map m;
    people p;

    (void)state;
    people_init(&p, 1);
    assert_int_equal(rk_user_map_fit(&m, p.vectors, D, &p.data.h, LAMBDA, NULL),
                     RK_OK);
    for (size_t k = 0; k < D; k++)
        for (size_t i = 0; i < N; i++) {
            double sum = (double)(LAMBDA * m.weights[k * N + i]);

            for (size_t u = 0; u < LAW_USERS; u++) {
                double off = p.base[i] - liked(&p.data, u, i);

                if (!is_known(u))
                    continue;
                for (size_t j = 0; j < D; j++)
                    off += ((double)p.vectors[u * D + j] - p.mean[j]) *
                           (double)m.weights[j * N + i];
                sum += off * ((double)p.vectors[u * D + k] - p.mean[k]);
            }
            assert_true(fabs(sum) < 1e-5);
        }
    rk_user_map_clear(&m);
}


static void test_scores_start_from_what_is_popular(void **state)
{
    float middle[D];
    float scores[LAW_ITEMS];
    rk_user_map m;
    people p;

    (void)state;
    people_init(&p, 2);
    for (size_t k = 0; k < D; k++)
        middle[k] = (float)p.mean[k];
    assert_int_equal(rk_user_map_fit(&m, p.vectors, D, &p.data.h, LAMBDA, NULL),
                     RK_OK);
    rk_user_map_score(&m, middle, scores);
    for (size_t i = 0; i < N; i++)
        assert_true(fabs((double)scores[i] - p.base[i]) < 1e-5);
    middle[1] += 2;
    rk_user_map_score(&m, middle, scores);
    for (size_t i = 0; i < N; i++)
        assert_true(fabs((double)scores[i] - p.base[i] -
                         2 * (double)m.weights[N + i]) < 1e-5);
    rk_user_map_clear(&m);
}


static void test_without_profiles_nothing_is_said(void **state)
{
    static const float none[LAW_USERS * D];
    float scores[LAW_ITEMS];
    rk_user_map m;
    law_data d;

    (void)state;
    law_data_init(&d, 3);
    assert_int_equal(rk_user_map_fit(&m, none, D, &d.h, LAMBDA, NULL), RK_OK);
    rk_user_map_score(&m, d.vectors, scores);
    for (size_t i = 0; i < N; i++)
        assert_true(scores[i] == 0);
    rk_user_map_clear(&m);
    assert_int_equal(rk_user_map_fit(&m, none, D, &d.h, 0, NULL), RK_EINVAL);
    rk_user_map_clear(&m);
}


static void test_the_map_is_put_and_got(void **state)
{
    float a[LAW_ITEMS];
    float b[LAW_ITEMS];
    rk_bundle_writer *w;
    rk_bundle *bundle;
    rk_user_map m;
    rk_user_map got;
    people p;
    scratch s;

    (void)state;
    people_init(&p, 4);
    scratch_init(&s);
    assert_int_equal(rk_user_map_fit(&m, p.vectors, D, &p.data.h, LAMBDA, NULL),
                     RK_OK);
    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    assert_int_equal(rk_user_map_put(&m, w, NULL), RK_OK);
    assert_int_equal(rk_bundle_save(w, scratch_path(&s, "b"), NULL), RK_OK);
    rk_bundle_writer_free(w);
    assert_int_equal(rk_bundle_open(&bundle, scratch_path(&s, "b"), NULL),
                     RK_OK);
    assert_int_equal(rk_user_map_get(&got, bundle, N + 1, D, NULL), RK_EFORMAT);
    assert_int_equal(rk_user_map_get(&got, bundle, N, D - 1, NULL), RK_EFORMAT);
    assert_int_equal(rk_user_map_get(&got, bundle, 0, D, NULL), RK_EFORMAT);
    assert_int_equal(rk_user_map_get(&got, bundle, N, D, NULL), RK_OK);
    rk_user_map_score(&m, p.vectors + D, a);
    rk_user_map_score(&got, p.vectors + D, b);
    assert_memory_equal(a, b, sizeof(a));
    rk_user_map_clear(&got);
    rk_user_map_clear(&m);
    rk_bundle_close(bundle);
    scratch_clear(&s);
}


static void test_values_that_are_not_finite_are_refused(void **state)
{
    static float weights[D * LAW_ITEMS];
    static const float zeros[LAW_ITEMS];
    rk_user_map m = {N, D, zeros, zeros, weights, true};
    rk_bundle_writer *w;
    rk_bundle *bundle;
    scratch s;

    (void)state;
    weights[7] = NAN;
    scratch_init(&s);
    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    assert_int_equal(rk_user_map_put(&m, w, NULL), RK_OK);
    assert_int_equal(rk_bundle_save(w, scratch_path(&s, "b"), NULL), RK_OK);
    rk_bundle_writer_free(w);
    assert_int_equal(rk_bundle_open(&bundle, scratch_path(&s, "b"), NULL),
                     RK_OK);
    assert_int_equal(rk_user_map_get(&m, bundle, N, D, NULL), RK_EFORMAT);
    assert_null(m.weights);
    rk_bundle_close(bundle);
    scratch_clear(&s);
}


static void test_every_failing_allocation_is_reported(void **state)
{
    rk_user_map m;
    people p;
    size_t fail = 0;
    int rc;

    (void)state;
    people_init(&p, 5);
    do {
        rk_mem_fail_at(++fail);
        rc = rk_user_map_fit(&m, p.vectors, D, &p.data.h, LAMBDA, NULL);
        rk_mem_fail_at(0);
        if (rc != RK_OK) {
            assert_int_equal(rc, RK_ENOMEM);
            assert_null(m.weights);
        }
    } while (rc != RK_OK);
    assert_int_equal(fail, 7);
    rk_user_map_clear(&m);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_map_solves_its_equations),
        cmocka_unit_test(test_scores_start_from_what_is_popular),
        cmocka_unit_test(test_without_profiles_nothing_is_said),
        cmocka_unit_test(test_the_map_is_put_and_got),
        cmocka_unit_test(test_values_that_are_not_finite_are_refused),
        cmocka_unit_test(test_every_failing_allocation_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
