#include "core/mem.h"
#include "data/record.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char long_text[64 * 1024 + 2];


/* An item with a title and this field is refused with a message that says
 * `why`; NULL: it is taken. */
static void assert_field(const char *name, const char *value, const char *why)
{
    const rk_field fields[] = {{"title", "T"}, {name, value}};
    const rk_record r = {"B1", fields, 2};
    rk_error err = {0};
    int rc = rk_record_check(RK_ITEMS, &r, &err);

    assert_int_equal(rc, why ? RK_EINVAL : RK_OK);
    if (why && !strstr(err.msg, why))
        fail_msg("'%s' does not say '%s'", err.msg, why);
}


static void assert_id(const char *id, const char *why)
{
    const rk_record r = {id, NULL, 0};
    rk_error err = {0};
    int rc = rk_record_check(RK_USERS, &r, &err);

    assert_int_equal(rc, why ? RK_EINVAL : RK_OK);
    if (why && !strstr(err.msg, why))
        fail_msg("'%s' does not say '%s'", err.msg, why);
}


/* `n` letters, until the next call. */
static const char *letters(size_t n)
{
    assert_true(n < sizeof(long_text));
    memset(long_text, 'x', n);
    long_text[n] = '\0';
    return long_text;
}


static void test_record_get_ignores_case(void **state)
{
    const rk_field fields[] = {{"Title", "T"}, {"year", "2008"}};
    const rk_record r = {"B1", fields, 2};

    (void)state;
    assert_string_equal(rk_record_get(&r, "title"), "T");
    assert_string_equal(rk_record_get(&r, "YEAR"), "2008");
    assert_null(rk_record_get(&r, "author"));
}


static void test_record_check_refuses_a_bad_id(void **state)
{
    (void)state;
    assert_id("U1", NULL);
    assert_id("\xC3\xA9 |,\"", NULL);
    assert_id(letters(256), NULL);
    assert_id(letters(257), "id has 257 bytes, must have 1 to 256");
    assert_id("", "id has 0 bytes");
    assert_id(NULL, "id has 0 bytes");
    assert_id("ab\xFF", "id is not UTF-8 at byte 3");
    assert_id("ab\xC0\xAF", "id is not UTF-8 at byte 3");
    assert_id("a\nb", "id holds a control character at byte 2");
    assert_id("a\x7F", "id holds a control character at byte 2");
    assert_id("\xC2\x9B", "id holds a control character at byte 1");
    assert_id("\xC2\xA0", NULL);
}


static void test_record_check_refuses_a_bad_field(void **state)
{
    (void)state;
    assert_field("x", "", NULL);
    assert_field("x", "any\n\ttext", NULL);
    assert_field("", "v", "a field's name has 0 bytes");
    assert_field(NULL, "v", "a field's name has 0 bytes");
    assert_field("a\x1B", "v", "a field's name holds a control character");
    assert_field(letters(64), "v", NULL);
    assert_field(letters(65), "v", "a field's name has 65 bytes");
    assert_field("ID", "v", "is not a field but the record's id");
    assert_field("x", NULL, "field 'x' has no value");
    assert_field("x", "a\xED\xA0\x80", "field 'x' is not UTF-8 at byte 2");
    assert_field("x", letters(64 * 1024), NULL);
    assert_field("x", letters(64 * 1024 + 1),
                 "field 'x' has 65537 bytes, at most 65536");
    assert_field("TITLE", "v", "two fields are named 'TITLE'");
}


static void test_record_check_bounds_the_number_of_fields(void **state)
{
    static char names[257][8];
    static rk_field fields[257];
    rk_record r = {"U1", fields, 256};

    (void)state;
    for (size_t i = 0; i < 257; i++) {
        snprintf(names[i], sizeof(names[i]), "f%zu", i);
        fields[i] = (rk_field){names[i], "v"};
    }
    assert_int_equal(rk_record_check(RK_USERS, &r, NULL), RK_OK);
    r.n_fields = 257;
    assert_int_equal(rk_record_check(RK_USERS, &r, NULL), RK_EINVAL);
}


static void test_record_check_wants_a_title_of_items_only(void **state)
{
    const rk_field empty = {"title", ""};
    const rk_record none = {"B1", NULL, 0};
    const rk_record blank = {"B1", &empty, 1};

    (void)state;
    assert_int_equal(rk_record_check(RK_ITEMS, &none, NULL), RK_EINVAL);
    assert_int_equal(rk_record_check(RK_ITEMS, &blank, NULL), RK_EINVAL);
    assert_int_equal(rk_record_check(RK_USERS, &none, NULL), RK_OK);
    assert_int_equal(rk_record_check(RK_EVENTS, &none, NULL), RK_EINVAL);
}


