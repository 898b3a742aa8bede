#include "../scratch.h"
#include "core/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#define N_WRITERS 4
#define N_TIMES   10
#define N_BYTES   ((size_t)20000)


static bool is_there(scratch *s, const char *name)
{
    struct stat st;

    return lstat(scratch_path(s, name), &st) == 0;
}


static void assert_holds(scratch *s, const char *name, const char *text)
{
    char *bytes;
    size_t len;

    assert_int_equal(
        rk_file_read(scratch_path(s, name), 100, &bytes, &len, NULL), RK_OK);
    assert_string_equal(bytes, text);
    free(bytes);
}


static int write_text(scratch *s, const char *name, const char *text,
                      rk_error *err)
{
    return rk_file_write(scratch_path(s, name), text, strlen(text), err);
}


static void test_file_write_leaves_nothing_beside(void **state)
{
    scratch s;

    (void)state;
    scratch_init(&s);
    assert_int_equal(write_text(&s, "a", "first", NULL), RK_OK);
    assert_int_equal(write_text(&s, "a", "then", NULL), RK_OK);
    assert_holds(&s, "a", "then");
    assert_false(is_there(&s, "a.reckon-tmp"));
    scratch_clear(&s);
}


static void test_file_write_takes_what_a_killed_one_left(void **state)
{
    scratch s;
    FILE *f;

    (void)state;
    scratch_init(&s);
    f = fopen(scratch_path(&s, "a.reckon-tmp"), "w");
    assert_non_null(f);
    fputs("half of something much longer", f);
    fclose(f);
    assert_int_equal(write_text(&s, "a", "whole", NULL), RK_OK);
    assert_holds(&s, "a", "whole");
    assert_false(is_there(&s, "a.reckon-tmp"));
    scratch_clear(&s);
}


static void test_file_write_that_fails_leaves_the_old_file(void **state)
{
    rk_error err;
    scratch s;

    (void)state;
    scratch_init(&s);
    assert_int_equal(write_text(&s, "a", "old", NULL), RK_OK);
    assert_int_equal(mkdir(scratch_path(&s, "a.reckon-tmp"), 0700), 0);
    assert_int_equal(write_text(&s, "a", "new", &err), RK_EIO);
    assert_non_null(strstr(err.msg, "/a: cannot write: "));
    assert_holds(&s, "a", "old");
    rmdir(scratch_path(&s, "a.reckon-tmp"));
    scratch_clear(&s);
}


static void test_file_write_follows_no_link(void **state)
{
    scratch s;

    (void)state;
    scratch_init(&s);
    assert_int_equal(write_text(&s, "other", "another's", NULL), RK_OK);
    assert_int_equal(symlink("other", scratch_path(&s, "a.reckon-tmp")), 0);
    assert_int_equal(write_text(&s, "a", "mine", NULL), RK_EIO);
    assert_holds(&s, "other", "another's");
    scratch_clear(&s);
}


/* The exit code of a process that writes its own letter again and again. */
static int keep_writing(const char *path, char letter)
{
    char bytes[N_BYTES];

    memset(bytes, letter, sizeof(bytes));
    for (int i = 0; i < N_TIMES; i++)
        if (rk_file_write(path, bytes, sizeof(bytes), NULL) != RK_OK)
            return 1;
    return 0;
}


static void assert_whole(const char *path)
{
    rk_mapping m;

    assert_int_equal(rk_file_map(&m, path, NULL), RK_OK);
    assert_int_equal(m.len, N_BYTES);
    assert_memory_equal(m.bytes, m.bytes + 1, N_BYTES - 1);
    rk_file_unmap(&m);
}


static void test_file_writers_of_one_path_take_turns(void **state)
{
    pid_t writers[N_WRITERS];
    char path[512];
    scratch s;

    (void)state;
    scratch_init(&s);
    snprintf(path, sizeof(path), "%s", scratch_path(&s, "a"));
    assert_int_equal(keep_writing(path, '-'), 0);
    for (int i = 0; i < N_WRITERS; i++) {
        writers[i] = fork();
        assert_true(writers[i] >= 0);
        if (writers[i] == 0)
            _exit(keep_writing(path, (char)('a' + i)));
    }
    for (int i = 0; i < N_WRITERS; i++) {
        int status;

        assert_whole(path);
        assert_int_equal(waitpid(writers[i], &status, 0), writers[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    assert_whole(path);
    assert_false(is_there(&s, "a.reckon-tmp"));
    scratch_clear(&s);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_write_leaves_nothing_beside),
        cmocka_unit_test(test_file_write_takes_what_a_killed_one_left),
        cmocka_unit_test(test_file_write_that_fails_leaves_the_old_file),
        cmocka_unit_test(test_file_write_follows_no_link),
        cmocka_unit_test(test_file_writers_of_one_path_take_turns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
