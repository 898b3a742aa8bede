#include "llm/gguf.h"

#include <string.h>

#define LEAST_VERSION 2 /* version 1 had 32-bit counts; nobody writes it */
#define MOST_VERSION  3
#define MAX_DIMS      4
#define MAX_NAME      63    /* of a tensor */
#define MAX_KEY       65535 /* the format's own limit */
#define MAX_ALIGNMENT (1 << 20)

/* The least bytes of a key with its value and of a tensor's description. */
#define LEAST_PAIR   13
#define LEAST_TENSOR 24

enum value_type { VALUE_UINT32 = 4, VALUE_STRING = 8, VALUE_ARRAY = 9 };

/* Bytes of a value by type; 0 where the length is written before it. */
static const uint8_t value_bytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

#define N_VALUE_TYPES (sizeof(value_bytes) / sizeof(value_bytes[0]))

/* How a tensor type packs its numbers: `bytes` for `block` of them; a type
 * that is not here has neither. */
static const struct packing {
    uint16_t block;
    uint16_t bytes;
} packings[] = {
    [0] = {1, 4},      /* F32 */
    [1] = {1, 2},      /* F16 */
    [2] = {32, 18},    /* Q4_0 */
    [3] = {32, 20},    /* Q4_1 */
    [6] = {32, 22},    /* Q5_0 */
    [7] = {32, 24},    /* Q5_1 */
    [8] = {32, 34},    /* Q8_0 */
    [9] = {32, 36},    /* Q8_1 */
    [10] = {256, 84},  /* Q2_K */
    [11] = {256, 110}, /* Q3_K */
    [12] = {256, 144}, /* Q4_K */
    [13] = {256, 176}, /* Q5_K */
    [14] = {256, 210}, /* Q6_K */
    [15] = {256, 292}, /* Q8_K */
    [16] = {256, 66},  /* IQ2_XXS */
    [17] = {256, 74},  /* IQ2_XS */
    [18] = {256, 98},  /* IQ3_XXS */
    [19] = {256, 50},  /* IQ1_S */
    [20] = {32, 18},   /* IQ4_NL */
    [21] = {256, 110}, /* IQ3_S */
    [22] = {256, 82},  /* IQ2_S */
    [23] = {256, 136}, /* IQ4_XS */
    [24] = {1, 1},     /* I8 */
    [25] = {1, 2},     /* I16 */
    [26] = {1, 4},     /* I32 */
    [27] = {1, 8},     /* I64 */
    [28] = {1, 8},     /* F64 */
    [29] = {256, 56},  /* IQ1_M */
    [30] = {1, 2},     /* BF16 */
    [34] = {256, 54},  /* TQ1_0 */
    [35] = {256, 66},  /* TQ2_0 */
    [39] = {32, 17},   /* MXFP4 */
    [40] = {64, 36},   /* NVFP4 */
    [41] = {128, 18},  /* Q1_0 */
    [42] = {64, 18},   /* Q2_0 */
};

#define N_PACKINGS (sizeof(packings) / sizeof(packings[0]))

/* What is left to read. The first failure is kept in `rc` and ends all
 * reading: from then on numbers are 0 and strings empty. */
typedef struct reader {
    const unsigned char *p;
    uint64_t left;
    uint64_t at; /* bytes read so far */
    uint64_t file_len;
    uint64_t alignment;
    int rc;
    rk_error *err;
} reader;

typedef struct text {
    const unsigned char *p;
    uint64_t len;
} text;


static void stop_short(reader *r, const char *what)
{
    uint64_t seen = r->at + r->left;

    if (r->rc == RK_OK && seen < r->file_len)
        r->rc = rk_fail(r->err, RK_EFORMAT,
                        "the header is longer than the %llu bytes looked at",
                        (unsigned long long)seen);
    else if (r->rc == RK_OK)
        r->rc = rk_fail(r->err, RK_EFORMAT,
                        "truncated: the file ends at byte %llu, inside %s",
                        (unsigned long long)seen, what);
    r->left = 0;
}


/* The next n bytes, or NULL. */
static const unsigned char *take(reader *r, uint64_t n, const char *what)
{
    const unsigned char *p = r->p;

    if (r->rc != RK_OK || n > r->left) {
        stop_short(r, what);
        return NULL;
    }
    r->p += n;
    r->left -= n;
    r->at += n;
    return p;
}


