/* Each candidate is asked about: would this user like it, yes or no. What
 * counts is how much further the answer leans to yes than for somebody of whom
 * nothing is known (contextual calibration: Zhao et al., "Calibrate Before
 * Use", ICML 2021; the question is TALLRec's: Bao et al., RecSys 2023).
 *
 *   lean(user) = log p(Yes | user, candidate) - log p(No | user, candidate)
 *   score      = lean(user) - lean(nobody)
 *
 * Each candidate is a branch of its own behind the user's prompt, so none can
 * touch another's answer. */
#include "core/mem.h"
#include "paradigms/mode.h"

/* With the space that they stand after; in a chat they begin the answer. */
static const char *const words[2] = {" Yes", " No"};


static const char *lacks(rk_llm *writer)
{
    for (size_t i = 0; i < 2; i++)
        if (!rk_llm_one_token(writer, words[i]) ||
            !rk_llm_one_token(writer, words[i] + 1))
            return "Yes and No are not one token each for this model";
    return NULL;
}


/* log p(Yes) - log p(No) for each candidate; `bare`: of nobody's history. */
static int lean(const rk_mode_ask *a, bool bare, float *out, rk_error *err)
{
    rk_prompt_ask ask = {.kind = RK_PROMPT_YES_NO,
                         .candidates = a->items,
                         .n = a->n,
                         .without_user = bare};
    float *rows = rk_alloc_array(a->n, 2 * sizeof(*rows));
    char *prefix = NULL;
    rk_prompt p = {0};
    int rc = rows ? rk_mode_prompt(&p, a, ask, err) : rk_no_memory(err);

    if (rc == RK_OK) {
        size_t skip = p.lead[0] ? 0 : 1;
        const char *answers[2] = {words[0] + skip, words[1] + skip};
        rk_asking asking = rk_mode_asking(a, &p, "asking yes or no",
                                          bare ? 0 : RK_ASK_PASSING);
        rk_words_question q = {prefix = rk_prompt_prefix(&p), answers, 2};

        rc = prefix
                 ? rk_cached_words(&asking, &q, (const char *const *)p.branches,
                                   a->n, rows, err)
                 : rk_no_memory(err);
    }
    for (size_t i = 0; i < a->n && rc == RK_OK; i++)
        out[i] = rows[2 * i] - rows[2 * i + 1];
    rk_prompt_clear(&p);
    free(prefix);
    free(rows);
    return rc;
}


static int score(const rk_mode_ask *a, float *scores, rk_mode_note *notes,
                 rk_error *err)
{
    float *nobody = rk_alloc_array(a->n, sizeof(*nobody));
    int rc = nobody ? lean(a, true, nobody, err) : rk_no_memory(err);

    if (rc == RK_OK)
        rc = lean(a, false, scores, err);
    for (size_t i = 0; i < a->n && rc == RK_OK; i++) {
        scores[i] -= nobody[i];
        notes[i][0] = scores[i];
        notes[i][1] = 0;
    }
    free(nobody);
    return rc;
}


/* The question around a candidate, and the instruction before the lists. */
#define QUESTION 16
#define TASK     24

static float tokens(const rk_mode_size *z)
{
    return z->liked + z->disliked + z->lines + QUESTION * z->n + TASK;
}


static const rk_like_model *like(const rk_snapshot *s)
{
    return &s->llm_yes_no_like;
}


static int explain(const rk_snapshot *s, const rk_who *who,
                   const rk_candidate *c, const float *parts, rk_reasons *out,
                   rk_error *err)
{
    (void)s;
    (void)who;
    return rk_reasons_add(out, "model", "asked yes or no", parts[RK_MODE_FIRST],
                          err,
                          "asked whether the user would like it, the writer "
                          "leans %+.2f nats further to yes than for somebody "
                          "it knows nothing of",
                          (double)c->note[0]);
}


const rk_mode rk_mode_yes_no = {
    .name = "yes_no",
    .summary = "whether the user would like it, yes or no, for each candidate, "
               "against the same question about nobody",
    .law = "P + C + 16 n: the user's lists once, and each candidate's line and "
           "question",
    .judge = "the writer's yes or no",
    .needs = RK_CAN_WORDS,
    .tokens = tokens,
    .lacks = lacks,
    .score = score,
    .like = like,
    .explain = explain,
};
