/* Every store backend against a model of plain arrays, by random operations. */
#include "store_suite.h"

#include "core/rng.h"

/* The slow oracle: a store as plain arrays, searched from their start. */
enum { M_IDS = 8, M_TIMES = 5, M_EVENTS = M_IDS * M_IDS * M_TIMES };

typedef struct model {
    int items[M_IDS], titles[M_IDS], n_items; /* in order of arrival */
    int users[M_IDS], n_users;
    struct {
        int user, item, at, value;
    } events[M_EVENTS];
    int n_events;
    uint64_t change;
} model;


static int place_of(const int *ids, int n, int id)
{
    for (int i = 0; i < n; i++)
        if (ids[i] == id)
            return i;
    return -1;
}


static void model_put_item(model *m, int id, int title)
{
    int at = place_of(m->items, m->n_items, id);

    if (at >= 0 && m->titles[at] == title)
        return;
    m->change++;
    if (at < 0) {
        at = m->n_items++;
        m->items[at] = id;
    }
    m->titles[at] = title;
}


static int model_put_event(model *m, int user, int item, int at, int value)
{
    if (place_of(m->items, m->n_items, item) < 0)
        return RK_ENOTFOUND;
    if (place_of(m->users, m->n_users, user) < 0) {
        m->users[m->n_users++] = user;
        m->change++;
    }
    for (int i = 0; i < m->n_events; i++) {
        if (m->events[i].user == user && m->events[i].item == item &&
            m->events[i].at == at) {
            m->change += m->events[i].value != value;
            m->events[i].value = value;
            return RK_OK;
        }
    }
    m->events[m->n_events].user = user;
    m->events[m->n_events].item = item;
    m->events[m->n_events].at = at;
    m->events[m->n_events].value = value;
    m->n_events++;
    m->change++;
    return RK_OK;
}


static void assert_like_model(rk_store *s, const model *m)
{
    rk_buf told;

    rk_buf_init(&told);
    for (int i = 0; i < m->n_items; i++)
        rk_buf_printf(&told, "i%d title=%d\n", m->items[i], m->titles[i]);
    assert_records(s, RK_ITEMS, 0, rk_buf_str(&told));
    rk_buf_reset(&told);
    for (int u = 0; u < m->n_users; u++)
        for (int at = 0; at < M_TIMES; at++)
            for (int i = 0; i < m->n_events; i++)
                if (m->events[i].user == m->users[u] && m->events[i].at == at)
                    rk_buf_printf(&told, "u%d i%d rating %d %d\n",
                                  m->events[i].user, m->events[i].item,
                                  m->events[i].value, at);
    assert_events(s, NULL, rk_buf_str(&told));
    rk_buf_clear(&told);
    assert_same_counts(
        s, (rk_store_counts){(uint64_t)m->n_items, (uint64_t)m->n_users,
                             (uint64_t)m->n_events, 0, m->change});
}


static void test_store_agrees_with_plain_arrays(void **state)
{
    static model m, saved;
    fixture *f = *state;
    rk_rng r = {11};

    memset(&m, 0, sizeof(m));
    for (int round = 0; round < 30; round++) {
        saved = m;
        assert_int_equal(rk_store_begin(f->s, NULL), RK_OK);
        for (int i = 0; i < 25; i++) {
            char item[16], user[16], title[16];
            int it = (int)rk_rng_below(&r, M_IDS);
            int us = (int)rk_rng_below(&r, M_IDS);
            int at = (int)rk_rng_below(&r, M_TIMES);
            int value = (int)rk_rng_below(&r, 3);

            snprintf(item, sizeof(item), "i%d", it);
            snprintf(user, sizeof(user), "u%d", us);
            snprintf(title, sizeof(title), "%d", value);
            if (rk_rng_below(&r, 5) == 0) {
                assert_int_equal(put_item(f->s, item, title), RK_OK);
                model_put_item(&m, it, value);
            } else {
                assert_int_equal(
                    put_event(f->s, user, item, "rating", value, at),
                    model_put_event(&m, us, it, at, value));
            }
        }
        if (rk_rng_below(&r, 3) == 0) {
            rk_store_rollback(f->s);
            m = saved;
        } else {
            assert_int_equal(rk_store_commit(f->s, NULL), RK_OK);
        }
        assert_like_model(f->s, &m);
    }
    assert_true(m.n_events > 50);
}


int main(void)
{
    static const struct CMUnitTest suite[] = {
        cmocka_unit_test(test_store_agrees_with_plain_arrays),
    };

    return suite_run(suite, sizeof(suite) / sizeof(*suite));
}
