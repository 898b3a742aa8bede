/* Opening, filling, exporting and what the engine says of itself, through
 * reckon.h alone. */
#include "../shop.h"
#include "core/mem.h"


static const char *const kind_names[] = {"items", "users", "events"};
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


/* The value of a line of a card; NULL when there is none. */
static const char *value_of(const rk_card *card, const char *section,
                            const char *name)
{
    for (size_t i = 0; i < card->n_lines; i++)
        if (strcmp(card->lines[i].section, section) == 0 &&
            strcmp(card->lines[i].name, name) == 0)
            return card->lines[i].value;
    return NULL;
}


static void assert_line(const rk_card *card, const char *section,
                        const char *name, const char *value)
{
    const char *found = value_of(card, section, name);

    assert_non_null(found);
    assert_string_equal(found, value);
}


static void assert_refused(int rc, int code, const rk_error *err)
{
    assert_int_equal(rc, code);
    assert_int_equal(err->code, code);
    assert_true(err->msg[0] != '\0');
    assert_null(strchr(err->msg, '\n'));
    assert_true(err->msg[strlen(err->msg) - 1] != '.');
}


static void test_an_engine_that_cannot_open_says_why(void **state)
{
    rk_engine *engine = (rk_engine *)1;
    rk_engine_opts nowhere = {.store = "/no/such/folder/reckon.db"};
    rk_error err;
    shop s;

    (void)state;
    shop_open(&s, SCRIPTED);
    assert_refused(rk_engine_open(&engine, "no-such.yaml", NULL, &err),
                   RK_ENOTFOUND, &err);
    assert_null(engine);
    engine = (rk_engine *)1;
    assert_int_not_equal(rk_engine_open(&engine, s.config, &nowhere, &err),
                         RK_OK);
    assert_null(engine);
    shop_write(&s, "reckon.yaml", "llm: {seed: x}\n", 15);
    assert_refused(rk_engine_open(&engine, s.config, NULL, &err), RK_EFORMAT,
                   &err);
    assert_non_null(strstr(err.msg, "reckon.yaml:1: llm.seed"));
    rk_engine_close(NULL);
    shop_close(&s);
}


/* Exports all of a shop in one format. */
static void export_all(shop *s, const char *ending)
{
    rk_error err;

    for (int k = RK_ITEMS; k <= RK_EVENTS; k++) {
        char name[32];

        snprintf(name, sizeof(name), "%s.%s", kind_names[k], ending);
        assert_ok(rk_export_file(s->engine, (enum rk_kind)k,
                                 scratch_path(&s->files, name), &err),
                  err);
    }
}


static void assert_same_export(shop *a, shop *b, const char *ending)
{
    for (int k = RK_ITEMS; k <= RK_EVENTS; k++) {
        char name[32];
        char *one;
        char *other;

        snprintf(name, sizeof(name), "%s.%s", kind_names[k], ending);
        one = shop_read(a, name, NULL);
        other = shop_read(b, name, NULL);
        assert_true(strlen(one) > 100);
        assert_string_equal(one, other);
        free(one);
        free(other);
    }
}


static void test_an_export_read_into_a_new_store_exports_the_same(void **state)
{
    static const char *const endings[] = {"csv", "jsonl"};
    rk_error err;
    shop first;
    shop second;

    (void)state;
    shop_open(&first, SCRIPTED);
    shop_fill(&first);
    for (size_t e = 0; e < 2; e++) {
        export_all(&first, endings[e]);
        shop_open(&second, SCRIPTED);
        for (int k = RK_ITEMS; k <= RK_EVENTS; k++) {
            char name[32];

            snprintf(name, sizeof(name), "%s.%s", kind_names[k], endings[e]);
            assert_ok(rk_import_file(second.engine, (enum rk_kind)k,
                                     scratch_path(&first.files, name), NULL,
                                     NULL, &err),
                      err);
        }
        export_all(&second, endings[e]);
        assert_same_export(&first, &second, endings[e]);
        shop_close(&second);
    }
    shop_close(&first);
}


static void test_a_file_read_twice_leaves_the_same_store(void **state)
{
    rk_card *before;
    rk_card *after;
    char *one;
    char *other;
    rk_error err;
    shop s;

    (void)state;
    shop_open(&s, SCRIPTED);
    shop_fill(&s);
    assert_ok(rk_status(s.engine, &before, &err), err);
    shop_fill(&s);
    assert_ok(rk_status(s.engine, &after, &err), err);
    assert_line(before, "store", "items", "64");
    assert_line(before, "store", "users", "28");
    assert_line(before, "store", "events", "480");
    one = rk_card_json(before);
    other = rk_card_json(after);
    assert_string_equal(one, other);
    free(one);
    free(other);
    rk_card_free(before);
    rk_card_free(after);
    shop_close(&s);
}


