#include "paradigms/leaning.h"

#define BACK 3 /* words before a verb that may deny it */

static const char *const liked[] = {
    "liked",     "loved",    "enjoyed",    "adored",    "appreciated",
    "favourite", "favorite", "favourites", "favorites", NULL};
static const char *const disliked[] = {"disliked", "hated", "loathed",
                                       "detested", NULL};
static const char *const pleases[] = {
    "love",        "enjoy",     "enjoyable",  "please",  "pleases",  "appeal",
    "appeals",     "suit",      "suits",      "delight", "adore",    "perfect",
    "recommended", "recommend", "appreciate", "ideal",   "engaging", NULL};
static const char *const displeases[] = {
    "disappoint", "disappoints", "disappointing", "dislike", "hate", "avoid",
    "bore",       "bores",       "boring",        "skip",    NULL};
static const char *const denials[] = {
    "not",     "never", "wont",    "dont",     "doesnt",  "didnt",
    "cannot",  "cant",  "isnt",    "unlikely", "hardly",  "shouldnt",
    "wouldnt", "less",  "without", "no",       "neither", NULL};
static const char *const others[] = {"those",    "people",  "others", "fans",
                                     "readers",  "viewers", "users",  "many",
                                     "everyone", "they",    NULL};
static const char *const auxiliaries[] = {
    "will",  "should", "would", "youll", "may",      "might",  "can", "to",
    "could", "dont",   "not",   "wont",  "probably", "really", NULL};
static const char *const joints[] = {"because", "since", "but", "although",
                                     "though",  "while", "and", "so",
                                     "as",      "if",    NULL};


static bool parts(const rk_word *w)
{
    return (w->before & (RK_BEFORE_STOP | RK_BEFORE_BREAK)) != 0 ||
           ((w->before & RK_BEFORE_COMMA) != 0 && rk_word_among(w, joints)) ||
           rk_word_is(w, "because") || rk_word_is(w, "but") ||
           rk_word_is(w, "although") || rk_word_is(w, "since");
}


size_t rk_clause_begin(const rk_wording *w, size_t i)
{
    while (i > 0 && !parts(&w->list[i]))
        i--;
    return i;
}


size_t rk_clause_end(const rk_wording *w, size_t i)
{
    for (i++; i < w->n && !parts(&w->list[i]); i++)
        ;
    return i;
}


/* Whether one of the `back` words before i, in its clause, is in a list. */
static bool preceded(const rk_wording *w, size_t i, size_t back,
                     const char *const *list)
{
    size_t begin = rk_clause_begin(w, i);

    for (size_t k = 1; k <= back && i >= begin + k; k++)
        if (rk_word_among(&w->list[i - k], list))
            return true;
    return false;
}


/* "like" is a verb behind "will" and its kin, and else a comparison. */
static bool is_verb_like(const rk_wording *w, size_t i)
{
    return rk_word_is(&w->list[i], "like") && i > 0 && !w->list[i].before &&
           rk_word_among(&w->list[i - 1], auxiliaries);
}


/* "not for you", "not for this reader" */
static bool is_not_for(const rk_wording *w, size_t i)
{
    return i + 2 < w->n && rk_word_among(&w->list[i], denials) &&
           rk_word_is(&w->list[i + 1], "for") &&
           (rk_word_is(&w->list[i + 2], "you") ||
            rk_word_is(&w->list[i + 2], "this"));
}


rk_leaning rk_leaning_at(const rk_wording *w, size_t i)
{
    const rk_word *word = &w->list[i];
    rk_leaning l = {0};

    if (rk_word_among(word, liked))
        l = (rk_leaning){.sign = +1, .past = true};
    else if (rk_word_among(word, disliked))
        l = (rk_leaning){.sign = -1, .past = true};
    else if (rk_word_among(word, pleases) || is_verb_like(w, i))
        l.sign = +1;
    else if (rk_word_among(word, displeases) || is_not_for(w, i))
        l.sign = -1;
    if (l.sign == 0)
        return l;
    if (preceded(w, i, BACK, denials)) {
        /* "did not like" is as much a thing of the past as "disliked" */
        l.sign = -l.sign;
        l.past = l.past ||
                 preceded(w, i, BACK,
                          (const char *const[]){"did", "didnt", NULL});
    }
    l.of_others = preceded(w, i, BACK, others) ||
                  (i + 1 < w->n && rk_word_is(&w->list[i + 1], "by"));
    return l;
}
