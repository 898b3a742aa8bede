#include "eval/sequences.h"

#include "core/mem.h"

#include <string.h>


int rk_sequences_begin(rk_sequences *s, rk_error *err)
{
    size_t n_users = s->shelf->n_users;

    s->start = rk_calloc(n_users + 1, sizeof(*s->start));
    s->test = rk_alloc_array(n_users + 1, sizeof(*s->test));
    s->tunes = rk_calloc(n_users + 1, sizeof(*s->tunes));
    s->row_at = rk_calloc(n_users + 1, sizeof(*s->row_at));
    s->row_len = rk_calloc(n_users + 1, sizeof(*s->row_len));
    if (!s->start || !s->test || !s->tunes || !s->row_at || !s->row_len)
        return rk_no_memory(err);
    for (size_t u = 0; u < n_users; u++)
        s->test[u] = RK_NO_ID;
    return RK_OK;
}


static int history_add(rk_sequences *s, const rk_table *t, uint32_t user,
                       char *list, rk_error *err)
{
    char *word;

    s->row_at[user] = s->n_rows;
    while ((word = rk_table_word(&list, ' '))) {
        uint32_t item = rk_ids_find(s->shelf->item_ids, word);
        uint32_t *grown = rk_grow(s->rows, s->n_rows, &s->rows_cap,
                                  sizeof(*grown));

        if (!grown)
            return rk_no_memory(err);
        s->rows = grown;
        if (item == RK_NO_ID)
            return rk_table_fail(t, err, "no such item: '%.32s'", word);
        s->rows[s->n_rows++] = item;
    }
    s->row_len[user] = s->n_rows - s->row_at[user];
    return RK_OK;
}


int rk_sequences_add(rk_sequences *s, const rk_table *t, rk_sequence_row row,
                     rk_error *err)
{
    uint32_t user = rk_ids_find(s->shelf->user_ids, row.user);
    uint32_t test = rk_ids_find(s->shelf->item_ids, row.test);

    if (user == RK_NO_ID)
        return rk_table_fail(t, err, "no such user: '%.32s'", row.user);
    if (test == RK_NO_ID)
        return rk_table_fail(t, err, "no such item: '%.32s'", row.test);
    if (s->test[user] != RK_NO_ID)
        return rk_table_fail(t, err, "user '%.32s' again", row.user);
    s->test[user] = test;
    s->tunes[user] = row.tunes;
    return history_add(s, t, user, row.history, err);
}


int rk_sequences_finish(rk_sequences *s, rk_error *err)
{
    size_t n_users = s->shelf->n_users;

    s->history = rk_alloc_array(s->n_rows + 1, sizeof(*s->history));
    if (!s->history)
        return rk_no_memory(err);
    for (size_t u = 0; u < n_users; u++) {
        size_t n = s->row_len[u];

        if (n)
            memcpy(s->history + s->start[u], s->rows + s->row_at[u],
                   n * sizeof(*s->history));
        s->start[u + 1] = s->start[u] + n;
    }
    free(s->rows);
    s->rows = NULL;
    return RK_OK;
}


void rk_sequences_clear(rk_sequences *s)
{
    rk_corpus_free(s->shelf);
    free(s->start);
    free(s->history);
    free(s->test);
    free(s->tunes);
    free(s->row_at);
    free(s->row_len);
    free(s->rows);
    memset(s, 0, sizeof(*s));
}


size_t rk_sequences_length(const rk_sequences *s, uint32_t user)
{
    return s->start[user + 1] - s->start[user];
}


rk_seen rk_sequences_event(const rk_sequences *s, uint32_t user, size_t i)
{
    return (rk_seen){s->history[s->start[user] + i], 1, 1, (int64_t)i};
}


int rk_sequences_fill(const rk_sequences *s, uint32_t user, size_t n,
                      rk_fill *f, rk_error *err)
{
    int rc = rk_fill_user(f, rk_ids_at(s->shelf->user_ids, user),
                          s->shelf->users[user], user, err);

    for (size_t i = 0; i < n && rc == RK_OK; i++)
        rc = rk_fill_event(f, rk_sequences_event(s, user, i), err);
    return rc;
}


int rk_sequences_train(const rk_sequences *s, size_t held, bool tuning_held,
                       rk_corpus **out, rk_error *err)
{
    rk_fill f;
    int rc = rk_fill_begin(&f, s->shelf, 0, err);

    *out = NULL;
    for (uint32_t u = 0; u < s->shelf->n_users && rc == RK_OK; u++) {
        size_t n = rk_sequences_length(s, u);
        size_t less = held + (tuning_held && s->tunes[u]);

        rc = rk_sequences_fill(s, u, n > less ? n - less : 0, &f, err);
    }
    if (rc == RK_OK)
        *out = rk_fill_take_corpus(&f);
    rk_fill_clear(&f);
    return rc;
}
