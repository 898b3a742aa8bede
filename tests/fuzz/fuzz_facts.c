/* The check of a writer's sentence: whatever the text, its claims lie in it, it
 * is refused just where one does not hold, and the same the second time. */
#include "../unit/small_shelf.h"
#include "core/mem.h"
#include "core/text.h"
#include "fuzz.h"
#include "paradigms/facts.h"

#include <string.h>


static void check_claims(const rk_findings *f, const char *text)
{
    size_t len = strlen(text);
    bool all = true;

    FUZZ_CHECK(f->n > 0 && f->list[0].kind == RK_CLAIM_FORM);
    for (size_t i = 0; i < f->n; i++) {
        const rk_claim *c = &f->list[i];

        FUZZ_CHECK(c->at <= len && c->len <= len - c->at);
        FUZZ_CHECK(c->item < SHELF_ITEMS || c->item == RK_NO_ID);
        FUZZ_CHECK(c->kind == RK_CLAIM_FORM ||
                   c->holds == (c->rests_on[0] != '\0'));
        all = all && c->holds;
    }
    FUZZ_CHECK(all == (f->refusal[0] == '\0'));
    FUZZ_CHECK(rk_text_is_utf8(f->refusal, strlen(f->refusal), NULL));
}


static void check_text(const char *text, bool pleases)
{
    rk_findings first = {0};
    rk_findings again = {0};
    shelf h;

    FUZZ_CHECK(shelf_init(&h, pleases) == RK_OK);
    FUZZ_CHECK(rk_facts_check(&first, text, &h.grounds, NULL) == RK_OK);
    FUZZ_CHECK(rk_facts_check(&again, text, &h.grounds, NULL) == RK_OK);
    check_claims(&first, text);
    FUZZ_CHECK(first.n == again.n);
    for (size_t i = 0; i < first.n; i++)
        FUZZ_CHECK(first.list[i].at == again.list[i].at &&
                   first.list[i].holds == again.list[i].holds);
    FUZZ_CHECK(strcmp(first.refusal, again.refusal) == 0);
    rk_findings_clear(&first);
    rk_findings_clear(&again);
    shelf_clear(&h);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = rk_strndup((const char *)data, size);

    FUZZ_CHECK(text);
    check_text(text, true);
    check_text(text, false);
    free(text);
    return 0;
}
