#include "engine/card.h"
#include "eval/task.h"

int rk_protocols_list(rk_card **out, rk_error *err)
{
    rk_card_box *box = NULL;
    int rc;

    *out = NULL;
    rc = rk_card_box_new(&box, err);
    if (rc)
        return rc;
    for (size_t i = 0; rk_protocols[i]; i++) {
        const rk_protocol *p = rk_protocols[i];

        rk_card_add(box, p->name, "asks", "%s", p->summary);
        rk_card_add(box, p->name, "needs", "%s", p->needs ? p->needs : "");
    }
    return rk_card_finish(box, out, err);
}
