#include "data/bundle.h"

#include "core/file.h"
#include "core/hash.h"
#include "core/mem.h"
#include "data/bundle_layout.h"

#include <stdio.h>
#include <string.h>

struct rk_bundle {
    const unsigned char *bytes;
    const rk_bundle_entry **by_name; /* (n) into the table, sorted by name */
    size_t n;
    rk_mapping map; /* empty when the bytes are borrowed */
};


size_t rk_dtype_size(enum rk_dtype dtype)
{
    switch (dtype) {
    case RK_I8:
    case RK_U8: return 1;
    case RK_F32:
    case RK_U32: return 4;
    case RK_U64:
    case RK_I64: return 8;
    }
    return 0;
}


static const char *dtype_name(uint32_t dtype)
{
    static const char *const names[] = {
        [RK_F32] = "f32", [RK_I8] = "i8",   [RK_U8] = "u8",
        [RK_U32] = "u32", [RK_U64] = "u64", [RK_I64] = "i64",
    };

    return rk_dtype_size(dtype) ? names[dtype] : "unknown";
}


bool rk_bundle_data_size(uint32_t dtype, uint64_t rows, uint64_t cols,
                         size_t *size)
{
    size_t one = rk_dtype_size(dtype);

    return one && !__builtin_mul_overflow(rows, cols, size) &&
           !__builtin_mul_overflow(*size, one, size);
}


size_t rk_bundle_align(size_t size)
{
    return size > SIZE_MAX - RKSN_ALIGN
               ? 0
               : (size + RKSN_ALIGN - 1) / RKSN_ALIGN * RKSN_ALIGN;
}


bool rk_bundle_name_join(char out[64], const char *name, const char *suffix)
{
    int len = snprintf(out, RKSN_NAME, "%s%s", name, suffix);

    return len > 0 && (size_t)len < RKSN_NAME;
}


static bool all_zero(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i])
            return false;
    return true;
}


/* Everything about the file that does not need the table. */
static int header_check(const unsigned char *bytes, size_t len, rk_error *err)
{
    const rk_bundle_header *h = (const rk_bundle_header *)bytes;

    if (len < sizeof(*h) || memcmp(h->magic, "RKSN", 4) != 0)
        return rk_fail(err, RK_EFORMAT, "not an RKSN file");
    if (h->version != RKSN_VERSION)
        return rk_fail(err, RK_EFORMAT, "RKSN version %u, this build reads %u",
                       h->version, RKSN_VERSION);
    if (h->len != len)
        return rk_fail(err, RK_EFORMAT,
                       "RKSN says it has %llu bytes, found %zu",
                       (unsigned long long)h->len, len);
    if (h->checksum != rk_hash64(bytes + RKSN_HASHED, len - RKSN_HASHED))
        return rk_fail(err, RK_EFORMAT, "RKSN checksum does not match");
    if (!all_zero((const char *)h->zero, sizeof(h->zero)))
        return rk_fail(err, RK_EFORMAT, "RKSN header has unknown fields");

    /* The table is the end of the file, whole and aligned. */
    if (h->n > (len - sizeof(*h)) / sizeof(rk_bundle_entry) ||
        h->table != len - h->n * sizeof(rk_bundle_entry) ||
        h->table % RKSN_ALIGN != 0)
        return rk_fail(err, RK_EFORMAT,
                       "RKSN says %u tensors with their table at %llu of %zu "
                       "bytes",
                       h->n, (unsigned long long)h->table, len);
    return RK_OK;
}


/* Checks each entry. A tensor begins where the one before it ends, rounded
 * up, and the last ends where the table begins: so none overlaps another or
 * leaves the file, and no byte belongs to nobody. */
static int table_check(const rk_bundle_entry *table, size_t n, size_t end,
                       rk_error *err)
{
    size_t at = sizeof(rk_bundle_header);

    for (size_t i = 0; i < n; i++) {
        const rk_bundle_entry *e = &table[i];
        size_t name_len = strnlen(e->name, RKSN_NAME);
        size_t size;

        if (name_len == 0 || name_len == RKSN_NAME ||
            !all_zero(e->name + name_len, RKSN_NAME - name_len))
            return rk_fail(err, RK_EFORMAT, "RKSN tensor %zu has no name", i);
        if (e->zero != 0 ||
            !rk_bundle_data_size(e->dtype, e->rows, e->cols, &size))
            return rk_fail(err, RK_EFORMAT,
                           "RKSN tensor %zu of dtype %u and shape (%llu, %llu)"
                           " has no size",
                           i, e->dtype, (unsigned long long)e->rows,
                           (unsigned long long)e->cols);
        if (e->offset != at || size > end - at)
            return rk_fail(err, RK_EFORMAT,
                           "RKSN tensor %zu: %zu bytes at %llu, expected at "
                           "%zu and within %zu",
                           i, size, (unsigned long long)e->offset, at, end);
        at += rk_bundle_align(
            size); /* `end` is aligned: no further than that */
    }
    if (at != end)
        return rk_fail(err, RK_EFORMAT,
                       "RKSN tensors end at %zu, the table begins at %zu", at,
                       end);
    return RK_OK;
}


static int by_name(const void *a, const void *b)
{
    const rk_bundle_entry *const *x = a;
    const rk_bundle_entry *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}


