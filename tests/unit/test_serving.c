/* Opening a snapshot over a store that is older, newer or another one, and
 * a snapshot that is not whole. */
#include "../shop.h"
#include "core/mem.h"
#include "data/bundle.h"

#include <math.h>
#include <stdint.h>

#define SNAPSHOT "reckon.db.snapshot"
#define NOW      ((int64_t)1795521600000000)

static const rk_request request = {.user = "U12345", .n = 5};
static shop prepared; /* made once; tests that change it take a copy */


static int prepare_once(void **state)
{
    (void)state;
    shop_open_prepared(&prepared, SCRIPTED);
    return 0;
}


static int close_it(void **state)
{
    (void)state;
    shop_close(&prepared);
    return 0;
}


static void assert_answers(shop *s, size_t n)
{
    rk_answer *a;
    rk_error err;

    assert_ok(rk_recommend(s->engine, &request, &a, &err), err);
    assert_int_equal(a->n_items, n);
    rk_answer_free(a);
}


/* Refused with one line; then prepare mends it. */
static void assert_refused_and_mended(shop *s, int code)
{
    rk_answer *a = (rk_answer *)1;
    rk_error err = {0};

    shop_reopen(s, NULL);
    assert_int_equal(rk_recommend(s->engine, &request, &a, &err), code);
    assert_null(a);
    assert_int_equal(err.code, code);
    assert_true(err.msg[0] != '\0');
    assert_null(strchr(err.msg, '\n'));
    if (code != RK_EFORMAT || strstr(err.msg, "RKSN"))
        assert_non_null(strstr(err.msg, ": run reckon prepare"));
    shop_prepare(s);
    assert_answers(s, 5);
}


static void
test_a_damaged_snapshot_is_refused_and_prepare_mends_it(void **state)
{
    size_t len;
    char *bytes;
    shop s;

    (void)state;
    shop_copy(&s, &prepared);
    bytes = shop_read(&s, SNAPSHOT, &len);
    bytes[len / 2] ^= 1;
    shop_write(&s, SNAPSHOT, bytes, len);
    assert_refused_and_mended(&s, RK_EFORMAT);
    bytes[len / 2] ^= 1;
    shop_write(&s, SNAPSHOT, bytes, len / 3);
    assert_refused_and_mended(&s, RK_EFORMAT);
    shop_write(&s, SNAPSHOT, "", 0);
    assert_refused_and_mended(&s, RK_EFORMAT);
    shop_write(&s, SNAPSHOT, "RKSN and then nothing that was asked for", 40);
    assert_refused_and_mended(&s, RK_EFORMAT);
    unlink(scratch_path(&s.files, SNAPSHOT));
    assert_refused_and_mended(&s, RK_ENOTREADY);
    free(bytes);
    shop_close(&s);
}


static const char *id_at(const void *ctx, size_t i)
{
    return ((const char *const *)ctx)[i];
}


/* A snapshot of two items of the bookstore with these fusion weights and none
 * of what ways need. */
