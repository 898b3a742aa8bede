#include "learn/ials_run.h"

#include "core/blas.h"
#include "core/mem.h"
#include "core/rng.h"
#include "core/threads.h"
#include "learn/gathered.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

/* Rows gathered at a time. A longer row is solved exactly, block by block:
 * conjugate gradients need all of it at once. */
#define BLOCK 8192

/* Rows that a worker takes at a time: few, because their costs differ. */
#define CHUNK 16

/* One side's rows: whom each is tied to on the other side. */
typedef struct side {
    size_t n;
    const size_t *start; /* (n + 1) */
    const uint32_t *to;  /* (start[n]) */
    float *factor;       /* (n, d) */
} side;

struct rk_ials_run {
    rk_ials_opts opts;
    side users;
    side items;
    size_t *item_start;  /* owned, of `items` */
    uint32_t *item_user; /* owned */
    float *gram;         /* (d, d) */
    float *rooms;        /* (n_workers, room) */
    size_t room;         /* floats of one worker */
    size_t n_workers;
    size_t block; /* rows that fit a worker's room */
};

/* Half an epoch. */
typedef struct half {
    const rk_ials_run *run;
    const side *solved;
    const side *fixed;
    const rk_gathered_kernels *kernels;
    atomic_size_t next; /* row that nobody has taken */
} half;


int rk_ials_check(const rk_ials_opts *o, rk_error *err)
{
    if (o->d == 0 || o->d % RK_GATHERED_STEP || o->d > RK_GATHERED_MAX)
        return rk_fail(err, RK_EINVAL,
                       "d is %zu, must be a multiple of %d to %d", o->d,
                       RK_GATHERED_STEP, RK_GATHERED_MAX);
    if (!(o->unseen > 0) || !isfinite(o->unseen))
        return rk_fail(err, RK_EINVAL,
                       "the weight of the unseen is %g, must be over 0",
                       (double)o->unseen);
    if (!(o->lambda > 0) || !isfinite(o->lambda))
        return rk_fail(err, RK_EINVAL, "lambda is %g, must be over 0",
                       (double)o->lambda);
    if (!(o->nu >= 0 && o->nu <= 1))
        return rk_fail(err, RK_EINVAL, "nu is %g, must be 0 to 1",
                       (double)o->nu);
    return RK_OK;
}


float rk_ials_ridge(const rk_ials_opts *o, double n, size_t n_others)
{
    return (
        float)((double)o->lambda *
               pow(n + (double)o->unseen * (double)n_others, (double)o->nu));
}


void rk_ials_gram(const float *a, size_t n, const rk_ials_opts *o, float *gram)
{
    rk_gram(n, o->d, a, 0, gram);
    for (size_t i = 0; i < o->d * o->d; i++)
        gram[i] *= o->unseen;
}


/* Users by item: the histories turned round. */
static void turn(const rk_histories *h, size_t *start, uint32_t *user)
{
    for (size_t e = h->start[0]; e < h->start[h->n_users]; e++)
        start[h->item[e] + 1]++;
    for (size_t i = 0; i < h->n_items; i++)
        start[i + 1] += start[i];
    for (size_t u = 0; u < h->n_users; u++)
        for (size_t e = h->start[u]; e < h->start[u + 1]; e++)
            user[start[h->item[e]]++] = (uint32_t)u;
    /* Each start has moved to its end, which is the next one's start. */
    memmove(start + 1, start, h->n_items * sizeof(*start));
    start[0] = 0;
}


static size_t longest(const side *s)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n; i++)
        if (s->start[i + 1] - s->start[i] > n)
            n = s->start[i + 1] - s->start[i];
    return n;
}


/* Pairs of normals from pairs of uniforms (Box & Muller 1958). */
static void draw(float *a, size_t n, float sd, rk_rng *rng)
{
    for (size_t i = 0; i < n; i += 2) {
        double r = sqrt(-2 * log(1 - rk_rng_unit(rng)));
        double angle = 2 * M_PI * rk_rng_unit(rng);

        a[i] = sd * (float)(r * cos(angle));
        a[i + 1] = sd * (float)(r * sin(angle));
    }
}


