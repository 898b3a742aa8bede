#include "core/hash.h"
#include "core/mem.h"
#include "core/progress.h"
#include "core/rng.h"
#include "llm/backend.h"
#include "llm/beams.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#define CONTEXT 4096
#define WIDTH   32

/* What every token may expect besides its count, at most 1 each: this many
 * together, so that a probability stays below 1. */
#define UNSEEN 100.0

/* A token: spaces and then a word or one other character. Its key tells words
 * apart without their leading space and the case of their letters. */
typedef struct piece {
    const char *text;
    size_t len;
    uint64_t key;
    bool is_word;
} piece;

typedef struct keys {
    uint64_t *v;
    size_t n;
    size_t cap;
} keys;

typedef struct scripted {
    keys text;       /* the prefix and, while it is read, one branch */
    size_t n_prefix; /* of `text` */
} scripted;


static bool word_char(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || c == '\'' ||
           c == '-';
}


/* The next token of *s, which moves on; false at the end. */
static bool next_piece(const char **s, piece *out)
{
    const char *p = *s;
    const char *body;
    uint64_t key = 0;

    if (!*p)
        return false;
    while (*p == ' ')
        p++;
    body = p;
    out->is_word = word_char(*p);
    while (word_char(*p))
        p++;
    if (p == body && *p)
        p++;
    for (const char *q = body; q < p; q++) {
        char folded = (char)tolower((unsigned char)*q);

        key = key * 31 + rk_hash64(&folded, 1);
    }
    *out = (piece){*s, (size_t)(p - *s), key, out->is_word};
    *s = p;
    return true;
}


static int add_key(keys *k, uint64_t key)
{
    uint64_t *bigger = rk_grow(k->v, k->n, &k->cap, sizeof(*bigger));

    if (!bigger)
        return RK_ENOMEM;
    k->v = bigger;
    k->v[k->n++] = key;
    return RK_OK;
}


static int count_tokens(rk_llm *m, const char *text)
{
    piece p;
    int n = 0;

    (void)m;
    while (next_piece(&text, &p))
        n++;
    return n;
}


/* Makes `text` the prefix; what it shares with the last one is "reused". */
static int set_prefix(rk_llm *m, const char *text, rk_error *err)
{
    scripted *s = m->state;
    size_t n = (size_t)count_tokens(m, text);
    size_t skip = n > CONTEXT - RK_LLM_ROOM ? n - (CONTEXT - RK_LLM_ROOM) : 0;
    size_t old = s->n_prefix;
    size_t shared = 0;
    piece p;

    s->text.n = 0;
    s->n_prefix = 0;
    for (size_t i = 0; next_piece(&text, &p); i++) {
        if (i < skip)
            continue;
        if (shared == s->text.n && shared < old && s->text.v[shared] == p.key)
            shared++;
        if (add_key(&s->text, p.key) != RK_OK)
            return rk_no_memory(err);
    }
    s->n_prefix = s->text.n;
    m->usage.reused_tokens += shared;
    m->usage.prefix_tokens += s->n_prefix - shared;
    return RK_OK;
}


/* log p(token | the text so far): by how often the text holds it, and a
 * little by chance. */
static double log_p(const scripted *s, uint64_t key)
{
    rk_rng chance = {key};
    double count = rk_rng_unit(&chance);

    for (size_t i = 0; i < s->text.n; i++)
        count += s->text.v[i] == key;
    return log((count + 1e-3) / ((double)s->text.n + UNSEEN));
}


static uint64_t key_of(const char *word)
{
    piece p = {0};

    next_piece(&word, &p);
    return p.key;
}


/* Reads a branch after the prefix: its log-likelihood without its end. */
static int read_branch(rk_llm *m, const char *branch, size_t index,
                       double *logp, rk_error *err)
{
    scripted *s = m->state;
    int n = count_tokens(m, branch);
    piece p;

    *logp = 0;
    if (rk_llm_on_time(m, err) != RK_OK)
        return RK_ECANCELLED;
    if (n > RK_LLM_ROOM)
        return rk_fail(err, RK_EINVAL, "branch %zu has %d tokens, at most %d",
                       index, n, RK_LLM_ROOM);
    s->text.n = s->n_prefix;
    while (next_piece(&branch, &p)) {
        *logp += log_p(s, p.key);
        if (add_key(&s->text, p.key) != RK_OK)
            return rk_no_memory(err);
    }
    m->usage.branch_tokens += (uint64_t)n;
    return RK_OK;
}


