/* ials FOLDER WIDTH: seconds per epoch of iALS on ml-1m-loo and the objective
 * after ten, beside bench/ials_peer.py. */
#include "learn/ials_run.h"

#include "sequences.h"

#define EPOCHS 10


int main(int argc, char **argv)
{
    rk_ials_opts opts = {
        .cg_steps = 3, .unseen = 0.1f, .lambda = 1, .nu = 0, .seed = 1};
    double seconds[EPOCHS];
    double cpu[EPOCHS];
    rk_ials_run *run;
    rk_histories h;
    rk_error err;

    if (argc != 3) {
        fprintf(stderr, "usage: ials FOLDER WIDTH\n");
        return 2;
    }
    opts.d = strtoul(argv[2], NULL, 10);
    h = sequences_load(argv[1]);
    if (rk_ials_run_new(&run, &h, &opts, &err) != RK_OK) {
        fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    for (size_t i = 0; i < EPOCHS; i++) {
        double wall = bench_seconds(CLOCK_MONOTONIC);
        double busy = bench_seconds(CLOCK_PROCESS_CPUTIME_ID);

        rk_ials_run_users(run);
        rk_ials_run_items(run);
        seconds[i] = bench_seconds(CLOCK_MONOTONIC) - wall;
        cpu[i] = bench_seconds(CLOCK_PROCESS_CPUTIME_ID) - busy;
    }
    printf("{\"seconds\": %.5f, \"cpu\": %.5f, \"loss\": %.1f}\n",
           bench_median(seconds + 1, EPOCHS - 1),
           bench_median(cpu + 1, EPOCHS - 1), rk_ials_run_objective(run));
    rk_ials_run_free(run);
    free((void *)h.start);
    free((void *)h.item);
    return 0;
}
