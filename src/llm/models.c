#include "llm/models.h"

#include "core/buf.h"
#include "core/mem.h"

#include <string.h>
#include <sys/stat.h>

/* The files of a known name, the preferred one first. */
static const struct known {
    const char *name;
    const char *files[2];
} known_models[] = {
    {"smollm2", {"smollm2-q8_0.gguf", "smollm2.gguf"}},
    {"smollm2-q4_1", {"smollm2.gguf", NULL}},
    {"minilm", {"minilm-f16.gguf", NULL}},
};

#define N_KNOWN (sizeof(known_models) / sizeof(known_models[0]))


static const char *environment(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}


static bool is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}


/* "<a><b><c>", yours; NULL: no memory. */
static char *joined(const char *a, const char *b, const char *c)
{
    rk_buf path;

    rk_buf_init(&path);
    rk_buf_puts(&path, a);
    rk_buf_puts(&path, b);
    rk_buf_puts(&path, c);
    return rk_buf_take(&path);
}


/* reckon's folder of the user's cache; RK_ENOTFOUND when nothing says where
 * that is. */
static int cache_folder(char **path, rk_error *err)
{
    const char *cache = environment("XDG_CACHE_HOME");
    const char *home = environment("HOME");

    *path = NULL;
    if (!cache && !home)
        return rk_fail(err, RK_ENOTFOUND,
                       "no folder for models: none of RECKON_MODELS, "
                       "XDG_CACHE_HOME and HOME is set");
    *path = cache ? joined(cache, "/reckon/models", "")
                  : joined(home, "/.cache/reckon/models", "");
    return *path ? RK_OK : rk_no_memory(err);
}


int rk_model_folder(char **path, rk_error *err)
{
    const char *given = environment("RECKON_MODELS");

    if (!given)
        return cache_folder(path, err);
    *path = rk_strdup(given);
    return *path ? RK_OK : rk_no_memory(err);
}


static bool ends_with(const char *s, const char *ending)
{
    size_t n = strlen(s);
    size_t m = strlen(ending);

    return n >= m && strcmp(s + n - m, ending) == 0;
}


/* Sets *path when `folder` holds one of the two files (the second may be
 * NULL), and notes that it was looked at. */
static int look_in(char **path, const char *folder, const char *const files[2],
                   rk_buf *looked, rk_error *err)
{
    rk_buf_printf(looked, "%s%s", looked->len ? ", " : "", folder);
    for (int i = 0; i < 2 && files[i] && !*path; i++) {
        *path = joined(folder, "/", files[i]);
        if (!*path)
            return rk_no_memory(err);
        if (!is_file(*path)) {
            free(*path);
            *path = NULL;
        }
    }
    return RK_OK;
}


/* Looks in `folder`, or where nothing is given in the default ones. */
static int look_everywhere(char **path, const char *folder,
                           const char *const files[2], rk_buf *looked,
                           rk_error *err)
{
    const char *given = environment("RECKON_MODELS");
    char *cache = NULL;
    int rc = RK_OK;

    if (folder && *folder)
        return look_in(path, folder, files, looked, err);
    if (given)
        rc = look_in(path, given, files, looked, err);
    if (rc == RK_OK && !*path) {
        rc = cache_folder(&cache, err);
        if (rc == RK_OK)
            rc = look_in(path, cache, files, looked, err);
        else if (rc == RK_ENOTFOUND && given)
            rc = RK_OK; /* one place was looked at */
    }
    free(cache);
    return rc;
}


int rk_model_find(char **path, const char *name, const char *folder,
                  rk_error *err)
{
    bool is_path = strchr(name, '/') || ends_with(name, ".gguf");
    const char *files[2] = {name, NULL};
    const char *help = "give the path of a .gguf file";
    char *own = NULL;
    rk_buf looked;
    int rc = RK_OK;

    *path = NULL;
    rk_buf_init(&looked);
    if (!*name) {
        rc = rk_fail(err, RK_EINVAL, "the name of a model is empty");
        goto done;
    }
    if (is_path && is_file(name)) {
        *path = rk_strdup(name);
        rc = *path ? RK_OK : rk_no_memory(err);
        goto done;
    }
    if (strchr(name, '/')) {
        rc = rk_fail(err, RK_ENOTFOUND, "no model file '%s'", name);
        goto done;
    }
    if (!is_path) {
        own = joined(name, ".gguf", "");
        files[0] = own;
    }
    for (size_t i = 0; i < N_KNOWN; i++)
        if (strcmp(known_models[i].name, name) == 0) {
            files[0] = known_models[i].files[0];
            files[1] = known_models[i].files[1];
            help = "`make models` gets it";
        }
    if (!files[0]) {
        rc = rk_no_memory(err);
        goto done;
    }
    rc = look_everywhere(path, folder, files, &looked, err);
    if (rc == RK_OK && !*path)
        rc = rk_fail(err, RK_ENOTFOUND,
                     "no model '%s' (%s): looked for %s%s%s in %s", name, help,
                     files[0], files[1] ? " and " : "",
                     files[1] ? files[1] : "", rk_buf_str(&looked));

done:
    free(own);
    rk_buf_clear(&looked);
    return rc;
}
