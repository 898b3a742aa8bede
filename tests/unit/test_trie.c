#include "core/mem.h"
#include "core/rng.h"
#include "llm/trie.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define N   60
#define LEN 6

/* Sequences over a small alphabet, so that they share beginnings, some are
 * beginnings of others, some empty and some given twice. */
typedef struct sequences {
    int32_t tokens[N * LEN];
    size_t first[N + 1];
} sequences;


static void draw(sequences *s, uint64_t seed)
{
    rk_rng r = {seed};
    size_t used = 0;

    for (size_t i = 0; i < N; i++) {
        size_t len = rk_rng_below(&r, LEN + 1);

        s->first[i] = used;
        for (size_t j = 0; j < len; j++)
            s->tokens[used++] = (int32_t)rk_rng_below(&r, 3) - 1;
    }
    s->first[N] = used;
}


static bool begins_with(const sequences *s, size_t i, const int32_t *path,
                        size_t depth)
{
    return s->first[i + 1] - s->first[i] >= depth &&
           memcmp(s->tokens + s->first[i], path, depth * sizeof(*path)) == 0;
}


/* The oracle: looks through all sequences at every place. Returns how many
 * sequences end at or below `at`. */
static size_t check(const sequences *s, const rk_trie *t, rk_trie_at at,
                    int32_t *path)
{
    rk_trie_at child = {0};
    size_t n_ends = 0;
    size_t first = N;
    uint32_t index;

    for (size_t i = N; i-- > 0;)
        if (begins_with(s, i, path, at.depth) &&
            s->first[i + 1] - s->first[i] == at.depth) {
            n_ends++;
            first = i;
        }
    assert_int_equal(rk_trie_ends(t, at, &index), n_ends > 0);
    if (n_ends)
        assert_int_equal(index, first);
    if (at.depth)
        assert_memory_equal(rk_trie_path(t, at), path,
                            at.depth * sizeof(*path));

    /* Children: the tokens -1, 0 and 1, in order, those that are there. */
    for (int32_t next = -1; next <= 1; next++) {
        bool there = false;

        path[at.depth] = next;
        for (size_t i = 0; i < N && !there; i++)
            there = begins_with(s, i, path, at.depth + 1);
        if (!there)
            continue;
        assert_true(rk_trie_child(t, at, &child));
        assert_int_equal(rk_trie_token(t, child), next);
        assert_int_equal(child.depth, at.depth + 1);
        n_ends += check(s, t, child, path);
    }
    assert_false(rk_trie_child(t, at, &child));
    return n_ends;
}


static void test_trie_walks_as_a_search_through_all_sequences_does(void **state)
{
    int32_t path[LEN + 2];
    sequences s;
    rk_trie *t;

    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        draw(&s, seed);
        assert_int_equal(rk_trie_new(&t, s.tokens, s.first, N, NULL), RK_OK);
        assert_int_equal(check(&s, t, rk_trie_root(t), path), N);
        rk_trie_free(t);
    }
}


static void test_trie_order_is_that_of_its_walk(void **state)
{
    sequences s;
    rk_trie *t;

    (void)state;
    draw(&s, 5);
    assert_int_equal(rk_trie_new(&t, s.tokens, s.first, N, NULL), RK_OK);
    for (size_t i = 1; i < N; i++) {
        uint32_t a = rk_trie_order(t)[i - 1];
        uint32_t b = rk_trie_order(t)[i];
        size_t len_a = s.first[a + 1] - s.first[a];
        size_t len_b = s.first[b + 1] - s.first[b];
        size_t same = 0;

        while (same < len_a && same < len_b &&
               s.tokens[s.first[a] + same] == s.tokens[s.first[b] + same])
            same++;
        if (same == len_a && same == len_b)
            assert_true(a < b);
        else
            assert_true(same == len_a ||
                        (same < len_b && s.tokens[s.first[a] + same] <
                                             s.tokens[s.first[b] + same]));
    }
    rk_trie_free(t);
}


static void test_trie_gives_the_first_of_equal_sequences(void **state)
{
    static const int32_t tokens[] = {7, 8, 7, 8, 7};
    static const size_t first[] = {0, 2, 4, 5};
    rk_trie_at at = {0};
    uint32_t index = 99;
    rk_trie *t;

    (void)state;
    assert_int_equal(rk_trie_new(&t, tokens, first, 3, NULL), RK_OK);
    assert_false(rk_trie_ends(t, rk_trie_root(t), &index));
    assert_true(rk_trie_child(t, rk_trie_root(t), &at));
    assert_true(rk_trie_ends(t, at, &index));
    assert_int_equal(index, 2);
    assert_true(rk_trie_child(t, at, &(rk_trie_at){0}));
    at = (rk_trie_at){1, 3, 2};
    assert_true(rk_trie_ends(t, at, &index));
    assert_int_equal(index, 0);
    rk_trie_free(t);
}


static void test_trie_refuses_to_be_of_nothing(void **state)
{
    static const size_t first[] = {0};
    rk_trie *t;

    (void)state;
    assert_int_equal(rk_trie_new(&t, NULL, first, 0, NULL), RK_EINVAL);
    assert_null(t);
}


static void test_trie_survives_each_allocation_failing(void **state)
{
    rk_trie *t = NULL;
    sequences s;
    size_t n = 0;
    int rc;

    (void)state;
    draw(&s, 1);
    do {
        rk_mem_fail_at(++n);
        rc = rk_trie_new(&t, s.tokens, s.first, N, NULL);
        rk_mem_fail_at(0);
        assert_true(rc == RK_OK || (rc == RK_ENOMEM && !t));
    } while (rc);
    assert_int_equal(n, 5);
    rk_trie_free(t);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_trie_walks_as_a_search_through_all_sequences_does),
        cmocka_unit_test(test_trie_order_is_that_of_its_walk),
        cmocka_unit_test(test_trie_gives_the_first_of_equal_sequences),
        cmocka_unit_test(test_trie_refuses_to_be_of_nothing),
        cmocka_unit_test(test_trie_survives_each_allocation_failing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
