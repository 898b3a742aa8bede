#include "data/strings.h"

#include "core/hash.h"
#include "core/mem.h"

#include <assert.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)1 << 16)
#define FIRST_SLOTS ((size_t)64)

/* The ids lie in blocks that never move, so that one handed out stays where
 * it is while the set grows. */
typedef struct block {
    struct block *next;
    size_t used;
    size_t size;
    char text[];
} block;

typedef struct known {
    const char *id;
    uint64_t hash;
} known;

struct rk_ids {
    known *known; /* (n), by position */
    size_t n;
    size_t cap;
    uint32_t *slots; /* (n_slots) position + 1; 0 is an empty slot */
    size_t n_slots;  /* a power of two, at least 2 n */
    block *blocks;   /* the newest first */
};


const char *rk_strings_at(const rk_strings *s, size_t i)
{
    assert(i < s->n);
    return s->bytes + s->offsets[i];
}


int rk_ids_new(rk_ids **out, rk_error *err)
{
    rk_ids *ids = rk_calloc(1, sizeof(*ids));

    *out = NULL;
    if (!ids)
        return rk_no_memory(err);
    ids->slots = rk_calloc(FIRST_SLOTS, sizeof(*ids->slots));
    if (!ids->slots) {
        rk_ids_free(ids);
        return rk_no_memory(err);
    }
    ids->n_slots = FIRST_SLOTS;
    *out = ids;
    return RK_OK;
}


void rk_ids_free(rk_ids *ids)
{
    if (!ids)
        return;
    while (ids->blocks) {
        block *next = ids->blocks->next;

        free(ids->blocks);
        ids->blocks = next;
    }
    free(ids->slots);
    free(ids->known);
    free(ids);
}


/* The slot that holds `id`, or the empty one where it belongs. */
static size_t slot_of(const rk_ids *ids, const char *id, uint64_t hash)
{
    size_t mask = ids->n_slots - 1;
    size_t at = (size_t)hash & mask;

    for (; ids->slots[at]; at = (at + 1) & mask) {
        const known *k = &ids->known[ids->slots[at] - 1];

        if (k->hash == hash && strcmp(k->id, id) == 0)
            break;
    }
    return at;
}


/* Twice the slots; the ids keep their positions. */
static int slots_double(rk_ids *ids)
{
    size_t n_slots = ids->n_slots * 2;
    uint32_t *slots = rk_calloc(n_slots, sizeof(*slots));

    if (!slots)
        return RK_ENOMEM;
    for (size_t i = 0; i < ids->n; i++) {
        size_t at = (size_t)ids->known[i].hash & (n_slots - 1);

        while (slots[at])
            at = (at + 1) & (n_slots - 1);
        slots[at] = (uint32_t)i + 1;
    }
    free(ids->slots);
    ids->slots = slots;
    ids->n_slots = n_slots;
    return RK_OK;
}


static char *text_keep(rk_ids *ids, const char *text, size_t len)
{
    block *b = ids->blocks;
    char *copy;

    if (!b || b->size - b->used <= len) {
        size_t size = len < BLOCK_BYTES ? BLOCK_BYTES : len + 1;

        b = rk_alloc_array(sizeof(*b) + size, 1);
        if (!b)
            return NULL;
        b->next = ids->blocks;
        b->used = 0;
        b->size = size;
        ids->blocks = b;
    }
    copy = b->text + b->used;
    memcpy(copy, text, len + 1);
    b->used += len + 1;
    return copy;
}


int rk_ids_add(rk_ids *ids, const char *id, uint32_t *position, rk_error *err)
{
    size_t len = strlen(id);
    uint64_t hash = rk_hash64(id, len);
    size_t at = slot_of(ids, id, hash);
    known *grown;
    char *copy;

    if (ids->slots[at]) {
        *position = ids->slots[at] - 1;
        return RK_OK;
    }
    if (ids->n == RK_NO_ID)
        return rk_fail(err, RK_EINVAL, "more than %u ids in one set", RK_NO_ID);

    /* Everything that can fail comes first: then the set changes at once. */
    grown = rk_grow(ids->known, ids->n, &ids->cap, sizeof(*grown));
    if (!grown)
        return rk_no_memory(err);
    ids->known = grown;
    if ((ids->n + 1) * 2 > ids->n_slots) {
        if (slots_double(ids))
            return rk_no_memory(err);
        at = slot_of(ids, id, hash);
    }
    copy = text_keep(ids, id, len);
    if (!copy)
        return rk_no_memory(err);

    ids->known[ids->n] = (known){copy, hash};
    *position = (uint32_t)ids->n++;
    ids->slots[at] = *position + 1;
    return RK_OK;
}


uint32_t rk_ids_find(const rk_ids *ids, const char *id)
{
    size_t at = slot_of(ids, id, rk_hash64(id, strlen(id)));

    return ids->slots[at] ? ids->slots[at] - 1 : RK_NO_ID;
}


const char *rk_ids_at(const rk_ids *ids, uint32_t position)
{
    assert(position < ids->n);
    return ids->known[position].id;
}


size_t rk_ids_count(const rk_ids *ids)
{
    return ids->n;
}