static void test_event_check_refuses_each_bad_part(void **state)
{
    const rk_event good = {"U1", "B1", "rating", 4, 0};
    rk_event e;

    (void)state;
    assert_int_equal(rk_event_check(&good, NULL), RK_OK);
    e = good;
    e.user = "";
    assert_int_equal(rk_event_check(&e, NULL), RK_EINVAL);
    e = good;
    e.item = "a\tb";
    assert_int_equal(rk_event_check(&e, NULL), RK_EINVAL);
    e = good;
    e.type = NULL;
    assert_int_equal(rk_event_check(&e, NULL), RK_EINVAL);
    e = good;
    e.type = letters(64);
    assert_int_equal(rk_event_check(&e, NULL), RK_EINVAL);
    e = good;
    e.value = NAN;
    assert_int_equal(rk_event_check(&e, NULL), RK_EINVAL);
    e.value = -INFINITY;
    assert_int_equal(rk_event_check(&e, NULL), RK_EINVAL);
    e = good;
    e.at_us = INT64_C(253402300799999999);
    assert_int_equal(rk_event_check(&e, NULL), RK_OK);
    e.at_us++;
    assert_int_equal(rk_event_check(&e, NULL), RK_EINVAL);
    e.at_us = INT64_MIN;
    assert_int_equal(rk_event_check(&e, NULL), RK_EINVAL);
}


static void assert_same(const rk_record *a, const rk_record *b)
{
    assert_string_equal(a->id, b->id);
    assert_int_equal(a->n_fields, b->n_fields);
    for (size_t i = 0; i < a->n_fields; i++) {
        assert_string_equal(a->fields[i].name, b->fields[i].name);
        assert_string_equal(a->fields[i].value, b->fields[i].value);
    }
}


static void test_record_comes_back_from_its_json(void **state)
{
    const rk_field fields[] = {{"title", "say \"hi\"\\\n\t\x01\x7F"},
                               {"empty", ""},
                               {"genres", "a|b | c"},
                               {"\xC3\xA9 name", "\xF0\x9F\x98\x80"}};
    const rk_record r = {"B1", fields, 4};
    const rk_record bare = {"", NULL, 0};
    rk_record *back = NULL;
    char *json = NULL;

    (void)state;
    assert_int_equal(rk_record_fields_json(&r, &json, NULL), RK_OK);
    assert_int_equal(rk_record_parse(&back, "B1", json, strlen(json), NULL),
                     RK_OK);
    assert_same(back, &r);
    rk_record_free(back);
    free(json);

    assert_int_equal(rk_record_fields_json(&bare, &json, NULL), RK_OK);
    assert_string_equal(json, "{}");
    assert_int_equal(rk_record_parse(&back, "", json, 2, NULL), RK_OK);
    assert_same(back, &bare);
    rk_record_free(back);
    free(json);
    rk_record_free(NULL);
}


static void test_record_parse_refuses_every_truncation(void **state)
{
    static const char json[] = "{\"title\":\"T\",\"genres\":[\"a\",1.5]}";
    rk_record *r;

    (void)state;
    for (size_t len = 0; len < sizeof(json) - 1; len++) {
        char *bytes = rk_strndup(json, len);

        assert_int_equal(rk_record_parse(&r, "B1", bytes, len, NULL),
                         RK_EFORMAT);
        assert_null(r);
        free(bytes);
    }
    assert_int_equal(rk_record_parse(&r, "B1", json, sizeof(json) - 1, NULL),
                     RK_OK);
    assert_string_equal(rk_record_get(r, "genres"), "a|1.5");
    rk_record_free(r);
}


static void test_record_survives_each_failing_allocation(void **state)
{
    const rk_field field = {"title", letters(200)};
    const rk_record r = {"B1", &field, 1};
    rk_record *back = NULL;
    char *json = NULL;
    size_t n = 1;

    (void)state;
    for (;; n++) {
        int rc;

        rk_mem_fail_at(n);
        rc = rk_record_fields_json(&r, &json, NULL);
        if (rc == RK_OK)
            rc = rk_record_parse(&back, "B1", json, strlen(json), NULL);
        rk_mem_fail_at(0);
        free(json);
        if (rc == RK_OK)
            break;
        assert_int_equal(rc, RK_ENOMEM);
        assert_null(back);
    }
    assert_true(n > 3);
    rk_record_free(back);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_get_ignores_case),
        cmocka_unit_test(test_record_check_refuses_a_bad_id),
        cmocka_unit_test(test_record_check_refuses_a_bad_field),
        cmocka_unit_test(test_record_check_bounds_the_number_of_fields),
        cmocka_unit_test(test_record_check_wants_a_title_of_items_only),
        cmocka_unit_test(test_event_check_refuses_each_bad_part),
        cmocka_unit_test(test_record_comes_back_from_its_json),
        cmocka_unit_test(test_record_parse_refuses_every_truncation),
        cmocka_unit_test(test_record_survives_each_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
