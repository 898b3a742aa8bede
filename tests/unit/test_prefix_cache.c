#include "llm/prefix_cache.h"

#include "core/file.h"
#include "core/mem.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { TOKENS = 5, LOGITS = 3, STATE = 1000 };

static char folder[] = "/tmp/reckon-prefix-XXXXXX";


static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}


/* Deletes the files in the folder; how many there were. */
static int empty_folder(void)
{
    DIR *d = opendir(folder);
    const struct dirent *e;
    int n = 0;

    assert_non_null(d);
    while ((e = readdir(d)) != NULL)
        if (e->d_name[0] != '.' && unlinkat(dirfd(d), e->d_name, 0) == 0)
            n++;
    closedir(d);
    return n;
}


static int tear_down(void **state)
{
    (void)state;
    empty_folder();
    return rmdir(folder);
}


static rk_prefix_cache *open_cache(const char *world, const char *in,
                                   size_t memory_bytes, size_t disk_bytes)
{
    rk_prefix_opts opts = {memory_bytes, in, disk_bytes};
    rk_prefix_cache *c;

    assert_int_equal(rk_prefix_cache_new(&c, world, &opts, NULL), RK_OK);
    return c;
}


/* State `i` is STATE bytes of i. */
static size_t save(void *ctx, void *state, size_t len)
{
    memset(state, *(int32_t *)ctx, len);
    return len;
}


static size_t save_less(void *ctx, void *state, size_t len)
{
    return save(ctx, state, len - 1);
}


static void add(rk_prefix_cache *c, int32_t i, rk_prefix_save *how)
{
    int32_t tokens[TOKENS] = {i, 1, 2, 3, 4};
    float logits[LOGITS] = {(float)i, 1, 2};
    rk_kept k = {tokens, logits, NULL, TOKENS, LOGITS, STATE};

    rk_prefix_cache_add(c, &k, how, &i);
}


/* Whether entry i is there, whole. */
static bool has(rk_prefix_cache *c, int32_t i)
{
    int32_t tokens[TOKENS] = {i, 1, 2, 3, 4};
    rk_kept k;

    if (!rk_prefix_cache_find(c, tokens, TOKENS, &k))
        return false;
    assert_int_equal(k.n_tokens, TOKENS);
    assert_memory_equal(k.tokens, tokens, sizeof(tokens));
    assert_int_equal(k.n_logits, LOGITS);
    assert_true(k.logits[0] == (float)i && k.logits[2] == 2);
    assert_int_equal(k.state_len, STATE);
    for (size_t j = 0; j < STATE; j++)
        assert_int_equal(((const char *)k.state)[j], i);
    return true;
}


/* The bytes of one entry. */
static size_t entry_bytes(void)
{
    rk_prefix_cache *c = open_cache("w", NULL, 1 << 20, 0);
    size_t n;

    add(c, 1, save);
    n = rk_prefix_cache_bytes(c);
    rk_prefix_cache_free(c);
    assert_true(n > STATE);
    return n;
}


static void
test_prefix_cache_forgets_what_was_not_used_for_longest(void **state)
{
    size_t each = entry_bytes();
    rk_prefix_cache *c = open_cache("w", NULL, 3 * each, 0);

    (void)state;
    assert_false(has(c, 1));
    for (int32_t i = 1; i <= 3; i++)
        add(c, i, save);
    assert_true(has(c, 1));
    add(c, 4, save);
    assert_true(has(c, 1) && has(c, 3) && has(c, 4));
    assert_false(has(c, 2));
    assert_int_equal(rk_prefix_cache_bytes(c), 3 * each);
    rk_prefix_cache_drop(c, (int32_t[]){1, 1, 2, 3, 4}, TOKENS);
    assert_false(has(c, 1));
    assert_int_equal(rk_prefix_cache_bytes(c), 2 * each);
    rk_prefix_cache_free(c);

    /* What is larger than the budget is not kept. */
    c = open_cache("w", NULL, each - 1, 0);
    add(c, 1, save);
    assert_false(has(c, 1));
    rk_prefix_cache_free(c);
}


static void test_prefix_cache_keeps_no_state_that_was_not_written(void **state)
{
    rk_prefix_cache *c = open_cache("w", folder, 1 << 20, 1 << 20);

    (void)state;
    add(c, 1, save_less);
    assert_false(has(c, 1));
    assert_int_equal(rk_prefix_cache_bytes(c), 0);
    rk_prefix_cache_free(c);
    assert_int_equal(empty_folder(), 0);
}


static void test_prefix_cache_outlives_its_process_in_a_folder(void **state)
{
    rk_prefix_cache *c = open_cache("w", folder, 1 << 20, 1 << 20);

    (void)state;
    add(c, 1, save);
    rk_prefix_cache_free(c);
    c = open_cache("another world", folder, 1 << 20, 1 << 20);
    assert_false(has(c, 1));
    rk_prefix_cache_free(c);
    c = open_cache("w", folder, 1 << 20, 1 << 20);
    assert_true(has(c, 1));
    assert_false(has(c, 2));
    rk_prefix_cache_drop(c, (int32_t[]){1, 1, 2, 3, 4}, TOKENS);
    rk_prefix_cache_free(c);
    assert_int_equal(empty_folder(), 0);
}


