#include "llm/prefix_cache.h"

#include "core/buf.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/mem.h"
#include "llm/prefix_folder.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC   "RKPREFIX"
#define VERSION 1

/* A file begins with this, as it lies in memory: the folder belongs to one
 * machine, as the store beside it does. */
typedef struct head {
    char magic[8];
    uint32_t version;
    uint32_t n_tokens;
    uint64_t n_logits;
    uint64_t state_len;
    uint64_t checksum; /* of what follows this field */
    char world[32];
} head;

#define CHECKED offsetof(head, world)

typedef struct entry {
    char *bytes; /* a head and what it tells of */
    size_t len;
    uint64_t used_at; /* by `now` of the cache */
} entry;

struct rk_prefix_cache {
    rk_key world;
    size_t memory_bytes;
    size_t disk_bytes;
    char *folder; /* NULL: none, or one that failed */
    char *loose;  /* read from the folder, and too big to keep */
    entry *entries;
    size_t n;
    size_t cap;
    size_t bytes;
    uint64_t now;
};


static rk_kept kept_of(const char *bytes)
{
    head h;
    rk_kept k;

    memcpy(&h, bytes, sizeof(h));
    k.n_tokens = h.n_tokens;
    k.n_logits = h.n_logits;
    k.state_len = h.state_len;
    k.tokens = (const int32_t *)(bytes + sizeof(h));
    k.logits = (const float *)(k.tokens + k.n_tokens);
    k.state = k.logits + k.n_logits;
    return k;
}


/* The bytes of an entry, 0 when they do not fit a size_t. */
static size_t entry_len(size_t n_tokens, size_t n_logits, size_t state_len)
{
    size_t len = sizeof(head);
    size_t four;

    if (n_tokens > UINT32_MAX ||
        __builtin_add_overflow(n_tokens, n_logits, &four) ||
        __builtin_mul_overflow(four, sizeof(float), &four) ||
        __builtin_add_overflow(len, four, &len) ||
        __builtin_add_overflow(len, state_len, &len))
        return 0;
    return len;
}


static uint64_t checksum(const char *bytes, size_t len)
{
    return rk_hash64(bytes + CHECKED, len - CHECKED);
}


/* Whether bytes from outside are an entry of this world for these tokens. */
static bool is_entry(const rk_prefix_cache *c, const char *bytes, size_t len,
                     const int32_t *tokens, size_t n_tokens)
{
    head h;

    if (len < sizeof(h))
        return false;
    memcpy(&h, bytes, sizeof(h));
    return memcmp(h.magic, MAGIC, sizeof(h.magic)) == 0 &&
           h.version == VERSION &&
           entry_len(h.n_tokens, h.n_logits, h.state_len) == len &&
           checksum(bytes, len) == h.checksum &&
           memcmp(h.world, c->world.hex, sizeof(h.world)) == 0 &&
           h.n_tokens == n_tokens &&
           memcmp(bytes + sizeof(h), tokens, n_tokens * sizeof(*tokens)) == 0;
}


/* The path of an entry's file. */
static void add_path(rk_buf *out, const rk_prefix_cache *c,
                     const int32_t *tokens, size_t n_tokens)
{
    char hash[17];

    snprintf(hash, sizeof(hash), "%016llx",
             (unsigned long long)rk_hash64(tokens, n_tokens * sizeof(*tokens)));
    rk_buf_init(out);
    rk_buf_printf(out, "%s/%s" RK_PREFIX_SUFFIX, c->folder,
                  rk_key_of(c->world.hex, hash, NULL).hex);
}


static void remove_entry(rk_prefix_cache *c, size_t i)
{
    c->bytes -= c->entries[i].len;
    free(c->entries[i].bytes);
    c->entries[i] = c->entries[--c->n];
}


/* Makes room for `len` more bytes by removing what was not used for longest;
 * false when even nothing else would leave enough. */
static bool make_room(rk_prefix_cache *c, size_t len)
{
    if (len > c->memory_bytes)
        return false;
    while (c->bytes > c->memory_bytes - len) {
        size_t oldest = 0;

        for (size_t i = 1; i < c->n; i++)
            if (c->entries[i].used_at < c->entries[oldest].used_at)
                oldest = i;
        remove_entry(c, oldest);
    }
    return true;
}


/* Takes the bytes over; false leaves them to the caller. */
static bool keep(rk_prefix_cache *c, char *bytes, size_t len)
{
    entry *bigger;

    if (!make_room(c, len))
        return false;
    bigger = rk_grow(c->entries, c->n, &c->cap, sizeof(*bigger));
    if (!bigger)
        return false;
    c->entries = bigger;
    c->entries[c->n++] = (entry){bytes, len, ++c->now};
    c->bytes += len;
    return true;
}


static bool find_in_memory(rk_prefix_cache *c, const int32_t *tokens,
                           size_t n_tokens, size_t *which)
{
    for (size_t i = 0; i < c->n; i++) {
        rk_kept k = kept_of(c->entries[i].bytes);

        if (k.n_tokens == n_tokens &&
            memcmp(k.tokens, tokens, n_tokens * sizeof(*tokens)) == 0) {
            *which = i;
            return true;
        }
    }
    return false;
}


