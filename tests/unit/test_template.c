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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
