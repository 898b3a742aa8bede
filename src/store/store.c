#include "store/store.h"

#include "core/mem.h"
#include "data/record.h"
#include "store/backend.h"

#include <ctype.h>
#include <string.h>

struct rk_store {
    const rk_store_backend *backend;
    void *conn;
    bool in_transaction;
    unsigned n_walks; /* callbacks we are inside of */
};

/* Up to a NULL. The first serves URLs that are bare paths. */
static const rk_store_backend *const backends[] = {
    &rk_sqlite_backend,
    NULL,
};


/* Length of "scheme" in "scheme:rest"; 0 when there is none. */
static size_t scheme_len(const char *url)
{
    size_t len = 0;

    while (isalnum((unsigned char)url[len]) || url[len] == '+')
        len++;
    return url[len] == ':' ? len : 0;
}


/* The backend for a URL, and the rest of the URL. */
static int backend_pick(const rk_store_backend **out, const char **where,
                        const char *url, rk_error *err)
{
    size_t len = scheme_len(url);

    *out = backends[0];
    *where = url;
    for (size_t i = 0; backends[i]; i++) {
        const char *scheme = backends[i]->scheme;

        if (len == strlen(scheme) && strncmp(url, scheme, len) == 0) {
            *out = backends[i];
            *where = url + len + 1;
        }
    }
    if (*where == url && len && strncmp(url + len, "://", 3) == 0)
        return rk_fail(err, RK_ENOTBUILT,
                       "store '%.*s://...': this build has sqlite:PATH",
                       (int)len, url);
    if (**where == '\0')
        return rk_fail(err, RK_EINVAL,
                       "store '%s' has no path, expected sqlite:PATH or a path",
                       url);
    return RK_OK;
}


int rk_store_open(rk_store **out, const char *url, rk_error *err)
{
    const char *where;
    rk_store *s = NULL;
    int rc;

    *out = NULL;
    s = rk_calloc(1, sizeof(*s));
    if (!s) {
        rc = rk_no_memory(err);
        goto done;
    }
    rc = backend_pick(&s->backend, &where, url, err);
    if (rc)
        goto done;
    rc = s->backend->open(&s->conn, where, err);
    if (rc)
        goto done;
    *out = s;
    s = NULL;

done:
    free(s);
    return rc;
}


void rk_store_close(rk_store *s)
{
    if (!s)
        return;
    s->backend->close(s->conn);
    free(s);
}


/* A write inside a walk could move the rows under it. */
static int may_write(const rk_store *s, rk_error *err)
{
    if (s->n_walks)
        return rk_fail(err, RK_EINVAL,
                       "the store cannot be written to from inside a walk");
    return RK_OK;
}


int rk_store_begin(rk_store *s, rk_error *err)
{
    int rc = may_write(s, err);

    if (rc)
        return rc;
    if (s->in_transaction)
        return rk_fail(err, RK_EINVAL, "a transaction is open already");
    rc = s->backend->begin(s->conn, err);
    s->in_transaction = rc == RK_OK;
    return rc;
}


int rk_store_commit(rk_store *s, rk_error *err)
{
    int rc = may_write(s, err);

    if (rc)
        return rc;
    if (!s->in_transaction)
        return rk_fail(err, RK_EINVAL, "no transaction is open");
    s->in_transaction = false;
    return s->backend->commit(s->conn, err);
}


void rk_store_rollback(rk_store *s)
{
    if (s->in_transaction)
        s->backend->rollback(s->conn);
    s->in_transaction = false;
}


static int kind_check(enum rk_kind kind, rk_error *err)
{
    if (kind != RK_ITEMS && kind != RK_USERS)
        return rk_fail(err, RK_EINVAL, "kind is %d, must be items or users",
                       (int)kind);
    return RK_OK;
}


