/* A few books and films with a reader, for tests of sentences: one item that
 * should please the reader and one that should not, with their reasons. */
#ifndef RK_TESTS_SMALL_SHELF_H
#define RK_TESTS_SMALL_SHELF_H

#include "core/mem.h"
#include "core/rng.h"
#include "paradigms/grounds.h"

#include <math.h>
#include <string.h>

#define SHELF(name, ...) static const rk_field name[] = {__VA_ARGS__}

SHELF(circus, {"title", "The Night Circus"}, {"author", "Erin Morgenstern"},
      {"genres", "fantasy|romance"}, {"year", "2011"});
SHELF(code, {"title", "The Da Vinci Code"}, {"author", "Dan Brown"},
      {"genres", "thriller|mystery"}, {"year", "2003"});
SHELF(silent, {"title", "The Silent Patient"}, {"author", "Alex Michaelides"},
      {"genres", "thriller|mystery"}, {"year", "2019"});
SHELF(body, {"title", "The Three-Body Problem"}, {"author", "Liu Cixin"},
      {"genres", "science fiction"}, {"year", "2008"});
SHELF(heat, {"title", "Heat"}, {"director", "Michael Mann"},
      {"genres", "crime"}, {"year", "1995"});
SHELF(it, {"title", "It"}, {"author", "Stephen King"}, {"genres", "horror"},
      {"year", "1986"});
SHELF(up, {"title", "Up"}, {"genres", "animation"}, {"year", "2009"});
SHELF(orwell, {"title", "1984"}, {"author", "George Orwell"},
      {"genres", "dystopia"});
SHELF(alien, {"title", "Alien (1979)"}, {"director", "Ridley Scott"},
      {"genres", "horror|science fiction"}, {"cast", "Sigourney Weaver"});
SHELF(matrix, {"title", "Matrix, The"}, {"director", "Lana Wachowski"},
      {"genres", "science fiction"});
SHELF(then, {"title", "Now and Then"}, {"genres", "drama"});
SHELF(wolf, {"title", "Wolf Hall: A Novel"}, {"author", "Hilary Mantel"},
      {"genres", "historical|drama"}, {"year", "2009"}, {"rating", "4.5"});

enum {
    CIRCUS,
    CODE,
    SILENT,
    BODY,
    HEAT,
    IT,
    UP,
    ORWELL,
    ALIEN,
    MATRIX,
    THEN,
    WOLF,
    SHELF_ITEMS
};

static const rk_record shelf_records[SHELF_ITEMS] = {
    {"I0", circus, 4}, {"I1", code, 4},   {"I2", silent, 4}, {"I3", body, 4},
    {"I4", heat, 4},   {"I5", it, 4},     {"I6", up, 3},     {"I7", orwell, 3},
    {"I8", alien, 4},  {"I9", matrix, 3}, {"I10", then, 2},  {"I11", wolf, 5}};
static const rk_settings shelf_settings = {.item_line = "{{title}}",
                                           .noun = "book",
                                           .noun_plural = "books",
                                           .categories = "genres"};
static const rk_seen shelf_history[] = {{.item = CIRCUS, .label = +1},
                                        {.item = CODE, .label = -1},
                                        {.item = BODY, .label = +1},
                                        {.item = ALIEN, .label = +1},
                                        {.item = THEN, .label = 0}};
static const rk_who shelf_reader = {
    .id = "U1",
    .profile = "29 years old. New York. Likes historical novels.",
    .history = shelf_history,
    .n_history = 5};

typedef struct shelf {
    rk_record *items[SHELF_ITEMS];
    rk_ids *ids;
    rk_snapshot s;
    rk_named *names;
    rk_candidate candidate;
    rk_reasons reasons;
    rk_grounds grounds;
} shelf;


static inline void shelf_reasons(rk_reasons *r, bool pleases)
{
    if (pleases) {
        rk_reasons_add(r, "liked", "I0", 0.6f, NULL,
                       "close in meaning to The Night Circus, which the user "
                       "liked (cosine 0.56)");
        rk_reasons_add(r, "neighbour", "I3", 0.4f, NULL,
                       "liked by those who also liked The Three-Body Problem");
        rk_reasons_add(r, "token", "historical", 0.2f, NULL,
                       "historical, which the profile names");
        return;
    }
    rk_reasons_add(r, "disliked", "I1", -0.9f, NULL,
                   "close in meaning to The Da Vinci Code, which the user "
                   "disliked (cosine 0.61)");
    rk_reasons_add(r, "token", "thriller", -0.5f, NULL,
                   "thriller, which the user disliked in The Da Vinci Code");
    rk_reasons_add(r, "quality", "I2", 0.1f, NULL,
                   "liked by 64%% of those who had it (smoothed)");
}


/* Wolf Hall, which should please (.8), or The Silent Patient (.2). */
static inline int shelf_init(shelf *h, bool pleases)
{
    uint32_t at;
    int rc = RK_OK;

    memset(h, 0, sizeof(*h));
    for (size_t i = 0; i < SHELF_ITEMS; i++)
        h->items[i] = (rk_record *)&shelf_records[i];
    rc = rk_ids_new(&h->ids, NULL);
    for (size_t i = 0; i < SHELF_ITEMS && rc == RK_OK; i++)
        rc = rk_ids_add(h->ids, shelf_records[i].id, &at, NULL);
    h->s = (rk_snapshot){.settings = &shelf_settings,
                         .n_items = SHELF_ITEMS,
                         .ids = h->ids,
                         .items = h->items};
    h->candidate = (rk_candidate){.item = pleases ? WOLF : SILENT,
                                  .probability = pleases ? 0.8f : 0.2f};
    shelf_reasons(&h->reasons, pleases);
    if (rc == RK_OK)
        rc = rk_named_new(&h->names, &h->s, NULL);
    if (rc == RK_OK)
        rc = rk_grounds_init(&h->grounds, &h->s, h->names, &shelf_reader,
                             &h->candidate, &h->reasons, NULL);
    return rc;
}


static inline void shelf_clear(shelf *h)
{
    rk_grounds_clear(&h->grounds);
    rk_reasons_clear(&h->reasons);
    rk_named_free(h->names);
    rk_ids_free(h->ids);
}

#endif