static int likelihood(rk_llm *m, const char *prefix,
                      const char *const *branches, size_t n, float *logp,
                      uint32_t *n_tokens, rk_error *err)
{
    scripted *s = m->state;
    int rc = set_prefix(m, prefix, err);

    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        double sum;

        rc = read_branch(m, branches[i], i, &sum, err);
        if (rc)
            break;
        logp[i] = (float)(sum + log_p(s, key_of("\n")));
        if (n_tokens)
            n_tokens[i] = (uint32_t)(s->text.n - s->n_prefix);
    }
    return rc;
}


static int next_words(rk_llm *m, const rk_next_words *ask, float *logp,
                      rk_error *err)
{
    scripted *s = m->state;
    int rc = set_prefix(m, ask->prefix, err);

    for (size_t i = 0; i < ask->n && rc == RK_OK; i++) {
        double sum;

        rc = read_branch(m, ask->branches[i], i, &sum, err);
        if (rc)
            break;
        for (size_t w = 0; w < ask->n_words; w++)
            logp[i * ask->n_words + w] = (float)log_p(s, key_of(ask->words[w]));
        rc = rk_progress_report(ask->progress, ask->stage, i + 1, ask->n, err);
    }
    return rc;
}


/* The likeliest of the allowed texts, the first of equals. */
static int choose(rk_llm *m, const rk_generate_opts *o, char **text,
                  rk_error *err)
{
    scripted *s = m->state;
    double best = -INFINITY;
    size_t which = 0;

    for (size_t i = 0; i < o->n_allowed; i++) {
        double sum;
        int rc = read_branch(m, o->allowed[i], i, &sum, err);

        if (rc)
            return rc;
        sum += log_p(s, key_of("\n"));
        if (sum > best) {
            best = sum;
            which = i;
        }
    }
    *text = rk_strdup(o->allowed[which]);
    return *text ? RK_OK : rk_no_memory(err);
}


/* The likeliest word of the prompt that was not written yet: those written
 * are the keys after the prefix. */
static bool likeliest_word(const scripted *s, const char *prompt, piece *best)
{
    double highest = -INFINITY;
    piece p;

    while (next_piece(&prompt, &p)) {
        bool written = !p.is_word;
        double score;

        for (size_t i = s->n_prefix; i < s->text.n && !written; i++)
            written = s->text.v[i] == p.key;
        score = written ? -INFINITY : log_p(s, p.key);
        if (score > highest) {
            highest = score;
            *best = p;
        }
    }
    return highest > -INFINITY;
}


static void add_direction(float *v, uint64_t key)
{
    rk_rng r = {key};

    for (size_t i = 0; i < WIDTH; i++)
        v[i] += (float)(rk_rng_unit(&r) - 0.5);
}


/* The state at a token is its direction: a probe learns which words matter. */
static int states(rk_llm *m, const rk_states_ask *ask, float *out,
                  rk_error *err)
{
    scripted *s = m->state;
    int rc = set_prefix(m, ask->prefix, err);

    memset(out, 0, ask->n * WIDTH * sizeof(*out));
    for (size_t i = 0; i < ask->n && rc == RK_OK; i++) {
        float *v = out + i * WIDTH;
        size_t from;
        double sum;

        rc = read_branch(m, ask->branches[i], i, &sum, err);
        if (rc)
            break;
        from = ask->mean && s->text.n > s->n_prefix ? s->n_prefix
                                                    : s->text.n - 1;
        for (size_t j = from; j < s->text.n; j++)
            add_direction(v, s->text.v[j]);
        for (size_t j = 0; j < WIDTH; j++)
            v[j] /= (float)(s->text.n - from);
    }
    return rc;
}


/* Pieces as tokens: a key's number is the place of the first like it. */
typedef struct numbered {
    keys all;      /* of the allowed texts, one after the other */
    int32_t *ids;  /* (all.n) */
    size_t *first; /* (n + 1) */
    scripted *s;
    const rk_trie *trie;
} numbered;


static int number_texts(numbered *t, const rk_beams_opts *o, rk_error *err)
{
    piece p;

    t->first = rk_calloc(o->n_allowed + 1, sizeof(*t->first));
    if (!t->first)
        return rk_no_memory(err);
    for (size_t i = 0; i < o->n_allowed; i++) {
        const char *text = o->allowed[i];

        while (next_piece(&text, &p))
            if (add_key(&t->all, p.key) != RK_OK)
                return rk_no_memory(err);
        t->first[i + 1] = t->all.n;
    }
    t->ids = rk_alloc_array(t->all.n, sizeof(*t->ids));
    if (!t->ids)
        return rk_no_memory(err);
    for (size_t i = 0; i < t->all.n; i++) {
        size_t j = 0;

        while (t->all.v[j] != t->all.v[i])
            j++;
        t->ids[i] = (int32_t)j;
    }
    return RK_OK;
}


static float beam_logit(void *ctx, int32_t token)
{
    const numbered *t = ctx;

    return (float)log_p(t->s,
                        token == RK_BEAM_END ? key_of("\n") : t->all.v[token]);
}


