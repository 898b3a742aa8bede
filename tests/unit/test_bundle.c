#include "data/bundle.h"

#include "../scratch.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/mem.h"
#include "core/rng.h"
#include "data/bundle_layout.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* A bundle's bytes, aligned as a mapping is. */
typedef struct image {
    unsigned char *bytes;
    size_t len;
} image;

static const float weights[6] = {1, 2, 3, 4, 5, 6};
static const int8_t codes[5] = {-2, -1, 0, 1, 2};
static const char *const words[3] = {"moon", "", "na\xC3\xAFve"};


static const char *word_at(const void *ctx, size_t i)
{
    return ((const char *const *)ctx)[i];
}


static int small_fill(rk_bundle_writer *w, rk_error *err)
{
    int rc = rk_bundle_put(w, "weights", RK_F32, 2, 3, weights, err);

    if (rc == RK_OK)
        rc = rk_bundle_put(w, "codes", RK_I8, 1, 5, codes, err);
    if (rc == RK_OK)
        rc = rk_bundle_put(w, "nothing", RK_U32, 0, 7, NULL, err);
    if (rc == RK_OK)
        rc = rk_bundle_put_strings(w, "words", 3, word_at, words, err);
    return rc;
}


/* Saves what `fill` puts and reads the file back. */
static image image_of(int (*fill)(rk_bundle_writer *w, rk_error *err))
{
    rk_bundle_writer *w;
    scratch s;
    image out;
    char *bytes;
    rk_error err = {0};

    scratch_init(&s);
    assert_int_equal(rk_bundle_writer_new(&w, &err), RK_OK);
    assert_int_equal(fill(w, &err), RK_OK);
    assert_int_equal(rk_bundle_save(w, scratch_path(&s, "b"), &err), RK_OK);
    rk_bundle_writer_free(w);
    assert_int_equal(
        rk_file_read(scratch_path(&s, "b"), 1 << 20, &bytes, &out.len, &err),
        RK_OK);
    out.bytes = rk_alloc_aligned(out.len, 1);
    memcpy(out.bytes, bytes, out.len);
    free(bytes);
    scratch_clear(&s);
    return out;
}


/* Makes the checksum fit, so that what is behind it is tested. */
static void seal(image *m)
{
    rk_bundle_header *h = (rk_bundle_header *)m->bytes;

    h->checksum = rk_hash64(m->bytes + RKSN_HASHED, m->len - RKSN_HASHED);
}


static rk_bundle_entry *entry(image *m, size_t i)
{
    const rk_bundle_header *h = (const rk_bundle_header *)m->bytes;

    return (rk_bundle_entry *)(m->bytes + h->table) + i;
}


static void assert_refused(const image *m, const char *why)
{
    rk_bundle *b = (rk_bundle *)m->bytes;
    rk_error err = {0};

    assert_int_equal(rk_bundle_parse(&b, m->bytes, m->len, &err), RK_EFORMAT);
    assert_null(b);
    if (!strstr(err.msg, why))
        fail_msg("'%s' does not say '%s'", err.msg, why);
}


static void test_bundle_gives_back_what_was_put(void **state)
{
    image m = image_of(small_fill);
    rk_strings strings;
    rk_bundle *b;
    rk_tensor t;

    (void)state;
    assert_int_equal(rk_bundle_parse(&b, m.bytes, m.len, NULL), RK_OK);

    assert_int_equal(rk_bundle_get(b, "weights", RK_F32, 2, 3, &t, NULL),
                     RK_OK);
    assert_memory_equal(t.data, weights, sizeof(weights));
    assert_int_equal((uintptr_t)t.data % 64, 0);
    assert_int_equal(rk_bundle_get(b, "codes", RK_I8, 0, 0, &t, NULL), RK_OK);
    assert_int_equal(t.rows, 1);
    assert_int_equal(t.cols, 5);
    assert_memory_equal(t.data, codes, sizeof(codes));
    assert_int_equal((uintptr_t)t.data % 64, 0);
    assert_int_equal(rk_bundle_get(b, "nothing", RK_U32, 0, 7, &t, NULL),
                     RK_OK);
    assert_int_equal(t.rows, 0);

    assert_int_equal(rk_bundle_get_strings(b, "words", 3, &strings, NULL),
                     RK_OK);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(rk_strings_at(&strings, i), words[i]);
    assert_int_equal(strings.n_bytes, 5 + 1 + 7);

    assert_true(rk_bundle_has(b, "words.bytes"));
    assert_false(rk_bundle_has(b, "words"));
    rk_bundle_close(b);
    free(m.bytes);
}


