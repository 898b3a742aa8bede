#include "paradigms/vocabulary.h"

#include "core/mem.h"
#include "core/text.h"
#include "core/topk.h"
#include "data/record.h"

#include <string.h>

#define MAX_CATEGORIES 64

/* Mood, theme, audience, era, pace, setting: one token each in the usual
 * vocabularies; those that are not in the writer's are left out. */
static const char *const general_words[] = {
    "dark",      "funny",      "romantic",      "violent",       "scary",
    "sad",       "gentle",     "tense",         "slow",          "epic",
    "intimate",  "clever",     "strange",       "political",     "historical",
    "magical",   "scientific", "psychological", "moral",         "musical",
    "religious", "military",   "ancient",       "modern",        "medieval",
    "childhood", "teenage",    "family",        "philosophical", "satire",
    "emotional", "hope",       "mystery",       "suspense",      "heroic",
    "tragic",    "comic",      "realistic",     "war",           "crime",
    "love",      "friendship", "revenge",       "survival",      "murder",
    "space",     "school",     "journey",       "adventure",     "prison",
    "police",    "spy",        "court",         "money",         "power",
    "betrayal",  "memory",     "dreams",        "death",         "ghost",
    "monster",   "robot",      "alien",         "future",        "technology",
    "nature",    "animal",     "sea",           "city",          "village",
    "road",      "sports",     "music",         "art",           "food",
    "travel",    "marriage",   "divorce",       "illness",       "poverty",
    "slavery",   "racism",     "women",         "men",           "children",
    "king",      "soldier",    "doctor",        "lawyer",        "detective",
    "killer",    "thief",      "writer",        "teacher",       "American",
    "British",   "French",     "Russian",       "Chinese",       "Japanese",
    "African",   "Indian",     "Italian",       "German",        "Western",
};

#define N_GENERAL (sizeof(general_words) / sizeof(general_words[0]))


static bool has_word(const rk_vocabulary_room *room, const char *word)
{
    for (size_t i = 0; i < room->n; i++)
        if (rk_text_same(room->words[i], word))
            return true;
    return false;
}


static int add_word(rk_vocabulary_room *room, const char *word, rk_error *err)
{
    char **words = rk_grow(room->words, room->n, &room->cap, sizeof(*words));

    if (!words)
        return rk_no_memory(err);
    room->words = words;
    words[room->n] = rk_strdup(word);
    return words[room->n] ? (room->n++, RK_OK) : rk_no_memory(err);
}


/* How many items stand in each category, by its name in lower case. */
static int count_categories(rk_ids *names, uint32_t **counts,
                            const rk_corpus *c, const char *field,
                            rk_error *err)
{
    size_t cap = 0;
    uint32_t *n = NULL;
    rk_buf name;
    int rc = RK_OK;

    rk_buf_init(&name);
    for (size_t i = 0; i < c->n_items && rc == RK_OK; i++) {
        const char *all = rk_record_get(c->items[i], field);
        const char *piece;
        size_t len;

        while (rc == RK_OK && all && rk_text_next(&all, '|', &piece, &len)) {
            size_t known = rk_ids_count(names);
            uint32_t at;

            rk_buf_reset(&name);
            for (size_t k = 0; k < len; k++) {
                char letter[2] = {piece[k], '\0'};
                rk_text_lower(&name, letter);
            }
            rc = name.failed ? rk_no_memory(err)
                             : rk_ids_add(names, rk_buf_str(&name), &at, err);
            if (rc == RK_OK && at == known) {
                uint32_t *more = rk_grow(n, at, &cap, sizeof(*n));

                rc = more ? RK_OK : rk_no_memory(err);
                n = more ? more : n;
                if (more)
                    n[at] = 0;
            }
            if (n && rc == RK_OK)
                n[at]++;
        }
    }
    rk_buf_clear(&name);
    *counts = n;
    return rc;
}


/* Commonest first, and by name where equally common: the order of the
 * catalogue's rows must not matter. */
static int add_categories(rk_vocabulary_room *room, const rk_corpus *c,
                          const char *field, rk_error *err)
{
    rk_ids *names = NULL;
    uint32_t *counts = NULL;
    int rc = rk_ids_new(&names, err);

    if (rc == RK_OK)
        rc = count_categories(names, &counts, c, field, err);
    while (counts && rc == RK_OK && room->n < MAX_CATEGORIES) {
        uint32_t best = RK_NO_ID;

        for (uint32_t i = 0; i < rk_ids_count(names); i++) {
            if (counts[i] < 2 || rk_ids_at(names, i)[0] == '\0')
                continue;
            if (best == RK_NO_ID || counts[i] > counts[best] ||
                (counts[i] == counts[best] &&
                 strcmp(rk_ids_at(names, i), rk_ids_at(names, best)) < 0))
                best = i;
        }
        if (best == RK_NO_ID)
            break;
        rc = add_word(room, rk_ids_at(names, best), err);
        counts[best] = 0;
    }
    free(counts);
    rk_ids_free(names);
    return rc;
}


/* A word enters when the writer knows it whole and it is not there yet. */
static int add_read_word(rk_vocabulary_room *room, rk_llm *writer,
                         const char *word, rk_error *err)
{
    char spaced[66] = " ";
    size_t len = strlen(word);

    if (len > 64 || has_word(room, word))
        return RK_OK;
    memcpy(spaced + 1, word, len + 1);
    return rk_llm_one_token(writer, spaced) ? add_word(room, word, err) : RK_OK;
}


int rk_vocabulary_build(rk_vocabulary *out, rk_vocabulary_room *room,
                        const rk_corpus *c, const rk_settings *settings,
                        rk_llm *writer, rk_error *err)
{
    int rc;

    memset(out, 0, sizeof(*out));
    rc = add_categories(room, c, settings->categories, err);
    out->n_categories = room->n;
    for (size_t i = 0; i < settings->n_tags && writer && rc == RK_OK; i++)
        rc = add_read_word(room, writer, settings->tags[i], err);
    for (size_t i = 0; i < N_GENERAL && writer && rc == RK_OK; i++)
        rc = add_read_word(room, writer, general_words[i], err);
    if (rc)
        return rc;

    out->n = room->n;
    out->words = (const char **)room->words;
    if (out->n > out->n_categories) {
        size_t n_words = out->n - out->n_categories;

        room->moments = rk_calloc(4 * n_words, sizeof(float));
        if (!room->moments)
            return rk_no_memory(err);
        out->item_mean = room->moments;
        out->item_sd = room->moments + n_words;
        out->user_mean = room->moments + 2 * n_words;
        out->user_sd = room->moments + 3 * n_words;
    }
    return RK_OK;
}


void rk_vocabulary_room_clear(rk_vocabulary_room *room)
{
    for (size_t i = 0; i < room->n; i++)
        free(room->words[i]);
    free(room->words);
    free(room->moments);
    memset(room, 0, sizeof(*room));
}