static void test_a_put_is_all_or_nothing(void **state)
{
    const rk_field title = {"title", "A Book"};
    const rk_record items[] = {{"B1", &title, 1}, {"", &title, 1}};
    const rk_event events[] = {{"U1", "B1", "like", 1, 0},
                               {"U1", "B9", "like", 1, 0}};
    rk_card *card;
    rk_error err;
    shop s;

    (void)state;
    shop_open(&s, SCRIPTED);
    assert_refused(rk_put_items(s.engine, items, 2, &err), RK_EINVAL, &err);
    assert_ok(rk_put_items(s.engine, items, 1, &err), err);
    assert_refused(rk_put_events(s.engine, events, 2, &err), RK_ENOTFOUND,
                   &err);
    assert_ok(rk_status(s.engine, &card, &err), err);
    assert_line(card, "store", "items", "1");
    assert_line(card, "store", "users", "0");
    assert_line(card, "store", "events", "0");
    rk_card_free(card);
    shop_close(&s);
}


static void keep_last(void *ctx, const char *where_and_why)
{
    snprintf(ctx, 200, "%s", where_and_why);
}


static void test_bad_rows_are_told_and_strict_takes_nothing(void **state)
{
    static const char csv[] = "id,title\nB1,One\n,None\nB2,Two\n";
    char last[200] = "";
    rk_import_opts opts = {.on_bad_row = keep_last, .bad_row_ctx = last};
    rk_import_report report;
    rk_error err;
    shop s;

    (void)state;
    shop_open(&s, SCRIPTED);
    shop_write(&s, "i.csv", csv, strlen(csv));
    opts.strict = true;
    assert_refused(rk_import_file(s.engine, RK_ITEMS,
                                  scratch_path(&s.files, "i.csv"), &opts,
                                  &report, &err),
                   RK_EFORMAT, &err);
    assert_int_equal(report.n_bad, 1);
    assert_int_equal(rk_prepare(s.engine, NULL, &err), RK_EINVAL);
    opts.strict = false;
    assert_ok(rk_import_file(s.engine, RK_ITEMS,
                             scratch_path(&s.files, "i.csv"), &opts, &report,
                             &err),
              err);
    assert_int_equal(report.n_rows, 2);
    assert_int_equal(report.n_bad, 1);
    assert_non_null(strstr(last, ":3"));
    shop_close(&s);
}


static void test_status_and_doctor_know_an_unprepared_shop(void **state)
{
    rk_card *card;
    size_t n_wrong;
    rk_error err;
    shop s;

    (void)state;
    shop_open(&s, "embedder: none, writer: none");
    assert_ok(rk_doctor(s.engine, &card, &n_wrong, &err), err);
    assert_int_equal(n_wrong, 5); /* items, events, models, snapshot */
    assert_non_null(value_of(card, "items", "missing"));
    assert_non_null(value_of(card, "events", "missing"));
    assert_non_null(value_of(card, "embedder", "missing"));
    assert_non_null(value_of(card, "writer", "missing"));
    assert_non_null(strstr(value_of(card, "snapshot", "missing"), "prepare"));
    rk_card_free(card);
    assert_ok(rk_status(s.engine, &card, &err), err);
    assert_line(card, "store", "items", "0");
    assert_non_null(value_of(card, "snapshot", "none"));
    rk_card_free(card);
    shop_close(&s);
}


static void
test_doctor_finds_a_prepared_shop_well_and_a_changed_one_stale(void **state)
{
    const rk_event late = {"U12345", "B78901", "rating", 1, 1795521600000000};
    rk_card *card;
    size_t n_wrong;
    rk_error err;
    shop s;

    (void)state;
    shop_copy(&s, &prepared);
    assert_ok(rk_doctor(s.engine, &card, &n_wrong, &err), err);
    assert_int_equal(n_wrong, 0);
    assert_line(card, "snapshot", "ok", "made from all there is");
    rk_card_free(card);
    assert_ok(rk_put_events(s.engine, &late, 1, &err), err);
    assert_ok(rk_doctor(s.engine, &card, &n_wrong, &err), err);
    assert_int_equal(n_wrong, 0);
    assert_non_null(value_of(card, "snapshot", "stale"));
    rk_card_free(card);
    assert_ok(rk_status(s.engine, &card, &err), err);
    assert_line(card, "store", "events", "481");
    assert_line(card, "snapshot", "items", "64, and 0 newer");
    rk_card_free(card);
    shop_close(&s);
}