/* A little-endian number of n bytes. */
static uint64_t take_number(reader *r, unsigned n, const char *what)
{
    const unsigned char *p = take(r, n, what);
    uint64_t value = 0;

    for (unsigned i = 0; p && i < n; i++)
        value |= (uint64_t)p[i] << (8 * i);
    return value;
}


static text take_text(reader *r, uint64_t max, const char *what)
{
    text t = {NULL, take_number(r, 8, what)};

    if (t.len > max && r->rc == RK_OK)
        r->rc = rk_fail(r->err, RK_EFORMAT,
                        "%s is %llu bytes long, at most %llu are allowed", what,
                        (unsigned long long)t.len, (unsigned long long)max);
    t.p = take(r, t.len, what);
    if (!t.p)
        t.len = 0;
    return t;
}


static bool is(text t, const char *word)
{
    return t.p && t.len == strlen(word) && memcmp(t.p, word, t.len) == 0;
}


static void skip_array(reader *r)
{
    uint64_t type = take_number(r, 4, "an array");
    uint64_t count = take_number(r, 8, "an array");

    if (type >= N_VALUE_TYPES || type == VALUE_ARRAY) {
        if (r->rc == RK_OK)
            r->rc = rk_fail(r->err, RK_EFORMAT,
                            "an array holds value type %llu, expected 0 to 12 "
                            "and not an array",
                            (unsigned long long)type);
        return;
    }
    if (type != VALUE_STRING) {
        if (count > r->left / value_bytes[type])
            stop_short(r, "an array");
        else
            take(r, count * value_bytes[type], "an array");
        return;
    }
    if (count > r->left / 8)
        stop_short(r, "an array of strings");
    for (uint64_t i = 0; i < count && r->rc == RK_OK; i++)
        take_text(r, UINT64_MAX, "an array of strings");
}


static void take_architecture(reader *r, rk_gguf *out)
{
    text t = take_text(r, sizeof(out->architecture) - 1,
                       "general.architecture");

    for (uint64_t i = 0; i < t.len; i++) {
        if (t.p[i] <= ' ' || t.p[i] > '~') {
            r->rc = rk_fail(r->err, RK_EFORMAT,
                            "general.architecture holds byte %u, expected "
                            "printable characters",
                            (unsigned)t.p[i]);
            return;
        }
        out->architecture[i] = (char)t.p[i];
    }
    out->architecture[t.len] = '\0';
}


static void take_alignment(reader *r)
{
    uint64_t value = take_number(r, 4, "general.alignment");

    if (r->rc != RK_OK)
        return;
    if (value == 0 || value > MAX_ALIGNMENT || (value & (value - 1)) != 0)
        r->rc = rk_fail(r->err, RK_EFORMAT,
                        "general.alignment is %llu, must be a power of two up "
                        "to %d",
                        (unsigned long long)value, MAX_ALIGNMENT);
    else
        r->alignment = value;
}


/* A key with its value. */
static void take_pair(reader *r, rk_gguf *out)
{
    text key = take_text(r, MAX_KEY, "a key");
    uint64_t type = take_number(r, 4, "a key's type");

    if (r->rc != RK_OK)
        return;
    if (type >= N_VALUE_TYPES)
        r->rc = rk_fail(r->err, RK_EFORMAT,
                        "a key has value type %llu, expected 0 to 12",
                        (unsigned long long)type);
    else if (type == VALUE_STRING && is(key, "general.architecture"))
        take_architecture(r, out);
    else if (type == VALUE_UINT32 && is(key, "general.alignment"))
        take_alignment(r);
    else if (type == VALUE_STRING)
        take_text(r, UINT64_MAX, "a value");
    else if (type == VALUE_ARRAY)
        skip_array(r);
    else
        take(r, value_bytes[type], "a value");
}


/* The bytes of a tensor; false when its rows do not divide into blocks or the
 * size does not fit 64 bits. A type the table lacks counts as no bytes:
 * libllama knows it or refuses it. */
static bool tensor_bytes(uint64_t type, const uint64_t size[MAX_DIMS],
                         uint64_t *bytes)
{
    *bytes = 0;
    if (type >= N_PACKINGS || packings[type].block == 0)
        return true;
    if (size[0] % packings[type].block != 0 ||
        __builtin_mul_overflow(size[0] / packings[type].block,
                               (uint64_t)packings[type].bytes, bytes))
        return false;
    for (int i = 1; i < MAX_DIMS; i++)
        if (__builtin_mul_overflow(*bytes, size[i], bytes))
            return false;
    return true;
}


/* A tensor's description. Returns where its bytes end, counted from the first
 * byte of all tensors. */
