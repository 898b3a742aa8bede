#include "engine/config.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/mem.h"
#include "engine/config_keys.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_BYTES ((size_t)256 * 1024)


static int make_plural(rk_config *c, rk_error *err)
{
    rk_buf plural;

    if (c->catalogue.noun_plural)
        return RK_OK;
    rk_buf_init(&plural);
    rk_buf_printf(&plural, "%ss", c->catalogue.noun);
    c->catalogue.noun_plural = rk_buf_take(&plural);
    return c->catalogue.noun_plural ? RK_OK : rk_no_memory(err);
}


/* "postgres://..." names no file; "sqlite:x.db" and "x.db" do. Returns the
 * path's place in `store`, or NULL. */
static const char *path_in(const char *store)
{
    size_t letters = 0;

    while (isalpha((unsigned char)store[letters]))
        letters++;
    if (letters == 0 ? store[0] == ':' : store[letters] == ':')
        return letters == 6 && strncmp(store, "sqlite:", 7) == 0 &&
                       store[7] != ':'
                   ? store + 7
                   : NULL;
    return store;
}


/* Makes a relative path start at the folder of `file`. */
static int make_relative_to(const char *file, char **text, rk_error *err)
{
    const char *slash = strrchr(file, '/');
    const char *path = path_in(*text);
    rk_buf moved;
    char *taken;

    if (!slash || !path || !path[0] || path[0] == '/')
        return RK_OK;
    rk_buf_init(&moved);
    rk_buf_add(&moved, *text, (size_t)(path - *text));
    rk_buf_add(&moved, file, (size_t)(slash - file) + 1);
    rk_buf_puts(&moved, path);
    taken = rk_buf_take(&moved);
    if (!taken)
        return rk_no_memory(err);
    free(*text);
    *text = taken;
    return RK_OK;
}


/* A model is named by a file where its name has a folder in it. */
static int make_all_relative_to(const char *file, rk_config *c, rk_error *err)
{
    int rc = make_relative_to(file, &c->store, err);

    if (rc == RK_OK)
        rc = make_relative_to(file, &c->models.folder, err);
    if (rc == RK_OK && strchr(c->models.embedder, '/'))
        rc = make_relative_to(file, &c->models.embedder, err);
    if (rc == RK_OK && strchr(c->models.writer, '/'))
        rc = make_relative_to(file, &c->models.writer, err);
    return rc;
}


/* `file`: where relative paths start, or NULL to leave them. */
static int make(rk_config **out, const char *bytes, size_t len,
                const char *name, const char *file, rk_error *err)
{
    rk_config *c;
    int rc;

    *out = NULL;
    c = rk_calloc(1, sizeof(*c));
    if (!c)
        return rk_no_memory(err);
    rc = rk_config_keys_read(c, rk_config_default, strlen(rk_config_default),
                             "defaults", err);
    if (rc)
        goto done;
    rc = rk_config_keys_read(c, bytes, len, name, err);
    if (rc)
        goto done;
    rc = make_plural(c, err);
    if (rc)
        goto done;
    rc = file ? make_all_relative_to(file, c, err) : RK_OK;
    if (rc)
        goto done;
    *out = c;
    c = NULL;

done:
    rk_config_free(c);
    return rc;
}


int rk_config_parse(rk_config **out, const char *bytes, size_t len,
                    const char *name, rk_error *err)
{
    return make(out, bytes, len, name, NULL, err);
}


int rk_config_load(rk_config **out, const char *path, rk_error *err)
{
    char *bytes = NULL;
    size_t len = 0;
    int rc;

    *out = NULL;
    if (!path)
        return make(out, "", 0, "defaults", NULL, err);
    rc = rk_file_read(path, MAX_BYTES, &bytes, &len, err);
    if (rc == RK_OK)
        rc = make(out, bytes, len, path, path, err);
    free(bytes);
    return rc;
}


void rk_config_free(rk_config *config)
{
    if (!config)
        return;
    rk_config_keys_clear(config);
    free(config);
}


int rk_config_write_default(const char *path, rk_error *err)
{
    FILE *file = fopen(path, "wx"); /* x: only where nothing is */
    bool ok;

    if (!file && errno == EEXIST)
        return rk_fail(err, RK_EIO, "%s: exists, and is not overwritten", path);
    if (!file)
        return rk_fail(err, errno == ENOENT ? RK_ENOTFOUND : RK_EIO,
                       "%s: cannot write: %s", path, strerror(errno));
    ok = fputs(rk_config_default, file) >= 0;
    ok = fclose(file) == 0 && ok;
    if (ok)
        return RK_OK;
    remove(path);
    return rk_fail(err, RK_EIO, "%s: cannot write", path);
}
