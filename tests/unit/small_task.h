/* A small ranking task made by hand, for tests of judging. */
#ifndef RK_TESTS_SMALL_TASK_H
#define RK_TESTS_SMALL_TASK_H

#include "core/mem.h"
#include "core/rng.h"
#include "eval/fill.h"
#include "eval/judge.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ITEMS = 40, USERS = 60, CANDIDATES = 8 };

typedef struct small {
    rk_task task;
    rk_corpus *shelf;
} small;


static inline rk_corpus *shelf_new(void)
{
    static const rk_rules none = {0};
    rk_corpus_builder *b = NULL;
    rk_corpus *c = NULL;

    assert_int_equal(rk_corpus_builder_new(&b, &none, NULL), RK_OK);
    for (unsigned i = 0; i < ITEMS; i++) {
        char id[16];
        const rk_field fields[] = {{"title", id},
                                   {"genres", i % 2 ? "a|b" : "b|c"}};

        snprintf(id, sizeof(id), "I%u", i);
        assert_int_equal(
            rk_corpus_add_item(b, &(rk_record){id, fields, 2}, NULL), RK_OK);
    }
    assert_int_equal(rk_corpus_finish(b, &c, NULL), RK_OK);
    rk_corpus_builder_free(b);
    return c;
}


/* User u has had items u, u + 1, u + 2 and is asked for u + 3 and, when there
 * are no candidates and u is even, u + 5. */
static inline void small_init(small *s, size_t n_candidates)
{
    rk_fill train;
    rk_fill test;
    rk_rng rng = {7};

    memset(s, 0, sizeof(*s));
    s->shelf = shelf_new();
    assert_int_equal(rk_fill_begin(&train, s->shelf, 0, NULL), RK_OK);
    assert_int_equal(rk_fill_begin(&test, s->shelf, n_candidates, NULL), RK_OK);
    for (uint32_t u = 0; u < USERS; u++) {
        char id[16];
        uint32_t others[CANDIDATES];

        snprintf(id, sizeof(id), "U%u", u);
        rk_fill_user(&train, id, &(rk_record){.id = id}, u, NULL);
        rk_fill_user(&test, id, &(rk_record){.id = id}, u, NULL);
        for (uint32_t i = 0; i < 3; i++) {
            rk_seen e = {(u + i) % ITEMS, 1, 1, i};

            rk_fill_event(&train, e, NULL);
            rk_fill_event(&test, e, NULL);
        }
        rk_fill_truth(&test, (u + 3) % ITEMS, NULL);
        for (uint32_t i = 0; i < CANDIDATES; i++)
            others[i] = (u + 10 + i) % ITEMS;
        if (n_candidates)
            rk_fill_candidates(&test, others, CANDIDATES - 1, &rng, NULL);
        else if (u % 2 == 0)
            rk_fill_truth(&test, (u + 5) % ITEMS, NULL);
    }
    s->task = (rk_task){.name = "small", .headline = RK_M_NDCG_10};
    s->task.train = rk_fill_take_corpus(&train);
    rk_fill_take_questions(&test, &s->task.test);
}


static inline void small_clear(small *s)
{
    rk_fill_free_corpus(s->task.train);
    rk_fill_free_questions(&s->task.test);
    rk_corpus_free(s->shelf);
}

#endif