static uint64_t take_tensor(reader *r)
{
    uint64_t size[MAX_DIMS] = {1, 1, 1, 1};
    uint64_t n_dims, type, offset, bytes;
    uint64_t end = 0;

    take_text(r, MAX_NAME, "a tensor's name");
    n_dims = take_number(r, 4, "a tensor's shape");
    if (n_dims > MAX_DIMS && r->rc == RK_OK)
        r->rc = rk_fail(r->err, RK_EFORMAT,
                        "a tensor has %llu dimensions, at most %d are allowed",
                        (unsigned long long)n_dims, MAX_DIMS);
    for (uint64_t i = 0; i < n_dims && r->rc == RK_OK; i++)
        size[i] = take_number(r, 8, "a tensor's shape");
    type = take_number(r, 4, "a tensor's type");
    offset = take_number(r, 8, "a tensor's offset");
    if (r->rc != RK_OK)
        return 0;

    if (offset % r->alignment != 0)
        r->rc = rk_fail(r->err, RK_EFORMAT,
                        "a tensor begins at %llu, must be a multiple of %llu",
                        (unsigned long long)offset,
                        (unsigned long long)r->alignment);
    else if (!tensor_bytes(type, size, &bytes) ||
             __builtin_add_overflow(offset, bytes, &end))
        r->rc = rk_fail(r->err, RK_EFORMAT,
                        "a tensor of type %llu cannot have the shape (%llu, "
                        "%llu, %llu, %llu)",
                        (unsigned long long)type, (unsigned long long)size[0],
                        (unsigned long long)size[1],
                        (unsigned long long)size[2],
                        (unsigned long long)size[3]);
    return end;
}


static void take_head(reader *r, rk_gguf *out)
{
    uint64_t version, rest;

    if (r->left < 4 || memcmp(r->p, "GGUF", 4) != 0) {
        r->rc = rk_fail(r->err, RK_EFORMAT,
                        "not a GGUF file: it does not begin with \"GGUF\"");
        return;
    }
    take(r, 4, "the header");
    version = take_number(r, 4, "the header");
    out->n_tensors = take_number(r, 8, "the header");
    out->n_keys = take_number(r, 8, "the header");
    if (r->rc != RK_OK)
        return;
    rest = r->file_len - r->at;
    if (version < LEAST_VERSION || version > MOST_VERSION)
        r->rc = rk_fail(
            r->err, RK_EFORMAT, "GGUF version %llu, this build reads %d and %d",
            (unsigned long long)version, LEAST_VERSION, MOST_VERSION);
    else if (out->n_keys > rest / LEAST_PAIR ||
             out->n_tensors > rest / LEAST_TENSOR)
        r->rc = rk_fail(r->err, RK_EFORMAT,
                        "%llu keys and %llu tensors do not fit the %llu bytes "
                        "after the header",
                        (unsigned long long)out->n_keys,
                        (unsigned long long)out->n_tensors,
                        (unsigned long long)rest);
}


int rk_gguf_parse(rk_gguf *out, const void *bytes, size_t len,
                  uint64_t file_len, rk_error *err)
{
    reader r = {bytes, len, 0, file_len, 32, RK_OK, err};
    uint64_t most = 0;

    memset(out, 0, sizeof(*out));
    if (len > file_len)
        return rk_fail(err, RK_EINVAL, "%zu bytes of a file that has %llu", len,
                       (unsigned long long)file_len);
    take_head(&r, out);
    for (uint64_t i = 0; i < out->n_keys && r.rc == RK_OK; i++)
        take_pair(&r, out);
    for (uint64_t i = 0; i < out->n_tensors && r.rc == RK_OK; i++) {
        uint64_t end = take_tensor(&r);

        most = end > most ? end : most;
    }
    if (r.rc != RK_OK)
        return r.rc;

    /* Tensors begin at the next multiple of the alignment. */
    out->needed_bytes = r.at;
    if (out->n_tensors > 0)
        out->needed_bytes += (r.alignment - r.at % r.alignment) % r.alignment;
    if (__builtin_add_overflow(out->needed_bytes, most, &out->needed_bytes))
        return rk_fail(err, RK_EFORMAT, "the tensors do not fit 64 bits");
    if (file_len < out->needed_bytes)
        return rk_fail(err, RK_EFORMAT, "truncated: needs %llu bytes, has %llu",
                       (unsigned long long)out->needed_bytes,
                       (unsigned long long)file_len);
    return RK_OK;
}
