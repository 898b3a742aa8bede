/* What a catalogue names: an index from runs of words to the titles and field
 * values that they are. A title is found with and without its leading article
 * ("The Matrix", "Matrix, The"), a year in brackets, what follows a colon, and
 * in any case and punctuation. Immutable; borrows the snapshot's records. */
#ifndef RK_PARADIGMS_NAMED_H
#define RK_PARADIGMS_NAMED_H

#include "paradigms/snapshot.h"
#include "paradigms/wording.h"

typedef struct rk_named rk_named;

enum rk_named_kind {
    RK_NAMED_TITLE,
    RK_NAMED_CATEGORY,
    RK_NAMED_VALUE /* of another field: an author, a country */
};

/* One thing that has the name. */
typedef struct rk_named_entry {
    uint64_t key;
    uint32_t item;  /* that has the title; of a value, the first that has it */
    uint16_t field; /* of that item's record */
    uint8_t n;      /* words */
    uint8_t kind;
} rk_named_entry;

/* Values of more than 6 words, those that begin with a digit, and a field
 * "description" are no names. About 24 bytes a name. RK_ENOMEM. */
int rk_named_new(rk_named **out, const rk_snapshot *s, rk_error *err);
void rk_named_free(rk_named *names);
size_t rk_named_count(const rk_named *names);

/* The entries of the longest name at the first of n words, *n_found of them,
 * titles first; NULL when none is there. A leading article counts to neither.
 * A category is found in the plural too. At most 16 hashes and searches. */
const rk_named_entry *rk_named_find(const rk_named *names, const rk_word *w,
                                    size_t n, size_t *n_found);

#endif
