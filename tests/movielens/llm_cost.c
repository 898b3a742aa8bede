/* llm_cost CONFIG STORE USER: asks for 20 candidates in the way `llm` and holds
 * the tokens that were evaluated against the sum that the cost law promises:
 * for each list of the user, its prefix, and every candidate's tokens. The
 * store forgets what was read of users first; asked again, nothing may be read.
 */
#include "core/mem.h"
#include "engine/ask.h"
#include "engine/engine.h"
#include "paradigms/cached.h"
#include "paradigms/prompt.h"

#include <stdio.h>

#define N 20


/* The tokens of both lists and of the answer's items behind each. */
static int promised(rk_engine *e, const rk_answer *answer, const char *user,
                    uint64_t *prefix, uint64_t *candidates, rk_error *err)
{
    const rk_snapshot *s = &e->serving->snapshot;
    rk_request request = {.user = user};
    rk_run run = rk_engine_run(e);
    rk_llm *writer = NULL;
    rk_asker a;
    int rc = rk_asker_init(&a, e, &request, false, &run, err);

    *prefix = 0;
    *candidates = 0;
    if (rc == RK_OK)
        rc = rk_loaded_get(&e->models, RK_WRITER, &writer, err);
    for (int label = +1; label >= -1 && rc == RK_OK; label -= 2) {
        size_t n_items;
        char *list = rk_prompt_user(s, &a.who, label, &n_items);

        if (label > 0 || n_items > 0) {
            *prefix += (uint64_t)rk_llm_count_tokens(writer, list);
            for (size_t i = 0; i < answer->n_items; i++) {
                uint32_t item = rk_ids_find(s->ids, answer->items[i].id);
                char *line = rk_prompt_item(s, item);

                *candidates += (uint64_t)rk_llm_count_tokens(writer, line);
                free(line);
            }
        }
        free(list);
    }
    rk_asker_clear(&a);
    rk_run_clear(&run);
    return rc;
}


int main(int argc, char **argv)
{
    rk_engine_opts opts = {.store = argc == 4 ? argv[2] : NULL};
    rk_request ask = {.user = argc == 4 ? argv[3] : NULL, .way = "llm", .n = N};
    rk_engine *engine = NULL;
    rk_answer *answer = NULL;
    rk_answer *again = NULL;
    uint64_t prefix;
    uint64_t candidates;
    rk_error err = {0};
    bool holds = false;
    int rc;

    if (argc != 4) {
        fprintf(stderr, "usage: llm_cost CONFIG STORE USER\n");
        return 2;
    }
    rc = rk_engine_open(&engine, argv[1], &opts, &err);
    if (rc == RK_OK)
        rc = rk_store_prune_outputs(engine->store, RK_PASSING, 0, &err);
    if (rc == RK_OK)
        rc = rk_recommend(engine, &ask, &answer, &err);
    if (rc == RK_OK)
        rc = rk_recommend(engine, &ask, &again, &err);
    if (rc == RK_OK)
        rc = promised(engine, answer, ask.user, &prefix, &candidates, &err);
    if (rc == RK_OK) {
        printf("        prefixes: %llu evaluated, %llu promised; candidates: "
               "%llu evaluated, %llu promised\n",
               (unsigned long long)answer->usage.prefix_tokens,
               (unsigned long long)prefix,
               (unsigned long long)answer->usage.candidate_tokens,
               (unsigned long long)candidates);
        holds = answer->n_items == N &&
                answer->usage.prefix_tokens + answer->usage.reused_tokens ==
                    prefix &&
                answer->usage.candidate_tokens == candidates &&
                again->usage.prefix_tokens + again->usage.candidate_tokens == 0;
    } else {
        fprintf(stderr, "llm_cost: %s\n", err.msg);
    }
    rk_answer_free(answer);
    rk_answer_free(again);
    rk_engine_close(engine);
    return holds ? 0 : 1;
}
