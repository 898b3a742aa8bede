/* Making a snapshot: again only when something changed, on from where it was
 * stopped, and whole or not at all. */
#include "../shop.h"
#include "core/mem.h"

#include <stdint.h>

#define SNAPSHOT "reckon.db.snapshot"
#define NOW      ((int64_t)1795521600000000)


static bool has_file(shop *s, const char *name)
{
    return access(scratch_path(&s->files, name), F_OK) == 0;
}


/* Twelve items of three genres, six users with eight ratings each: few enough
 * for a preparation in a moment, enough likes and dislikes to learn from. */
static void fill_corner(shop *s)
{
    static const char *const genres[] = {"crime", "romance", "crime|war"};
    char id[12][16];
    char title[12][24];
    rk_field fields[12][2];
    rk_record items[12];
    rk_event events[48];
    rk_error err;

    for (int i = 0; i < 12; i++) {
        snprintf(id[i], sizeof(id[i]), "B%d", i);
        snprintf(title[i], sizeof(title[i]), "Book %d", i);
        fields[i][0] = (rk_field){"title", title[i]};
        fields[i][1] = (rk_field){"genres", genres[i % 3]};
        items[i] = (rk_record){id[i], fields[i], 2};
    }
    for (int e = 0; e < 48; e++) {
        static const char *const users[] = {"U0", "U1", "U2", "U3", "U4", "U5"};
        int item = (e * 5 + e / 8) % 12;

        events[e] = (rk_event){users[e / 8], id[item], "rating",
                               (item % 3 == 1) == (e / 8 < 3) ? 5 : 1, NOW + e};
    }
    assert_ok(rk_put_items(s->engine, items, 12, &err), err);
    assert_ok(rk_put_events(s->engine, events, 48, &err), err);
}


/* What a progress callback saw, and when it is to stop. */
typedef struct watch {
    char last[64];
    size_t calls;
    size_t stop_at; /* call; 0: never */
    bool ended;     /* the last call of the last stage had done == total */
} watch;


static int look(void *ctx, const char *stage, uint64_t done, uint64_t total)
{
    watch *w = ctx;

    snprintf(w->last, sizeof(w->last), "%s", stage);
    w->ended = done == total;
    assert_true(total == 0 || done <= total);
    return ++w->calls == w->stop_at;
}


static int prepare_watched(shop *s, watch *w, size_t stop_at, rk_error *err)
{
    rk_prepare_opts opts = {.progress = {look, w}};

    *w = (watch){.stop_at = stop_at};
    return rk_prepare(s->engine, &opts, err);
}


static void test_nothing_can_be_prepared_from_nothing(void **state)
{
    rk_error err;
    shop s;

    (void)state;
    shop_open(&s, SCRIPTED);
    assert_int_equal(rk_prepare(s.engine, NULL, &err), RK_EINVAL);
    assert_string_equal(err.msg, "the store has no items: import items first");
    assert_false(has_file(&s, SNAPSHOT));
    shop_close(&s);
}


static void test_a_second_prepare_does_nothing(void **state)
{
    rk_error err;
    watch w;
    shop s;

    (void)state;
    shop_open(&s, SCRIPTED);
    fill_corner(&s);
    assert_ok(prepare_watched(&s, &w, 0, &err), err);
    assert_true(w.calls > 10);
    assert_true(w.ended);
    assert_ok(prepare_watched(&s, &w, 0, &err), err);
    assert_int_equal(w.calls, 1);
    assert_string_equal(w.last, "prepared already");
    shop_reopen(&s, NULL);
    assert_ok(prepare_watched(&s, &w, 0, &err), err);
    assert_string_equal(w.last, "prepared already");
    shop_close(&s);
}


static void test_what_changed_is_prepared_again(void **state)
{
    static const rk_engine_opts none = {.writer = "none"};
    const rk_event late = {"U0", "B3", "rating", 5, NOW + 100};
    rk_error err;
    watch w;
    shop s;

    (void)state;
    shop_open(&s, SCRIPTED);
    fill_corner(&s);
    shop_prepare(&s);
    assert_ok(rk_put_events(s.engine, &late, 1, &err), err);
    assert_ok(prepare_watched(&s, &w, 0, &err), err);
    assert_true(w.calls > 1);
    assert_ok(rk_put_events(s.engine, &late, 1, &err), err);
    assert_ok(prepare_watched(&s, &w, 0, &err), err);
    assert_string_equal(w.last, "prepared already"); /* the same event again */
    shop_reopen(&s, &none);
    assert_ok(prepare_watched(&s, &w, 0, &err), err);
    assert_true(w.calls > 1);
    unlink(scratch_path(&s.files, SNAPSHOT));
    assert_ok(prepare_watched(&s, &w, 0, &err), err);
    assert_true(w.calls > 1);
    assert_true(has_file(&s, SNAPSHOT));
    shop_close(&s);
}


static void assert_same_snapshot(shop *a, shop *b)
{
    size_t n;
    size_t m;
    char *one = shop_read(a, SNAPSHOT, &n);
    char *other = shop_read(b, SNAPSHOT, &m);

    assert_int_equal(n, m);
    assert_memory_equal(one, other, n);
    free(one);
    free(other);
}


static void test_the_same_shop_gives_the_same_snapshot(void **state)
{
    shop a;
    shop b;

    (void)state;
    shop_open(&a, SCRIPTED);
    shop_open(&b, SCRIPTED);
    fill_corner(&a);
    fill_corner(&b);
    shop_prepare(&a);
    shop_prepare(&b);
    assert_same_snapshot(&a, &b);
    shop_close(&a);
    shop_close(&b);
}


