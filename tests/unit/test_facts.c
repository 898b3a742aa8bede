#include "paradigms/facts.h"
#include "paradigms/form.h"

#include "small_shelf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* A sentence about Wolf Hall, which should please, or about The Silent
 * Patient, which should not. */
typedef struct sentence {
    bool pleases;
    bool is_true;
    const char *text;
} sentence;

#define GOOD true
#define POOR false

static const sentence sentences[] = {
    /* titles */
    {GOOD, true,
     "You should enjoy Wolf Hall, because you liked The Night "
     "Circus."},
    {GOOD, true, "Wolf Hall is close to the night circus, which you liked."},
    {GOOD, true,
     "If you enjoyed \"Night Circus\", this book should please "
     "you."},
    {GOOD, true,
     "It is a book for you: WOLF HALL is close to The Night "
     "Circus."},
    {GOOD, true,
     "You liked The Three Body Problem and The Night Circus, so "
     "try Wolf Hall."},
    {GOOD, true,
     "Wolf Hall: A Novel was liked by those who also liked The "
     "Three-Body Problem."},
    {GOOD, true,
     "It may be slow now and then, but this story should please "
     "you."},
    {GOOD, false, "You should enjoy Wolf Hall, because you liked Alien."},
    {GOOD, false, "You should enjoy Wolf Hall, because you liked The Matrix."},
    {GOOD, false, "Wolf Hall is as tense as the movie Heat."},
    {GOOD, false, "This book should please you, as \"Up\" did."},
    {GOOD, false, "The book is close to the silent patient, a popular one."},
    {GOOD, false, "You will enjoy it as much as Now and Then."},
    {GOOD, false, "Those who liked Matrix liked this book too."},
    {GOOD, false,
     "If you enjoyed Da Vinci Code, Wolf Hall should please "
     "you."},
    {POOR, true,
     "You disliked The Da Vinci Code, and The Silent Patient is "
     "close to it."},
    {POOR, false,
     "You disliked Alien, and The Silent Patient is close to "
     "it."},
    /* authors and other people */
    {GOOD, true, "Wolf Hall by Hilary Mantel should please you."},
    {GOOD, true, "Hilary Mantel's Wolf Hall should please you."},
    {GOOD, true, "Mantel wrote a book that is close to The Night Circus."},
    {GOOD, true,
     "Wolf Hall, written by Hilary Mantel, is close to The Night "
     "Circus by Erin Morgenstern."},
    {GOOD, true,
     "It should please you as The Three-Body Problem by Liu Cixin "
     "did."},
    {GOOD, false, "Wolf Hall by Erin Morgenstern should please you."},
    {GOOD, false, "Erin Morgenstern's Wolf Hall should please you."},
    {GOOD, false, "Wolf Hall, written by Liu Cixin, should please you."},
    {GOOD, false, "The Night Circus by Hilary Mantel is close to this book."},
    {GOOD, false, "Wolf Hall by Dan Brown should please you."},
    {GOOD, false, "The story by stephen king is close to The Night Circus."},
    {GOOD, false,
     "This book was praised by Barack Obama and should please "
     "you."},
    {GOOD, false, "Tolkien fans should enjoy Wolf Hall very much."},
    {GOOD, false, "The hero Thomas Cromwell should please you in this book."},
    {POOR, true,
     "Alex Michaelides wrote The Silent Patient, which may "
     "disappoint you."},
    {POOR, false, "Dan Brown's The Silent Patient may disappoint you."},
    {POOR, false,
     "The Silent Patient, starring Sigourney Weaver, may "
     "disappoint you."},
    /* categories */
    {GOOD, true, "Wolf Hall is a historical drama that should please you."},
    {GOOD, true,
     "As you like historical novels, this book should please "
     "you."},
    {GOOD, true, "It is a drama, and you liked The Night Circus, a fantasy."},
    {GOOD, true, "Fans of dramas should enjoy this book."},
    {GOOD, false, "Wolf Hall is a thriller that should please you."},
    {GOOD, false, "Wolf Hall is a fantasy that should please you."},
    {GOOD, false, "It is a horror book that should please you."},
    {GOOD, false, "This book has crime and a good story for you."},
    {POOR, true,
     "The Silent Patient is a thriller, and you disliked The Da "
     "Vinci Code."},
    {POOR, true, "You disliked thrillers, so this one may disappoint you."},
    {POOR, false,
     "The Silent Patient is science fiction, and it may "
     "disappoint you."},
    {POOR, false, "You disliked historical books, so it may disappoint you."},
    /* numbers */
    {GOOD, true, "Wolf Hall (2009) is close to The Night Circus (2011)."},
    {GOOD, true, "It has 4.5 stars and should please you."},
    {GOOD, true, "At 29 years you should enjoy this book."},
    {GOOD, true, "The chance that you will enjoy it is 80%."},
    {GOOD, true, "This book from the 2000s should please you."},
    {GOOD, false, "Wolf Hall (1999) is close to The Night Circus."},
    {GOOD, false, "Wolf Hall (2011) is close to The Night Circus (2009)."},
    {GOOD, false, "It has 4.9 stars and should please you."},
    {GOOD, false, "It won three prizes and should please you."},
    {GOOD, false, "The chance that you will enjoy it is 95%."},
    {GOOD, false, "This book from the 1980s should please you."},
    {POOR, true,
     "It was liked by 64% of those who had it, but it may "
     "disappoint you."},
    {POOR, false,
     "It was liked by 46% of those who had it, but it may "
     "disappoint you."},
    /* what is probable, and what was said */
    {GOOD, false, "Wolf Hall may disappoint you, because it is a drama."},
    {GOOD, false, "You will not like Wolf Hall, a historical drama."},
    {GOOD, false, "You should avoid Wolf Hall, because it is a drama."},
    {GOOD, false, "Wolf Hall is not for you, because it is a drama."},
    {GOOD, false, "You disliked The Night Circus, but this one is a drama."},
    {GOOD, false, "You did not like The Night Circus, but this is a drama."},
    {GOOD, false, "You liked Wolf Hall, and so it should please you."},
    {GOOD, true, "Wolf Hall is unlikely to disappoint you."},
    {GOOD, true, "You will love Wolf Hall, a perfect book for you."},
    {POOR, true, "You may not enjoy The Silent Patient."},
    {POOR, true, "The Silent Patient is unlikely to please you."},
    {POOR, true,
     "You did not like The Da Vinci Code, so skip The Silent "
     "Patient."},
    {POOR, false, "You will love The Silent Patient."},
    {POOR, false,
     "The Silent Patient should please you, because you liked "
     "The Da Vinci Code."},
    {POOR, false, "You enjoyed The Da Vinci Code, and this is close to it."},
    {POOR, false, "The Silent Patient is a perfect thriller for you."},
    /* form */
    {GOOD, false, ""},
    {GOOD, false, "   "},
    {GOOD, false, "Wolf Hall."},
    {GOOD, false, "You should enjoy Wolf Hall, because you"},
    {GOOD, false, "It is a good book and it is a good book and it is good."},
    {GOOD, false, "It is very very very good for you."},
    {GOOD, false, "I think that you should enjoy Wolf Hall."},
    {GOOD, false, "We hope that you enjoy our book."},
    {GOOD, false, "Read more of it at http://example.org/wolf."},
    {GOOD, false, "You should enjoy <b>Wolf Hall</b> very much."},
    {GOOD, false, "You should enjoy **Wolf Hall** very much."},
    {GOOD, false, "You should\x01 enjoy Wolf Hall."},
    {GOOD, false, "You should enjoy \xFF\xFE Wolf Hall."},
    {GOOD, false, "Sentence: you should enjoy Wolf Hall."},
    {GOOD, false, "It is close to The Night Circus, which the user liked."},
    {GOOD, false, "It is a drama, which you liked The Night Circus."},
    {GOOD, true,
     "It is a drama, as is the book which you liked in Night "
     "Circus."},
    {GOOD, false, "Este libro debe gustarte mucho porque parece bueno."},
};

