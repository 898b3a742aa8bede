#include "paradigms/prompt.h"

#include "core/buf.h"
#include "core/mem.h"
#include "core/text.h"

#include <ctype.h>

/* "Books I loved:" */
static void add_heading(rk_buf *b, const rk_snapshot *s, int label)
{
    const char *noun = s->settings->noun_plural;

    rk_buf_printf(b, "%c%s I %s:\n", toupper((unsigned char)noun[0]),
                  noun[0] ? noun + 1 : "", label > 0 ? "loved" : "hated");
}


char *rk_prompt_heading(const rk_snapshot *s, int label)
{
    rk_buf b;

    rk_buf_init(&b);
    add_heading(&b, s, label);
    return rk_buf_take(&b);
}


char *rk_prompt_item(const rk_snapshot *s, uint32_t item)
{
    return rk_snapshot_text(s, item, s->settings->item_line);
}


char *rk_prompt_user(const rk_snapshot *s, const rk_who *who, int label,
                     size_t *n_items)
{
    size_t most = s->settings->llm_history;
    uint32_t *items = rk_alloc_array(most, sizeof(*items));
    rk_buf b;

    rk_buf_init(&b);
    *n_items = items ? rk_who_latest(who, label, most, items) : 0;
    if (who->profile[0] && label > 0) {
        rk_buf_puts(&b, "About me: ");
        rk_text_clean(&b, who->profile);
        rk_buf_putc(&b, '\n');
    }
    add_heading(&b, s, label);
    for (size_t i = 0; i < *n_items; i++) {
        char *line = rk_prompt_item(s, items[i]);

        if (!line)
            b.failed = true;
        else
            rk_buf_printf(&b, "%s\n", line);
        free(line);
    }
    if (!items)
        b.failed = true;
    free(items);
    return rk_buf_take(&b);
}
