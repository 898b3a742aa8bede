#include "core/file.h"
#include "core/mem.h"
#include "llm/models.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A folder of its own, with what is in it listed for the end. */
static char folder[] = "/tmp/reckon-test-models-XXXXXX";


/* "<folder>/<rest>", valid until the fourth next call. */
static const char *in_folder(const char *rest)
{
    static char room[4][256];
    static int turn;
    char *path = room[turn++ % 4];

    snprintf(path, sizeof(room[0]), "%s/%s", folder, rest);
    return path;
}


static void make(const char *rest)
{
    assert_int_equal(rk_file_write(in_folder(rest), "x", 1, NULL), RK_OK);
}


static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    assert_int_equal(rk_dir_make(in_folder("given"), NULL), RK_OK);
    assert_int_equal(rk_dir_make(in_folder("cache/reckon/models"), NULL),
                     RK_OK);
    assert_int_equal(rk_dir_make(in_folder("home/.cache/reckon/models"), NULL),
                     RK_OK);
    return 0;
}


static int tear_down(void **state)
{
    static const char *const made[] = {
        "cache/reckon/models/smollm2.gguf",
        "cache/reckon/models/smollm2-q8_0.gguf",
        "given/minilm-f16.gguf",
        "given/other.gguf",
        "cache/reckon/models",
        "cache/reckon",
        "cache",
        "home/.cache/reckon/models",
        "home/.cache/reckon",
        "home/.cache",
        "home",
        "given",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
        if (unlink(in_folder(made[i])) != 0)
            rmdir(in_folder(made[i]));
    return rmdir(folder);
}


/* The places to look at; NULL: not set. */
static void environment(const char *models, const char *cache, const char *home)
{
    unsetenv("RECKON_MODELS");
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    if (models)
        setenv("RECKON_MODELS", models, 1);
    if (cache)
        setenv("XDG_CACHE_HOME", cache, 1);
    if (home)
        setenv("HOME", home, 1);
}


static void assert_found(const char *name, const char *given,
                         const char *expected)
{
    char *path;

    assert_int_equal(rk_model_find(&path, name, given, NULL), RK_OK);
    assert_string_equal(path, expected);
    free(path);
}


static void assert_not_found(const char *name, const char *given,
                             const char *message)
{
    rk_error err;
    char *path;

    assert_int_equal(rk_model_find(&path, name, given, &err), RK_ENOTFOUND);
    assert_null(path);
    if (!strstr(err.msg, message))
        fail_msg("'%s' does not say '%s'", err.msg, message);
}


static void test_models_folder_is_the_first_that_is_set(void **state)
{
    rk_error err;
    char *path;

    (void)state;
    environment("/m", "/c", "/h");
    assert_int_equal(rk_model_folder(&path, NULL), RK_OK);
    assert_string_equal(path, "/m");
    free(path);
    environment("", "/c", "/h");
    assert_int_equal(rk_model_folder(&path, NULL), RK_OK);
    assert_string_equal(path, "/c/reckon/models");
    free(path);
    environment(NULL, NULL, "/h");
    assert_int_equal(rk_model_folder(&path, NULL), RK_OK);
    assert_string_equal(path, "/h/.cache/reckon/models");
    free(path);
    environment(NULL, NULL, NULL);
    assert_int_equal(rk_model_folder(&path, &err), RK_ENOTFOUND);
    assert_null(path);
    assert_non_null(strstr(err.msg, "HOME"));
}


static void test_models_prefers_the_fast_file_of_a_name(void **state)
{
    const char *models = "cache/reckon/models";
    char plain[256], fast[256];

    (void)state;
    snprintf(plain, sizeof(plain), "%s/smollm2.gguf", in_folder(models));
    snprintf(fast, sizeof(fast), "%s/smollm2-q8_0.gguf", in_folder(models));
    environment(NULL, in_folder("cache"), NULL);
    make("cache/reckon/models/smollm2.gguf");
    assert_found("smollm2", NULL, plain);
    make("cache/reckon/models/smollm2-q8_0.gguf");
    assert_found("smollm2", "", fast);
    assert_found("smollm2-q4_1", NULL, plain);
    assert_found("smollm2-q8_0", NULL, fast);
}


static void test_models_looks_first_where_the_environment_says(void **state)
{
    (void)state;
    environment(in_folder("given"), in_folder("cache"), NULL);
    make("given/minilm-f16.gguf");
    make("cache/reckon/models/smollm2.gguf");
    make("cache/reckon/models/smollm2-q8_0.gguf");
    assert_found("minilm", NULL, in_folder("given/minilm-f16.gguf"));
    assert_found("smollm2", NULL,
                 in_folder("cache/reckon/models/smollm2-q8_0.gguf"));

    /* One place is enough. */
    environment(in_folder("given"), NULL, NULL);
    assert_found("minilm", NULL, in_folder("given/minilm-f16.gguf"));
    assert_not_found("smollm2", NULL, "looked for smollm2-q8_0.gguf");
}


static void
test_models_of_a_configured_folder_are_sought_only_there(void **state)
{
    (void)state;
    environment(in_folder("given"), in_folder("cache"), NULL);
    make("given/minilm-f16.gguf");
    assert_not_found("minilm", in_folder("home"), in_folder("home"));
    assert_found("minilm", in_folder("given"),
                 in_folder("given/minilm-f16.gguf"));
}


static void test_models_takes_a_path_as_it_is(void **state)
{
    (void)state;
    environment(in_folder("given"), NULL, NULL);
    make("given/other.gguf");
    assert_found(in_folder("given/other.gguf"), NULL,
                 in_folder("given/other.gguf"));
    assert_found("other.gguf", NULL, in_folder("given/other.gguf"));
    assert_found("other", NULL, in_folder("given/other.gguf"));
    assert_not_found("/nowhere/other.gguf", NULL,
                     "no model file '/nowhere/other.gguf'");
    assert_not_found(in_folder("given"), NULL, "no model file"); /* a folder */
}


static void test_models_says_where_it_looked_and_what_helps(void **state)
{
    rk_error err;
    char *path;

    (void)state;
    environment("/nowhere/a", "/nowhere/b", NULL);
    assert_not_found("minilm", NULL,
                     "no model 'minilm' (`make models` gets it): looked for "
                     "minilm-f16.gguf in /nowhere/a, /nowhere/b/reckon/models");
    assert_not_found("gpt", NULL, "(give the path of a .gguf file)");
    environment(NULL, NULL, NULL);
    assert_not_found("minilm", NULL, "no folder for models");
    assert_int_equal(rk_model_find(&path, "", NULL, &err), RK_EINVAL);
    assert_null(path);
}


static void test_models_survives_each_allocation_failing(void **state)
{
    size_t n = 0;
    size_t made;
    char *path;

    (void)state;
    environment(in_folder("home"), in_folder("cache"), NULL);
    make("cache/reckon/models/smollm2.gguf");
    do {
        int rc;

        rk_mem_fail_at(++n);
        rc = rk_model_find(&path, "smollm2-q4_1", NULL, NULL);
        made = rk_mem_fail_at(0);
        /* Only the list of places, for the message, can be done without. */
        assert_true(rc == RK_OK ? path != NULL : rc == RK_ENOMEM && !path);
        free(path);
    } while (made >= n);
    assert_true(n > 3);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models_folder_is_the_first_that_is_set),
        cmocka_unit_test(test_models_prefers_the_fast_file_of_a_name),
        cmocka_unit_test(test_models_looks_first_where_the_environment_says),
        cmocka_unit_test(
            test_models_of_a_configured_folder_are_sought_only_there),
        cmocka_unit_test(test_models_takes_a_path_as_it_is),
        cmocka_unit_test(test_models_says_where_it_looked_and_what_helps),
        cmocka_unit_test(test_models_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
