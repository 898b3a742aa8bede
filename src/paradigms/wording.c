#include "paradigms/wording.h"

#include "core/hash.h"
#include "core/mem.h"

#include <ctype.h>
#include <string.h>

#define WORD_MOST 64 /* bytes of a word that its key sees */

static const char *const common[] = {
    "a",       "about",   "after",   "all",     "also",     "although",
    "an",      "and",     "another", "any",     "are",      "as",
    "at",      "avoid",   "based",   "be",      "because",  "been",
    "before",  "both",    "but",     "by",      "can",      "could",
    "dark",    "did",     "do",      "does",    "dont",     "either",
    "even",    "expect",  "fans",    "few",     "film",     "films",
    "for",     "from",    "full",    "funny",   "given",    "good",
    "great",   "had",     "has",     "have",    "he",       "her",
    "here",    "his",     "how",     "however", "if",       "in",
    "into",    "is",      "it",      "its",     "just",     "like",
    "likely",  "many",    "may",     "might",   "more",     "most",
    "movie",   "movies",  "much",    "no",      "nor",      "not",
    "now",     "of",      "on",      "one",     "only",     "or",
    "other",   "others",  "our",     "out",     "over",     "people",
    "perhaps", "popular", "readers", "same",    "she",      "should",
    "similar", "since",   "skip",    "so",      "some",     "such",
    "than",    "that",    "thats",   "the",     "their",    "them",
    "then",    "there",   "these",   "they",    "thing",    "this",
    "those",   "though",  "through", "to",      "too",      "true",
    "try",     "two",     "under",   "unlike",  "unlikely", "up",
    "user",    "users",   "very",    "viewers", "was",      "watch",
    "well",    "were",    "what",    "when",    "where",    "which",
    "while",   "who",     "whose",   "why",     "will",     "with",
    "without", "would",   "yet",     "you",     "youll",    "youre",
    "youve",   "your",    "book",    "books",   "novel",    "read",
    "story",   "item",    "items",   NULL,
};


/* The length of a typographic sign at p that separates words, and its kind;
 * 0: it is none. */
static size_t sign_at(const char *p, uint8_t *kind)
{
    const unsigned char *u = (const unsigned char *)p;

    *kind = 0;
    if (u[0] == 0xC2 && (u[1] == 0xA0 || u[1] == 0xAB || u[1] == 0xBB)) {
        *kind = u[1] == 0xA0 ? 0 : RK_BEFORE_QUOTE;
        return 2;
    }
    if (u[0] != 0xE2 || u[1] != 0x80 || u[2] < 0x90 || u[2] > 0xA7)
        return 0;
    if (u[2] >= 0x98 && u[2] <= 0x9F)
        *kind = RK_BEFORE_QUOTE;
    if (u[2] >= 0x93 && u[2] <= 0x95)
        *kind = RK_BEFORE_BREAK;
    return 3;
}


/* The length of an apostrophe, straight or curly; 0: there is none. */
static size_t apostrophe_at(const char *p)
{
    if (*p == '\'')
        return 1;
    return strncmp(p, "\xE2\x80\x99", 3) == 0 ? 3 : 0;
}


/* Letters and digits; any byte above 127 that is not a sign. */
static bool is_letter(const char *p)
{
    uint8_t kind;

    return isalnum((unsigned char)*p) ||
           ((unsigned char)*p >= 0x80 && sign_at(p, &kind) == 0);
}


/* The end of the word that begins at p: apostrophes stay inside it, and the
 * point of a decimal number. */
static const char *word_end(const char *p)
{
    const char *start = p;

    for (;;) {
        size_t skip = apostrophe_at(p);
        bool point = *p == '.' && p > start && isdigit((unsigned char)p[1]) &&
                     isdigit((unsigned char)p[-1]);

        if (is_letter(p) || point)
            p++;
        else if (skip && p > start && is_letter(p + skip))
            p += skip;
        else
            return p;
    }
}


/* The folded word; returns its length. */
static size_t fold(const char *at, size_t len, char out[WORD_MOST])
{
    size_t n = 0;

    for (const char *p = at; p < at + len && n < WORD_MOST;) {
        size_t skip = apostrophe_at(p);

        if (skip) {
            p += skip;
            continue;
        }
        out[n++] = (char)tolower((unsigned char)*p++);
    }
    return n;
}


