#include "learn/gathered.h"

#include "core/dispatch.h"

#include <math.h>
#include <string.h>

#define STEP RK_GATHERED_STEP
#define TILE 4

/* Rows of R that are multiplied at a time: they stay in the first cache while
 * every tile of A passes over them. */
#define PANEL 32

/* Written once in C and built for each kind of machine: what is inlined into
 * a function with a target is compiled for that target. */
#define BODY static inline __attribute__((always_inline))

/* What differs between machines. */
typedef void dots_fn(const float *rows, size_t d, const float *p, float *out);
typedef void tile_fn(const float *rows, size_t n, size_t d, size_t i, size_t j,
                     float *a);


BODY float dot(const float *a, const float *b, size_t n)
{
    float sum[STEP] = {0};
    float total = 0;

    for (size_t i = 0; i < n; i += STEP)
        for (size_t j = 0; j < STEP; j++)
            sum[j] += a[i + j] * b[i + j];
    for (size_t j = 0; j < STEP; j++)
        total += sum[j];
    return total;
}


BODY void axpy(size_t n, float w, const float *x, float *restrict y)
{
    for (size_t j = 0; j < n; j++)
        y[j] += w * x[j];
}


BODY void axpy4(size_t d, const float *w, const float *rows, float *restrict y)
{
    const float *r1 = rows + d;
    const float *r2 = r1 + d;
    const float *r3 = r2 + d;
    float w0 = w[0];
    float w1 = w[1];
    float w2 = w[2];
    float w3 = w[3];

    for (size_t j = 0; j < d; j++)
        y[j] += (w0 * rows[j] + w1 * r1[j]) + (w2 * r2[j] + w3 * r3[j]);
}


/* y += sum over r of w_r row_r; without w, the sum of the rows. */
BODY void combine(const float *rows, size_t n, size_t d, const float *w,
                  float *y)
{
    static const float ones[TILE] = {1, 1, 1, 1};
    size_t r = 0;

    for (; r + TILE <= n; r += TILE)
        axpy4(d, w ? w + r : ones, rows + r * d, y);
    for (; r < n; r++)
        axpy(d, w ? w[r] : 1, rows + r * d, y);
}


/* y = (G + ridge I + R'R) p. Each row is used for its product with p and for
 * the sum while it is near, so that R is read once. */
BODY void apply(const rk_gathered *s, dots_fn *dots, const float *p, float *y)
{
    size_t d = s->d;
    size_t r = 0;

    for (size_t j = 0; j < d; j++)
        y[j] = s->ridge * p[j];
    combine(s->gram, d, d, p, y);
    for (; r + TILE <= s->n; r += TILE) {
        float w[TILE];

        dots(s->rows + r * d, d, p, w);
        axpy4(d, w, s->rows + r * d, y);
    }
    for (; r < s->n; r++)
        axpy(d, dot(s->rows + r * d, p, d), s->rows + r * d, y);
}


BODY void cg(const rk_gathered *s, dots_fn *dots, size_t steps, float *x,
             float *room)
{
    size_t d = s->d;
    float *r = room;
    float *p = r + d;
    float *ap = p + d;
    float *b = ap + d;
    float left;
    float least;

    memset(b, 0, d * sizeof(*b));
    combine(s->rows, s->n, d, s->weight, b);
    apply(s, dots, x, ap);
    for (size_t j = 0; j < d; j++)
        p[j] = r[j] = b[j] - ap[j];
    left = dot(r, r, d);
    least = 1e-14f * dot(b, b, d);

    for (size_t step = 0; step < steps && left > least; step++) {
        float before = left;
        float alpha;

        apply(s, dots, p, ap);
        alpha = left / dot(p, ap, d);
        axpy(d, alpha, p, x);
        axpy(d, -alpha, ap, r);
        left = dot(r, r, d);
        for (size_t j = 0; j < d; j++)
            p[j] = r[j] + left / before * p[j];
    }
}


BODY void add(const rk_gathered *s, tile_fn *tile, float *a, float *x)
{
    size_t d = s->d;

    for (size_t r = 0; r < s->n; r += PANEL) {
        size_t n = s->n - r < PANEL ? s->n - r : PANEL;
        const float *rows = s->rows + r * d;

        for (size_t i = 0; i < d; i += TILE)
            for (size_t j = i - i % STEP; j < d; j += STEP)
                tile(rows, n, d, i, j, a);
    }
    combine(s->rows, s->n, d, s->weight, x);
}


