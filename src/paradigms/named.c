#include "paradigms/named.h"

#include "core/mem.h"
#include "core/text.h"
#include "data/record.h"

#include <ctype.h>
#include <string.h>

#define TITLE_WORDS 16 /* a longer one is known by so many */
#define VALUE_WORDS 6
#define ALIAS_WORDS 2 /* that a title's part before the colon must have */

struct rk_named {
    rk_named_entry *list; /* by key, kind and item */
    size_t n;
    size_t cap;
    size_t longest;
};

static const char *const articles[] = {"the", "a",   "an",  "il", "la", "le",
                                       "les", "das", "der", "el", NULL};


static int add(rk_named *names, const rk_word *w, size_t n,
               rk_named_entry entry, rk_error *err)
{
    rk_named_entry *more;

    if (n == 0)
        return RK_OK;
    n = n < TITLE_WORDS ? n : TITLE_WORDS;
    more = rk_grow(names->list, names->n, &names->cap, sizeof(*more));
    if (!more)
        return rk_no_memory(err);
    names->list = more;
    entry.key = rk_words_key(w, n);
    entry.n = (uint8_t)n;
    more[names->n++] = entry;
    names->longest = n > names->longest ? n : names->longest;
    return RK_OK;
}


/* Where the words of a title end that are its name: before a year in brackets
 * and before an article put behind a comma. */
static size_t name_end(const rk_wording *w)
{
    size_t n = w->n;

    if (n > 1 && w->list[n - 1].is_number && w->list[n - 1].len == 4 &&
        w->list[n - 1].before & RK_BEFORE_BRACKET)
        n--;
    if (n > 1 && w->list[n - 1].before & RK_BEFORE_COMMA &&
        rk_word_among(&w->list[n - 1], articles))
        n--;
    return n;
}


static int add_title(rk_named *names, const char *title, rk_named_entry entry,
                     rk_wording *w, rk_error *err)
{
    size_t start;
    size_t n;
    int rc;

    w->n = 0;
    rc = rk_wording_read(w, title, err);
    if (rc)
        return rc;
    n = name_end(w);
    start = n > 1 && rk_word_among(w->list, articles);
    rc = add(names, w->list + start, n - start, entry, err);
    for (size_t i = start + ALIAS_WORDS; i < n && rc == RK_OK; i++)
        if (w->list[i].before & (RK_BEFORE_BREAK | RK_BEFORE_BRACKET)) {
            rc = add(names, w->list + start, i - start, entry, err);
            break;
        }
    return rc;
}


static int add_values(rk_named *names, const char *values, rk_named_entry entry,
                      rk_wording *w, rk_error *err)
{
    const char *piece;
    size_t len;
    int rc = RK_OK;

    while (rc == RK_OK && rk_text_next(&values, '|', &piece, &len)) {
        char one[128];

        if (len == 0 || len >= sizeof(one) || isdigit((unsigned char)*piece))
            continue;
        memcpy(one, piece, len);
        one[len] = '\0';
        w->n = 0;
        rc = rk_wording_read(w, one, err);
        if (rc == RK_OK && w->n <= VALUE_WORDS)
            rc = add(names, w->list, w->n, entry, err);
    }
    return rc;
}


static int add_item(rk_named *names, const rk_snapshot *s, uint32_t item,
                    rk_wording *w, rk_error *err)
{
    const rk_record *r = s->items[item];
    int rc = RK_OK;

    for (size_t i = 0; i < r->n_fields && i <= UINT16_MAX && rc == RK_OK; i++) {
        rk_named_entry entry = {.item = item, .field = (uint16_t)i};

        if (rk_text_same(r->fields[i].name, "description"))
            continue;
        if (rk_text_same(r->fields[i].name, "title")) {
            entry.kind = RK_NAMED_TITLE;
            rc = add_title(names, r->fields[i].value, entry, w, err);
            continue;
        }
        entry.kind = rk_text_same(r->fields[i].name, s->settings->categories)
                         ? RK_NAMED_CATEGORY
                         : RK_NAMED_VALUE;
        rc = add_values(names, r->fields[i].value, entry, w, err);
    }
    return rc;
}


static int compare(const void *x, const void *y)
{
    const rk_named_entry *a = x;
    const rk_named_entry *b = y;

    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->item != b->item)
        return a->item < b->item ? -1 : 1;
    return a->field < b->field ? -1 : a->field > b->field;
}


/* Of a value's many items one is enough; of a title all are kept. */
static void sort_and_thin(rk_named *names)
{
    size_t n = 0;

    if (names->n == 0)
        return;
    qsort(names->list, names->n, sizeof(*names->list), compare);
    for (size_t i = 1; i < names->n; i++) {
        const rk_named_entry *last = &names->list[n];
        const rk_named_entry *this = &names->list[i];
        bool same = this->key == last->key && this->kind == last->kind &&
                    (this->kind != RK_NAMED_TITLE || this->item == last->item);

        if (!same)
            names->list[++n] = *this;
    }
    names->n = n + 1;
}


int rk_named_new(rk_named **out, const rk_snapshot *s, rk_error *err)
{
    rk_named *names = rk_calloc(1, sizeof(*names));
    rk_wording w = {0};
    int rc = names ? RK_OK : rk_no_memory(err);

    *out = NULL;
    for (uint32_t i = 0; i < s->n_items && rc == RK_OK; i++)
        rc = add_item(names, s, i, &w, err);
    if (rc == RK_OK) {
        sort_and_thin(names);
        *out = names;
        names = NULL;
    }
    rk_wording_clear(&w);
    rk_named_free(names);
    return rc;
}


void rk_named_free(rk_named *names)
{
    if (!names)
        return;
    free(names->list);
    free(names);
}


size_t rk_named_count(const rk_named *names)
{
    return names->n;
}


static const rk_named_entry *find_key(const rk_named *names, uint64_t key,
                                      size_t *n_found)
{
    size_t low = 0;
    size_t high = names->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (names->list[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    for (high = low; high < names->n && names->list[high].key == key;)
        high++;
    *n_found = high - low;
    return high > low ? &names->list[low] : NULL;
}


/* The same words, the last of them in the singular: categories only. */
static const rk_named_entry *
find_plural(const rk_named *names, const rk_word *w, size_t n, size_t *n_found)
{
    rk_word run[TITLE_WORDS];
    const rk_named_entry *found;

    memcpy(run, w, n * sizeof(*run));
    run[n - 1].key = rk_word_singular(&w[n - 1]);
    if (!run[n - 1].key)
        return NULL;
    found = find_key(names, rk_words_key(run, n), n_found);
    for (size_t i = 0; found && i < *n_found; i++)
        if (found[i].kind == RK_NAMED_CATEGORY) {
            *n_found = 1;
            return &found[i];
        }
    return NULL;
}


const rk_named_entry *rk_named_find(const rk_named *names, const rk_word *w,
                                    size_t n, size_t *n_found)
{
    n = n < names->longest ? n : names->longest;
    for (; n > 0; n--) {
        const rk_named_entry *found = find_key(names, rk_words_key(w, n),
                                               n_found);

        if (!found)
            found = find_plural(names, w, n, n_found);
        if (found)
            return found;
    }
    return NULL;
}
