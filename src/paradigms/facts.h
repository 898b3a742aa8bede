/* Whether a free text says only what its evidence says.
 *
 * The text's claims are found and each is held against the grounds:
 *   form     it is one or two sentences in plain words: no markup, address,
 *            code, list, control character, first person or repetition
 *   title    an item of the catalogue that is named is in the evidence
 *   value    so is the value of a field: a category, an author, a country
 *   number   in digits or as a word
 *   name     capital letters inside a sentence, whoever they name
 *   liked    what the user liked or disliked is what the user said
 *   verdict  that the item will please, or will not, is what is probable
 * A value, number or name that the text ties to a title ("Dune by ...",
 * "Dune (1965)", "directed by ...") must be that item's own.
 *
 * What it cannot see: invention without a name ("it won many prizes"), and a
 * name in lower case that is not in the catalogue. Rules are for English. Any
 * thread; a check costs some 16 searches in the index a word. */
#ifndef RK_PARADIGMS_FACTS_H
#define RK_PARADIGMS_FACTS_H

#include "paradigms/grounds.h"

enum rk_claim_kind {
    RK_CLAIM_FORM,
    RK_CLAIM_TITLE,
    RK_CLAIM_VALUE,
    RK_CLAIM_NUMBER,
    RK_CLAIM_NAME,
    RK_CLAIM_LIKED,
    RK_CLAIM_VERDICT
};

typedef struct rk_claim {
    enum rk_claim_kind kind;
    bool holds;
    size_t at; /* bytes of the text */
    size_t len;
    const char *rests_on; /* static: the ground's name; "" when it does not
                             hold */
    uint32_t item;        /* that it rests on; RK_NO_ID: none */
} rk_claim;

/* Zeroed is empty. */
typedef struct rk_findings {
    rk_claim *list;
    size_t n;
    size_t cap;
    char refusal[160]; /* why the text is refused: the first claim that does
                          not hold, in words; "": all hold */
} rk_findings;

/* Checks a text, which may be hostile, and fills the findings, which are
 * emptied first. RK_ENOMEM. */
int rk_facts_check(rk_findings *out, const char *text, const rk_grounds *g,
                   rk_error *err);
void rk_findings_clear(rk_findings *f);

/* Appends a claim; the first that does not hold becomes the refusal, which is
 * `fmt` in words. */
int rk_findings_add(rk_findings *f, rk_claim claim, rk_error *err,
                    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
