#include "llm/beams.h"

#include "core/mem.h"

#include <math.h>

/* A way on from a step, or a text that has ended. */
typedef struct way {
    rk_trie_at at;
    double logp;     /* of all choices so far; a logit until it is shared */
    uint32_t parent; /* the step it goes on from */
    uint32_t from;   /* tokens that step has read */
    bool ended;
    uint32_t index; /* of the ended text */
} way;

struct rk_beams {
    const rk_trie *trie;
    const rk_beam_reader *reader;
    size_t width;
    rk_beam_step *steps; /* (width) being read */
    double *logp;        /* (width) of the steps */
    size_t n_steps;
    way *ways;
    size_t n_ways;
    size_t cap;
    bool failed; /* no memory for a way */
};


/* From a place along the only way on, to where there is a choice: true, or to
 * a text's end: false. */
static bool run_on(const rk_trie *t, rk_trie_at *at, uint32_t *index)
{
    for (;;) {
        bool may_end = rk_trie_ends(t, *at, index);
        rk_trie_at first = {0};
        rk_trie_at other;

        if (!rk_trie_child(t, *at, &first))
            return false;
        other = first;
        if (may_end || rk_trie_child(t, *at, &other))
            return true;
        *at = first;
    }
}


static void add_way(rk_beams *b, const way *w)
{
    way *bigger = rk_grow(b->ways, b->n_ways, &b->cap, sizeof(*bigger));

    if (!bigger) {
        b->failed = true;
        return;
    }
    b->ways = bigger;
    b->ways[b->n_ways++] = *w;
}


/* log of the sum of exp of the logits of the ways from `first` on. */
static double total_of(const rk_beams *b, size_t first)
{
    double most = -INFINITY;
    double sum = 0;

    for (size_t i = first; i < b->n_ways; i++)
        most = fmax(most, b->ways[i].logp);
    for (size_t i = first; i < b->n_ways; i++)
        sum += exp(b->ways[i].logp - most);
    return most + log(sum);
}


void rk_beams_read(rk_beams *b, size_t i)
{
    const rk_beam_reader *r = b->reader;
    const rk_beam_step *s = &b->steps[i];
    size_t first = b->n_ways;
    way w = {.parent = (uint32_t)i, .from = s->at.depth};
    rk_trie_at child = {0};
    double total;

    if (rk_trie_ends(b->trie, s->at, &w.index)) {
        w.at = s->at;
        w.ended = true;
        w.logp = (double)r->logit(r->ctx, RK_BEAM_END);
        add_way(b, &w);
    }
    while (rk_trie_child(b->trie, s->at, &child)) {
        w.at = child;
        w.logp = (double)r->logit(r->ctx, rk_trie_token(b->trie, child));
        w.ended = !run_on(b->trie, &w.at, &w.index);
        add_way(b, &w);
    }
    total = total_of(b, first);
    for (size_t j = first; j < b->n_ways; j++)
        b->ways[j].logp += b->logp[i] - total;
}


/* Best first; of equals the one that is first in the trie, and there the text
 * that ends before those that go on. */
static int by_logp(const void *a, const void *b)
{
    const way *x = a;
    const way *y = b;

    if (x->logp != y->logp)
        return x->logp > y->logp ? -1 : 1;
    if (x->at.begin != y->at.begin)
        return x->at.begin < y->at.begin ? -1 : 1;
    return (x->at.end > y->at.end) - (x->at.end < y->at.end);
}


/* The best ways are kept. Those that have ended stay as they are, since
 * nothing can make them better; the others are the next steps. */
static void choose(rk_beams *b)
{
    size_t n_ended = 0;

    if (b->n_ways > 0)
        qsort(b->ways, b->n_ways, sizeof(*b->ways), by_logp);
    if (b->n_ways > b->width)
        b->n_ways = b->width;
    b->n_steps = 0;
    for (size_t i = 0; i < b->n_ways; i++) {
        const way *w = &b->ways[i];

        if (w->ended) {
            b->ways[n_ended++] = *w;
            continue;
        }
        b->logp[b->n_steps] = w->logp;
        b->steps[b->n_steps++] = (rk_beam_step){w->at, w->from, w->parent};
    }
    b->n_ways = n_ended;
}


int rk_beams_search(const rk_trie *trie, size_t width,
                    const rk_beam_reader *reader, rk_beam *out, size_t *n_out,
                    rk_error *err)
{
    rk_beams b = {.trie = trie, .reader = reader, .width = width};
    way first = {.at = rk_trie_root(trie)};
    int rc = RK_OK;

    *n_out = 0;
    b.steps = rk_calloc(width, sizeof(*b.steps));
    b.logp = rk_calloc(width, sizeof(*b.logp));
    if (!b.steps || !b.logp) {
        rc = rk_no_memory(err);
        goto done;
    }
    first.ended = !run_on(trie, &first.at, &first.index);
    add_way(&b, &first);
    choose(&b);
    while (b.n_steps > 0 && !b.failed && rc == RK_OK) {
        rc = reader->read(reader->ctx, &b, b.steps, b.n_steps, err);
        choose(&b);
    }
    if (rc == RK_OK && b.failed)
        rc = rk_no_memory(err);
    if (rc)
        goto done;
    for (size_t i = 0; i < b.n_ways; i++)
        out[i] = (rk_beam){b.ways[i].index, (float)b.ways[i].logp};
    *n_out = b.n_ways;

done:
    free(b.steps);
    free(b.logp);
    free(b.ways);
    return rc;
}
