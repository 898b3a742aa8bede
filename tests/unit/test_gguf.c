#include "gguf_bytes.h"
#include "llm/gguf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* A file with a key of every kind and two tensors: 24 + 160 bytes. */
static void small_file(rk_buf *b)
{
    rk_buf_init(b);
    gguf_head(b, 2, 7);
    gguf_key_text(b, "general.architecture", "llama");
    gguf_key_u32(b, "general.alignment", 32);
    gguf_key(b, "a.bool", GGUF_BOOL);
    rk_buf_putc(b, 1);
    gguf_key(b, "a.float", GGUF_FLOAT32);
    gguf_f32(b, 0.5f);
    gguf_key(b, "an.int64", 11);
    gguf_u64(b, 7);
    gguf_key_array(b, "words", GGUF_STRING, 2);
    gguf_text(b, "thriller");
    gguf_text(b, "");
    gguf_key_array(b, "numbers", GGUF_UINT32, 3);
    for (uint32_t i = 0; i < 3; i++)
        gguf_u32(b, i);
    gguf_tensor(b, "bias", 6, 0, 0);
    gguf_tensor(b, "weight", 8, 5, 32);
    gguf_align(b);
    for (size_t i = 0; i < 32 + 160; i++)
        rk_buf_putc(b, (char)i);
    assert_false(b->failed);
}


static int parse(rk_buf *b, rk_gguf *out, rk_error *err)
{
    return rk_gguf_parse(out, b->data, b->len, b->len, err);
}


/* Parses and releases; the message must hold `part`. */
static void assert_refused(rk_buf *b, const char *part)
{
    rk_gguf g;
    rk_error err;

    assert_int_equal(parse(b, &g, &err), RK_EFORMAT);
    if (!strstr(err.msg, part))
        fail_msg("'%s' does not say '%s'", err.msg, part);
    rk_buf_clear(b);
}


static void test_gguf_reads_what_a_file_says_of_itself(void **state)
{
    rk_gguf g;
    rk_buf b;

    (void)state;
    small_file(&b);
    assert_int_equal(parse(&b, &g, NULL), RK_OK);
    assert_string_equal(g.architecture, "llama");
    assert_int_equal(g.n_tensors, 2);
    assert_int_equal(g.n_keys, 7);
    assert_int_equal(g.needed_bytes, b.len);
    rk_buf_clear(&b);
}


static void test_gguf_refuses_every_truncation(void **state)
{
    rk_error err;
    rk_gguf g;
    rk_buf b;

    (void)state;
    small_file(&b);
    for (size_t len = 0; len < b.len; len++) {
        char *copy = malloc(len ? len : 1);

        memcpy(copy, b.data, len);
        assert_int_equal(rk_gguf_parse(&g, copy, len, len, &err), RK_EFORMAT);
        assert_true(len < 4 || strstr(err.msg, "truncated") ||
                    strstr(err.msg, "do not fit"));
        free(copy);
    }
    rk_buf_clear(&b);
}


static void test_gguf_names_the_bytes_needed_and_the_bytes_there(void **state)
{
    char want[64];
    rk_error err;
    rk_gguf g;
    rk_buf b;

    (void)state;
    small_file(&b);
    snprintf(want, sizeof(want), "truncated: needs %zu bytes, has %zu", b.len,
             b.len - 10);
    assert_int_equal(rk_gguf_parse(&g, b.data, b.len - 10, b.len - 10, &err),
                     RK_EFORMAT);
    assert_string_equal(err.msg, want);
    rk_buf_clear(&b);
}


static void test_gguf_needs_only_the_header_of_a_longer_file(void **state)
{
    rk_error err;
    rk_gguf g;
    rk_buf b;

    (void)state;
    small_file(&b);
    assert_int_equal(rk_gguf_parse(&g, b.data, b.len - 192, b.len, &err),
                     RK_OK);
    assert_int_equal(rk_gguf_parse(&g, b.data, 100, b.len, &err), RK_EFORMAT);
    assert_string_equal(err.msg,
                        "the header is longer than the 100 bytes looked at");
    rk_buf_clear(&b);
}


static void test_gguf_refuses_other_files_and_versions(void **state)
{
    rk_buf b;

    (void)state;
    rk_buf_init(&b);
    rk_buf_puts(&b, "id,title\nB78901,The Silent Patient\n");
    assert_refused(&b, "not a GGUF file");

    for (char version = 0; version < 10; version++) {
        rk_gguf g;

        small_file(&b);
        b.data[4] = version;
        assert_int_equal(parse(&b, &g, NULL) == RK_OK,
                         version == 2 || version == 3);
        rk_buf_clear(&b);
    }
}


static void test_gguf_refuses_counts_beyond_the_bytes(void **state)
{
    static const uint64_t huge[] = {1000, 1ull << 32, UINT64_MAX};
    rk_buf b;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        rk_buf_init(&b);
        gguf_head(&b, huge[i], 0);
        assert_refused(&b, "do not fit");

        rk_buf_init(&b);
        gguf_head(&b, 0, huge[i]);
        assert_refused(&b, "do not fit");

        rk_buf_init(&b);
        gguf_head(&b, 0, 1);
        gguf_key_array(&b, "words", GGUF_STRING, huge[i]);
        assert_refused(&b, "truncated");

        rk_buf_init(&b);
        gguf_head(&b, 0, 1);
        gguf_key_array(&b, "numbers", 12, huge[i]);
        assert_refused(&b, "truncated");

        rk_buf_init(&b);
        gguf_head(&b, 0, 1);
        gguf_u64(&b, huge[i]); /* a key's length */
        gguf_u64(&b, 0);
        assert_refused(&b, i == 0 ? "truncated" : "at most 65535");
    }
}


