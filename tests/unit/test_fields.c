#include "core/json.h"
#include "core/mem.h"
#include "core/rng.h"
#include "data/fields.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Parses, and shows the result as name=value;name=value or the message. */
static void assert_parses(const char *json, const char *expected)
{
    rk_field fields[8];
    rk_error err;
    rk_buf text, got;
    size_t n;

    rk_buf_init(&text);
    rk_buf_init(&got);
    if (rk_fields_parse(&text, &n, json, strlen(json), "x", &err)) {
        assert_int_equal(err.code, RK_EFORMAT);
        rk_buf_puts(&got, err.msg);
    } else {
        assert_true(n <= 8);
        rk_fields_point(fields, n, text.data);
        for (size_t i = 0; i < n; i++)
            rk_buf_printf(&got, "%s%s=%s", i ? ";" : "", fields[i].name,
                          fields[i].value);
    }
    assert_string_equal(rk_buf_str(&got), expected);
    rk_buf_clear(&text);
    rk_buf_clear(&got);
}


static void test_fields_takes_scalars_and_arrays_of_them(void **state)
{
    (void)state;
    assert_parses("{}", "");
    assert_parses("{\"a\":\"x\",\"b\":4,\"c\":4.5,\"d\":true,\"e\":false}",
                  "a=x;b=4;c=4.5;d=true;e=false");
    assert_parses("{\"g\":[\"a\",1,null,true,\" b \"],\"n\":null,\"e\":[]}",
                  "g=a|1|true| b ;e=");
    assert_parses("{\"a\":\"\\u00e9\\n\\ud83d\\ude00\"}",
                  "a=\xC3\xA9\n\xF0\x9F\x98\x80");
    assert_parses("{\"i\":-9223372036854775808,\"r\":1e300}",
                  "i=-9223372036854775808;r=1e+300");
}


static void test_fields_refuses_what_is_no_text(void **state)
{
    (void)state;
    assert_parses("[1]", "x: expected an object, found an array");
    assert_parses("3", "x: expected an object, found a number");
    assert_parses("{\"a\":{\"b\":1}}",
                  "x: 'a': expected a string, number or boolean or an array "
                  "of these, found an object");
    assert_parses("{\"a\":[1,[2]]}",
                  "x: 'a': expected a string, number or boolean or an array "
                  "of these, found an array in an array");
}


static void test_fields_refuses_what_is_no_json(void **state)
{
    static const char *const bad[] = {
        "",
        "{",
        "{\"a\":1,}",
        "{\"a\":1}{",
        "{'a':1}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\xFF\"}",
        "{\"a\":\"\xC0\xAF\"}",
        "{\"a\":1e999}",
        "{\"a\":99999999999999999999}",
        "{\"a\":NaN}",
        "{\"a\":01}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        rk_error err;
        rk_buf text;
        size_t n;

        rk_buf_init(&text);
        assert_int_equal(
            rk_fields_parse(&text, &n, bad[i], strlen(bad[i]), "x", &err),
            RK_EFORMAT);
        assert_ptr_equal(strstr(err.msg, "x: not JSON at byte "), err.msg);
        rk_buf_clear(&text);
    }
}


/* The message tells the bound's refusal from the converter's. */
static void test_fields_bounds_depth_before_parsing(void **state)
{
    char json[512];
    size_t n = 0;

    (void)state;
    n += (size_t)sprintf(json, "{\"a\":");
    memset(json + n, '[', 63);
    memset(json + n + 63, ']', 63);
    strcpy(json + n + 126, "}");
    assert_parses(json, "x: 'a': expected a string, number or boolean or an "
                        "array of these, found an array in an array");
    memset(json + n, '[', 64);
    memset(json + n + 64, ']', 64);
    strcpy(json + n + 128, "}");
    assert_parses(json, "x: expected JSON at most 64 levels deep, found more");

    /* Brackets in a string are not levels. */
    n = (size_t)sprintf(json, "{\"a\":\"\\\"");
    memset(json + n, '[', 200);
    strcpy(json + n + 200, "\"}");
    json[n + 202] = '\0';
    {
        char expected[256] = "a=\"";

        memset(expected + 3, '[', 200);
        expected[203] = '\0';
        assert_parses(json, expected);
    }
}


static void test_fields_quote_is_read_back_by_a_parser(void **state)
{
    char all[256];
    json_t *value = NULL;
    rk_buf out;

    (void)state;
    for (int i = 1; i < 128; i++)
        all[i - 1] = (char)i;
    strcpy(all + 127, "\xC3\xA9\xF0\x9F\x98\x80");
    rk_buf_init(&out);
    rk_fields_quote(&out, all);
    assert_int_equal(rk_json_parse(&value, out.data, out.len, "x", NULL),
                     RK_OK);
    assert_string_equal(json_string_value(value), all);
    json_decref(value);
    rk_buf_clear(&out);
}


static void test_fields_number_is_short_and_reads_back(void **state)
{
    static const struct {
        double value;
        const char *text;
    } known[] = {{4, "4"},          {-0.5, "-0.5"},
                 {0.1, "0.1"},      {1e300, "1e+300"},
                 {1.0 / 3, NULL},   {5e-324, NULL},
                 {0.1 + 0.2, NULL}, {1.7976931348623157e308, NULL}};
    rk_rng rng = {3};
    char text[32];

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        rk_fields_number(known[i].value, text);
        if (known[i].text)
            assert_string_equal(text, known[i].text);
        assert_true(strtod(text, NULL) == known[i].value);
    }
    for (size_t i = 0; i < 2000; i++) {
        uint64_t bits = rk_rng_u64(&rng);
        double value;

        memcpy(&value, &bits, sizeof(value));
        if (!isfinite(value))
            continue;
        rk_fields_number(value, text);
        assert_true(strtod(text, NULL) == value);
    }
}


static void test_fields_parse_survives_each_failing_allocation(void **state)
{
    char json[200];
    size_t n_failed = 0;

    (void)state;
    memset(json, 'x', sizeof(json));
    memcpy(json, "{\"a\":\"", 6);
    memcpy(json + 198, "\"}", 2);
    for (size_t at = 1;; at++, n_failed++) {
        rk_buf text;
        size_t n;
        int rc;

        rk_buf_init(&text);
        rk_mem_fail_at(at);
        rc = rk_fields_parse(&text, &n, json, sizeof(json), "x", NULL);
        rk_mem_fail_at(0);
        rk_buf_clear(&text);
        if (rc == RK_OK)
            break;
        assert_int_equal(rc, RK_ENOMEM);
    }
    assert_true(n_failed > 0);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_takes_scalars_and_arrays_of_them),
        cmocka_unit_test(test_fields_refuses_what_is_no_text),
        cmocka_unit_test(test_fields_refuses_what_is_no_json),
        cmocka_unit_test(test_fields_bounds_depth_before_parsing),
        cmocka_unit_test(test_fields_quote_is_read_back_by_a_parser),
        cmocka_unit_test(test_fields_number_is_short_and_reads_back),
        cmocka_unit_test(test_fields_parse_survives_each_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
