/* What a text mentions: titles and values of the catalogue, numbers, and names
 * that are in capitals. Found without regard to whether they are true. */
#ifndef RK_PARADIGMS_MENTIONS_H
#define RK_PARADIGMS_MENTIONS_H

#include "paradigms/grounds.h"

enum rk_mention_kind {
    RK_MENTIONS_TITLE,
    RK_MENTIONS_CATEGORY,
    RK_MENTIONS_VALUE,
    RK_MENTIONS_NUMBER,
    RK_MENTIONS_NAME
};

typedef struct rk_mention {
    enum rk_mention_kind kind;
    size_t at; /* words */
    size_t n;
    uint32_t item; /* of a title: the one in the grounds if one is there */
    double number;
} rk_mention;

/* Zeroed is empty. */
typedef struct rk_mentions {
    rk_mention *list; /* in the order of the text; none overlaps another */
    size_t n;
    size_t cap;
} rk_mentions;

/* Finds them, the longest first at each word. A title or name of one word, and
 * one of common words alone ("It", "Up", "Now and Then"), is a mention only in
 * capitals inside a sentence, or quoted. RK_ENOMEM. */
int rk_mentions_find(rk_mentions *m, const rk_wording *w, const rk_grounds *g,
                     rk_error *err);
void rk_mentions_clear(rk_mentions *m);

/* The number that a word says, in digits or letters; false: it says none.
 * "1990s" says 1990. */
bool rk_word_number(const rk_word *w, double *number);

#endif
