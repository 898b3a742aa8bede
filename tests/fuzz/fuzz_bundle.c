/* Bundles: one that is taken gives tensors, strings and matrices that lie
 * within its bytes. Length and checksum are made to fit first, so that what
 * is behind them is reached. */
#include "core/hash.h"
#include "core/mem.h"
#include "data/bundle_layout.h"
#include "data/csr.h"
#include "fuzz.h"

#include <string.h>

static void seal(unsigned char *bytes, size_t len)
{
    rk_bundle_header *h = (rk_bundle_header *)bytes;

    if (len < sizeof(*h))
        return;
    h->len = len;
    h->checksum = rk_hash64(bytes + RKSN_HASHED, len - RKSN_HASHED);
}


static void check_tensor(const unsigned char *bytes, size_t len,
                         const rk_tensor *t)
{
    const unsigned char *data = t->data;
    size_t size;

    FUZZ_CHECK(rk_bundle_data_size(t->dtype, t->rows, t->cols, &size));
    FUZZ_CHECK((uintptr_t)data % RKSN_ALIGN == 0);
    FUZZ_CHECK(data >= bytes && size <= (size_t)(bytes + len - data));
}


static void check_taken(const rk_bundle *b, const unsigned char *bytes,
                        size_t len)
{
    static const char *const names[] = {"t",       "m.start",   "m.col",
                                        "m.value", "s.offsets", "s.bytes"};
    rk_strings strings;
    rk_tensor t;
    rk_csr m;

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        for (int dtype = RK_F32; dtype <= RK_I64; dtype++)
            if (rk_bundle_get(b, names[i], (enum rk_dtype)dtype, 0, 0, &t,
                              NULL) == RK_OK)
                check_tensor(bytes, len, &t);
    if (rk_bundle_get_strings(b, "s", 0, &strings, NULL) == RK_OK)
        for (size_t i = 0; i < strings.n; i++)
            FUZZ_CHECK(strlen(rk_strings_at(&strings, i)) < strings.n_bytes);
    for (size_t n_rows = 0; n_rows < 4; n_rows++)
        if (rk_csr_get(b, "m", n_rows, 4, &m, NULL) == RK_OK)
            for (size_t i = 0; i < m.start[n_rows]; i++)
                FUZZ_CHECK(m.col[i] < 4);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *bytes = rk_alloc_aligned(size, 1);
    rk_bundle *b;

    FUZZ_CHECK(bytes);
    if (size)
        memcpy(bytes, data, size);
    seal(bytes, size);
    if (rk_bundle_parse(&b, bytes, size, NULL) == RK_OK)
        check_taken(b, bytes, size);
    rk_bundle_close(b);
    free(bytes);
    return 0;
}
