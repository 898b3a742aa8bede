#include "paradigms/token_reason.h"

#include "core/buf.h"

#include <math.h>


/* The newest items of one label that carry a token: what taught it. */
static void taught_by(const rk_snapshot *s, const rk_who *who, uint32_t token,
                      int label, rk_buf *out)
{
    size_t named = 0;

    for (size_t i = who->n_history; i-- > 0 && named < 2;) {
        const rk_seen *e = &who->history[i];
        const rk_csr *t = &s->item_tokens;

        for (uint64_t k = t->start[e->item];
             k < t->start[e->item + 1] && e->label == label; k++)
            if (t->col[k] == token)
                rk_buf_printf(out, "%s%s", named++ ? " and " : "",
                              rk_snapshot_title(s, e->item));
    }
}


/* How the profile comes to a token that speaks this way: in words of its own,
 * or as the writer reads it; NULL: not at all. */
static const char *profile_says(const rk_who *who, uint32_t token, float theta)
{
    for (size_t i = 0; i < who->n_tokens; i++) {
        float weight = who->tokens[i].weight;

        if (who->tokens[i].token != token || weight * theta <= 0)
            continue;
        if (fabsf(weight) < 1)
            return "which the writer reads in the profile";
        return weight > 0 ? "which the profile asks for"
                          : "which the profile turns down";
    }
    return NULL;
}


int rk_token_reason_add(rk_reasons *out, const rk_snapshot *s,
                        const rk_who *who, uint32_t token, float theta,
                        float weight, rk_error *err)
{
    const char *word = s->vocabulary.words[token];
    const char *says = profile_says(who, token, theta);
    bool liked = theta >= 0;
    rk_buf text;
    int rc;

    rk_buf_init(&text);
    rk_buf_puts(&text, word);
    if (says)
        rk_buf_printf(&text, ", %s", says);
    else {
        rk_buf items;

        rk_buf_init(&items);
        taught_by(s, who, token, liked ? +1 : -1, &items);
        if (items.len)
            rk_buf_printf(&text, ", which the user %s in %s",
                          liked ? "liked" : "disliked", rk_buf_str(&items));
        if (items.failed)
            text.failed = true;
        rk_buf_clear(&items);
    }
    rc = text.failed ? rk_no_memory(err)
                     : rk_reasons_add(out, "token", word, weight, err, "%s",
                                      rk_buf_str(&text));
    rk_buf_clear(&text);
    return rc;
}
