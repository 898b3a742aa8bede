/* What is known of one item or user. */
#include "core/clock.h"
#include "core/mem.h"
#include "data/record.h"
#include "engine/ask.h"
#include "engine/card.h"

#include <string.h>

#define LATEST 20 /* events shown */


static void add_tokens(rk_card_box *box, const rk_snapshot *s,
                       const rk_token_weight *tokens, size_t n)
{
    for (size_t i = 0; i < n; i++)
        rk_card_add(box, "tokens", s->vocabulary.words[tokens[i].token],
                    "%+.2f", (double)tokens[i].weight);
}


static int show_item(rk_card_box *box, rk_engine *e, rk_run *run,
                     const char *id, rk_error *err)
{
    const rk_snapshot *s;
    uint32_t item;
    int rc = rk_engine_serving(e, run, err);

    if (rc == RK_ENOTREADY) {
        rk_card_add(box, "tokens", "none", "run reckon prepare");
        return RK_OK;
    }
    if (rc)
        return rc;
    s = &e->serving->snapshot;
    item = rk_ids_find(s->ids, id);
    if (item == RK_NO_ID || s->item_tokens.n_rows == 0)
        return RK_OK;
    for (uint64_t k = s->item_tokens.start[item];
         k < s->item_tokens.start[item + 1]; k++) {
        rk_token_weight t = {s->item_tokens.col[k], s->item_tokens.value[k]};

        add_tokens(box, s, &t, 1);
    }
    rk_card_add(box, "events", "liked by", "%.0f%% (smoothed)",
                100 * (double)rk_snapshot_like_rate(s, item));
    return RK_OK;
}


static int show_user(rk_card_box *box, rk_engine *e, rk_run *run,
                     const char *id, rk_error *err)
{
    rk_request request = {.user = id};
    rk_asker a = {0};
    const rk_snapshot *s;
    int rc = rk_engine_serving(e, run, err);

    if (rc == RK_ENOTREADY) {
        rk_card_add(box, "tokens", "none", "run reckon prepare");
        return RK_OK;
    }
    if (rc == RK_OK)
        rc = rk_asker_init(&a, e, &request, true, run, err);
    if (rc)
        goto done;
    s = &e->serving->snapshot;
    add_tokens(box, s, a.who.tokens, a.who.n_tokens);
    for (size_t i = 0; i < a.who.n_history && i < LATEST; i++) {
        const rk_seen *seen = &a.who.history[a.who.n_history - 1 - i];
        char when[32];

        rk_time_write(seen->at_us, when);
        rk_card_add(box, "history", rk_snapshot_title(s, seen->item),
                    "%s %g, %s", when, (double)seen->value,
                    seen->label > 0   ? "liked"
                    : seen->label < 0 ? "disliked"
                                      : "seen");
    }

done:
    rk_asker_clear(&a);
    return rc;
}


int rk_show(rk_engine *e, enum rk_kind kind, const char *id, rk_card **out,
            rk_error *err)
{
    rk_run run = rk_engine_run(e);
    rk_record *record = NULL;
    rk_card_box *box = NULL;
    int rc;

    *out = NULL;
    if (kind == RK_EVENTS)
        return rk_fail(err, RK_EINVAL, "items and users can be shown");
    rc = rk_store_get_record(e->store, kind, id, &record, err);
    if (rc == RK_ENOTFOUND)
        rc = rk_fail(err, rc, "no such %s: %s",
                     kind == RK_ITEMS ? "item" : "user", id);
    if (rc == RK_OK)
        rc = rk_card_box_new(&box, err);
    if (rc)
        goto done;
    rk_card_add(box, kind == RK_ITEMS ? "item" : "user", "id", "%s", id);
    for (size_t i = 0; i < record->n_fields; i++)
        rk_card_add(box, kind == RK_ITEMS ? "item" : "user",
                    record->fields[i].name, "%s", record->fields[i].value);
    rc = kind == RK_ITEMS ? show_item(box, e, &run, id, err)
                          : show_user(box, e, &run, id, err);
    if (rc == RK_OK) {
        rc = rk_card_finish(box, out, err);
        box = NULL;
    }

done:
    if (box) {
        rk_card *half = NULL;

        if (rk_card_finish(box, &half, NULL) == RK_OK)
            rk_card_free(half);
    }
    rk_record_free(record);
    rk_run_clear(&run);
    return rc;
}