static int names_sort(rk_bundle *b, const rk_bundle_entry *table, rk_error *err)
{
    for (size_t i = 0; i < b->n; i++)
        b->by_name[i] = &table[i];
    qsort(b->by_name, b->n, sizeof(void *), by_name);
    for (size_t i = 1; i < b->n; i++)
        if (by_name(&b->by_name[i - 1], &b->by_name[i]) == 0)
            return rk_fail(err, RK_EFORMAT, "RKSN has two tensors '%s'",
                           b->by_name[i]->name);
    return RK_OK;
}


int rk_bundle_parse(rk_bundle **out, const void *bytes, size_t len,
                    rk_error *err)
{
    const unsigned char *p = bytes;
    const rk_bundle_header *h = bytes;
    const rk_bundle_entry *table;
    rk_bundle *b = NULL;
    int rc;

    *out = NULL;
    if ((uintptr_t)p % RKSN_ALIGN != 0) {
        rc = rk_fail(err, RK_EINVAL, "RKSN bytes are not aligned to %zu",
                     RKSN_ALIGN);
        goto done;
    }
    rc = header_check(p, len, err);
    if (rc)
        goto done;
    table = (const rk_bundle_entry *)(p + h->table);
    rc = table_check(table, h->n, (size_t)h->table, err);
    if (rc)
        goto done;

    b = rk_calloc(1, sizeof(*b));
    if (!b) {
        rc = rk_no_memory(err);
        goto done;
    }
    b->bytes = p;
    b->n = h->n;
    b->by_name = rk_alloc_array(b->n, sizeof(void *));
    if (!b->by_name) {
        rc = rk_no_memory(err);
        goto done;
    }
    rc = names_sort(b, table, err);
    if (rc)
        goto done;
    *out = b;
    b = NULL;

done:
    rk_bundle_close(b);
    return rc;
}


int rk_bundle_open(rk_bundle **out, const char *path, rk_error *err)
{
    rk_mapping map;
    rk_error why;
    rk_bundle *b;
    int rc;

    *out = NULL;
    rc = rk_file_map(&map, path, err);
    if (rc)
        return rc;
    rc = rk_bundle_parse(&b, map.bytes, map.len, &why);
    if (!b) {
        rk_file_unmap(&map);
        return rk_fail(err, rc, "%s: %s", path, why.msg);
    }
    b->map = map;
    *out = b;
    return RK_OK;
}


void rk_bundle_close(rk_bundle *b)
{
    if (!b)
        return;
    rk_file_unmap(&b->map);
    free(b->by_name);
    free(b);
}


static const rk_bundle_entry *entry_find(const rk_bundle *b, const char *name)
{
    size_t low = 0;
    size_t high = b->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(name, b->by_name[mid]->name);

        if (order == 0)
            return b->by_name[mid];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}


bool rk_bundle_has(const rk_bundle *b, const char *name)
{
    return entry_find(b, name) != NULL;
}


int rk_bundle_get(const rk_bundle *b, const char *name, enum rk_dtype dtype,
                  size_t rows, size_t cols, rk_tensor *out, rk_error *err)
{
    const rk_bundle_entry *e = entry_find(b, name);

    if (!e)
        return rk_fail(err, RK_ENOTFOUND, "no tensor '%s'", name);
    if (e->dtype != (uint32_t)dtype || (rows && e->rows != rows) ||
        (cols && e->cols != cols))
        return rk_fail(err, RK_EFORMAT,
                       "tensor '%s' is %s (%llu, %llu), expected %s (%zu, %zu)"
                       ", 0 meaning any",
                       name, dtype_name(e->dtype), (unsigned long long)e->rows,
                       (unsigned long long)e->cols, dtype_name(dtype), rows,
                       cols);
    out->dtype = dtype;
    out->rows = (size_t)e->rows;
    out->cols = (size_t)e->cols;
    out->data = b->bytes + e->offset;
    return RK_OK;
}


int rk_bundle_get_strings(const rk_bundle *b, const char *name, size_t n,
                          rk_strings *out, rk_error *err)
{
    char offsets_name[RKSN_NAME];
    char bytes_name[RKSN_NAME];
    const uint64_t *at;
    rk_tensor offsets = {0};
    rk_tensor bytes = {0};
    int rc;

    if (!rk_bundle_name_join(offsets_name, name, ".offsets") ||
        !rk_bundle_name_join(bytes_name, name, ".bytes"))
        return rk_fail(err, RK_ENOTFOUND, "no string table '%s'", name);
    rc = rk_bundle_get(b, offsets_name, RK_U64, 1, n, &offsets, err);
    if (rc)
        return rc;
    rc = rk_bundle_get(b, bytes_name, RK_U8, 1, 0, &bytes, err);
    if (rc)
        return rc;

    /* The last byte being NUL, every string that begins among the bytes ends
     * among them. */
    if (bytes.cols && ((const char *)bytes.data)[bytes.cols - 1] != '\0')
        return rk_fail(err, RK_EFORMAT, "strings '%s' do not end with NUL",
                       name);
    at = offsets.data;
    for (size_t i = 0; i < offsets.cols; i++)
        if (at[i] >= bytes.cols)
            return rk_fail(err, RK_EFORMAT,
                           "string %zu of '%s' begins at %llu of %zu bytes", i,
                           name, (unsigned long long)at[i], bytes.cols);
    *out = (rk_strings){at, bytes.data, offsets.cols, bytes.cols};
    return RK_OK;
}