static int run_init(rk_ials_run *run, const rk_histories *h, rk_error *err)
{
    size_t d = run->opts.d;
    size_t n_events = h->start[h->n_users] - h->start[0];
    float sd = 0.1f / sqrtf((float)d);
    rk_rng rng = {run->opts.seed};

    run->item_start = rk_calloc(h->n_items + 1, sizeof(*run->item_start));
    run->item_user = rk_alloc_array(n_events, sizeof(*run->item_user));
    run->users.factor = rk_alloc_aligned(h->n_users, d * sizeof(float));
    run->items.factor = rk_alloc_aligned(h->n_items, d * sizeof(float));
    run->gram = rk_alloc_aligned(d, d * sizeof(float));
    if (!run->item_start || !run->item_user || !run->users.factor ||
        !run->items.factor || !run->gram)
        return rk_no_memory(err);

    turn(h, run->item_start, run->item_user);
    run->users = (side){h->n_users, h->start, h->item, run->users.factor};
    run->items = (side){h->n_items, run->item_start, run->item_user,
                        run->items.factor};
    draw(run->users.factor, h->n_users * d, sd, &rng);
    draw(run->items.factor, h->n_items * d, sd, &rng);

    run->block = longest(&run->users);
    if (longest(&run->items) > run->block)
        run->block = longest(&run->items);
    run->block = run->block < BLOCK ? run->block : BLOCK;
    run->n_workers = (size_t)rk_threads();
    run->room = (run->block + d + 4) * d;
    run->rooms = rk_alloc_aligned(run->n_workers, run->room * sizeof(float));
    return run->rooms ? RK_OK : rk_no_memory(err);
}


int rk_ials_run_new(rk_ials_run **out, const rk_histories *h,
                    const rk_ials_opts *opts, rk_error *err)
{
    rk_ials_run *run = NULL;
    int rc = rk_ials_check(opts, err);

    *out = NULL;
    if (rc != RK_OK)
        return rc;
    run = rk_calloc(1, sizeof(*run));
    if (!run)
        return rk_no_memory(err);
    run->opts = *opts;
    rc = run_init(run, h, err);
    if (rc == RK_OK) {
        *out = run;
        run = NULL;
    }
    rk_ials_run_free(run);
    return rc;
}


void rk_ials_run_free(rk_ials_run *run)
{
    if (!run)
        return;
    free(run->item_start);
    free(run->item_user);
    free(run->users.factor);
    free(run->items.factor);
    free(run->gram);
    free(run->rooms);
    free(run);
}


/* Copies n rows of the fixed side together. */
static void gather(const half *w, const uint32_t *to, size_t n, float *rows)
{
    size_t d = w->run->opts.d;

    for (size_t e = 0; e < n; e++)
        memcpy(rows + e * d, w->fixed->factor + to[e] * d, d * sizeof(*rows));
}


static void solve_exactly(const half *w, size_t row, float ridge, float *room)
{
    const side *s = w->solved;
    size_t d = w->run->opts.d;
    float *a = room + w->run->block * d;
    float *x = a + d * d;

    memcpy(a, w->run->gram, d * d * sizeof(*a));
    for (size_t i = 0; i < d; i++)
        a[i * d + i] += ridge;
    memset(x, 0, d * sizeof(*x));
    for (size_t e = s->start[row]; e < s->start[row + 1];) {
        size_t left = s->start[row + 1] - e;
        size_t n = left < w->run->block ? left : w->run->block;
        rk_gathered part = {.rows = room, .n = n, .d = d};

        gather(w, s->to + e, n, room);
        w->kernels->add(&part, a, x);
        e += n;
    }
    /* Numbers so large that the system is singular in float32 leave the row
     * as it was. */
    if (w->kernels->solve(a, d, x))
        memcpy(s->factor + row * d, x, d * sizeof(*x));
}


