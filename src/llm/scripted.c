#include "core/mem.h"
#include "core/progress.h"
#include "core/rng.h"
#include "llm/script.h"

#include <math.h>
#include <string.h>

#define WIDTH 32


static int likelihood(rk_llm *m, const char *prefix,
                      const char *const *branches, size_t n, float *logp,
                      uint32_t *n_tokens, rk_error *err)
{
    rk_script *s = m->state;
    int rc = rk_script_set_prefix(m, prefix, err);

    for (size_t i = 0; i < n && rc == RK_OK; i++) {
        double sum;

        rc = rk_script_read(m, branches[i], i, &sum, err);
        if (rc)
            break;
        logp[i] = (float)(sum + rk_script_log_p(s, rk_script_key("\n")));
        if (n_tokens)
            n_tokens[i] = (uint32_t)(s->text.n - s->n_prefix);
    }
    return rc;
}


static int next_words(rk_llm *m, const rk_next_words *ask, float *logp,
                      rk_error *err)
{
    rk_script *s = m->state;
    int rc = rk_script_set_prefix(m, ask->prefix, err);

    for (size_t i = 0; i < ask->n && rc == RK_OK; i++) {
        double sum;

        rc = rk_script_read(m, ask->branches[i], i, &sum, err);
        if (rc)
            break;
        for (size_t w = 0; w < ask->n_words; w++)
            logp[i * ask->n_words + w] = (float)rk_script_log_p(
                s, rk_script_key(ask->words[w]));
        rc = rk_progress_report(ask->progress, ask->stage, i + 1, ask->n, err);
    }
    return rc;
}


/* The likeliest of the allowed texts, the first of equals. */
static int choose(rk_llm *m, const rk_generate_opts *o, char **text,
                  rk_error *err)
{
    rk_script *s = m->state;
    double best = -INFINITY;
    size_t which = 0;

    for (size_t i = 0; i < o->n_allowed; i++) {
        double sum;
        int rc = rk_script_read(m, o->allowed[i], i, &sum, err);

        if (rc)
            return rc;
        sum += rk_script_log_p(s, rk_script_key("\n"));
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
static bool likeliest_word(const rk_script *s, const char *prompt,
                           rk_script_piece *best)
{
    double highest = -INFINITY;
    rk_script_piece p;

    while (rk_script_next(&prompt, &p)) {
        bool written = !p.is_word;
        double score;

        for (size_t i = s->n_prefix; i < s->text.n && !written; i++)
            written = s->text.v[i] == p.key;
        score = written ? -INFINITY : rk_script_log_p(s, p.key);
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
    rk_script *s = m->state;
    int rc = rk_script_set_prefix(m, ask->prefix, err);

    memset(out, 0, ask->n * WIDTH * sizeof(*out));
    for (size_t i = 0; i < ask->n && rc == RK_OK; i++) {
        float *v = out + i * WIDTH;
        size_t from;
        double sum;

        rc = rk_script_read(m, ask->branches[i], i, &sum, err);
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


static int generate(rk_llm *m, const char *prompt, const rk_generate_opts *o,
                    char **text, rk_error *err)
{
    rk_script *s = m->state;
    rk_script_piece p = {.text = ""};
    rk_buf out;
    int rc = rk_script_set_prefix(m, prompt, err);

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
        if (rk_script_add(&s->text, p.key) != RK_OK) {
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
        rk_script_piece p;

        memset(v, 0, WIDTH * sizeof(*v));
        while (rk_script_next(&text, &p))
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
        m->usage.branch_tokens += (uint64_t)rk_script_count(m, texts[i]);
        rc = rk_progress_report(progress, "embed", i + 1, n, err);
    }
    return rc;
}


static void forget(rk_llm *m)
{
    rk_script *s = m->state;

    s->n_prefix = 0;
}


static void release(rk_llm *m)
{
    rk_script *s = m->state;

    free(s->text.v);
    free(s);
}


static const rk_llm_backend scripted_backend = {
    .close = release,
    .embed = embed,
    .likelihood = likelihood,
    .next_words = next_words,
    .states = states,
    .beams = rk_script_beams,
    .generate = generate,
    .count_tokens = rk_script_count,
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
        .n_context = RK_SCRIPT_CONTEXT,
        .can = role == RK_WRITER ? RK_WRITER_CAN : RK_EMBEDDER_CAN,
    };
    int rc = rk_llm_new(out, &scripted_backend, role, &info, err);

    if (rc)
        return rc;
    (*out)->state = rk_calloc(1, sizeof(rk_script));
    if (!(*out)->state) {
        rk_llm_close(*out);
        *out = NULL;
        return rk_no_memory(err);
    }
    return RK_OK;
}
