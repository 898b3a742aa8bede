#include "paradigms/prompt_texts.h"

#include "data/template.h"

#include <string.h>

#define TEXT_MOST ((size_t)16 * 1024)

#define NOUNS "noun", "noun_plural", "Noun", "Noun_plural"

static const char *const of_task[] = {NOUNS, NULL};
static const char *const of_user[] = {NOUNS, "profile", NULL};
static const char *const of_items[] = {NOUNS, "count", NULL};
static const char *const history[] = {"liked", "disliked", NULL};
static const char *const candidates[] = {"candidates", NULL};

static const rk_template_names task_names = {of_task, NULL};
static const rk_template_names user_names = {of_user, history};
static const rk_template_names items_names = {of_items, candidates};

/* The same for every item and user, so that it is evaluated once. The titles
 * are invented: one that comes out is not in any evidence. */
static const char why_examples[] =
    "One short sentence to a person about a recommendation. It uses only the "
    "facts above it.\n\n"
    "Title: The Salt Lantern\n"
    "Kind: adventure, drama\n"
    "Verdict: you should like it\n"
    "Because: close in meaning to Harbour of Glass, which the user liked\n"
    "Sentence: You should enjoy The Salt Lantern, because you liked Harbour "
    "of Glass and it is close to it.\n\n"
    "Title: Nine Cold Rooms\n"
    "Kind: horror\n"
    "Verdict: it may disappoint you\n"
    "Because: horror, which the user disliked in The Cellar Door Hums\n"
    "Sentence: Nine Cold Rooms may disappoint you, because it is horror and "
    "you disliked The Cellar Door Hums.\n\n"
    "Title: Marzipan Street\n"
    "Kind: comedy, romance\n"
    "Verdict: you should like it\n"
    "Because: liked by those who also liked Two Left Gloves; comedy, which "
    "the user liked in Two Left Gloves\n"
    "Sentence: Marzipan Street is a comedy that should please you, because "
    "you liked Two Left Gloves.\n\n";

/* The likelihood's text is as it was measured (docs/evaluation.md). */
static const struct built_in {
    const char *name;
    const rk_template_names *names; /* NULL: about one item, any field */
    const char *text;
} texts[RK_N_PROMPT_TEXTS] = {
    [RK_TEXT_LIKELIHOOD_TASK] = {"likelihood_task", &task_names, ""},
    [RK_TEXT_LIKES] = {"likes", &user_names,
                       "{{#profile}}About me: {{profile}}\n{{/profile}}"
                       "{{Noun_plural}} I loved:\n"
                       "{{#liked}}{{line}}\n{{/liked}}"},
    [RK_TEXT_DISLIKES] = {"dislikes", &user_names,
                          "{{Noun_plural}} I hated:\n"
                          "{{#disliked}}{{line}}\n{{/disliked}}"},
    [RK_TEXT_USER] = {"user", &user_names,
                      "{{#profile}}About the user: {{profile}}\n{{/profile}}"
                      "{{Noun_plural}} the user liked:\n"
                      "{{#liked}}- {{line}}\n{{/liked}}"
                      "{{^liked}}- none known\n{{/liked}}"
                      "{{Noun_plural}} the user disliked:\n"
                      "{{#disliked}}- {{line}}\n{{/disliked}}"
                      "{{^disliked}}- none known\n{{/disliked}}\n"},
    [RK_TEXT_YES_NO_TASK] = {"yes_no_task", &task_names,
                             "Given what a user liked and disliked, say "
                             "whether the user will like another {{noun}}. "
                             "Answer Yes or No.\n\n"},
    [RK_TEXT_YES_NO_ITEM] = {"yes_no_item", NULL,
                             "Will the user like \"{{line}}\"?\nAnswer:"},
    [RK_TEXT_LETTERS_TASK] = {"letters_task", &task_names,
                              "Given what a user liked and disliked, choose "
                              "from the candidates the {{noun}} that the user "
                              "will like most. Answer with its letter.\n\n"},
    [RK_TEXT_LETTERS_ITEMS] = {"letters_items", &items_names,
                               "Candidates:\n"
                               "{{#candidates}}({{letter}}) {{line}}\n"
                               "{{/candidates}}Answer:"},
    [RK_TEXT_PERMUTATION_TASK] = {"permutation_task", &task_names,
                                  "Given what a user liked and disliked, put "
                                  "the candidates in the order in which the "
                                  "user will like them, the best first. "
                                  "Answer with the number and title of each, "
                                  "one a line, and with nothing else.\n\n"},
    [RK_TEXT_PERMUTATION_ITEMS] = {"permutation_items", &items_names,
                                   "The {{count}} candidates:\n"
                                   "{{#candidates}}{{number}}. {{line}}\n"
                                   "{{/candidates}}\nIn order:\n"},
    [RK_TEXT_WHY_TASK] = {"why_task", &task_names, why_examples},
    [RK_TEXT_WHY_USER] = {"why_user", &user_names, ""},
    [RK_TEXT_WHY_ITEM] = {"why_item", NULL,
                          "{{#evidence}}{{text}}\n{{/evidence}}Sentence:"},
};


const char *rk_prompt_text_name(enum rk_prompt_text which)
{
    return texts[which].name;
}


const char *rk_prompt_text(const rk_settings *settings,
                           enum rk_prompt_text which)
{
    return settings->prompts[which] ? settings->prompts[which]
                                    : texts[which].text;
}


int rk_prompt_text_check(enum rk_prompt_text which, const char *text,
                         rk_error *err)
{
    const rk_template_names *names = texts[which].names;
    size_t len = strlen(text);

    if (len > TEXT_MOST)
        return rk_fail(err, RK_EFORMAT,
                       "template: expected at most %zu bytes, found %zu",
                       TEXT_MOST, len);
    return names ? rk_template_check_names(text, names, err)
                 : rk_template_check(text, err);
}
