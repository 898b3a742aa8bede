/* Configurations: taken with every value in its bounds, or refused in one
 * line that begins with the file's name. */
#include "engine/config.h"
#include "fuzz.h"

#include <string.h>

static void check_taken(const rk_config *c)
{
    FUZZ_CHECK(c->store[0] && c->models.embedder[0] && c->models.writer[0]);
    FUZZ_CHECK(c->profiles.item[0] && c->profiles.user);
    FUZZ_CHECK(c->catalogue.noun[0] && c->catalogue.noun_plural[0]);
    for (size_t i = 0; i < c->catalogue.n_tags; i++)
        FUZZ_CHECK(c->catalogue.tags[i]);
    FUZZ_CHECK(c->events.n_positive <= RK_RULES_MAX);
    FUZZ_CHECK(c->events.n_negative <= RK_RULES_MAX);
    FUZZ_CHECK(c->llm.candidates >= 1 && c->llm.candidates <= 1000);
    FUZZ_CHECK(c->llm.candidates >= 1 && c->llm.candidates <= 1000);
    FUZZ_CHECK(c->learn.half_life_days >= 0);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rk_config *c;
    rk_error err;

    if (rk_config_parse(&c, (const char *)data, size, "f.yaml", &err)) {
        FUZZ_CHECK(!c && err.code == RK_EFORMAT);
        FUZZ_CHECK(strncmp(err.msg, "f.yaml:", 7) == 0);
        FUZZ_CHECK(!strchr(err.msg, '\n'));
    } else {
        check_taken(c);
        rk_config_free(c);
    }
    return 0;
}