static void write_bare(shop *s, const uint64_t *made_at, size_t n_fusion)
{
    static const char *const ids[] = {"B78901", "B27381"};
    static const char *const none[] = {""};
    static const float weights[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    rk_bundle_writer *w = NULL;
    rk_error err;

    assert_ok(rk_bundle_writer_new(&w, &err), err);
    if (made_at)
        assert_ok(rk_bundle_put(w, "made_at", RK_U64, 1, 1, made_at, &err),
                  err);
    assert_ok(rk_bundle_put_strings(w, "embedder", 1, id_at, none, &err), err);
    assert_ok(rk_bundle_put_strings(w, "writer", 1, id_at, none, &err), err);
    assert_ok(rk_bundle_put_strings(w, "item.ids", 2, id_at, ids, &err), err);
    assert_ok(rk_bundle_put(w, "popularity", RK_F32, 1, 2, weights, &err), err);
    assert_ok(rk_bundle_put(w, "fusion", RK_F32, 1, n_fusion, weights, &err),
              err);
    assert_ok(rk_bundle_save(w, scratch_path(&s->files, SNAPSHOT), &err), err);
    rk_bundle_writer_free(w);
}


static void test_a_snapshot_of_another_shape_is_refused(void **state)
{
    const uint64_t made_at = 500;
    shop s;

    (void)state;
    shop_copy(&s, &prepared);
    write_bare(&s, NULL, 4);
    assert_refused_and_mended(&s, RK_EFORMAT);
    write_bare(&s, &made_at, 1);
    assert_refused_and_mended(&s, RK_EFORMAT);
    shop_close(&s);
}


/* What one store was prepared with says nothing about another's items. */
static void test_a_snapshot_of_another_store_is_refused(void **state)
{
    const rk_field title = {"title", "Another Book"};
    const rk_record item = {"X1", &title, 1};
    const uint64_t later = UINT64_MAX;
    size_t len;
    char *bytes = shop_read(&prepared, SNAPSHOT, &len);
    rk_answer *a;
    rk_error err;
    shop s;

    (void)state;
    shop_open(&s, SCRIPTED);
    assert_ok(rk_put_items(s.engine, &item, 1, &err), err);
    shop_write(&s, SNAPSHOT, bytes, len);
    assert_int_equal(rk_similar(s.engine, "X1", 3, &a, &err), RK_ENOTREADY);
    assert_non_null(strstr(err.msg, "prepare"));
    shop_prepare(&s);
    assert_ok(rk_similar(s.engine, "X1", 3, &a, &err), err);
    rk_answer_free(a);
    shop_close(&s);

    shop_copy(&s, &prepared);
    write_bare(&s, &later, 4);
    assert_refused_and_mended(&s, RK_ENOTREADY);
    shop_close(&s);
    free(bytes);
}


/* A store put back from before: nothing in it is newer than the snapshot. */
static void test_a_store_older_than_its_snapshot_asks_for_prepare(void **state)
{
    const rk_field title = {"title", "A Late Book"};
    const rk_record item = {"LATE", &title, 1};
    size_t len;
    char *old;
    rk_error err;
    shop s;

    (void)state;
    shop_copy(&s, &prepared);
    rk_engine_close(s.engine);
    s.engine = NULL;
    old = shop_read(&s, "reckon.db", &len);
    shop_reopen(&s, NULL);
    assert_ok(rk_put_items(s.engine, &item, 1, &err), err);
    shop_prepare(&s);
    rk_engine_close(s.engine);
    s.engine = NULL;
    shop_write(&s, "reckon.db", old, len);
    assert_refused_and_mended(&s, RK_ENOTREADY);
    free(old);
    shop_close(&s);
}


/* An engine that is open sees what another one prepares, once the store has
 * changed. */
static void test_another_engine_on_the_store_is_seen(void **state)
{
    const rk_field title = {"title", "A Late Book"};
    const rk_record item = {"LATE", &title, 1};
    rk_engine *other;
    rk_card *card;
    rk_error err;
    shop s;

    (void)state;
    shop_copy(&s, &prepared);
    assert_answers(&s, 5);
    assert_ok(rk_engine_open(&other, s.config, NULL, &err), err);
    assert_ok(rk_put_items(other, &item, 1, &err), err);
    assert_ok(rk_show(s.engine, RK_ITEMS, "LATE", &card, &err), err);
    rk_card_free(card);
    assert_ok(rk_prepare(other, NULL, &err), err);
    rk_engine_close(other);
    assert_answers(&s, 5);
    shop_close(&s);
}


static double nearness(shop *s, const char *a, const char *b)
{
    rk_answer *answer;
    double score = NAN;
    rk_error err;

    assert_ok(rk_similar(s->engine, a, 1000, &answer, &err), err);
    for (size_t i = 0; i < answer->n_items; i++)
        if (strcmp(answer->items[i].id, b) == 0)
            score = answer->items[i].score;
    rk_answer_free(answer);
    return score;
}


static void test_a_changed_item_is_read_again(void **state)
{
    const rk_field fields[] = {
        {"title", "The Silent Patient"},
        {"genres", "science fiction|fiction"},
        {"description",
         "A physicist wounded by the Cultural Revolution answers a signal from "
         "another star, and decades later scientists find what is coming"}};
    const rk_record item = {"B78901", fields, 3};
    double before = nearness(&prepared, "B78901", "B27381");
    rk_card *card;
    rk_error err;
    bool crime = false;
    bool science = false;
    shop s;

    (void)state;
    shop_copy(&s, &prepared);
    assert_ok(rk_put_items(s.engine, &item, 1, &err), err);
    assert_true(nearness(&s, "B78901", "B27381") > before + 0.2);
    assert_ok(rk_show(s.engine, RK_ITEMS, "B78901", &card, &err), err);
    for (size_t i = 0; i < card->n_lines; i++) {
        if (strcmp(card->lines[i].section, "tokens") != 0)
            continue;
        crime |= strcmp(card->lines[i].name, "thriller") == 0;
        science |= strcmp(card->lines[i].name, "science fiction") == 0;
    }
    assert_true(science && !crime);
    rk_card_free(card);
    shop_close(&s);
}


/* With a model that the snapshot was not made with, what would have to be
 * asked of it is left out, and the rest answers. */
static void test_newer_items_without_models_still_rank(void **state)
{
    static const rk_engine_opts none = {.embedder = "none", .writer = "none"};
    const rk_field fields[] = {{"title", "A Late Book"}, {"genres", "fiction"}};
    const rk_record item = {"LATE", fields, 2};
    rk_request late = {.user = "U12345"};
    static const char *const ways[] = {"auto", "tokens", "embeddings", "rag"};
    rk_answer *a;
    rk_error err;
    shop s;

    (void)state;
    shop_copy(&s, &prepared);
    shop_reopen(&s, &none);
    assert_ok(rk_put_items(s.engine, &item, 1, &err), err);
    assert_answers(&s, 5);
    for (size_t w = 0; w < 4; w++) {
        late.way = ways[w];
        assert_ok(rk_predict(s.engine, &late, "LATE", &a, &err), err);
        assert_true(isfinite(a->items[0].score));
        rk_answer_free(a);
    }
    shop_close(&s);
}


static void test_opening_survives_each_allocation_failing(void **state)
{
    const rk_field fields[] = {{"title", "A Late Book"}, {"genres", "fiction"}};
    const rk_record item = {"LATE", fields, 2};
    const rk_request late = {.user = "U12345", .way = "tokens"};
    double wanted;
    size_t n = 1;
    size_t made;
    rk_answer *a;
    rk_error err;
    shop s;

    (void)state;
    shop_copy(&s, &prepared);
    assert_ok(rk_put_items(s.engine, &item, 1, &err), err);
    assert_ok(rk_predict(s.engine, &late, "LATE", &a, &err), err);
    wanted = a->items[0].score;
    rk_answer_free(a);
    do {
        int rc;

        shop_reopen(&s, NULL);
        rk_mem_fail_at(n);
        rc = rk_predict(s.engine, &late, "LATE", &a, &err);
        made = rk_mem_fail_at(0);
        assert_true(rc == RK_OK || (rc == RK_ENOMEM && made >= n));
        if (rc == RK_OK)
            assert_true(a->items[0].score == wanted);
        rk_answer_free(a);
        /* Not a part of it was kept: the next request opens it whole. */
        assert_ok(rk_predict(s.engine, &late, "LATE", &a, &err), err);
        assert_true(a->items[0].score == wanted);
        rk_answer_free(a);
        n += 17;
    } while (made + 17 >= n);
    assert_true(n > 200);
    shop_close(&s);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_a_damaged_snapshot_is_refused_and_prepare_mends_it),
        cmocka_unit_test(test_a_snapshot_of_another_shape_is_refused),
        cmocka_unit_test(test_a_snapshot_of_another_store_is_refused),
        cmocka_unit_test(test_a_store_older_than_its_snapshot_asks_for_prepare),
        cmocka_unit_test(test_another_engine_on_the_store_is_seen),
        cmocka_unit_test(test_a_changed_item_is_read_again),
        cmocka_unit_test(test_newer_items_without_models_still_rank),
        cmocka_unit_test(test_opening_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, prepare_once, close_it);
}
