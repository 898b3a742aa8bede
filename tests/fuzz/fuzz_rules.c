/* Event rules: one that is taken can be written and read again, and leaves
 * other types alone. */
#include "core/mem.h"
#include "data/rules.h"
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const signs[] = {"", ">=", "<=", ">", "<"};
    char *text = rk_strndup((const char *)data, size);
    rk_rules rules = {.n_positive = 1};
    rk_rule *rule = &rules.positive[0];
    rk_event e = {"U1", "B1", "=", 1, 0};
    rk_rule again;
    char written[128];

    FUZZ_CHECK(text);
    if (rk_rule_parse(rule, text, NULL) == RK_OK) {
        FUZZ_CHECK(rk_rules_label(&rules, &e) == 0);
        e.type = rule->type;
        e.value = rule->value;
        FUZZ_CHECK(rk_rules_label(&rules, &e) == (rule->when <= RK_AT_MOST));
        snprintf(written, sizeof(written), "%s%s%.17g", rule->type,
                 signs[rule->when], rule->value);
        if (rule->when == RK_ALWAYS)
            written[strlen(rule->type)] = '\0';
        FUZZ_CHECK(rk_rule_parse(&again, written, NULL) == RK_OK);
        FUZZ_CHECK(strcmp(again.type, rule->type) == 0);
        FUZZ_CHECK(again.when == rule->when && again.value == rule->value);
    }
    free(text);
    return 0;
}