static void test_prefix_cache_keeps_a_folder_within_its_bytes(void **state)
{
    size_t each = entry_bytes();
    rk_prefix_cache *c = open_cache("w", folder, 1 << 20, 2 * each);

    (void)state;
    for (int32_t i = 1; i <= 5; i++)
        add(c, i, save);
    rk_prefix_cache_free(c);
    c = open_cache("w", folder, 1 << 20, 2 * each);
    assert_true(has(c, 5));
    rk_prefix_cache_free(c);
    assert_int_equal(empty_folder(), 2);
}


/* The path of the folder's one file. */
static void only_file(char out[300])
{
    DIR *d = opendir(folder);
    const struct dirent *e;

    assert_non_null(d);
    while ((e = readdir(d)) != NULL)
        if (e->d_name[0] != '.')
            snprintf(out, 300, "%s/%.200s", folder, e->d_name);
    closedir(d);
}


static void test_prefix_cache_refuses_a_file_with_any_byte_changed(void **state)
{
    rk_prefix_cache *c = open_cache("w", folder, 1 << 20, 1 << 20);
    char path[300] = "";
    char *bytes;
    size_t len;

    (void)state;
    add(c, 1, save);
    rk_prefix_cache_free(c);
    only_file(path);
    assert_int_equal(rk_file_read(path, 1 << 20, &bytes, &len, NULL), RK_OK);
    c = open_cache("w", folder, 0, 1 << 20);
    for (int i = 0; i < 2; i++)
        assert_true(has(c, 1)); /* read each time */
    assert_int_equal(rk_prefix_cache_bytes(c), 0);
    rk_prefix_cache_free(c);
    c = open_cache("w", folder, 1 << 20, 1 << 20);
    for (size_t i = 0; i < len; i += i < 120 ? 1 : 97) {
        FILE *f = fopen(path, "wb");

        assert_non_null(f);
        bytes[i] ^= 0x10;
        assert_int_equal(fwrite(bytes, 1, len, f), len);
        assert_int_equal(fclose(f), 0);
        bytes[i] ^= 0x10;
        assert_false(has(c, 1));
        assert_int_equal(access(path, F_OK), -1); /* and it is gone */
    }
    for (size_t cut = 0; cut < len; cut += cut < 100 ? 7 : 131) {
        FILE *f = fopen(path, "wb");

        assert_non_null(f);
        assert_int_equal(fwrite(bytes, 1, cut, f), cut);
        assert_int_equal(fclose(f), 0);
        assert_false(has(c, 1));
    }
    free(bytes);
    rk_prefix_cache_free(c);
    empty_folder();
}


static void test_prefix_cache_does_without_a_folder_that_cannot_be(void **state)
{
    char in[64];
    rk_prefix_cache *c;
    FILE *f;

    (void)state;
    snprintf(in, sizeof(in), "%s/file", folder);
    f = fopen(in, "w");
    assert_non_null(f);
    fclose(f);
    snprintf(in, sizeof(in), "%s/file/kept", folder);
    c = open_cache("w", in, 1 << 20, 1 << 20);
    add(c, 1, save);
    assert_true(has(c, 1));
    add(c, 2, save);
    assert_true(has(c, 2));
    rk_prefix_cache_free(c);
    empty_folder();
}


static void test_prefix_cache_survives_each_allocation_failing(void **state)
{
    size_t n = 0;
    size_t made;

    (void)state;
    do {
        rk_prefix_opts opts = {1 << 20, folder, 1 << 20};
        rk_prefix_cache *c = NULL;
        int rc;

        rk_mem_fail_at(++n);
        rc = rk_prefix_cache_new(&c, "w", &opts, NULL);
        if (rc == RK_OK) {
            add(c, 1, save);
            (void)has(c, 1);
        } else {
            assert_int_equal(rc, RK_ENOMEM);
            assert_null(c);
        }
        rk_prefix_cache_free(c);
        made = rk_mem_fail_at(0);
    } while (made >= n);
    assert_true(n > 4);
    empty_folder();
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_prefix_cache_forgets_what_was_not_used_for_longest),
        cmocka_unit_test(test_prefix_cache_keeps_no_state_that_was_not_written),
        cmocka_unit_test(test_prefix_cache_outlives_its_process_in_a_folder),
        cmocka_unit_test(test_prefix_cache_keeps_a_folder_within_its_bytes),
        cmocka_unit_test(
            test_prefix_cache_refuses_a_file_with_any_byte_changed),
        cmocka_unit_test(
            test_prefix_cache_does_without_a_folder_that_cannot_be),
        cmocka_unit_test(test_prefix_cache_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
