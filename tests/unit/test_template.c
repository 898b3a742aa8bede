#include "core/mem.h"
#include "data/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const rk_field fields[] = {
    {"title", "The Night Circus"},
    {"Author", "Erin Morgenstern"},
    {"genres", "fiction| historical ||fantasy"},
    {"dirty", " two\n lines\t\xE2\x80\x8B "},
    {"nothing", " | \xE2\x80\x8B|"},
    {"trick", "{{title}} {{#x}}"},
    {"empty", ""},
};
static const rk_record record = {"B1", fields,
                                 sizeof(fields) / sizeof(fields[0])};


static void assert_expands(const char *text, const char *expected)
{
    rk_buf out;

    rk_buf_init(&out);
    rk_buf_puts(&out, ">");
    rk_template_expand(&out, text, &record);
    assert_string_equal(rk_buf_str(&out) + 1, expected);
    rk_buf_clear(&out);
}


static void assert_refused(const char *text, const char *expected)
{
    rk_error err = {0};

    assert_int_equal(rk_template_check(text, &err), RK_EFORMAT);
    assert_string_equal(err.msg, expected);
}


static void test_template_puts_values_in(void **state)
{
    (void)state;
    assert_expands("", "");
    assert_expands("plain {text}", "plain {text}");
    assert_expands("{{title}} by {{ author }}.",
                   "The Night Circus by Erin Morgenstern.");
    assert_expands("[{{absent}}{{empty}}{{nothing}}]", "[]");
    assert_expands("{{genres}}", "fiction, historical, fantasy");
    assert_expands("{{dirty}}", "two lines");
}


static void test_template_does_not_expand_a_value_again(void **state)
{
    (void)state;
    assert_expands("{{trick}}", "{{title}} {{#x}}");
    assert_expands("{{{{title}}}}", "}}");
}


static void test_template_shows_sections_by_presence(void **state)
{
    (void)state;
    assert_expands("a{{#title}}b{{/title}}c", "abc");
    assert_expands("a{{#absent}}b{{/absent}}c", "ac");
    assert_expands("a{{^absent}}b{{/absent}}c", "abc");
    assert_expands("a{{^title}}b{{/title}}c", "ac");
    assert_expands("{{#empty}}x{{/empty}}{{#nothing}}y{{/nothing}}", "");
    assert_expands("{{#a}}{{#title}}x{{/title}}{{^b}}y{{/b}}{{/a}}z", "z");
    assert_expands("{{#title}}{{^a}}{{#author}}x{{/author}}{{/a}}{{/title}}",
                   "x");
}


static void test_template_unchecked_is_expanded_as_far_as_it_goes(void **state)
{
    (void)state;
    assert_expands("a{{/title}}b{{title", "ab{{title");
    assert_expands("a{{#absent}}b", "a");
    assert_expands("{{}}{{#}}x", "");
}


static void test_template_check_takes_good_templates(void **state)
{
    (void)state;
    assert_int_equal(rk_template_check("", NULL), RK_OK);
    assert_int_equal(rk_template_check("}} { {x} {{a}}}", NULL), RK_OK);
    assert_int_equal(rk_template_check("{{# a }}{{^b}}{{c}}{{/b}}{{/a}}", NULL),
                     RK_OK);
}


static void test_template_check_names_the_byte(void **state)
{
    (void)state;
    assert_refused("ab{{title",
                   "template, byte 3: expected '}}' behind the tag, found "
                   "none");
    assert_refused("{{a}} {{ }}",
                   "template, byte 7: expected a field's name, found none");
    assert_refused("{{/a}}",
                   "template, byte 1: expected an open section, found none");
    assert_refused("{{#a}}x{{#b}}y{{/b}}",
                   "template, byte 1: expected the section to be closed, "
                   "found the end");
    assert_refused("{{#a}}{{^b}}{{/a}}{{/b}}",
                   "template, byte 13: expected {{/b}}, found {{/a}}");
    assert_refused("{{#ab}}{{/a}}",
                   "template, byte 8: expected {{/ab}}, found {{/a}}");
    assert_refused("{{{a}}}",
                   "template, byte 1: expected {{name}}, {{#name}}, {{^name}} "
                   "or {{/name}}, found another tag");
    assert_refused("{{>a}}",
                   "template, byte 1: expected {{name}}, {{#name}}, {{^name}} "
                   "or {{/name}}, found another tag");
}


static void test_template_check_bounds_names_and_nesting(void **state)
{
    char text[200];
    size_t n;

    (void)state;
    memset(text, 'x', sizeof(text));
    memcpy(text, "{{", 2);
    memcpy(text + 66, "}}", 3);
    assert_int_equal(rk_template_check(text, NULL), RK_OK);
    text[66] = 'x';
    memcpy(text + 67, "}}", 3);
    assert_int_equal(rk_template_check(text, NULL), RK_EFORMAT);
    assert_expands(text, "");

    for (n = 0; n < 17; n++)
        memcpy(text + 6 * n, "{{#a}}", 7);
    assert_refused(text, "template, byte 97: expected at most 16 sections in "
                         "one another, found more");
}


/* The buffer says that it failed; nothing else goes wrong. */
static void test_template_expand_survives_failing_allocations(void **state)
{
    static const char text[] =
        "{{#title}}{{title}} by {{author}} ({{genres}}){{/title}} and a text "
        "that is longer than a buffer's first piece";
    size_t n_failed = 0;

    (void)state;
    for (size_t n = 1;; n++, n_failed++) {
        bool failed;
        rk_buf out;

        rk_buf_init(&out);
        rk_mem_fail_at(n);
        rk_template_expand(&out, text, &record);
        rk_mem_fail_at(0);
        failed = out.failed;
        rk_buf_clear(&out);
        if (!failed)
            break;
    }
    assert_true(n_failed > 5);
}


