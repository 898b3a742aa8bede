/* How a bundle lies in its file ("RKSN" version 1, docs/formats.md): header,
 * tensors, table. For the files of this room that read or write one; others
 * include data/bundle.h. */
#ifndef RK_DATA_BUNDLE_LAYOUT_H
#define RK_DATA_BUNDLE_LAYOUT_H

#include "data/bundle.h"

#define RKSN_VERSION 1u
#define RKSN_ALIGN   ((size_t)64)
#define RKSN_NAME    ((size_t)64) /* with its NUL */
#define RKSN_HASHED  ((size_t)16) /* the checksum covers the bytes from here */

/* Numbers lie in the file as they lie in memory. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "RKSN is little-endian and read in place");

typedef struct rk_bundle_header {
    char magic[4]; /* "RKSN" */
    uint32_t version;
    uint64_t checksum; /* rk_hash64 of the bytes behind this field */
    uint64_t len;      /* of the file */
    uint64_t table;    /* where the table begins */
    uint32_t n;        /* tensors */
    uint32_t zero[7];
} rk_bundle_header;

typedef struct rk_bundle_entry {
    char name[64]; /* NUL-padded */
    uint32_t dtype;
    uint32_t zero;
    uint64_t rows;
    uint64_t cols;
    uint64_t offset; /* from the start of the file */
} rk_bundle_entry;

_Static_assert(sizeof(rk_bundle_header) == 64, "RKSN header");
_Static_assert(sizeof(rk_bundle_entry) == 96, "RKSN table entry");

/* The size of a tensor's data. False when the dtype is unknown or the size
 * does not fit. */
bool rk_bundle_data_size(uint32_t dtype, uint64_t rows, uint64_t cols,
                         size_t *size);

/* `size` rounded up to the alignment; 0 when that does not fit. */
size_t rk_bundle_align(size_t size);

/* Makes "<name><suffix>"; false when that is longer than a name may be. */
bool rk_bundle_name_join(char out[64], const char *name, const char *suffix);

#endif