/* Stopped at any point there is no snapshot; prepared again, the same as
 * without a stop. */
static void test_a_stopped_prepare_goes_on_to_the_same_end(void **state)
{
    size_t n_calls;
    rk_error err;
    watch w;
    shop whole;
    shop empty;

    (void)state;
    shop_open(&empty, SCRIPTED);
    fill_corner(&empty);
    shop_copy(&whole, &empty);
    assert_ok(prepare_watched(&whole, &w, 0, &err), err);
    n_calls = w.calls;
    for (size_t stop = 1; stop <= n_calls; stop += 13) {
        shop s;

        shop_copy(&s, &empty);
        assert_int_equal(prepare_watched(&s, &w, stop, &err), RK_ECANCELLED);
        assert_int_equal(err.code, RK_ECANCELLED);
        assert_non_null(strstr(err.msg, w.last));
        assert_false(has_file(&s, SNAPSHOT));
        assert_false(has_file(&s, SNAPSHOT ".trial"));
        shop_prepare(&s);
        assert_same_snapshot(&s, &whole);
        shop_close(&s);
    }
    shop_close(&whole);
    shop_close(&empty);
}


static void test_a_stopped_prepare_leaves_the_old_answers(void **state)
{
    const rk_event late = {"U0", "B3", "rating", 5, NOW + 100};
    const rk_request request = {.user = "U1", .n = 3};
    rk_answer *a;
    rk_error err;
    size_t before;
    size_t after;
    watch w;
    shop s;

    (void)state;
    shop_open(&s, SCRIPTED);
    fill_corner(&s);
    shop_prepare(&s);
    assert_ok(rk_put_events(s.engine, &late, 1, &err), err);
    free(shop_read(&s, SNAPSHOT, &before));
    assert_int_equal(prepare_watched(&s, &w, 5, &err), RK_ECANCELLED);
    free(shop_read(&s, SNAPSHOT, &after));
    assert_int_equal(before, after);
    assert_ok(rk_recommend(s.engine, &request, &a, &err), err);
    assert_int_equal(a->n_items, 3);
    rk_answer_free(a);
    shop_close(&s);
}


/* Shops that lack nearly everything: prepared, and answered as well as can
 * be. */
static void test_the_smallest_shops_are_prepared(void **state)
{
    static const char *const models[] = {
        SCRIPTED, "embedder: none, writer: none",
        "embedder: scripted, writer: none", "embedder: none, writer: scripted"};
    static const char *const ways[] = {"auto", "tokens", "embeddings", "llm",
                                       "rag"};
    const rk_field title = {"title", "The Only Book"};
    const rk_record item = {"B1", &title, 1};
    const rk_event event = {"U1", "B1", "like", 1, NOW};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        rk_error err;
        shop s;

        shop_open(&s, models[i]);
        assert_ok(rk_put_items(s.engine, &item, 1, &err), err);
        if (i % 2)
            assert_ok(rk_put_events(s.engine, &event, 1, &err), err);
        shop_prepare(&s);
        for (size_t w = 0; w < 5; w++) {
            rk_request request = {
                .profile = "any book", .way = ways[w], .n = 3};
            rk_answer *a;

            assert_ok(rk_recommend(s.engine, &request, &a, &err), err);
            assert_true(a->n_items <= 1);
            rk_answer_free(a);
            assert_ok(rk_predict(s.engine, &request, "B1", &a, &err), err);
            assert_int_equal(a->n_items, 1);
            rk_answer_free(a);
        }
        shop_close(&s);
    }
}


/* There is no snapshot, or the whole one: what is only told may be lost. */
static void test_preparing_survives_allocations_failing(void **state)
{
    static const size_t step = 613; /* of some thousands */
    size_t n = 1;
    size_t made;
    shop whole;
    shop empty;

    (void)state;
    shop_open(&empty, SCRIPTED);
    fill_corner(&empty);
    shop_copy(&whole, &empty);
    shop_prepare(&whole);
    do {
        rk_error err = {0};
        shop s;
        int rc;

        shop_copy(&s, &empty);
        rk_mem_fail_at(n);
        rc = rk_prepare(s.engine, NULL, &err);
        made = rk_mem_fail_at(0);
        assert_true(rc == RK_ENOMEM || rc == RK_OK);
        assert_true(rc == RK_OK || made >= n);
        assert_int_equal(has_file(&s, SNAPSHOT), rc == RK_OK);
        shop_prepare(&s);
        assert_same_snapshot(&s, &whole);
        shop_close(&s);
        n += step;
    } while (made + step >= n);
    assert_true(n > 5 * step);
    shop_close(&whole);
    shop_close(&empty);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_can_be_prepared_from_nothing),
        cmocka_unit_test(test_a_second_prepare_does_nothing),
        cmocka_unit_test(test_what_changed_is_prepared_again),
        cmocka_unit_test(test_the_same_shop_gives_the_same_snapshot),
        cmocka_unit_test(test_a_stopped_prepare_goes_on_to_the_same_end),
        cmocka_unit_test(test_a_stopped_prepare_leaves_the_old_answers),
        cmocka_unit_test(test_the_smallest_shops_are_prepared),
        cmocka_unit_test(test_preparing_survives_allocations_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
