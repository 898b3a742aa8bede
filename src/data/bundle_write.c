#include "core/file.h"
#include "core/hash.h"
#include "core/mem.h"
#include "data/bundle_layout.h"

#include <string.h>

/* The file takes shape in `image`: header, tensors, and behind them, kept
 * free by every put, the room where saving writes the table. So saving
 * copies no tensor and allocates nothing for them. */
struct rk_bundle_writer {
    unsigned char *image;
    size_t len; /* header and tensors, a multiple of the alignment */
    size_t cap; /* at least len and the table */
    rk_bundle_entry *table;
    size_t n;
    size_t table_cap;
};


int rk_bundle_writer_new(rk_bundle_writer **out, rk_error *err)
{
    rk_bundle_writer *w = rk_calloc(1, sizeof(*w));

    *out = NULL;
    if (!w)
        return rk_no_memory(err);
    w->len = sizeof(rk_bundle_header);
    w->cap = 4096;
    w->image = rk_alloc_array(w->cap, 1);
    if (!w->image) {
        rk_bundle_writer_free(w);
        return rk_no_memory(err);
    }
    *out = w;
    return RK_OK;
}


void rk_bundle_writer_free(rk_bundle_writer *w)
{
    if (!w)
        return;
    free(w->image);
    free(w->table);
    free(w);
}


/* Room for `size` more bytes of tensors and a table with one more entry. */
static int image_reserve(rk_bundle_writer *w, size_t size, rk_error *err)
{
    size_t table = (w->n + 1) * sizeof(rk_bundle_entry);
    size_t need;
    size_t cap;
    unsigned char *bigger;

    if (__builtin_add_overflow(w->len, size, &need) ||
        __builtin_add_overflow(need, table, &need) || need > SIZE_MAX / 2)
        return rk_no_memory(err);
    if (need <= w->cap)
        return RK_OK;
    cap = need < 2 * w->cap ? 2 * w->cap : need;
    bigger = rk_realloc_array(w->image, cap, 1);
    if (!bigger)
        return rk_no_memory(err);
    w->image = bigger;
    w->cap = cap;
    return RK_OK;
}


static int name_check(const rk_bundle_writer *w, const char *name,
                      rk_error *err)
{
    size_t len = strlen(name);

    if (len == 0 || len >= RKSN_NAME)
        return rk_fail(err, RK_EINVAL,
                       "tensor name '%s' has %zu bytes, must be 1 to %zu", name,
                       len, RKSN_NAME - 1);
    for (size_t i = 0; i < w->n; i++)
        if (strcmp(w->table[i].name, name) == 0)
            return rk_fail(err, RK_EINVAL, "tensor '%s' is there already",
                           name);
    return RK_OK;
}


int rk_bundle_put(rk_bundle_writer *w, const char *name, enum rk_dtype dtype,
                  size_t rows, size_t cols, const void *data, rk_error *err)
{
    rk_bundle_entry *grown;
    rk_bundle_entry *e;
    size_t size;
    size_t padded;
    int rc;

    rc = name_check(w, name, err);
    if (rc)
        return rc;
    if (!rk_bundle_data_size((uint32_t)dtype, rows, cols, &size))
        return rk_fail(err, RK_EINVAL,
                       "tensor '%s' of dtype %d and shape (%zu, %zu) has no "
                       "size",
                       name, (int)dtype, rows, cols);
    padded = rk_bundle_align(size);
    if (padded < size)
        return rk_no_memory(err);
    grown = rk_grow(w->table, w->n, &w->table_cap, sizeof(*grown));
    if (!grown)
        return rk_no_memory(err);
    w->table = grown;
    rc = image_reserve(w, padded, err);
    if (rc)
        return rc;

    e = &w->table[w->n];
    memset(e, 0, sizeof(*e));
    memcpy(e->name, name, strlen(name));
    e->dtype = (uint32_t)dtype;
    e->rows = rows;
    e->cols = cols;
    e->offset = w->len;
    if (size)
        memcpy(w->image + w->len, data, size);
    memset(w->image + w->len + size, 0, padded - size);
    w->len += padded;
    w->n++;
    return RK_OK;
}


int rk_bundle_put_strings(rk_bundle_writer *w, const char *name, size_t n,
                          const char *(*at)(const void *ctx, size_t i),
                          const void *ctx, rk_error *err)
{
    char offsets_name[RKSN_NAME];
    char bytes_name[RKSN_NAME];
    uint64_t *offsets = NULL;
    rk_buf bytes;
    int rc;

    rk_buf_init(&bytes);
    if (!rk_bundle_name_join(offsets_name, name, ".offsets") ||
        !rk_bundle_name_join(bytes_name, name, ".bytes")) {
        rc = rk_fail(err, RK_EINVAL, "string table name '%s' is too long",
                     name);
        goto done;
    }
    offsets = rk_alloc_array(n, sizeof(*offsets));
    if (!offsets) {
        rc = rk_no_memory(err);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        const char *s = at(ctx, i);

        offsets[i] = bytes.len;
        rk_buf_add(&bytes, s, strlen(s) + 1);
    }
    if (bytes.failed) {
        rc = rk_no_memory(err);
        goto done;
    }
    rc = rk_bundle_put(w, offsets_name, RK_U64, 1, n, offsets, err);
    if (rc)
        goto done;
    rc = rk_bundle_put(w, bytes_name, RK_U8, 1, bytes.len, bytes.data, err);

done:
    rk_buf_clear(&bytes);
    free(offsets);
    return rc;
}


int rk_bundle_save(const rk_bundle_writer *w, const char *path, rk_error *err)
{
    size_t table = w->n * sizeof(rk_bundle_entry);
    size_t len = w->len + table;
    rk_bundle_header h = {
        .magic = {'R', 'K', 'S', 'N'},
        .version = RKSN_VERSION,
        .len = len,
        .table = w->len,
        .n = (uint32_t)w->n,
    };

    if (table)
        memcpy(w->image + w->len, w->table, table);
    memcpy(w->image, &h, sizeof(h));
    h.checksum = rk_hash64(w->image + RKSN_HASHED, len - RKSN_HASHED);
    memcpy(w->image, &h, sizeof(h));
    return rk_file_write(path, w->image, len, err);
}
