#include "llm/models.h"

#include "core/buf.h"
#include "core/mem.h"

#include <string.h>
#include <sys/stat.h>

#define MAX_FILES 3

/* The files of a known name, the preferred one first. */
static const struct known {
    const char *name;
    const char *files[MAX_FILES + 1]; /* up to the first NULL */
} known_models[] = {
    {"smollm2", {"smollm2-q8_0.gguf", "smollm2.gguf"}},
    {"smollm2-q4_1", {"smollm2.gguf"}},
    {"minilm", {"minilm-f16.gguf"}},
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


static const struct known *known_model(const char *name)
{
    for (size_t i = 0; i < N_KNOWN; i++)
        if (strcmp(known_models[i].name, name) == 0)
            return &known_models[i];
    return NULL;
}


static bool ends_with(const char *s, const char *ending)
{
    size_t n = strlen(s);
    size_t m = strlen(ending);

    return n >= m && strcmp(s + n - m, ending) == 0;
}


/* Sets *path when `folder` holds one of the files, and notes that it was
 * looked at. */
static int look_in(char **path, const char *folder, const char *const *files,
                   rk_buf *looked, rk_error *err)
{
    rk_buf_printf(looked, "%s%s", looked->len ? ", " : "", folder);
    for (size_t i = 0; files[i] && !*path; i++) {
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
                           const char *const *files, rk_buf *looked,
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


static int not_found(const char *name, const char *const *files, bool known,
                     const rk_buf *looked, rk_error *err)
{
    rk_buf names;
    int rc;

    rk_buf_init(&names);
    for (size_t i = 0; files[i]; i++)
        rk_buf_printf(&names, "%s%s", i ? ", " : "", files[i]);
    rc = rk_fail(
        err, RK_ENOTFOUND, "no model '%s' (%s): looked for %s in %s", name,
        known ? "`make models` gets it" : "give the path of a .gguf file",
        rk_buf_str(&names), rk_buf_str(looked));
    rk_buf_clear(&names);
    return rc;
}


/* Looks for a name, which is no path, in the folders. */
static int find_name(char **path, const char *name, const char *folder,
                     rk_error *err)
{
    const struct known *known = known_model(name);
    const char *one[2] = {name, NULL};
    const char *const *files = known ? known->files : one;
    char *full = NULL;
    rk_buf looked;
    int rc;

    rk_buf_init(&looked);
    if (!known && !ends_with(name, ".gguf")) {
        full = joined(name, ".gguf", "");
        if (!full)
            return rk_no_memory(err);
        one[0] = full;
    }
    rc = look_everywhere(path, folder, files, &looked, err);
    if (rc == RK_OK && !*path)
        rc = not_found(name, files, known != NULL, &looked, err);
    free(full);
    rk_buf_clear(&looked);
    return rc;
}


int rk_model_find(char **path, const char *name, const char *folder,
                  rk_error *err)
{
    bool has_folder = strchr(name, '/') != NULL;

    *path = NULL;
    if (!*name)
        return rk_fail(err, RK_EINVAL, "the name of a model is empty");
    if ((has_folder || ends_with(name, ".gguf")) && is_file(name)) {
        *path = rk_strdup(name);
        return *path ? RK_OK : rk_no_memory(err);
    }
    if (has_folder)
        return rk_fail(err, RK_ENOTFOUND, "no model file '%s'", name);
    return find_name(path, name, folder, err);
}