/* A = U'U over the upper triangle, four rows of U before the rest is touched,
 * so that it passes through the cache once for four. What lies left of the
 * diagonal is overwritten and never read. */
BODY bool factor(float *a, size_t d)
{
    for (size_t k = 0; k < d; k += TILE) {
        for (size_t t = k; t < k + TILE; t++) {
            float *row = a + t * d;
            float scale;

            for (size_t s = k; s < t; s++)
                axpy(d - k, -a[s * d + t], a + s * d + k, row + k);
            if (!(row[t] > 0) || !isfinite(row[t]))
                return false;
            scale = 1 / sqrtf(row[t]);
            for (size_t j = t; j < d; j++)
                row[j] *= scale;
        }
        for (size_t i = k + TILE; i < d; i++) {
            const float *u = a + k * d;
            size_t from = i - i % STEP;
            float w[TILE];

            for (size_t t = 0; t < TILE; t++)
                w[t] = -u[t * d + i];
            for (size_t j = from; j < d; j++)
                a[i * d + j] += (w[0] * u[j] + w[1] * u[d + j]) +
                                (w[2] * u[2 * d + j] + w[3] * u[3 * d + j]);
        }
    }
    return true;
}


BODY bool solve(float *a, size_t d, float *x)
{
    if (!factor(a, d))
        return false;
    for (size_t k = 0; k < d; k++) {
        x[k] /= a[k * d + k];
        axpy(d - k - 1, -x[k], a + k * d + k + 1, x + k + 1);
    }
    for (size_t k = d; k-- > 0;) {
        const float *row = a + k * d;
        size_t whole = k - k % STEP + STEP;
        float sum = x[k];

        for (size_t j = k + 1; j < whole; j++)
            sum -= row[j] * x[j];
        x[k] = (sum - dot(row + whole, x + whole, d - whole)) / row[k];
    }
    return true;
}


static void dots_portable(const float *rows, size_t d, const float *p,
                          float *out)
{
    for (size_t t = 0; t < TILE; t++)
        out[t] = dot(rows + t * d, p, d);
}


/* a[i.., j..] (TILE, STEP) += the rows' columns i.. times their columns j.. */
static void tile_portable(const float *rows, size_t n, size_t d, size_t i,
                          size_t j, float *a)
{
    for (size_t t = 0; t < TILE; t++) {
        float sum[STEP] = {0};

        for (size_t r = 0; r < n; r++)
            for (size_t c = 0; c < STEP; c++)
                sum[c] += rows[r * d + i + t] * rows[r * d + j + c];
        for (size_t c = 0; c < STEP; c++)
            a[(i + t) * d + j + c] += sum[c];
    }
}


static void cg_portable(const rk_gathered *s, size_t steps, float *x,
                        float *room)
{
    cg(s, dots_portable, steps, x, room);
}


static void add_portable(const rk_gathered *s, float *a, float *x)
{
    add(s, tile_portable, a, x);
}


static bool solve_portable(float *a, size_t d, float *x)
{
    return solve(a, d, x);
}


#ifdef RK_X86

#include <immintrin.h>

#define AVX2   __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,avx2,fma")))


static bool have_avx512(void)
{
    return rk_runs_avx2() && __builtin_cpu_supports("avx512f");
}


/* Two sums a row: eight multiply-adds are on their way at any time. */
AVX2 static inline void dots_avx2(const float *rows, size_t d, const float *p,
                                  float *out)
{
    __m256 sum[TILE];
    __m256 more[TILE];
    __m256 pairs;

    for (size_t t = 0; t < TILE; t++)
        sum[t] = more[t] = _mm256_setzero_ps();
    for (size_t j = 0; j < d; j += STEP) {
        __m256 p0 = _mm256_loadu_ps(p + j);
        __m256 p1 = _mm256_loadu_ps(p + j + 8);

        for (size_t t = 0; t < TILE; t++) {
            const float *row = rows + t * d + j;

            sum[t] = _mm256_fmadd_ps(_mm256_loadu_ps(row), p0, sum[t]);
            more[t] = _mm256_fmadd_ps(_mm256_loadu_ps(row + 8), p1, more[t]);
        }
    }
    for (size_t t = 0; t < TILE; t++)
        sum[t] = _mm256_add_ps(sum[t], more[t]);
    pairs = _mm256_hadd_ps(_mm256_hadd_ps(sum[0], sum[1]),
                           _mm256_hadd_ps(sum[2], sum[3]));
    _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(pairs),
                                  _mm256_extractf128_ps(pairs, 1)));
}


