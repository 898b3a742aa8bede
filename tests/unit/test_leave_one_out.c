/* Leave-one-out over small shops: what is held is not seen, and the figures
 * are those of chance where there is nothing to know. */
#include "../shop.h"
#include "core/mem.h"
#include "eval/leave_one_out.h"

#include <math.h>

#define NOW ((int64_t)1795521600000000)

static const rk_loo_opts none = {0};


static const rk_loo_row *row_of(const rk_loo_row *rows, size_t n,
                                const char *name, bool on_short_list)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i].name, name) == 0 &&
            rows[i].on_short_list == on_short_list)
            return &rows[i];
    return NULL;
}


static void put_items(shop *s, unsigned n)
{
    rk_error err;

    for (unsigned i = 0; i < n; i++) {
        char id[16];
        char title[16];
        const rk_field fields[] = {{"title", title},
                                   {"genres", i % 2 ? "crime" : "romance"}};
        const rk_record item = {id, fields, 2};

        snprintf(id, sizeof(id), "B%u", i);
        snprintf(title, sizeof(title), "Book %u", i);
        assert_ok(rk_put_items(s->engine, &item, 1, &err), err);
    }
}


static void like(shop *s, unsigned user, unsigned item, int64_t at)
{
    char u[16];
    char b[16];
    const rk_event event = {u, b, "like", 1, NOW + at};
    rk_error err;

    snprintf(u, sizeof(u), "U%u", user);
    snprintf(b, sizeof(b), "B%u", item);
    assert_ok(rk_put_events(s->engine, &event, 1, &err), err);
}


/* Eight readers of the same ten books, and a last one each that nobody else
 * knows: had any of it been seen, popularity would rank it among the first
 * eight; unseen, it stands in the middle of thirty unknown ones. */
static void test_what_is_held_is_not_seen(void **state)
{
    rk_loo_row rows[RK_LOO_ROWS];
    rk_error err;
    size_t n;
    shop s;

    (void)state;
    shop_open(&s, "embedder: none, writer: none");
    put_items(&s, 40);
    for (unsigned u = 0; u < 8; u++) {
        for (unsigned i = 0; i < 10; i++)
            like(&s, u, i, i);
        like(&s, u, 10 + u, 100);
    }
    assert_ok(rk_leave_one_out(s.engine, &none, rows, &n, &err), err);
    assert_int_equal(row_of(rows, n, "popularity", false)->figures.n_users, 8);
    assert_true(row_of(rows, n, "popularity", false)->figures.recall == 0);
    assert_true(row_of(rows, n, "neighbours", false)->figures.recall == 0);
    assert_null(row_of(rows, n, "embeddings", false));
    assert_int_equal(row_of(rows, n, "llm", true)->figures.n_users, 0);
    shop_close(&s);
}


static void assert_sane(const rk_loo_row *r)
{
    const rk_figures *f = &r->figures;

    assert_true(f->n_users > 0);
    assert_true(f->recall >= 0 && f->recall <= 1);
    assert_true(f->mrr >= 0 && f->mrr <= f->ndcg + 1e-12);
    assert_true(f->ndcg <= f->recall + 1e-12);
}


static void test_every_way_has_its_row_and_the_same_one_again(void **state)
{
    static const char *const ways[] = {"embeddings", "tokens", "llm", "rag"};
    static const char *const full[] = {"random",     "popularity", "neighbours",
                                       "embeddings", "tokens",     "auto"};
    rk_loo_row rows[RK_LOO_ROWS];
    rk_loo_row again[RK_LOO_ROWS];
    rk_error err;
    size_t n;
    size_t m;
    shop s;

    (void)state;
    shop_open(&s, SCRIPTED);
    shop_fill(&s);
    assert_ok(rk_leave_one_out(s.engine, &none, rows, &n, &err), err);
    assert_ok(rk_leave_one_out(s.engine, &none, again, &m, &err), err);
    assert_int_equal(n, 10);
    assert_int_equal(m, n);
    for (size_t i = 0; i < 6; i++)
        assert_sane(row_of(rows, n, full[i], false));
    for (size_t i = 0; i < 4; i++)
        assert_sane(row_of(rows, n, ways[i], true));
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(rows[i].name, again[i].name);
        assert_true(rows[i].figures.ndcg == again[i].figures.ndcg);
    }
    /* The bookstore's readers have tastes: tokens must know more than chance,
     * on the list of 20 as on the whole. */
    assert_true(row_of(rows, n, "tokens", false)->figures.ndcg >
                row_of(rows, n, "random", false)->figures.ndcg);
    assert_true(row_of(rows, n, "tokens", true)->figures.ndcg > 0.2272);
    shop_close(&s);
}