static const rk_field rows_line[] = {{"line", "A | {{title}}"}};
static const rk_field rows_more[] = {{"noun", "book"}, {"title", "outside"}};
static const rk_template_row rows[] = {{rows_line, 1, &record},
                                       {NULL, 0, NULL}};
static const rk_template_list lists[] = {{"liked", rows, 2},
                                         {"disliked", NULL, 0}};
static const rk_template_data data = {
    .outer = {rows_more, 2, NULL}, .lists = lists, .n_lists = 2};


static void assert_fills(const char *text, const char *expected)
{
    rk_buf out;

    rk_buf_init(&out);
    assert_int_equal(rk_template_fill(&out, text, &data, NULL), RK_OK);
    assert_string_equal(rk_buf_str(&out), expected);
    rk_buf_clear(&out);
}


static void test_template_repeats_a_list_for_each_row(void **state)
{
    (void)state;
    assert_fills("{{noun}}:\n{{#liked}}{{number}}{{letter}} {{line}};\n"
                 "{{/liked}}.",
                 "book:\n1A A | {{title}};\n2B ;\n.");
    assert_fills("{{#liked}}{{title}},{{/liked}}{{title}}",
                 "The Night Circus,outside,outside");
    assert_fills("{{#liked}}[{{#author}}by {{author}}{{/author}}]{{/liked}}",
                 "[by Erin Morgenstern][]");
    assert_fills("{{number}}{{letter}}{{liked}}{{Noun}}", "");
}


static void test_template_tells_an_empty_list(void **state)
{
    (void)state;
    assert_fills("{{#disliked}}x{{/disliked}}{{^disliked}}none{{/disliked}}",
                 "none");
    assert_fills("{{^liked}}none{{/liked}}", "");
    assert_fills("{{#absent}}{{#liked}}x{{/liked}}{{/absent}}", "");
}


/* Work stays rows times text: a list in a list is asked only if it has rows. */
static void test_template_does_not_repeat_a_list_in_a_list(void **state)
{
    (void)state;
    assert_fills("{{#liked}}{{#liked}}x{{/liked}}{{/liked}}", "xx");
    assert_fills("{{#liked}}{{^disliked}}y{{/disliked}}{{/liked}}", "yy");
}


static void test_template_fill_is_bounded(void **state)
{
    enum { N = 1 << 15 };
    rk_template_row *many = rk_calloc(N, sizeof(*many));
    rk_template_list list = {"liked", many, N};
    rk_template_data big = {.lists = &list, .n_lists = 1};
    rk_error err;
    rk_buf out;

    (void)state;
    assert_non_null(many);
    rk_buf_init(&out);
    assert_int_equal(
        rk_template_fill(&out,
                         "{{#liked}}0123456789012345678901234567890123456789"
                         "{{/liked}}",
                         &big, &err),
        RK_EINVAL);
    assert_string_equal(err.msg, "a template's text: expected at most 1048576 "
                                 "bytes, found more");
    assert_true(out.len < RK_TEMPLATE_MOST + 100);
    rk_buf_clear(&out);
    free(many);
}


static void test_template_check_names_knows_what_is_outside_lists(void **state)
{
    static const char *const values[] = {"noun", NULL};
    static const char *const named[] = {"liked", NULL};
    const rk_template_names known = {values, named};
    const rk_template_names no_lists = {values, NULL};
    rk_error err;

    (void)state;
    assert_int_equal(rk_template_check_names("{{noun}}{{#liked}}{{any}}"
                                             "{{#x}}{{y}}{{/x}}{{/liked}}"
                                             "{{^liked}}{{noun}}{{/liked}}",
                                             &known, NULL),
                     RK_OK);
    assert_int_equal(
        rk_template_check_names("{{#like}}{{line}}{{/like}}", &known, &err),
        RK_EFORMAT);
    assert_string_equal(err.msg, "template, byte 1: unknown name 'like', "
                                 "expected one of noun, liked");
    assert_int_equal(
        rk_template_check_names("{{#liked}}{{/liked}}{{line}}", &known, NULL),
        RK_EFORMAT);
    assert_int_equal(
        rk_template_check_names("{{#liked}}{{/liked}}", &no_lists, NULL),
        RK_EFORMAT);
    assert_int_equal(rk_template_check_names("{{", &known, NULL), RK_EFORMAT);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_template_puts_values_in),
        cmocka_unit_test(test_template_does_not_expand_a_value_again),
        cmocka_unit_test(test_template_shows_sections_by_presence),
        cmocka_unit_test(test_template_unchecked_is_expanded_as_far_as_it_goes),
        cmocka_unit_test(test_template_check_takes_good_templates),
        cmocka_unit_test(test_template_check_names_the_byte),
        cmocka_unit_test(test_template_check_bounds_names_and_nesting),
        cmocka_unit_test(test_template_expand_survives_failing_allocations),
        cmocka_unit_test(test_template_repeats_a_list_for_each_row),
        cmocka_unit_test(test_template_tells_an_empty_list),
        cmocka_unit_test(test_template_does_not_repeat_a_list_in_a_list),
        cmocka_unit_test(test_template_fill_is_bounded),
        cmocka_unit_test(test_template_check_names_knows_what_is_outside_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