AVX2 static inline void tile_avx2(const float *rows, size_t n, size_t d,
                                  size_t i, size_t j, float *a)
{
    __m256 left[TILE];
    __m256 right[TILE];

    for (size_t t = 0; t < TILE; t++) {
        left[t] = _mm256_loadu_ps(a + (i + t) * d + j);
        right[t] = _mm256_loadu_ps(a + (i + t) * d + j + 8);
    }
    for (size_t r = 0; r < n; r++) {
        const float *row = rows + r * d;
        __m256 x = _mm256_loadu_ps(row + j);
        __m256 y = _mm256_loadu_ps(row + j + 8);

        for (size_t t = 0; t < TILE; t++) {
            __m256 w = _mm256_broadcast_ss(row + i + t);

            left[t] = _mm256_fmadd_ps(w, x, left[t]);
            right[t] = _mm256_fmadd_ps(w, y, right[t]);
        }
    }
    for (size_t t = 0; t < TILE; t++) {
        _mm256_storeu_ps(a + (i + t) * d + j, left[t]);
        _mm256_storeu_ps(a + (i + t) * d + j + 8, right[t]);
    }
}


AVX2 static void cg_avx2(const rk_gathered *s, size_t steps, float *x,
                         float *room)
{
    cg(s, dots_avx2, steps, x, room);
}


AVX2 static void add_avx2(const rk_gathered *s, float *a, float *x)
{
    add(s, tile_avx2, a, x);
}


AVX2 static bool solve_avx2(float *a, size_t d, float *x)
{
    return solve(a, d, x);
}


AVX512 static inline void dots_avx512(const float *rows, size_t d,
                                      const float *p, float *out)
{
    __m512 sum[TILE];

    for (size_t t = 0; t < TILE; t++)
        sum[t] = _mm512_setzero_ps();
    for (size_t j = 0; j < d; j += STEP) {
        __m512 x = _mm512_loadu_ps(p + j);

        for (size_t t = 0; t < TILE; t++)
            sum[t] = _mm512_fmadd_ps(_mm512_loadu_ps(rows + t * d + j), x,
                                     sum[t]);
    }
    for (size_t t = 0; t < TILE; t++)
        out[t] = _mm512_reduce_add_ps(sum[t]);
}


AVX512 static inline void tile_avx512(const float *rows, size_t n, size_t d,
                                      size_t i, size_t j, float *a)
{
    __m512 sum[TILE];

    for (size_t t = 0; t < TILE; t++)
        sum[t] = _mm512_loadu_ps(a + (i + t) * d + j);
    for (size_t r = 0; r < n; r++) {
        const float *row = rows + r * d;
        __m512 x = _mm512_loadu_ps(row + j);

        for (size_t t = 0; t < TILE; t++)
            sum[t] = _mm512_fmadd_ps(_mm512_set1_ps(row[i + t]), x, sum[t]);
    }
    for (size_t t = 0; t < TILE; t++)
        _mm512_storeu_ps(a + (i + t) * d + j, sum[t]);
}


AVX512 static void cg_avx512(const rk_gathered *s, size_t steps, float *x,
                             float *room)
{
    cg(s, dots_avx512, steps, x, room);
}


AVX512 static void add_avx512(const rk_gathered *s, float *a, float *x)
{
    add(s, tile_avx512, a, x);
}


AVX512 static bool solve_avx512(float *a, size_t d, float *x)
{
    return solve(a, d, x);
}

#endif


static const rk_build builds[] = {
#ifdef RK_X86
    {&(const rk_gathered_kernels){"avx512", cg_avx512, add_avx512,
                                  solve_avx512},
     have_avx512},
    {&(const rk_gathered_kernels){"avx2", cg_avx2, add_avx2, solve_avx2},
     rk_runs_avx2},
#endif
    {&(const rk_gathered_kernels){"portable", cg_portable, add_portable,
                                  solve_portable},
     rk_runs_anywhere},
};


const rk_gathered_kernels *rk_gathered_at(size_t i)
{
    return rk_build_at(builds, sizeof(builds) / sizeof(*builds), i);
}


bool rk_gathered_exact(const rk_gathered *s, float *x, float *room)
{
    const rk_gathered_kernels *k = rk_gathered_at(0);
    size_t d = s->d;

    memcpy(room, s->gram, d * d * sizeof(*room));
    for (size_t i = 0; i < d; i++)
        room[i * d + i] += s->ridge;
    memset(x, 0, d * sizeof(*x));
    k->add(s, room, x);
    return k->solve(room, d, x);
}