/* A shop with fewer books than a short list has places. */
static void test_a_small_shop_has_shorter_lists(void **state)
{
    rk_loo_row rows[RK_LOO_ROWS];
    rk_error err;
    size_t n;
    shop s;

    (void)state;
    shop_open(&s, SCRIPTED);
    put_items(&s, 12);
    for (unsigned u = 0; u < 4; u++)
        for (unsigned i = 0; i < 7; i++)
            like(&s, u, (u + i) % 12, i);
    assert_ok(rk_leave_one_out(s.engine, &none, rows, &n, &err), err);
    assert_int_equal(row_of(rows, n, "tokens", true)->figures.n_users, 4);
    assert_true(row_of(rows, n, "tokens", true)->figures.recall == 1);
    shop_close(&s);
}


static void test_nobody_with_enough_events_gives_no_figures(void **state)
{
    rk_loo_row rows[RK_LOO_ROWS];
    rk_error err;
    size_t n;
    shop s;

    (void)state;
    shop_open(&s, SCRIPTED);
    put_items(&s, 3);
    like(&s, 0, 1, 1);
    assert_ok(rk_leave_one_out(s.engine, &none, rows, &n, &err), err);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(rows[i].figures.n_users, 0);
        assert_true(rows[i].figures.ndcg == 0);
    }
    shop_close(&s);
}


static int stop_at_ranking(void *ctx, const char *stage, uint64_t done,
                           uint64_t total)
{
    (void)done;
    (void)total;
    snprintf(ctx, 64, "%s", stage);
    return strcmp(stage, "ranking all") == 0;
}


static void test_it_can_be_stopped_and_leaves_nothing_behind(void **state)
{
    char last[64] = "";
    rk_loo_opts opts = {.progress = {stop_at_ranking, last}};
    rk_loo_row rows[RK_LOO_ROWS];
    struct dirent *e;
    rk_error err;
    size_t n;
    shop s;
    DIR *d;

    (void)state;
    shop_open(&s, SCRIPTED);
    put_items(&s, 12);
    for (unsigned i = 0; i < 7; i++)
        like(&s, 1, i, i);
    assert_int_equal(rk_leave_one_out(s.engine, &opts, rows, &n, &err),
                     RK_ECANCELLED);
    assert_string_equal(last, "ranking all");
    d = opendir(s.files.dir);
    assert_non_null(d);
    while ((e = readdir(d)))
        assert_null(strstr(e->d_name, "snapshot"));
    closedir(d);
    shop_close(&s);
}


static void test_it_survives_allocations_failing(void **state)
{
    static const size_t step = 331; /* of some thousands */
    rk_loo_row rows[RK_LOO_ROWS];
    rk_error err;
    size_t n_rows;
    size_t n = 1;
    size_t made;
    shop s;

    (void)state;
    shop_open(&s, SCRIPTED);
    put_items(&s, 12);
    for (unsigned u = 0; u < 3; u++)
        for (unsigned i = 0; i < 7; i++)
            like(&s, u, (u + i) % 12, i);
    assert_ok(rk_leave_one_out(s.engine, &none, rows, &n_rows, &err), err);
    do {
        int rc;

        rk_mem_fail_at(n);
        rc = rk_leave_one_out(s.engine, &none, rows, &n_rows, &err);
        made = rk_mem_fail_at(0);
        assert_true(rc == RK_OK || (rc == RK_ENOMEM && made >= n));
        n += step;
    } while (made + step >= n);
    assert_true(n > 2 * step);
    shop_close(&s);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_held_is_not_seen),
        cmocka_unit_test(test_every_way_has_its_row_and_the_same_one_again),
        cmocka_unit_test(test_a_small_shop_has_shorter_lists),
        cmocka_unit_test(test_nobody_with_enough_events_gives_no_figures),
        cmocka_unit_test(test_it_can_be_stopped_and_leaves_nothing_behind),
        cmocka_unit_test(test_it_survives_allocations_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