/* Takes "'s" off the end. */
static size_t without_possessive(const char *at, size_t len)
{
    for (size_t skip = 1; skip <= 3; skip += 2)
        if (len > skip + 1 && (at[len - 1] == 's' || at[len - 1] == 'S') &&
            apostrophe_at(at + len - 1 - skip) == skip)
            return len - 1 - skip;
    return len;
}


static int add_word(rk_wording *w, const char *at, size_t len, uint8_t before,
                    rk_error *err)
{
    rk_word *more = rk_grow(w->list, w->n, &w->cap, sizeof(*more));
    char folded[WORD_MOST];
    rk_word *word;

    if (!more)
        return rk_no_memory(err);
    w->list = more;
    word = &more[w->n++];
    *word = (rk_word){.at = at, .before = before};
    word->len = without_possessive(at, len);
    word->capital = isupper((unsigned char)*at) != 0;
    word->is_number = isdigit((unsigned char)*at) != 0;
    word->key = *at == '&' ? rk_hash64("and", 3)
                           : rk_hash64(folded, fold(at, word->len, folded));
    return RK_OK;
}


/* What a separator says about the word behind it. */
static uint8_t kind_of(const char *p, const char *text)
{
    bool apart = p == text || p[-1] == ' ';

    if (strchr(",", *p))
        return RK_BEFORE_COMMA;
    if (strchr("()", *p))
        return RK_BEFORE_BRACKET;
    if (strchr("\"'", *p))
        return RK_BEFORE_QUOTE;
    if (strchr(":;", *p) || (*p == '-' && apart))
        return RK_BEFORE_BREAK;
    return strchr(".!?\n", *p) ? RK_BEFORE_STOP : 0;
}


int rk_wording_read(rk_wording *w, const char *text, rk_error *err)
{
    uint8_t before = RK_BEFORE_STOP;
    const char *p = text;
    int rc = RK_OK;

    while (*p && rc == RK_OK) {
        uint8_t kind;
        size_t sign = sign_at(p, &kind);

        if (sign) {
            before |= kind;
            p += sign;
        } else if (is_letter(p) || *p == '&') {
            const char *end = *p == '&' ? p + 1 : word_end(p);

            rc = add_word(w, p, (size_t)(end - p), before, err);
            before = 0;
            p = end;
        } else {
            before |= kind_of(p, text);
            p++;
        }
    }
    return rc;
}


void rk_wording_clear(rk_wording *w)
{
    free(w->list);
    memset(w, 0, sizeof(*w));
}


bool rk_word_is(const rk_word *w, const char *folded)
{
    char own[WORD_MOST];
    size_t n = fold(w->at, w->len, own);

    return n == strlen(folded) && memcmp(own, folded, n) == 0;
}


bool rk_word_among(const rk_word *w, const char *const *list)
{
    for (; *list; list++)
        if (rk_word_is(w, *list))
            return true;
    return false;
}


bool rk_word_is_common(const rk_word *w)
{
    return rk_word_among(w, common);
}


uint64_t rk_word_singular(const rk_word *w)
{
    char own[WORD_MOST + 1];
    size_t n = fold(w->at, w->len, own);

    if (n < 4 || own[n - 1] != 's')
        return 0;
    if (own[n - 2] == 'e' && own[n - 3] == 'i') {
        own[n - 3] = 'y';
        return rk_hash64(own, n - 2);
    }
    return rk_hash64(own, n - 1);
}


uint64_t rk_words_key(const rk_word *w, size_t n)
{
    uint64_t key = n;

    for (size_t i = 0; i < n; i++) {
        key = (key ^ w[i].key) * 0x9E3779B97F4A7C15u;
        key ^= key >> 29;
    }
    return key;
}


static bool same_run(const rk_word *a, const rk_word *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (a[i].key != b[i].key)
            return false;
    return true;
}


size_t rk_wording_find(const rk_wording *w, const rk_word *run, size_t n)
{
    for (size_t i = 0; i + n <= w->n && n > 0; i++)
        if (same_run(w->list + i, run, n))
            return i;
    return SIZE_MAX;
}
