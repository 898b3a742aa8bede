/* Figures of labelled answers and of hidden items against brute force. */
#include "small_task.h"

enum { ASKED = 90, CLUSTERS = 7 };

typedef struct scorer {
    uint64_t seed;
} scorer;


static float score_of(uint64_t seed, size_t user)
{
    rk_rng r = {seed * 1000 + user};

    return (float)rk_rng_below(&r, 9); /* with ties */
}


static int by_seed(void *ctx, const rk_task *t, const rk_questions *q,
                   size_t first, size_t n, float *scores, rk_error *err)
{
    const scorer *s = ctx;

    (void)t;
    (void)err;
    for (size_t u = 0; u < n; u++) {
        for (size_t i = 0; i < q->asked->n_items; i++)
            scores[u * q->asked->n_items + i] = NAN;
        scores[u * q->asked->n_items + q->candidates[first + u]] = score_of(
            s->seed, first + u);
    }
    return RK_OK;
}


/* ASKED questions, some of one person, some of whom answer always alike. */
static void labelled_init(small *s)
{
    rk_fill f;
    rk_rng r = {11};

    memset(s, 0, sizeof(*s));
    s->shelf = shelf_new();
    assert_int_equal(rk_fill_begin(&f, s->shelf, 1, NULL), RK_OK);
    for (uint32_t u = 0; u < ASKED; u++) {
        uint32_t cluster = u % CLUSTERS;
        char id[16];

        snprintf(id, sizeof(id), "Q%u", u);
        rk_fill_user(&f, id, &(rk_record){.id = id}, RK_NO_ID, NULL);
        rk_fill_event(&f, (rk_seen){u % ITEMS, 1, 1, 0}, NULL);
        rk_fill_truth(&f, (u + 1) % ITEMS, NULL);
        rk_fill_candidates(&f, NULL, 0, &r, NULL);
        rk_fill_label(&f, cluster == 2 || rk_rng_below(&r, 3) == 0 ? 1 : 0,
                      100 + cluster, NULL);
    }
    s->task = (rk_task){
        .name = "liked", .kind = RK_TASK_LIKE, .headline = RK_M_AUC};
    rk_fill_take_questions(&f, &s->task.test);
    assert_int_equal(rk_fill_begin(&f, s->shelf, 0, NULL), RK_OK);
    s->task.train = rk_fill_take_corpus(&f);
}


/* Over all pairs of a 1 and a 0; of one cluster, or of all (UINT32_MAX). */
static double auc_slowly(const rk_questions *q, uint64_t seed, uint32_t cluster)
{
    double right = 0;
    double n = 0;

    for (size_t a = 0; a < ASKED; a++) {
        for (size_t b = 0; b < ASKED; b++) {
            float x = score_of(seed, a);
            float y = score_of(seed, b);

            if (q->label[a] != 1 || q->label[b] != 0 ||
                (cluster != UINT32_MAX &&
                 (q->cluster[a] != cluster || q->cluster[b] != cluster)))
                continue;
            right += x > y ? 1 : x == y ? 0.5 : 0;
            n += 1;
        }
    }
    return n > 0 ? right / n : NAN;
}


static double gauc_slowly(const rk_questions *q, uint64_t seed)
{
    double sum = 0;
    double n = 0;

    for (uint32_t c = 0; c < CLUSTERS; c++) {
        double auc = auc_slowly(q, seed, 100 + c);

        sum += isnan(auc) ? 0 : auc;
        n += !isnan(auc);
    }
    assert_true(n == CLUSTERS - 1); /* one of them likes everything */
    return sum / n;
}


static void test_auc_and_gauc_are_those_of_all_pairs(void **state)
{
    rk_verdict v;
    small s;

    (void)state;
    labelled_init(&s);
    assert_int_equal(rk_task_check(&s.task, NULL), RK_OK);
    for (uint64_t seed = 1; seed < 4; seed++) {
        scorer ctx = {.seed = seed};
        rk_contestant who = {.name = "it", .ctx = &ctx, .score = by_seed};

        assert_int_equal(rk_judge(&v, &s.task, &s.task.test, &who, NULL, NULL),
                         RK_OK);
        assert_int_equal(v.n_users, ASKED);
        assert_true(fabs(v.metrics[RK_M_AUC].value -
                         auc_slowly(&s.task.test, seed, UINT32_MAX)) < 1e-9);
        assert_true(fabs(v.metrics[RK_M_GAUC].value -
                         gauc_slowly(&s.task.test, seed)) < 1e-6);
        assert_true(v.metrics[RK_M_AUC].low < v.metrics[RK_M_AUC].value);
        assert_true(v.metrics[RK_M_AUC].high > v.metrics[RK_M_AUC].value);
        assert_true(isnan(v.metrics[RK_M_NDCG_10].value));
        assert_int_equal(v.n_slices, 0);
        for (size_t u = 0; u < ASKED; u++)
            assert_true(v.per_user[u] == (double)score_of(seed, u));
        rk_verdict_clear(&v);
    }
    small_clear(&s);
}


