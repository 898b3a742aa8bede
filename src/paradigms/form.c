#include "paradigms/form.h"

#include "core/text.h"

#include <string.h>

#define WORDS_LEAST 4
#define WORDS_MOST  60
#define RUN         4 /* words that do not come twice in this order */

/* A model speaks of itself or is given orders. */
static const char *const first_person[] = {"i",   "im",   "ive",  "id",
                                           "we",  "me",   "my",   "us",
                                           "our", "ours", "mine", NULL};

/* What a prompt says and a sentence to its reader does not. */
static const char *const echoes[] = {
    "sentence", "user", "prompt", "assistant", "instruction", "json", NULL};

static const char *const marks[] = {"http", "www.", "://", "**", "##",
                                    "```",  "<|",   "&&",  "();"};


static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            return true;
    return false;
}


static bool has_markup(const char *text)
{
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (strstr(text, marks[i]))
            return true;
    return text[strcspn(text, "<>{}[]\\`|=_#*@~^$")] != '\0';
}


static bool repeats(const rk_wording *w)
{
    for (size_t i = 0; i + 1 < w->n; i++)
        if (w->list[i].key == w->list[i + 1].key && !w->list[i].is_number &&
            w->list[i + 1].before == 0)
            return true;
    for (size_t i = 0; i + RUN < w->n; i++) {
        rk_wording rest = {w->list + i + 1, w->n - i - 1, 0};

        if (rk_wording_find(&rest, w->list + i, RUN) != SIZE_MAX)
            return true;
    }
    return false;
}


static bool any_among(const rk_wording *w, const char *const *list)
{
    for (size_t i = 0; i < w->n; i++)
        if (rk_word_among(&w->list[i], list))
            return true;
    return false;
}


/* Text in another language, or none, has few of English's small words. */
static bool is_english(const rk_wording *w)
{
    size_t n = 0;

    for (size_t i = 0; i < w->n; i++)
        n += rk_word_is_common(&w->list[i]);
    return n * 8 >= w->n;
}


/* A sentence, quote or bracket is closed. */
static bool is_finished(const char *text)
{
    size_t n = strlen(text);

    while (n > 0 && strchr("\"')", text[n - 1]))
        n--;
    return n > 0 && strchr(".!?", text[n - 1]);
}


const char *rk_form_fault(const char *text, const rk_wording *w)
{
    size_t len = strlen(text);

    if (text[strspn(text, " ")] == '\0')
        return "is empty";
    if (len > RK_FORM_BYTES || w->n > WORDS_MOST)
        return "is too long";
    if (!rk_text_is_utf8(text, len, NULL) || has_control(text))
        return "has control characters or is not UTF-8";
    if (has_markup(text))
        return "has markup, code or an address in it";
    if (w->n < WORDS_LEAST)
        return "is too short";
    if (repeats(w))
        return "repeats itself";
    if (!is_finished(text))
        return "is not finished";
    if (any_among(w, first_person))
        return "speaks in the first person";
    if (any_among(w, echoes))
        return "repeats its prompt";
    return is_english(w) ? NULL : "is no English sentence";
}