static void test_show_tells_fields_tokens_and_history(void **state)
{
    rk_card *card = (rk_card *)1;
    rk_error err;
    shop s;

    (void)state;
    shop_open(&s, SCRIPTED);
    shop_fill(&s);
    assert_ok(rk_show(s.engine, RK_ITEMS, "B78901", &card, &err), err);
    assert_line(card, "item", "title", "The Silent Patient");
    assert_line(card, "tokens", "none", "run reckon prepare");
    rk_card_free(card);
    shop_close(&s);
    shop_copy(&s, &prepared);
    assert_ok(rk_show(s.engine, RK_ITEMS, "B78901", &card, &err), err);
    assert_line(card, "item", "id", "B78901");
    assert_line(card, "tokens", "thriller", "+1.00");
    assert_non_null(value_of(card, "events", "liked by"));
    rk_card_free(card);
    assert_ok(rk_show(s.engine, RK_USERS, "U12345", &card, &err), err);
    assert_line(card, "user", "name", "Nora Feldman");
    assert_line(card, "tokens", "historical", "+1.00");
    assert_non_null(
        strstr(value_of(card, "history", "The Da Vinci Code"), "disliked"));
    rk_card_free(card);
    assert_refused(rk_show(s.engine, RK_USERS, "B78901", &card, &err),
                   RK_ENOTFOUND, &err);
    assert_null(card);
    assert_refused(rk_show(s.engine, RK_ITEMS, "B0", &card, &err), RK_ENOTFOUND,
                   &err);
    assert_refused(rk_show(s.engine, RK_EVENTS, "B1", &card, &err), RK_EINVAL,
                   &err);
    shop_close(&s);
}


static void test_opening_survives_each_allocation_failing(void **state)
{
    rk_engine *engine;
    size_t n = 0;
    size_t made;
    rk_error err;
    shop s;

    (void)state;
    shop_open(&s, SCRIPTED);
    do {
        int rc;

        rk_mem_fail_at(++n);
        rc = rk_engine_open(&engine, s.config, NULL, &err);
        made = rk_mem_fail_at(0);
        assert_int_equal(rc, made < n ? RK_OK : RK_ENOMEM);
        assert_int_equal(!engine, rc != RK_OK);
        rk_engine_close(engine);
    } while (made >= n);
    assert_true(n > 50);
    shop_close(&s);
}


static void test_each_word_of_the_engine_survives_no_memory(void **state)
{
    rk_card *card;
    size_t n_wrong;
    size_t n = 1;
    size_t made;
    rk_error err;
    shop s;

    (void)state;
    shop_copy(&s, &prepared);
    do {
        int rc;

        rk_mem_fail_at(n);
        rc = rk_show(s.engine, RK_USERS, "U12345", &card, &err);
        if (rc == RK_OK) {
            rk_card_free(card);
            rc = rk_doctor(s.engine, &card, &n_wrong, &err);
        }
        if (rc == RK_OK) {
            rk_card_free(card);
            rc = rk_status(s.engine, &card, &err);
        }
        if (rc == RK_OK) {
            rk_card_free(card);
            rc = rk_export_file(s.engine, RK_ITEMS,
                                scratch_path(&s.files, "i.jsonl"), &err);
        }
        made = rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
        assert_true(made >= n || rc == RK_OK);
        n += 3;
    } while (made + 3 >= n);
    assert_true(n > 100);
    shop_close(&s);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_engine_that_cannot_open_says_why),
        cmocka_unit_test(test_an_export_read_into_a_new_store_exports_the_same),
        cmocka_unit_test(test_a_file_read_twice_leaves_the_same_store),
        cmocka_unit_test(test_a_put_is_all_or_nothing),
        cmocka_unit_test(test_bad_rows_are_told_and_strict_takes_nothing),
        cmocka_unit_test(test_status_and_doctor_know_an_unprepared_shop),
        cmocka_unit_test(
            test_doctor_finds_a_prepared_shop_well_and_a_changed_one_stale),
        cmocka_unit_test(test_show_tells_fields_tokens_and_history),
        cmocka_unit_test(test_opening_survives_each_allocation_failing),
        cmocka_unit_test(test_each_word_of_the_engine_survives_no_memory),
    };

    return cmocka_run_group_tests(tests, prepare_once, close_it);
}