/* Reads an entry's file, into memory where it fits there, and marks it as used.
 * NULL: there is none. */
static const char *load(rk_prefix_cache *c, const int32_t *tokens,
                        size_t n_tokens)
{
    size_t most = c->memory_bytes > c->disk_bytes ? c->memory_bytes
                                                  : c->disk_bytes;
    char *bytes = NULL;
    size_t len = 0;
    rk_buf path;

    add_path(&path, c, tokens, n_tokens);
    if (path.failed ||
        rk_file_read(rk_buf_str(&path), most, &bytes, &len, NULL) != RK_OK)
        goto done;
    if (!is_entry(c, bytes, len, tokens, n_tokens)) {
        unlink(rk_buf_str(&path));
        free(bytes);
        bytes = NULL;
        goto done;
    }
    utimensat(AT_FDCWD, rk_buf_str(&path), NULL, 0);
    if (!keep(c, bytes, len))
        c->loose = bytes;

done:
    rk_buf_clear(&path);
    return bytes;
}


bool rk_prefix_cache_find(rk_prefix_cache *c, const int32_t *tokens,
                          size_t n_tokens, rk_kept *out)
{
    const char *bytes = NULL;
    size_t i;

    free(c->loose);
    c->loose = NULL;
    if (find_in_memory(c, tokens, n_tokens, &i)) {
        c->entries[i].used_at = ++c->now;
        bytes = c->entries[i].bytes;
    } else if (c->folder) {
        bytes = load(c, tokens, n_tokens);
    }
    if (bytes)
        *out = kept_of(bytes);
    return bytes != NULL;
}


/* A folder that cannot be written once, because its disk is full, is not tried
 * again: each try would cost a user's answer some time. */
static void store(rk_prefix_cache *c, const char *bytes, size_t len)
{
    rk_kept k = kept_of(bytes);
    rk_buf path;

    if (!c->folder || len > c->disk_bytes)
        return;
    add_path(&path, c, k.tokens, k.n_tokens);
    if (path.failed || rk_dir_make(c->folder, NULL) != RK_OK ||
        !rk_prefix_folder_make_room(c->folder, c->disk_bytes, len) ||
        rk_file_write(rk_buf_str(&path), bytes, len, NULL) != RK_OK) {
        free(c->folder);
        c->folder = NULL;
    }
    rk_buf_clear(&path);
}


void rk_prefix_cache_add(rk_prefix_cache *c, const rk_kept *k,
                         rk_prefix_save *save, void *ctx)
{
    size_t len = entry_len(k->n_tokens, k->n_logits, k->state_len);
    size_t tokens_len = k->n_tokens * sizeof(*k->tokens);
    size_t logits_len = k->n_logits * sizeof(*k->logits);
    char *bytes;
    char *p;
    head h = {.version = VERSION,
              .n_tokens = (uint32_t)k->n_tokens,
              .n_logits = k->n_logits,
              .state_len = k->state_len};

    if (len == 0 || (len > c->memory_bytes && !c->folder))
        return;
    bytes = rk_alloc_array(len, 1);
    if (!bytes)
        return;
    memcpy(h.magic, MAGIC, sizeof(h.magic));
    memcpy(h.world, c->world.hex, sizeof(h.world));
    p = bytes + sizeof(h);
    memcpy(p, k->tokens, tokens_len);
    memcpy(p + tokens_len, k->logits, logits_len);
    if (save(ctx, p + tokens_len + logits_len, k->state_len) != k->state_len) {
        free(bytes);
        return;
    }
    memcpy(bytes, &h, sizeof(h));
    h.checksum = checksum(bytes, len);
    memcpy(bytes, &h, sizeof(h));
    store(c, bytes, len);
    if (!keep(c, bytes, len))
        free(bytes);
}


void rk_prefix_cache_drop(rk_prefix_cache *c, const int32_t *tokens,
                          size_t n_tokens)
{
    rk_buf path;
    size_t i;

    if (c->folder) {
        add_path(&path, c, tokens, n_tokens);
        if (!path.failed)
            unlink(rk_buf_str(&path));
        rk_buf_clear(&path);
    }
    if (find_in_memory(c, tokens, n_tokens, &i))
        remove_entry(c, i);
}


size_t rk_prefix_cache_bytes(const rk_prefix_cache *c)
{
    return c->bytes;
}


int rk_prefix_cache_new(rk_prefix_cache **out, const char *world,
                        const rk_prefix_opts *opts, rk_error *err)
{
    rk_prefix_cache *c;

    *out = NULL;
    c = rk_calloc(1, sizeof(*c));
    if (!c)
        return rk_no_memory(err);
    c->world = rk_key_of(world, NULL);
    c->memory_bytes = opts->memory_bytes;
    c->disk_bytes = opts->disk_bytes;
    if (opts->folder && opts->disk_bytes) {
        c->folder = rk_strdup(opts->folder);
        if (!c->folder) {
            rk_prefix_cache_free(c);
            return rk_no_memory(err);
        }
    }
    *out = c;
    return RK_OK;
}


void rk_prefix_cache_free(rk_prefix_cache *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n; i++)
        free(c->entries[i].bytes);
    free(c->entries);
    free(c->loose);
    free(c->folder);
    free(c);
}