#define N_SENTENCES (sizeof(sentences) / sizeof(sentences[0]))

/* What the checker is known to let through, so that a better one is seen:
 * inventions that name nothing it could look up. */
static const char *const misses[] = {
    "This book won many prizes and should please you.",
    "The story by agatha christie is close to The Night Circus.",
    "You read it on a train, and it should please you.",
};

/* True, and refused: a word of one title that opens a sentence is taken for
 * the title. */
static const char too_strict[] =
    "Heat and cold are all over this book, as in The Night Circus.";


static void test_true_sentences_pass_and_false_ones_do_not(void **state)
{
    rk_findings found = {0};
    shelf shelves[2];
    size_t n_wrong = 0;

    (void)state;
    assert_int_equal(shelf_init(&shelves[false], false), RK_OK);
    assert_int_equal(shelf_init(&shelves[true], true), RK_OK);
    for (size_t i = 0; i < N_SENTENCES; i++) {
        const sentence *one = &sentences[i];

        assert_int_equal(rk_facts_check(&found, one->text,
                                        &shelves[one->pleases].grounds, NULL),
                         RK_OK);
        if ((found.refusal[0] == '\0') != one->is_true) {
            print_error("%s: %s\n", one->text,
                        one->is_true ? found.refusal : "passes");
            n_wrong++;
        }
    }
    assert_int_equal(n_wrong, 0);
    rk_findings_clear(&found);
    shelf_clear(&shelves[false]);
    shelf_clear(&shelves[true]);
}