int rk_store_put_record(rk_store *s, enum rk_kind kind, const rk_record *r,
                        rk_error *err)
{
    char *fields = NULL;
    int rc;

    rc = may_write(s, err);
    if (rc == RK_OK)
        rc = rk_record_check(kind, r, err);
    if (rc == RK_OK)
        rc = rk_record_fields_json(r, &fields, err);
    if (rc == RK_OK)
        rc = s->backend->put_record(s->conn, kind, r->id, fields, err);
    free(fields);
    return rc;
}


int rk_store_put_event(rk_store *s, const rk_event *e, rk_error *err)
{
    int rc = may_write(s, err);

    if (rc == RK_OK)
        rc = rk_event_check(e, err);
    if (rc == RK_OK)
        rc = s->backend->put_event(s->conn, e, err);
    return rc;
}


static int record_found(void *ctx, const char *id, const char *fields,
                        size_t len, rk_error *err)
{
    rk_record **out = ctx;

    return rk_record_parse(out, id, fields, len, err);
}


int rk_store_get_record(rk_store *s, enum rk_kind kind, const char *id,
                        rk_record **out, rk_error *err)
{
    int rc = kind_check(kind, err);

    *out = NULL;
    if (rc)
        return rc;
    return s->backend->get_record(s->conn, kind, id, record_found, out, err);
}


typedef struct record_walk {
    int (*each)(void *ctx, const rk_record *r, rk_error *err);
    void *ctx;
} record_walk;


static int record_visit(void *ctx, const char *id, const char *fields,
                        size_t len, rk_error *err)
{
    const record_walk *w = ctx;
    rk_record *r;
    int rc;

    rc = rk_record_parse(&r, id, fields, len, err);
    if (rc == RK_OK)
        rc = w->each(w->ctx, r, err);
    rk_record_free(r);
    return rc;
}


int rk_store_each_record(rk_store *s, enum rk_kind kind, uint64_t since,
                         int (*each)(void *ctx, const rk_record *r,
                                     rk_error *err),
                         void *ctx, rk_error *err)
{
    record_walk w = {each, ctx};
    int rc = kind_check(kind, err);

    if (rc)
        return rc;
    s->n_walks++;
    rc = s->backend->each_record(s->conn, kind, since, record_visit, &w, err);
    s->n_walks--;
    return rc;
}


int rk_store_each_event(rk_store *s, const char *user,
                        int (*each)(void *ctx, const rk_event *e,
                                    rk_error *err),
                        void *ctx, rk_error *err)
{
    int rc;

    s->n_walks++;
    rc = s->backend->each_event(s->conn, user, each, ctx, err);
    s->n_walks--;
    return rc;
}


int rk_store_counts_get(rk_store *s, rk_store_counts *out, rk_error *err)
{
    return s->backend->counts(s->conn, out, err);
}


int rk_store_put_output(rk_store *s, const char *key, const void *bytes,
                        size_t len, rk_error *err)
{
    int rc = may_write(s, err);

    if (rc)
        return rc;
    if (!key[0])
        return rk_fail(err, RK_EINVAL, "an output's key is empty");
    return s->backend->put_output(s->conn, key, bytes, len, err);
}


int rk_store_get_output(rk_store *s, const char *key, void **bytes, size_t *len,
                        rk_error *err)
{
    *bytes = NULL;
    *len = 0;
    return s->backend->get_output(s->conn, key, bytes, len, err);
}


int rk_store_prune_outputs(rk_store *s, const char *prefix, size_t keep,
                           rk_error *err)
{
    int rc = may_write(s, err);

    if (rc)
        return rc;
    if (!prefix[0])
        return rk_fail(err, RK_EINVAL, "the prefix of keys is empty");
    return s->backend->prune_outputs(s->conn, prefix, keep, err);
}


int rk_store_put_note(rk_store *s, const char *name, const char *value,
                      rk_error *err)
{
    int rc = may_write(s, err);

    if (rc)
        return rc;
    if (!name[0])
        return rk_fail(err, RK_EINVAL, "a note's name is empty");
    return s->backend->put_note(s->conn, name, value, err);
}


