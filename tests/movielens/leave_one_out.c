/* leave_one_out CONFIG STORE: prints one line a way, "name list users ndcg
 * recall mrr", separated by tabs. tests/movielens/run.py holds them against
 * floors. */
#include "eval/leave_one_out.h"

#include <stdio.h>

static int report(void *ctx, const char *stage, uint64_t done, uint64_t total)
{
    (void)ctx;
    if (done == total)
        fprintf(stderr, "%s: done\n", stage);
    return 0;
}


int main(int argc, char **argv)
{
    rk_loo_opts opts = {.progress = {report, NULL}};
    rk_loo_row rows[RK_LOO_ROWS];
    rk_engine_opts store = {.store = argc == 3 ? argv[2] : NULL};
    rk_engine *engine = NULL;
    rk_error err = {0};
    size_t n = 0;
    int rc;

    if (argc != 3) {
        fprintf(stderr, "usage: leave_one_out CONFIG STORE\n");
        return 2;
    }
    rc = rk_engine_open(&engine, argv[1], &store, &err);
    if (rc == RK_OK)
        rc = rk_leave_one_out(engine, &opts, rows, &n, &err);
    for (size_t i = 0; i < n && rc == RK_OK; i++)
        printf("%s\t%s\t%zu\t%.4f\t%.4f\t%.4f\n", rows[i].name,
               rows[i].on_short_list ? "short" : "all", rows[i].figures.n_users,
               rows[i].figures.ndcg, rows[i].figures.recall,
               rows[i].figures.mrr);
    if (rc)
        fprintf(stderr, "leave_one_out: %s\n", err.msg);
    rk_engine_close(engine);
    return rc ? 1 : 0;
}