static void test_bundle_get_says_expected_and_found(void **state)
{
    image m = image_of(small_fill);
    rk_error err = {0};
    rk_strings strings;
    rk_bundle *b;
    rk_tensor t;

    (void)state;
    assert_int_equal(rk_bundle_parse(&b, m.bytes, m.len, NULL), RK_OK);
    assert_int_equal(rk_bundle_get(b, "moon", RK_F32, 0, 0, &t, &err),
                     RK_ENOTFOUND);
    assert_int_equal(rk_bundle_get(b, "weights", RK_I8, 0, 0, &t, &err),
                     RK_EFORMAT);
    assert_int_equal(rk_bundle_get(b, "weights", RK_F32, 3, 3, &t, &err),
                     RK_EFORMAT);
    assert_int_equal(rk_bundle_get(b, "weights", RK_F32, 0, 4, &t, &err),
                     RK_EFORMAT);
    assert_string_equal(err.msg, "tensor 'weights' is f32 (2, 3), expected "
                                 "f32 (0, 4), 0 meaning any");
    assert_int_equal(rk_bundle_get_strings(b, "words", 4, &strings, &err),
                     RK_EFORMAT);
    assert_int_equal(rk_bundle_get_strings(b, "codes", 0, &strings, &err),
                     RK_ENOTFOUND);
    rk_bundle_close(b);
    free(m.bytes);
}


static void test_bundle_put_refuses_bad_names_types_and_sizes(void **state)
{
    char name[65];
    rk_bundle_writer *w;

    (void)state;
    memset(name, 'n', 64);
    name[64] = '\0';
    assert_int_equal(rk_bundle_writer_new(&w, NULL), RK_OK);
    assert_int_equal(rk_bundle_put(w, "", RK_I8, 1, 5, codes, NULL), RK_EINVAL);
    assert_int_equal(rk_bundle_put(w, name, RK_I8, 1, 5, codes, NULL),
                     RK_EINVAL);
    assert_int_equal(rk_bundle_put(w, name + 1, RK_I8, 1, 5, codes, NULL),
                     RK_OK);
    assert_int_equal(rk_bundle_put(w, name + 1, RK_I8, 1, 5, codes, NULL),
                     RK_EINVAL);
    assert_int_equal(rk_bundle_put(w, "a", (enum rk_dtype)7, 1, 1, codes, NULL),
                     RK_EINVAL);
    assert_int_equal(
        rk_bundle_put(w, "a", RK_F32, SIZE_MAX / 2, 3, codes, NULL), RK_EINVAL);
    assert_int_equal(
        rk_bundle_put(w, "a", RK_U8, 1, SIZE_MAX - 63, codes, NULL), RK_ENOMEM);
    assert_int_equal(
        rk_bundle_put_strings(w, name + 8, 3, word_at, words, NULL), RK_EINVAL);
    rk_bundle_writer_free(w);
}


static int empty_fill(rk_bundle_writer *w, rk_error *err)
{
    (void)w;
    (void)err;
    return RK_OK;
}


