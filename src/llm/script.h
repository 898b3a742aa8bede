/* The text that a scripted model reads, and what it expects next: words by how
 * often they were there, and a little by chance. Private to scripted.c and
 * scripted_beams.c; one thread at a time. */
#ifndef RK_LLM_SCRIPT_H
#define RK_LLM_SCRIPT_H

#include "llm/backend.h"

#define RK_SCRIPT_CONTEXT 4096

/* A token: spaces and then a word or one other character. Its key tells words
 * apart without their leading space and the case of their letters. */
typedef struct rk_script_piece {
    const char *text;
    size_t len;
    uint64_t key;
    bool is_word;
} rk_script_piece;

typedef struct rk_script_keys {
    uint64_t *v;
    size_t n;
    size_t cap;
} rk_script_keys;

typedef struct rk_script {
    rk_script_keys text; /* the prefix and, while it is read, one branch */
    size_t n_prefix;     /* of `text` */
} rk_script;

/* The next token of *s, which moves on; false at the end. */
bool rk_script_next(const char **s, rk_script_piece *out);

/* RK_OK or RK_ENOMEM. */
int rk_script_add(rk_script_keys *k, uint64_t key);

int rk_script_count(rk_llm *m, const char *text);

/* The key of a text's first token. */
uint64_t rk_script_key(const char *word);

/* Makes `text` the prefix; what it shares with the last one is "reused". */
int rk_script_set_prefix(rk_llm *m, const char *text, rk_error *err);

/* Reads a branch after the prefix: its log-likelihood without its end. */
int rk_script_read(rk_llm *m, const char *branch, size_t index, double *logp,
                   rk_error *err);

/* log p(token | the text so far): by how often the text holds it, and a
 * little by chance. */
double rk_script_log_p(const rk_script *s, uint64_t key);

/* A choice from a list by beams, as rk_llm_beams() asks for it. */
int rk_script_beams(rk_llm *m, const char *prompt, const rk_beams_opts *opts,
                    rk_beam *out, size_t *n_out, rk_error *err);

#endif