static void solve_row(const half *w, size_t row, float *room)
{
    const side *s = w->solved;
    size_t d = w->run->opts.d;
    size_t n = s->start[row + 1] - s->start[row];
    float ridge = rk_ials_ridge(&w->run->opts, (double)n, w->fixed->n);
    rk_gathered system = {room, n, d, NULL, w->run->gram, ridge};

    if (n == 0) {
        memset(s->factor + row * d, 0, d * sizeof(float));
    } else if (w->run->opts.cg_steps == 0 || n > w->run->block) {
        solve_exactly(w, row, ridge, room);
    } else {
        gather(w, s->to + s->start[row], n, room);
        w->kernels->cg(&system, w->run->opts.cg_steps, s->factor + row * d,
                       room + w->run->block * d);
    }
}


/* A worker's part is not a range but what it comes to take. */
static void work(void *ctx, size_t begin, size_t end)
{
    half *w = ctx;

    for (size_t worker = begin; worker < end; worker++) {
        float *room = w->run->rooms + worker * w->run->room;
        size_t row;

        while ((row = atomic_fetch_add(&w->next, CHUNK)) < w->solved->n)
            for (size_t i = row; i < row + CHUNK && i < w->solved->n; i++)
                solve_row(w, i, room);
    }
}


static void solve_side(rk_ials_run *run, const side *solved, const side *fixed)
{
    half w = {.run = run,
              .solved = solved,
              .fixed = fixed,
              .kernels = rk_gathered_at(0)};

    rk_ials_gram(fixed->factor, fixed->n, &run->opts, run->gram);
    rk_parallel(run->n_workers, work, &w);
}


void rk_ials_run_users(rk_ials_run *run)
{
    solve_side(run, &run->users, &run->items);
}


void rk_ials_run_items(rk_ials_run *run)
{
    solve_side(run, &run->items, &run->users);
}


float *rk_ials_run_p(rk_ials_run *run)
{
    return run->users.factor;
}


float *rk_ials_run_q(rk_ials_run *run)
{
    return run->items.factor;
}


/* sum over rows of ridge |row|^2 */
static double penalty(const rk_ials_run *run, const side *s, size_t n_others)
{
    size_t d = run->opts.d;
    double sum = 0;

    for (size_t i = 0; i < s->n; i++) {
        const float *row = s->factor + i * d;
        double n = (double)(s->start[i + 1] - s->start[i]);
        double square = 0;

        for (size_t j = 0; j < d; j++)
            square += (double)row[j] * (double)row[j];
        sum += (double)rk_ials_ridge(&run->opts, n, n_others) * square;
    }
    return sum;
}


/* sum over all pairs of (a_i.b_j)^2 = trace(A'A B'B), in double and plain:
 * this is what fast paths are judged by. */
static double all_pairs(const side *a, const side *b, size_t d)
{
    double sum = 0;

    for (size_t i = 0; i < d; i++)
        for (size_t j = i; j < d; j++) {
            double x = 0;
            double y = 0;

            for (size_t r = 0; r < a->n; r++)
                x += (double)a->factor[r * d + i] *
                     (double)a->factor[r * d + j];
            for (size_t r = 0; r < b->n; r++)
                y += (double)b->factor[r * d + i] *
                     (double)b->factor[r * d + j];
            sum += (i == j ? 1 : 2) * x * y;
        }
    return sum;
}


double rk_ials_run_objective(const rk_ials_run *run)
{
    const side *users = &run->users;
    size_t d = run->opts.d;
    double sum = penalty(run, users, run->items.n) +
                 penalty(run, &run->items, users->n) +
                 (double)run->opts.unseen * all_pairs(users, &run->items, d);

    for (size_t u = 0; u < users->n; u++)
        for (size_t e = users->start[u]; e < users->start[u + 1]; e++) {
            const float *q = run->items.factor + users->to[e] * d;
            double miss = 1;

            for (size_t j = 0; j < d; j++)
                miss -= (double)users->factor[u * d + j] * (double)q[j];
            sum += miss * miss;
        }
    return sum;
}
