/* The words that items and users are described with, and the reading of
 * texts by them: the "tokens" of LLM tokens + RS.
 *
 * The vocabulary is closed: the catalogue's own categories, then general words
 * (mood, theme, audience, era) that are each one token of the writer. The
 * writer reads a profile once and says how likely each word is to follow
 * "Keyword:"; a word's mean and spread over the catalogue are taken off, so
 * that words that fit everything fit nothing (contextual calibration: Zhao et
 * al., "Calibrate Before Use", ICML 2021). */
#ifndef RK_PARADIGMS_VOCABULARY_H
#define RK_PARADIGMS_VOCABULARY_H

#include "data/corpus.h"
#include "paradigms/run.h"
#include "paradigms/snapshot.h"

#define RK_TOKENS_MAX 24 /* an item or user has at most so many */

/* Owns what a rk_vocabulary borrows while it is being made. */
typedef struct rk_vocabulary_room {
    char **words;
    size_t n;
    size_t cap;
    float *moments; /* (4, n_words): item mean, sd, user mean, sd */
} rk_vocabulary_room;

/* Chooses the words for a catalogue: its categories that stand at two items
 * at least (the 64 commonest), then the configuration's and the general ones.
 * `writer` NULL: categories alone. */
int rk_vocabulary_build(rk_vocabulary *out, rk_vocabulary_room *room,
                        const rk_corpus *c, const rk_settings *settings,
                        rk_llm *writer, rk_error *err);
void rk_vocabulary_room_clear(rk_vocabulary_room *room);

/* The writer's readings of items [begin, end) or of user profiles, float32
 * (n, n - n_categories): log-probabilities among the words. */
int rk_read_items(rk_run *run, const rk_snapshot *s, size_t begin, size_t end,
                  float *logp, const rk_progress *p, rk_error *err);
int rk_read_profiles(rk_run *run, const rk_snapshot *s,
                     const char *const *profiles, size_t n, float *logp,
                     const rk_progress *p, rk_error *err);

/* Mean and spread of each column of (n, n_words). */
void rk_reading_moments(const float *logp, size_t n, size_t n_words,
                        float *mean, float *sd);

/* The tokens of one item: weight 1 for each of its categories; for the words
 * read, at most 6 that stand out by one spread or more, weight z / 5 up to
 * 0.6: what a model reads weighs less than what the catalogue says. Sorted by
 * position. `logp` is the item's reading, NULL: none. */
size_t rk_item_tokens(const rk_snapshot *s, uint32_t item, const float *logp,
                      rk_token_weight out[RK_TOKENS_MAX]);

/* The tokens of a profile: words that stand in it, +1, or -1 in a clause that
 * turns them down ("no romance", "dislikes slow books"); and at most 4 words
 * read by the writer, up to 0.3. */
int rk_profile_tokens(const rk_snapshot *s, const char *profile,
                      const float *logp, rk_token_weight out[RK_TOKENS_MAX],
                      size_t *n, rk_error *err);

#endif