static void test_a_difference_of_aucs_is_paired_by_cluster(void **state)
{
    scorer ctx[] = {{.seed = 1}, {.seed = 2}};
    const rk_judge_opts opts = {.n_resamples = 200};
    rk_contestant a = {.name = "a", .ctx = &ctx[0], .score = by_seed};
    rk_contestant b = {.name = "b", .ctx = &ctx[1], .score = by_seed};
    rk_measure alone;
    rk_measure d;
    rk_verdict va;
    rk_verdict vb;
    small s;

    (void)state;
    labelled_init(&s);
    rk_judge(&va, &s.task, &s.task.test, &a, &opts, NULL);
    rk_judge(&vb, &s.task, &s.task.test, &b, &opts, NULL);
    assert_int_equal(
        rk_judge_difference(&d, &s.task.test, &va, &vb, &opts, NULL), RK_OK);
    assert_true(fabs(d.value - (vb.metrics[RK_M_AUC].value -
                                va.metrics[RK_M_AUC].value)) < 1e-9);
    assert_true(d.low <= d.value && d.value <= d.high && d.low < d.high);
    rk_judge_difference(&d, &s.task.test, &va, &va, &opts, NULL);
    assert_true(d.value == 0 && d.low == 0 && d.high == 0);
    /* All in one cluster: every resample is the whole. */
    for (size_t u = 0; u < ASKED; u++)
        s.task.test.cluster[u] = 3;
    rk_judge_difference(&alone, &s.task.test, &va, &vb, &opts, NULL);
    assert_true(alone.low == alone.value && alone.high == alone.value);
    rk_verdict_clear(&va);
    rk_verdict_clear(&vb);
    small_clear(&s);
}


/* Everything gets its number; the truths are hidden and the highest of what
 * is hidden, but not of all. */
static int by_number(void *ctx, const rk_task *t, const rk_questions *q,
                     size_t first, size_t n, float *scores, rk_error *err)
{
    (void)ctx;
    (void)t;
    (void)first;
    (void)err;
    for (size_t i = 0; i < n * q->asked->n_items; i++)
        scores[i] = (float)(i % q->asked->n_items);
    return RK_OK;
}


static void test_hidden_items_are_ranked_among_themselves(void **state)
{
    rk_contestant who = {.name = "number", .score = by_number};
    bool hidden[ITEMS] = {false};
    rk_verdict v;
    rk_fill f;
    small s;

    (void)state;
    memset(&s, 0, sizeof(s));
    s.shelf = shelf_new();
    hidden[3] = hidden[8] = hidden[20] = true;
    rk_fill_begin(&f, s.shelf, 0, NULL);
    rk_fill_user(&f, "U", &(rk_record){.id = "U"}, RK_NO_ID, NULL);
    rk_fill_event(&f, (rk_seen){30, 1, 1, 0}, NULL);
    rk_fill_truth(&f, 20, NULL);
    s.task = (rk_task){
        .name = "hidden", .headline = RK_M_NDCG_10, .hidden = hidden};
    rk_fill_take_questions(&f, &s.task.test);
    rk_fill_begin(&f, s.shelf, 0, NULL);
    s.task.train = rk_fill_take_corpus(&f);
    s.task.test.hidden_only = true;
    assert_int_equal(rk_judge(&v, &s.task, &s.task.test, &who, NULL, NULL),
                     RK_OK);
    assert_true(v.metrics[RK_M_NDCG_1].value == 1);
    assert_true(v.metrics[RK_M_AUC].value == 1);
    assert_true(v.metrics[RK_M_COVERAGE].value == 1);
    rk_verdict_clear(&v);
    s.task.test.hidden_only = false;
    assert_int_equal(rk_judge(&v, &s.task, &s.task.test, &who, NULL, NULL),
                     RK_OK);
    assert_true(v.metrics[RK_M_NDCG_10].value == 0);
    assert_true(fabs(v.metrics[RK_M_NDCG_20].value - 1 / log2(20)) < 1e-6);
    assert_true(v.metrics[RK_M_COVERAGE].value == 10.0 / ITEMS);
    rk_verdict_clear(&v);
    small_clear(&s);
}


static void test_judging_labels_survives_failing_allocations(void **state)
{
    scorer ctx = {.seed = 1};
    rk_contestant who = {.name = "it", .ctx = &ctx, .score = by_seed};
    const rk_judge_opts opts = {.n_resamples = 5};
    size_t n = 0;
    rk_verdict v;
    rk_measure d;
    small s;
    int rc;

    (void)state;
    labelled_init(&s);
    do {
        rk_mem_fail_at(++n);
        rc = rk_judge(&v, &s.task, &s.task.test, &who, &opts, NULL);
        if (rc == RK_OK)
            rc = rk_judge_difference(&d, &s.task.test, &v, &v, &opts, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || rc == RK_ENOMEM);
        rk_verdict_clear(&v);
    } while (rc != RK_OK);
    assert_true(n > 15);
    small_clear(&s);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_auc_and_gauc_are_those_of_all_pairs),
        cmocka_unit_test(test_a_difference_of_aucs_is_paired_by_cluster),
        cmocka_unit_test(test_hidden_items_are_ranked_among_themselves),
        cmocka_unit_test(test_judging_labels_survives_failing_allocations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
