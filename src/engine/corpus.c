#include "engine/corpus.h"

static int add_item(void *ctx, const rk_record *r, rk_error *err)
{
    return rk_corpus_add_item(ctx, r, err);
}


static int add_user(void *ctx, const rk_record *r, rk_error *err)
{
    return rk_corpus_add_user(ctx, r, err);
}


static int add_event(void *ctx, const rk_event *e, rk_error *err)
{
    return rk_corpus_add_event(ctx, e, err);
}


int rk_engine_corpus(rk_corpus **out, rk_store *store, const rk_rules *rules,
                     rk_error *err)
{
    rk_corpus_builder *b = NULL;
    int rc;

    *out = NULL;
    rc = rk_corpus_builder_new(&b, rules, err);
    if (rc == RK_OK)
        rc = rk_store_each_record(store, RK_ITEMS, 0, add_item, b, err);
    if (rc == RK_OK)
        rc = rk_store_each_record(store, RK_USERS, 0, add_user, b, err);
    if (rc == RK_OK)
        rc = rk_store_each_event(store, NULL, add_event, b, err);
    if (rc == RK_OK)
        rc = rk_corpus_finish(b, out, err);
    rk_corpus_builder_free(b);
    return rc;
}