static void test_bundle_may_be_empty(void **state)
{
    image m = image_of(empty_fill);
    rk_bundle *b;

    (void)state;
    assert_int_equal(m.len, 64);
    assert_int_equal(rk_bundle_parse(&b, m.bytes, m.len, NULL), RK_OK);
    assert_false(rk_bundle_has(b, "weights"));
    rk_bundle_close(b);
    free(m.bytes);
}


static int many_fill(rk_bundle_writer *w, rk_error *err)
{
    rk_rng r = {3};
    int rc = RK_OK;

    for (size_t i = 0; i < 100 && rc == RK_OK; i++) {
        unsigned char bytes[200];
        char name[16];

        snprintf(name, sizeof(name), "t%zu", i * 37 % 100);
        for (size_t k = 0; k < sizeof(bytes); k++)
            bytes[k] = (unsigned char)rk_rng_u64(&r);
        rc = rk_bundle_put(w, name, RK_U8, 1, i * 2, bytes, err);
    }
    return rc;
}


static void test_bundle_keeps_many_tensors_apart(void **state)
{
    image m = image_of(many_fill);
    rk_rng r = {3};
    rk_bundle *b;
    rk_tensor t;

    (void)state;
    assert_int_equal(rk_bundle_parse(&b, m.bytes, m.len, NULL), RK_OK);
    for (size_t i = 0; i < 100; i++) {
        char name[16];

        snprintf(name, sizeof(name), "t%zu", i * 37 % 100);
        assert_int_equal(rk_bundle_get(b, name, RK_U8, 1, 0, &t, NULL), RK_OK);
        assert_int_equal(t.cols, i * 2);
        for (size_t k = 0; k < 200; k++) {
            unsigned char byte = (unsigned char)rk_rng_u64(&r);

            if (k < t.cols)
                assert_int_equal(((const unsigned char *)t.data)[k], byte);
        }
    }
    rk_bundle_close(b);
    free(m.bytes);
}


static void test_bundle_parse_refuses_every_truncation(void **state)
{
    image m = image_of(small_fill);

    (void)state;
    for (size_t len = 0; len < m.len; len++) {
        image cut = {rk_alloc_aligned(len, 1), len};

        memcpy(cut.bytes, m.bytes, len);
        assert_refused(&cut, "RKSN");
        if (len >= sizeof(rk_bundle_header)) {
            ((rk_bundle_header *)cut.bytes)->len = len;
            seal(&cut);
            assert_refused(&cut, "RKSN");
        }
        free(cut.bytes);
    }
    free(m.bytes);
}