static void test_the_limits_of_the_check_are_known(void **state)
{
    rk_findings found = {0};
    shelf h;

    (void)state;
    assert_int_equal(shelf_init(&h, true), RK_OK);
    for (size_t i = 0; i < sizeof(misses) / sizeof(misses[0]); i++) {
        assert_int_equal(rk_facts_check(&found, misses[i], &h.grounds, NULL),
                         RK_OK);
        assert_string_equal(found.refusal, "");
    }
    assert_int_equal(rk_facts_check(&found, too_strict, &h.grounds, NULL),
                     RK_OK);
    assert_string_equal(found.refusal,
                        "names 'Heat', which is not in the evidence");
    rk_findings_clear(&found);
    shelf_clear(&h);
}


static void test_claims_say_what_they_rest_on(void **state)
{
    static const char text[] = "Wolf Hall (2009) should please you, because "
                               "you liked The Night Circus.";
    rk_findings found = {0};
    shelf h;

    (void)state;
    assert_int_equal(shelf_init(&h, true), RK_OK);
    assert_int_equal(rk_facts_check(&found, text, &h.grounds, NULL), RK_OK);
    assert_int_equal(found.n, 6);
    assert_int_equal(found.list[0].kind, RK_CLAIM_FORM);
    assert_int_equal(found.list[1].kind, RK_CLAIM_TITLE);
    assert_string_equal(found.list[1].rests_on, "the item");
    assert_int_equal(found.list[1].at, 0);
    assert_int_equal(found.list[1].len, strlen("Wolf Hall"));
    assert_int_equal(found.list[2].kind, RK_CLAIM_NUMBER);
    assert_int_equal(found.list[2].item, WOLF);
    assert_int_equal(found.list[3].kind, RK_CLAIM_TITLE);
    assert_string_equal(found.list[3].rests_on, "an item of the reasons");
    assert_int_equal(found.list[4].kind, RK_CLAIM_VERDICT);
    assert_int_equal(found.list[5].kind, RK_CLAIM_LIKED);
    assert_int_equal(found.list[5].item, CIRCUS);
    rk_findings_clear(&found);
    shelf_clear(&h);
}


static void assert_refused(const shelf *h, const char *text, const char *wanted)
{
    rk_findings found = {0};

    assert_int_equal(rk_facts_check(&found, text, &h->grounds, NULL), RK_OK);
    assert_string_equal(found.refusal, wanted);
    rk_findings_clear(&found);
}


static void test_a_refusal_says_what_is_wrong(void **state)
{
    shelf h;

    (void)state;
    assert_int_equal(shelf_init(&h, true), RK_OK);
    assert_refused(&h, "You should enjoy it, because you liked Alien.",
                   "names 'Alien', which is not in the evidence");
    assert_refused(&h, "Wolf Hall by Dan Brown should please you.",
                   "says 'Dan Brown' of 'Wolf Hall: A Novel', whose fields do "
                   "not");
    assert_refused(&h, "You disliked The Night Circus, but try this book.",
                   "says that 'Night Circus' was disliked, which the evidence "
                   "does not");
    assert_refused(&h, "Wolf Hall may disappoint you.",
                   "says that it will disappoint, but the chance of a like is "
                   "0.80");
    shelf_clear(&h);
}


/* Whatever the bytes are, the check ends and says something. */
static void test_any_bytes_can_be_checked(void **state)
{
    rk_findings found = {0};
    rk_rng r = {7};
    char text[RK_FORM_BYTES + 16];
    shelf h;

    (void)state;
    assert_int_equal(shelf_init(&h, true), RK_OK);
    for (size_t k = 0; k < 2000; k++) {
        static const char some[] = "abcW.!?,'\" ()19&-\xE2\x80\x99\xC2\xFF\x01";
        size_t n = rk_rng_below(&r, sizeof(text) - 1);

        for (size_t i = 0; i < n; i++)
            text[i] = some[rk_rng_below(&r, sizeof(some) - 1)];
        text[n] = '\0';
        assert_int_equal(rk_facts_check(&found, text, &h.grounds, NULL), RK_OK);
        assert_true(found.n > 0);
    }
    rk_findings_clear(&found);
    shelf_clear(&h);
}


static void test_checking_survives_each_allocation_failing(void **state)
{
    size_t n = 0;
    size_t made;

    (void)state;
    do {
        rk_findings found = {0};
        shelf h;
        int rc;

        rk_mem_fail_at(++n);
        rc = shelf_init(&h, true);
        if (rc == RK_OK)
            rc = rk_facts_check(&found, sentences[0].text, &h.grounds, NULL);
        made = rk_mem_fail_at(0);
        if (made < n)
            assert_int_equal(rc, RK_OK);
        else
            assert_true(rc == RK_ENOMEM || rc == RK_OK);
        rk_findings_clear(&found);
        shelf_clear(&h);
    } while (made >= n);
    assert_true(n > 10);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_true_sentences_pass_and_false_ones_do_not),
        cmocka_unit_test(test_the_limits_of_the_check_are_known),
        cmocka_unit_test(test_claims_say_what_they_rest_on),
        cmocka_unit_test(test_a_refusal_says_what_is_wrong),
        cmocka_unit_test(test_any_bytes_can_be_checked),
        cmocka_unit_test(test_checking_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