static int read_steps(void *ctx, rk_beams *search, const rk_beam_step *steps,
                      size_t n, rk_error *err)
{
    numbered *t = ctx;

    for (size_t i = 0; i < n; i++) {
        const int32_t *path = rk_trie_path(t->trie, steps[i].at);

        t->s->text.n = t->s->n_prefix;
        for (uint32_t j = 0; j < steps[i].at.depth; j++)
            if (add_key(&t->s->text, t->all.v[path[j]]) != RK_OK)
                return rk_no_memory(err);
        rk_beams_read(search, i);
    }
    return RK_OK;
}


static int beams(rk_llm *m, const char *prompt, const rk_beams_opts *opts,
                 rk_beam *out, size_t *n_out, rk_error *err)
{
    numbered t = {.s = m->state};
    rk_beam_reader reader = {read_steps, beam_logit, &t};
    rk_trie *trie = NULL;
    int rc = number_texts(&t, opts, err);

    if (rc == RK_OK)
        rc = rk_trie_new(&trie, t.ids, t.first, opts->n_allowed, err);
    t.trie = trie;
    if (rc == RK_OK)
        rc = set_prefix(m, prompt, err);
    if (rc == RK_OK)
        rc = rk_beams_search(trie, opts->width, &reader, out, n_out, err);
    rk_trie_free(trie);
    free(t.all.v);
    free(t.ids);
    free(t.first);
    return rc;
}


static int generate(rk_llm *m, const char *prompt, const rk_generate_opts *o,
                    char **text, rk_error *err)
{
    scripted *s = m->state;
    piece p = {.text = ""};
    rk_buf out;
    int rc = set_prefix(m, prompt, err);

    if (rc || o->allowed)
        return rc ? rc : choose(m, o, text, err);
    rk_buf_init(&out);
    for (size_t i = 0; i < o->max_tokens && likeliest_word(s, prompt, &p);
         i++) {
        if (*p.text != ' ')
            rk_buf_putc(&out, ' ');
        rk_buf_add(&out, p.text, p.len);
        if (rk_llm_cut_at_stop(&out, o))
            break;
        if (add_key(&s->text, p.key) != RK_OK) {
            rk_buf_clear(&out);
            return rk_no_memory(err);
        }
        m->usage.branch_tokens++;
    }
    *text = rk_buf_take(&out);
    return *text ? RK_OK : rk_no_memory(err);
}


static int embed(rk_llm *m, const char *const *texts, size_t n, float *out,
                 const rk_progress *progress, rk_error *err)
{
    int rc = RK_OK;

    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        const char *text = texts[i];
        float *v = out + i * WIDTH;
        double square = 0;
        bool any = false;
        piece p;

        memset(v, 0, WIDTH * sizeof(*v));
        while (next_piece(&text, &p))
            if (p.is_word) {
                add_direction(v, p.key);
                any = true;
            }
        if (!any)
            add_direction(v, 0); /* a text without words points somewhere */
        for (size_t j = 0; j < WIDTH; j++)
            square += (double)v[j] * v[j];
        for (size_t j = 0; j < WIDTH; j++)
            v[j] = (float)(v[j] / sqrt(square));
        m->usage.branch_tokens += (uint64_t)count_tokens(m, texts[i]);
        rc = rk_progress_report(progress, "embed", i + 1, n, err);
    }
    return rc;
}


static void forget(rk_llm *m)
{
    scripted *s = m->state;

    s->n_prefix = 0;
}


static void release(rk_llm *m)
{
    scripted *s = m->state;

    free(s->text.v);
    free(s);
}


static const rk_llm_backend scripted_backend = {
    .close = release,
    .embed = embed,
    .likelihood = likelihood,
    .next_words = next_words,
    .states = states,
    .beams = beams,
    .generate = generate,
    .count_tokens = count_tokens,
    .forget = forget,
};


int rk_llm_open_scripted(rk_llm **out, enum rk_llm_role role, rk_error *err)
{
    rk_llm_info info = {
        .name = "scripted",
        .path = "",
        .fingerprint = "scripted-1",
        .architecture = "scripted",
        .d = role == RK_EMBEDDER ? WIDTH : 0,
        .width = role == RK_WRITER ? WIDTH : 0,
        .n_context = CONTEXT,
        .can = role == RK_WRITER ? RK_WRITER_CAN : RK_EMBEDDER_CAN,
    };
    int rc = rk_llm_new(out, &scripted_backend, role, &info, err);

    if (rc)
        return rc;
    (*out)->state = rk_calloc(1, sizeof(scripted));
    if (!(*out)->state) {
        rk_llm_close(*out);
        *out = NULL;
        return rk_no_memory(err);
    }
    return RK_OK;
}
