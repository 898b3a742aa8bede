#include <reckon.h>
#include <stdio.h>

int main(void)
{
    rk_request ask = {.user = "U12345", .way = "tokens", .n = 5};
    rk_engine *engine = NULL;
    rk_answer *answer = NULL;
    rk_error err;
    int rc = rk_engine_open(&engine, "reckon.yaml", NULL, &err);

    if (rc == RK_OK)
        rc = rk_recommend(engine, &ask, &answer, &err);
    for (size_t i = 0; rc == RK_OK && i < answer->n_items; i++)
        printf("%s: %s\n", answer->items[i].title, answer->items[i].why);
    if (rc != RK_OK)
        fprintf(stderr, "%s\n", err.msg);
    rk_answer_free(answer);
    rk_engine_close(engine);
    return rc != RK_OK;
}
