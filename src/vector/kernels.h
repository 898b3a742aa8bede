/* The inner loops of this room, one set of them a processor. Which set is used
 * is chosen at run time, and each agrees with the portable one. Any thread.
 *
 * Signed bytes are codes from -127 to 127: no -128, whose products a byte
 * multiply cannot hold. */
#ifndef RK_VECTOR_KERNELS_H
#define RK_VECTOR_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Vectors whose sign codes lie together. */
#define RK_BLOCK 32

typedef struct rk_kernels {
    const char *name; /* "avx512vnni", "avx2", "portable" */

    float (*dot_f32)(const float *a, const float *b, size_t d);
    int32_t (*dot_i8)(const int8_t *a, const int8_t *b, size_t d); /* exact */

    /* sums (n) of `rows` (n, d) with `query` (d). */
    void (*scan_i8)(const int8_t *rows, size_t n, size_t d, const int8_t *query,
                    int32_t *sums);

    /* sums[v] = sum over groups g of tables[g][code of vector v in group g].
     * `block` uint8 (n_groups, 16): the low half of byte i is the code of
     * vector i, the high half that of vector i + 16. `tables` uint8
     * (n_groups, 16). n_groups is even. */
    void (*scan_bits)(const uint8_t *block, size_t n_groups,
                      const uint8_t *tables, uint32_t sums[RK_BLOCK]);
} rk_kernels;

/* The i-th best kernels that this processor runs; NULL past the last, which
 * is the portable one. The 0-th is the one in use. */
const rk_kernels *rk_kernels_at(size_t i);
const char *rk_kernels_name(void);

/* Those in use. */
float rk_dot_f32(const float *a, const float *b, size_t d);
int32_t rk_dot_i8(const int8_t *a, const int8_t *b, size_t d);
void rk_scan_i8(const int8_t *rows, size_t n, size_t d, const int8_t *query,
                int32_t *sums);
void rk_scan_bits(const uint8_t *block, size_t n_groups, const uint8_t *tables,
                  uint32_t sums[RK_BLOCK]);

/* The portable ones, which the others are held against. */
float rk_dot_f32_portable(const float *a, const float *b, size_t d);
int32_t rk_dot_i8_portable(const int8_t *a, const int8_t *b, size_t d);
void rk_scan_i8_portable(const int8_t *rows, size_t n, size_t d,
                         const int8_t *query, int32_t *sums);
void rk_scan_bits_portable(const uint8_t *block, size_t n_groups,
                           const uint8_t *tables, uint32_t sums[RK_BLOCK]);

/* distance_x86.c */
extern const rk_kernels rk_kernels_avx2;
extern const rk_kernels rk_kernels_avx512;
bool rk_have_avx512(void);

#endif