static void test_bundle_parse_refuses_every_flipped_bit(void **state)
{
    image m = image_of(small_fill);

    (void)state;
    for (size_t bit = 0; bit < m.len * 8; bit++) {
        m.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        assert_refused(&m, "RKSN");
        m.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    free(m.bytes);
}


/* Past the checksum: a flip in header or table that is not refused names
 * other tensors or shapes, but reaches no byte outside of the file. */
static void test_bundle_stays_in_its_bytes_whatever_was_flipped(void **state)
{
    static const char *const names[] = {"weights", "codes", "nothing",
                                        "words.offsets", "words.bytes"};
    image m = image_of(small_fill);
    size_t n_read = 0;

    (void)state;
    for (size_t bit = RKSN_HASHED * 8; bit < m.len * 8; bit++) {
        rk_bundle *b;

        m.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        seal(&m);
        rk_bundle_parse(&b, m.bytes, m.len, NULL);
        for (size_t i = 0; b && i < 5; i++) {
            rk_strings strings;
            rk_tensor t;

            for (int d = RK_F32; d <= RK_I64; d++) {
                if (rk_bundle_get(b, names[i], (enum rk_dtype)d, 0, 0, &t,
                                  NULL))
                    continue;
                assert_true((const unsigned char *)t.data >= m.bytes);
                assert_true(
                    t.rows * t.cols * rk_dtype_size(t.dtype) <=
                    (size_t)(m.bytes + m.len - (const unsigned char *)t.data));
                n_read++;
            }
            if (rk_bundle_get_strings(b, "words", 0, &strings, NULL) == RK_OK)
                for (size_t k = 0; k < strings.n; k++)
                    n_read += strlen(rk_strings_at(&strings, k));
        }
        rk_bundle_close(b);
        m.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    assert_true(n_read > 0);
    free(m.bytes);
}


static void test_bundle_parse_refuses_a_table_that_lies(void **state)
{
    image m = image_of(small_fill);
    image was = {rk_alloc_aligned(m.len, 1), m.len};
    rk_bundle_header *h = (rk_bundle_header *)m.bytes;

    (void)state;
    memcpy(was.bytes, m.bytes, m.len);
#define TRY(change, why)                                                       \
    do {                                                                       \
        change;                                                                \
        seal(&m);                                                              \
        assert_refused(&m, why);                                               \
        memcpy(m.bytes, was.bytes, m.len);                                     \
    } while (0)

    TRY(h->n = UINT32_MAX, "4294967295 tensors");
    TRY(h->n--, "tensors with their table");
    TRY(h->table -= 64, "tensors with their table");
    TRY(h->table = UINT64_MAX - 63, "tensors with their table");
    TRY(h->zero[6] = 1, "unknown fields");
    TRY(h->version = 2, "RKSN version 2, this build reads 1");
    TRY(entry(&m, 1)->offset -= 64, "expected at 128"); /* overlaps */
    TRY(entry(&m, 1)->offset += 64, "expected at 128"); /* leaves a gap */
    TRY(entry(&m, 1)->offset = m.len, "expected at 128");
    TRY(entry(&m, 1)->cols = 65, "expected at");
    TRY(entry(&m, 1)->cols = UINT64_MAX / 2, "within");
    TRY(entry(&m, 1)->rows = UINT64_MAX, "has no size");
    TRY(entry(&m, 1)->dtype = 0, "has no size");
    TRY(entry(&m, 1)->dtype = 7, "has no size");
    TRY(entry(&m, 1)->zero = 1, "has no size");
    TRY(memset(entry(&m, 1)->name, 'x', 64), "tensor 1 has no name");
    TRY(memset(entry(&m, 1)->name, 0, 64), "tensor 1 has no name");
    TRY(entry(&m, 1)->name[63] = 'x', "tensor 1 has no name");
    TRY(memcpy(entry(&m, 1)->name, entry(&m, 0)->name, 64), "two tensors");
#undef TRY
    free(was.bytes);
    free(m.bytes);
}


static void test_bundle_parse_believes_no_count_before_allocating(void **state)
{
    image m = image_of(small_fill);
    rk_bundle_header *h = (rk_bundle_header *)m.bytes;

    (void)state;
    for (uint32_t bit = 3; bit < 32; bit++) {
        h->n = 1u << bit;
        seal(&m);
        rk_mem_fail_at(0);
        assert_refused(&m, "tensors with their table");
        assert_int_equal(rk_mem_fail_at(0), 0);
    }
    free(m.bytes);
}


static void test_bundle_get_strings_refuses_bad_offsets(void **state)
{
    image m = image_of(small_fill);
    uint64_t *offsets = (uint64_t *)(m.bytes + entry(&m, 3)->offset);
    char *bytes = (char *)m.bytes + entry(&m, 4)->offset;
    rk_strings strings;
    rk_bundle *b;

    (void)state;
    assert_string_equal(entry(&m, 3)->name, "words.offsets");
    offsets[1] = 13;
    seal(&m);
    assert_int_equal(rk_bundle_parse(&b, m.bytes, m.len, NULL), RK_OK);
    assert_int_equal(rk_bundle_get_strings(b, "words", 0, &strings, NULL),
                     RK_EFORMAT);
    rk_bundle_close(b);

    offsets[1] = 5;
    bytes[12] = 'x';
    seal(&m);
    assert_int_equal(rk_bundle_parse(&b, m.bytes, m.len, NULL), RK_OK);
    assert_int_equal(rk_bundle_get_strings(b, "words", 0, &strings, NULL),
                     RK_EFORMAT);
    rk_bundle_close(b);
    free(m.bytes);
}


static void test_bundle_parse_refuses_bytes_that_are_not_aligned(void **state)
{
    image m = image_of(small_fill);
    unsigned char *moved = rk_alloc_aligned(m.len + 8, 1);
    rk_bundle *b;

    (void)state;
    memcpy(moved + 8, m.bytes, m.len);
    assert_int_equal(rk_bundle_parse(&b, moved + 8, m.len, NULL), RK_EINVAL);
    assert_null(b);
    free(moved);
    free(m.bytes);
}


static void test_bundle_open_names_the_file_in_its_errors(void **state)
{
    rk_error err = {0};
    rk_bundle *b;
    scratch s;

    (void)state;
    scratch_init(&s);
    assert_int_equal(rk_bundle_open(&b, scratch_path(&s, "none"), &err),
                     RK_ENOTFOUND);
    assert_int_equal(rk_file_write(scratch_path(&s, "x"), "GGUF", 4, &err),
                     RK_OK);
    assert_int_equal(rk_bundle_open(&b, scratch_path(&s, "x"), &err),
                     RK_EFORMAT);
    assert_null(b);
    assert_non_null(strstr(err.msg, "/x: not an RKSN file"));
    scratch_clear(&s);
}


/* Writes, opens and reads; RK_ENOMEM wherever an allocation fails. */
static int round_trip(const char *path)
{
    rk_bundle_writer *w = NULL;
    rk_bundle *b = NULL;
    rk_strings strings;
    int rc = rk_bundle_writer_new(&w, NULL);

    if (rc == RK_OK)
        rc = small_fill(w, NULL);
    if (rc == RK_OK)
        rc = many_fill(w, NULL);
    if (rc == RK_OK)
        rc = rk_bundle_save(w, path, NULL);
    if (rc == RK_OK)
        rc = rk_bundle_open(&b, path, NULL);
    if (rc == RK_OK)
        rc = rk_bundle_get_strings(b, "words", 3, &strings, NULL);
    rk_bundle_close(b);
    rk_bundle_writer_free(w);
    return rc;
}


static void test_bundle_stands_each_allocation_failing(void **state)
{
    scratch s;
    int rc;

    (void)state;
    scratch_init(&s);
    for (size_t at = 1;; at++) {
        rk_mem_fail_at(at);
        rc = round_trip(scratch_path(&s, "b"));
        rk_mem_fail_at(0);
        if (rc == RK_OK) {
            assert_true(at > 8);
            break;
        }
        assert_int_equal(rc, RK_ENOMEM);
    }
    scratch_clear(&s);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bundle_gives_back_what_was_put),
        cmocka_unit_test(test_bundle_get_says_expected_and_found),
        cmocka_unit_test(test_bundle_put_refuses_bad_names_types_and_sizes),
        cmocka_unit_test(test_bundle_may_be_empty),
        cmocka_unit_test(test_bundle_keeps_many_tensors_apart),
        cmocka_unit_test(test_bundle_parse_refuses_every_truncation),
        cmocka_unit_test(test_bundle_parse_refuses_every_flipped_bit),
        cmocka_unit_test(test_bundle_stays_in_its_bytes_whatever_was_flipped),
        cmocka_unit_test(test_bundle_parse_refuses_a_table_that_lies),
        cmocka_unit_test(test_bundle_parse_believes_no_count_before_allocating),
        cmocka_unit_test(test_bundle_get_strings_refuses_bad_offsets),
        cmocka_unit_test(test_bundle_parse_refuses_bytes_that_are_not_aligned),
        cmocka_unit_test(test_bundle_open_names_the_file_in_its_errors),
        cmocka_unit_test(test_bundle_stands_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