static void test_gguf_refuses_unknown_values_and_nested_arrays(void **state)
{
    rk_buf b;

    (void)state;
    rk_buf_init(&b);
    gguf_head(&b, 0, 1);
    gguf_key(&b, "what", 13);
    gguf_u64(&b, 0);
    assert_refused(&b, "value type 13");

    rk_buf_init(&b);
    gguf_head(&b, 0, 1);
    gguf_key_array(&b, "nested", GGUF_ARRAY, 1);
    gguf_u64(&b, 0);
    assert_refused(&b, "value type 9");
}


static void test_gguf_refuses_an_architecture_that_cannot_be_shown(void **state)
{
    char long_name[65];
    rk_buf b;

    (void)state;
    memset(long_name, 'x', 64);
    long_name[64] = '\0';
    rk_buf_init(&b);
    gguf_head(&b, 0, 1);
    gguf_key_text(&b, "general.architecture", long_name);
    assert_refused(&b, "64 bytes long, at most 63");

    rk_buf_init(&b);
    gguf_head(&b, 0, 1);
    gguf_key_text(&b, "general.architecture", "lla\nma");
    assert_refused(&b, "holds byte 10");
}


static void test_gguf_refuses_alignments_that_are_no_power_of_two(void **state)
{
    static const uint32_t bad[] = {0, 3, 48, 1u << 21, UINT32_MAX};
    rk_buf b;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        rk_buf_init(&b);
        gguf_head(&b, 0, 1);
        gguf_key_u32(&b, "general.alignment", bad[i]);
        assert_refused(&b, "must be a power of two");
    }
}


/* A file with one tensor that has no bytes. */
static void one_tensor(rk_buf *b, uint32_t n_dims, const uint64_t *size,
                       uint32_t type, uint64_t offset)
{
    rk_buf_init(b);
    gguf_head(b, 1, 0);
    gguf_text(b, "w");
    gguf_u32(b, n_dims);
    for (uint32_t i = 0; i < n_dims; i++)
        gguf_u64(b, size[i]);
    gguf_u32(b, type);
    gguf_u64(b, offset);
}


static void test_gguf_refuses_tensors_without_a_size(void **state)
{
    static const uint64_t wraps[4] = {1ull << 32, 1ull << 32, 2, 1};
    static const uint64_t ragged[4] = {33, 1, 1, 1};
    static const uint64_t one[4] = {1, 1, 1, 1};
    rk_buf b;

    (void)state;
    one_tensor(&b, 3, wraps, 0, 0);
    assert_refused(&b, "cannot have the shape (4294967296, 4294967296, 2, 1)");
    one_tensor(&b, 1, ragged, 8, 0);
    assert_refused(&b, "cannot have the shape (33, 1, 1, 1)");
    one_tensor(&b, 1, one, 0, 32 * (UINT64_MAX / 32));
    assert_refused(&b, "do not fit 64 bits");
    one_tensor(&b, 1, one, 0, 33);
    assert_refused(&b, "must be a multiple of 32");
    one_tensor(&b, 5, (const uint64_t[5]){1, 1, 1, 1, 1}, 0, 0);
    assert_refused(&b, "5 dimensions");
}


static void test_gguf_leaves_unknown_tensor_types_to_the_library(void **state)
{
    static const uint64_t size[1] = {1ull << 60};
    rk_gguf g;
    rk_buf b;

    (void)state;
    one_tensor(&b, 1, size, 4, 0); /* a number no type has */
    gguf_align(&b);
    assert_int_equal(parse(&b, &g, NULL), RK_OK);
    rk_buf_clear(&b);

    one_tensor(&b, 1, size, 1000, 1 << 20); /* but it begins in the file */
    assert_refused(&b, "truncated: needs 1048");
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gguf_reads_what_a_file_says_of_itself),
        cmocka_unit_test(test_gguf_refuses_every_truncation),
        cmocka_unit_test(test_gguf_names_the_bytes_needed_and_the_bytes_there),
        cmocka_unit_test(test_gguf_needs_only_the_header_of_a_longer_file),
        cmocka_unit_test(test_gguf_refuses_other_files_and_versions),
        cmocka_unit_test(test_gguf_refuses_counts_beyond_the_bytes),
        cmocka_unit_test(test_gguf_refuses_unknown_values_and_nested_arrays),
        cmocka_unit_test(
            test_gguf_refuses_an_architecture_that_cannot_be_shown),
        cmocka_unit_test(test_gguf_refuses_alignments_that_are_no_power_of_two),
        cmocka_unit_test(test_gguf_refuses_tensors_without_a_size),
        cmocka_unit_test(test_gguf_leaves_unknown_tensor_types_to_the_library),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
