/* Which way the words of a sentence lean: whether something will please, or
 * did. For English, by its verbs and what denies them. */
#ifndef RK_PARADIGMS_LEANING_H
#define RK_PARADIGMS_LEANING_H

#include "paradigms/wording.h"

typedef struct rk_leaning {
    int sign;       /* +1 pleases, -1 displeases, 0: the word says neither */
    bool past;      /* it did, with the user: "liked"; else it will, or does */
    bool of_others; /* "those who liked", "liked by" */
} rk_leaning;

/* What word i says with the words before it in its clause. */
rk_leaning rk_leaning_at(const rk_wording *w, size_t i);

/* Where the clause of word i begins and, exclusive, ends. */
size_t rk_clause_begin(const rk_wording *w, size_t i);
size_t rk_clause_end(const rk_wording *w, size_t i);

#endif
