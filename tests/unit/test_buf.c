#include "core/buf.h"
#include "core/mem.h"
#include "core/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define MOST 5000


/* Pieces of drawn lengths, beside an array that is large enough. */
static void test_what_is_added_stands_there_in_order(void **state)
{
    static char wanted[MOST + 1];
    rk_rng rng = {1};
    size_t len = 0;
    rk_buf b;

    (void)state;
    rk_buf_init(&b);
    while (len < MOST) {
        char piece[100];
        size_t n = rk_rng_below(&rng, 100);

        n = n < MOST - len ? n : MOST - len;
        memset(piece, 'a' + (int)rk_rng_below(&rng, 26), sizeof(piece));
        memcpy(wanted + len, piece, n);
        rk_buf_add(&b, piece, n);
        len += n;
        assert_int_equal(b.len, len);
        assert_true(b.cap > b.len);
        assert_true(b.data[b.len] == '\0');
    }
    assert_memory_equal(rk_buf_str(&b), wanted, len);
    rk_buf_clear(&b);
}


static void test_texts_letters_and_numbers_are_joined(void **state)
{
    char text[200];
    rk_buf b;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    rk_buf_init(&b);
    rk_buf_puts(&b, "a");
    rk_buf_putc(&b, '-');
    rk_buf_printf(&b, "%d %s", 7, text); /* longer than the room there is */
    rk_buf_puts(&b, "");
    rk_buf_add(&b, NULL, 0);
    assert_int_equal(b.len, 4 + 199);
    assert_int_equal(strncmp(rk_buf_str(&b), "a-7 xxx", 7), 0);
    rk_buf_clear(&b);
}


static void test_an_empty_buffer_is_an_empty_text(void **state)
{
    rk_buf b;
    char *text;

    (void)state;
    rk_buf_init(&b);
    assert_string_equal(rk_buf_str(&b), "");
    text = rk_buf_take(&b);
    assert_non_null(text);
    assert_string_equal(text, "");
    free(text);
    rk_buf_clear(&b); /* twice is fine */
    rk_buf_clear(&b);
}


static void test_taking_leaves_it_as_new_and_reset_keeps_the_room(void **state)
{
    rk_buf b;
    char *room;
    char *text;

    (void)state;
    rk_buf_init(&b);
    rk_buf_puts(&b, "first");
    room = b.data;
    rk_buf_reset(&b);
    assert_ptr_equal(b.data, room);
    assert_string_equal(rk_buf_str(&b), "");
    rk_buf_puts(&b, "then");
    text = rk_buf_take(&b);
    assert_string_equal(text, "then");
    assert_null(b.data);
    assert_int_equal(b.len, 0);
    free(text);
}


static void test_a_failed_append_is_remembered_until_reset(void **state)
{
    rk_buf b;

    (void)state;
    rk_buf_init(&b);
    rk_buf_puts(&b, "kept");
    rk_buf_add(&b, "x", SIZE_MAX / 2); /* no such size: refused unread */
    assert_true(b.failed);
    rk_buf_puts(&b, " more");
    assert_string_equal(rk_buf_str(&b), "kept");
    rk_buf_reset(&b);
    assert_false(b.failed);
    rk_mem_fail_at(1);
    rk_buf_printf(&b, "%100d", 1);
    rk_mem_fail_at(0);
    assert_true(b.failed);
    assert_null(rk_buf_take(&b));
    assert_false(b.failed);
    assert_null(b.data);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_added_stands_there_in_order),
        cmocka_unit_test(test_texts_letters_and_numbers_are_joined),
        cmocka_unit_test(test_an_empty_buffer_is_an_empty_text),
        cmocka_unit_test(test_taking_leaves_it_as_new_and_reset_keeps_the_room),
        cmocka_unit_test(test_a_failed_append_is_remembered_until_reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
