/* A text as words that can be compared: lower case, without apostrophes and
 * the ending of a possessive; "&" is the word "and". Typographic dashes and
 * quotes separate words as their ASCII forms do; other bytes above 127 are
 * letters. Words point into the text, which must outlive them. One thread. */
#ifndef RK_PARADIGMS_WORDING_H
#define RK_PARADIGMS_WORDING_H

#include "core/error.h"

/* What stands between a word and the one before. */
enum rk_before {
    RK_BEFORE_COMMA = 1,
    RK_BEFORE_BRACKET = 2,
    RK_BEFORE_QUOTE = 4,
    RK_BEFORE_BREAK = 8, /* : ; or a dash between spaces */
    RK_BEFORE_STOP = 16  /* the end of a sentence, or the text's beginning */
};

typedef struct rk_word {
    const char *at; /* has no NUL */
    size_t len;
    uint64_t key; /* of the folded word */
    uint8_t before;
    bool capital;
    bool is_number; /* begins with a digit */
} rk_word;

/* Zeroed is empty. */
typedef struct rk_wording {
    rk_word *list;
    size_t n;
    size_t cap;
} rk_wording;

/* Appends the words of a text. RK_ENOMEM. */
int rk_wording_read(rk_wording *w, const char *text, rk_error *err);
void rk_wording_clear(rk_wording *w);

/* Whether a word is this one, which is given folded. */
bool rk_word_is(const rk_word *w, const char *folded);

/* Whether it is one of a list that ends with NULL. */
bool rk_word_among(const rk_word *w, const char *const *list);

/* Whether it is a word of every text: "the", "because", "you". */
bool rk_word_is_common(const rk_word *w);

/* The key of a singular that this word may be the plural of; 0: none. */
uint64_t rk_word_singular(const rk_word *w);

/* One key for n words in their order. */
uint64_t rk_words_key(const rk_word *w, size_t n);

/* Where the n words of `run` stand in `w` one after the other, as an index;
 * SIZE_MAX when nowhere. */
size_t rk_wording_find(const rk_wording *w, const rk_word *run, size_t n);

#endif