int rk_store_get_note(rk_store *s, const char *name, char **value,
                      rk_error *err)
{
    *value = NULL;
    return s->backend->get_note(s->conn, name, value, err);
}


int rk_store_add_ledger(rk_store *s, const rk_ledger_row *rows, size_t n,
                        rk_error *err)
{
    int rc = may_write(s, err);

    if (rc)
        return rc;
    for (size_t i = 0; i < n; i++)
        if (!rows[i].model[0] || !rows[i].purpose[0])
            return rk_fail(err, RK_EINVAL, "row %zu of the ledger has no %s", i,
                           rows[i].model[0] ? "purpose" : "model");
    return s->backend->add_ledger(s->conn, rows, n, err);
}


int rk_store_sum_ledger(rk_store *s, int64_t day, const char *user,
                        rk_ledger_row *out, rk_error *err)
{
    return s->backend->sum_ledger(s->conn, day, user, out, err);
}


int rk_store_each_ledger(rk_store *s, int64_t since,
                         int (*each)(void *ctx, const rk_ledger_row *row,
                                     rk_error *err),
                         void *ctx, rk_error *err)
{
    int rc;

    s->n_walks++;
    rc = s->backend->each_ledger(s->conn, since, each, ctx, err);
    s->n_walks--;
    return rc;
}


int rk_store_prune_ledger(rk_store *s, int64_t day, uint64_t *n, rk_error *err)
{
    int rc = may_write(s, err);

    *n = 0;
    return rc ? rc : s->backend->prune_ledger(s->conn, day, n, err);
}


static bool is_one_of(const char *text, const char *const *list)
{
    while (*list && strcmp(text, *list) != 0)
        list++;
    return *list != NULL;
}


static int edit_check(const rk_edit *e, rk_error *err)
{
    static const char *const words[] = {"set",   "ban",    "clear", "add",
                                        "merge", "rename", NULL};
    static const char *const kinds[] = {"item", "user", "vocabulary", NULL};
    bool of_word = strcmp(e->kind, "vocabulary") == 0;
    bool has_other = strcmp(e->what, "merge") == 0 ||
                     strcmp(e->what, "rename") == 0;

    if (!is_one_of(e->kind, kinds) || of_word == (e->id[0] != '\0'))
        return rk_fail(err, RK_EINVAL,
                       "an edit of '%.40s' '%.40s', expected an item's or "
                       "user's id, or the vocabulary and none",
                       e->kind, e->id);
    if (!is_one_of(e->what, words) ||
        (of_word ? strcmp(e->what, "set") == 0
                 : has_other || strcmp(e->what, "add") == 0))
        return rk_fail(err, RK_EINVAL, "an edit '%.40s' of the %s", e->what,
                       e->kind);
    if (!e->token[0] || has_other != (e->into[0] != '\0'))
        return rk_fail(err, RK_EINVAL, "an edit '%s' lacks a word", e->what);
    if (!(e->weight >= -1 && e->weight <= 1))
        return rk_fail(err, RK_EINVAL, "weight is %g, must be -1 to 1",
                       e->weight);
    return RK_OK;
}


int rk_store_add_edit(rk_store *s, const rk_edit *e, uint64_t *version,
                      rk_error *err)
{
    int rc = may_write(s, err);

    *version = 0;
    if (rc == RK_OK)
        rc = edit_check(e, err);
    return rc ? rc : s->backend->add_edit(s->conn, e, version, err);
}


int rk_store_edits_version(rk_store *s, uint64_t *version, rk_error *err)
{
    *version = 0;
    return s->backend->edits_version(s->conn, version, err);
}


int rk_store_each_edit(rk_store *s, bool latest,
                       int (*each)(void *ctx, const rk_edit *e, rk_error *err),
                       void *ctx, rk_error *err)
{
    int rc;

    s->n_walks++;
    rc = s->backend->each_edit(s->conn, latest, each, ctx, err);
    s->n_walks--;
    return rc;
}
