#include "paradigms/snapshot.h"

#include "../scratch.h"
#include "core/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const rk_field dune[] = {{"title", "Dune"},
                                {"Genres", "Science Fiction| war "}};
static const rk_record book = {"B1", dune, 2};
static const rk_record bare = {"B2", NULL, 0};
static rk_record *items[] = {(rk_record *)&book, (rk_record *)&bare};
static const rk_settings settings = {.categories = "genres"};


static rk_snapshot two_items(void)
{
    return (rk_snapshot){
        .settings = &settings, .n_items = 2, .n_fitted = 1, .items = items};
}


static void test_an_item_is_known_by_title_id_and_categories(void **state)
{
    rk_snapshot s = two_items();

    (void)state;
    assert_string_equal(rk_snapshot_title(&s, 0), "Dune");
    assert_string_equal(rk_snapshot_title(&s, 1), "B2"); /* it has none */
    assert_string_equal(rk_snapshot_id(&s, 0), "B1");
    assert_true(rk_snapshot_has_category(&s, 0, "science fiction"));
    assert_true(rk_snapshot_has_category(&s, 0, "WAR"));
    assert_false(rk_snapshot_has_category(&s, 0, "fiction"));
    assert_false(rk_snapshot_has_category(&s, 0, "science fiction "));
    assert_false(rk_snapshot_has_category(&s, 1, "war"));
}


static void test_a_newer_item_has_the_catalogues_like_rate(void **state)
{
    static const float rates[] = {0.9f};
    rk_snapshot s = two_items();

    (void)state;
    s.catalogue_share = 0.6f;
    assert_true(rk_snapshot_like_rate(&s, 0) == 0.6f);
    s.like_rate = rates;
    assert_true(rk_snapshot_like_rate(&s, 0) == 0.9f);
    assert_true(rk_snapshot_like_rate(&s, 1) == 0.6f);
}


static void test_the_text_of_an_item_is_its_template_filled(void **state)
{
    rk_snapshot s = two_items();
    char *text = rk_snapshot_text(&s, 0, "{{title}} ({{genres}})");

    (void)state;
    assert_string_equal(text, "Dune (Science Fiction, war)");
    free(text);
    rk_mem_fail_at(1);
    text = rk_snapshot_text(&s, 0, "{{title}}");
    rk_mem_fail_at(0);
    assert_null(text);
}


/* A bundle with what `put` puts there, opened from a file that is gone. */
static rk_bundle *bundle_of(int (*put)(rk_bundle_writer *w, const void *what),
                            const void *what)
{
    rk_bundle_writer *w;
    rk_bundle *b;
    scratch files;

    scratch_init(&files);
    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    assert_int_equal(put(w, what), RK_OK);
    assert_int_equal(rk_bundle_save(w, scratch_path(&files, "b"), NULL), RK_OK);
    assert_int_equal(rk_bundle_open(&b, scratch_path(&files, "b"), NULL),
                     RK_OK);
    rk_bundle_writer_free(w);
    scratch_clear(&files);
    return b;
}


static int put_model(rk_bundle_writer *w, const void *what)
{
    return rk_like_model_put(w, "llm.like", what, NULL);
}


static int put_rows(rk_bundle_writer *w, const void *what)
{
    return rk_bundle_put(w, "llm.like", RK_F32, 4, RK_LOGISTIC_MAX, what, NULL);
}


static int put_share(rk_bundle_writer *w, const void *what)
{
    return rk_bundle_put(w, "like_share", RK_F32, 1, 1, what, NULL);
}


static int put_popularity(rk_bundle_writer *w, const void *what)
{
    return rk_bundle_put(w, "popularity", RK_F32, 1, 5, what, NULL);
}


static void test_a_model_of_likes_comes_back_as_it_was(void **state)
{
    rk_like_model m = {true,
                       {3, -0.5f, {1, 2, 3}, {0.1f, 0.2f, 0.3f}, {1, 1, 2}}};
    static const float x[] = {3, 1, 4};
    rk_snapshot s = two_items();
    rk_snapshot_room room;
    rk_bundle *b = bundle_of(put_model, &m);

    (void)state;
    assert_int_equal(rk_snapshot_attach(&s, b, &room, NULL), RK_OK);
    assert_true(s.llm_like.fitted);
    assert_true(rk_logistic_logit(&s.llm_like.logistic, x, NULL) ==
                rk_logistic_logit(&m.logistic, x, NULL));
    rk_bundle_close(b);
    m.fitted = false; /* nothing to put */
    b = bundle_of(put_model, &m);
    assert_int_equal(rk_snapshot_attach(&s, b, &room, NULL), RK_OK);
    assert_false(s.llm_like.fitted);
    rk_bundle_close(b);
}


static void test_a_model_of_no_number_of_features_is_refused(void **state)
{
    static const float bad[] = {0, -1, 33, 1e9f, NAN};
    float rows[4 * RK_LOGISTIC_MAX] = {0};
    rk_error err;

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        rk_snapshot s = two_items();
        rk_snapshot_room room;
        rk_bundle *b;

        rows[3 * RK_LOGISTIC_MAX] = bad[i];
        b = bundle_of(put_rows, rows);
        assert_int_equal(rk_snapshot_attach(&s, b, &room, &err), RK_EFORMAT);
        assert_false(s.llm_like.fitted);
        assert_non_null(strstr(err.msg, "llm.like"));
        rk_bundle_close(b);
    }
}


static void test_what_the_bundle_lacks_stays_absent(void **state)
{
    static const float share = 0.75f;
    rk_snapshot s = two_items();
    rk_snapshot_room room;
    rk_bundle *b = bundle_of(put_share, &share);

    (void)state;
    assert_int_equal(rk_snapshot_attach(&s, b, &room, NULL), RK_OK);
    assert_true(s.catalogue_share == share);
    assert_null(s.popularity);
    assert_null(s.like_rate);
    assert_null(s.text_map);
    assert_null(s.user_map);
    assert_null(s.tokens);
    assert_null(s.fusion);
    assert_int_equal(s.ease.n_rows, 0);
    assert_false(s.embeddings_like.fitted);
    rk_bundle_close(b);
}


static void test_another_number_of_items_is_refused(void **state)
{
    static const float popularity[5] = {0};
    rk_snapshot s = two_items();
    rk_snapshot_room room;
    rk_bundle *b = bundle_of(put_popularity, popularity);

    (void)state;
    assert_int_equal(rk_snapshot_attach(&s, b, &room, NULL), RK_EFORMAT);
    rk_bundle_close(b);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_item_is_known_by_title_id_and_categories),
        cmocka_unit_test(test_a_newer_item_has_the_catalogues_like_rate),
        cmocka_unit_test(test_the_text_of_an_item_is_its_template_filled),
        cmocka_unit_test(test_a_model_of_likes_comes_back_as_it_was),
        cmocka_unit_test(test_a_model_of_no_number_of_features_is_refused),
        cmocka_unit_test(test_what_the_bundle_lacks_stays_absent),
        cmocka_unit_test(test_another_number_of_items_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
