#include "core/mem.h"
#include "llm/llama_internal.h"

#include <string.h>

void rk_tokens_clear(rk_tokens *t)
{
    free(t->ids);
    free(t->first);
    memset(t, 0, sizeof(*t));
}


void rk_tokens_reset(rk_tokens *t)
{
    t->n = 0;
}


size_t rk_tokens_len(const rk_tokens *t, size_t i)
{
    return t->first[i + 1] - t->first[i];
}


const llama_token *rk_tokens_at(const rk_tokens *t, size_t i)
{
    return t->ids + t->first[i];
}


/* BERT's tokenizer sees Korean syllables as their letters (Unicode form NFD).
 * libllama brings other scripts to that form but not this one, so it is done
 * here: syllable = (lead * 21 + vowel) * 28 + tail (Unicode, 3.12). */
static void add_letters(rk_buf *out, uint32_t syllable)
{
    uint32_t letters[3] = {0x1100 + syllable / (21 * 28),
                           0x1161 + syllable / 28 % 21, 0x11A7 + syllable % 28};

    for (int i = 0; i < (syllable % 28 ? 3 : 2); i++) {
        rk_buf_putc(out, (char)(0xE0 | letters[i] >> 12));
        rk_buf_putc(out, (char)(0x80 | (letters[i] >> 6 & 0x3F)));
        rk_buf_putc(out, (char)(0x80 | (letters[i] & 0x3F)));
    }
}


/* Appends the text with every syllable, U+AC00 to U+D7A3, taken apart. */
static void add_korean_apart(rk_buf *out, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;

    while (*p) {
        if (p[0] >= 0xEA && p[0] <= 0xED && p[1] && p[2]) {
            uint32_t c = (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 |
                         (p[2] & 0x3Fu);

            if (c >= 0xAC00 && c <= 0xD7A3) {
                add_letters(out, c - 0xAC00);
                p += 3;
                continue;
            }
        }
        rk_buf_putc(out, (char)*p++);
    }
}


/* Room for `more` tokens after the `used` ones. */
static int reserve(rk_tokens *t, size_t used, size_t more)
{
    size_t want = used + more;
    llama_token *bigger;

    if (want <= t->cap)
        return RK_OK;
    want = want < 2 * t->cap ? 2 * t->cap : want;
    bigger = rk_realloc_array(t->ids, want, sizeof(*bigger));
    if (!bigger)
        return RK_ENOMEM;
    t->ids = bigger;
    t->cap = want;
    return RK_OK;
}


/* How a text is tokenised. */
typedef struct manner {
    bool special; /* with what the model puts at a text's beginning and end */
    bool control; /* what spells a control token is one */
} manner;


static int32_t tokenize(rk_tokens *t, size_t used, const rk_llama *l,
                        const char *text, manner how)
{
    size_t room = t->cap - used;

    return llama_tokenize(l->vocab, text, (int32_t)strlen(text), t->ids + used,
                          room > INT32_MAX ? INT32_MAX : (int32_t)room,
                          how.special, how.control);
}


static int reserve_first(rk_tokens *t)
{
    size_t *bigger = rk_grow(t->first, t->n + 1, &t->first_cap,
                             sizeof(*bigger));

    if (!bigger)
        return RK_ENOMEM;
    t->first = bigger;
    if (t->n == 0)
        t->first[0] = 0;
    return RK_OK;
}


/* A SentencePiece tokenizer puts a space before a text, also before one that
 * goes on from another. So it is given the text after a newline, and the
 * newline's own tokens, which never join with others, are taken off. */
static int add_after_newline(rk_tokens *t, const rk_llama *l, const char *text,
                             bool control, rk_error *err)
{
    size_t len = strlen(text);
    size_t used = t->first[t->n];
    llama_token alone[8];
    int32_t n_alone = llama_tokenize(l->vocab, "\n", 1, alone, 8, false, false);
    char *line = rk_alloc_array(len + 2, 1);
    int32_t n;
    int rc = RK_OK;

    if (!line || reserve(t, used, len + 8) != RK_OK) {
        rc = rk_no_memory(err);
        goto done;
    }
    line[0] = '\n';
    memcpy(line + 1, text, len + 1);
    n = tokenize(t, used, l, line, (manner){false, control});
    if (n_alone < 0 || n < n_alone) {
        rc = rk_fail(err, RK_EBACKEND, "libllama cannot tokenize a text");
        goto done;
    }
    memmove(t->ids + used, t->ids + used + n_alone,
            (size_t)(n - n_alone) * sizeof(*t->ids));
    t->first[++t->n] = used + (size_t)(n - n_alone);

done:
    free(line);
    return rc;
}


/* Appends the tokens of a text that needs no preparation. */
static int add_plain(rk_tokens *t, const rk_llama *l, const char *text,
                     manner how, rk_error *err)
{
    size_t used = t->first[t->n];
    int32_t n;

    /* Every token is at least one byte of the text, but for a few special
     * ones; a tokenizer that normalises may still ask for more. */
    for (size_t room = strlen(text) + 8;; room = (size_t)-n) {
        if (reserve(t, used, room) != RK_OK)
            return rk_no_memory(err);
        n = tokenize(t, used, l, text, how);
        if (n >= 0 || n == INT32_MIN || room == (size_t)-n)
            break;
    }
    if (n < 0)
        return rk_fail(err, RK_EBACKEND, "libllama cannot tokenize a text");
    t->first[++t->n] = used + (size_t)n;
    return RK_OK;
}


int rk_tokens_add(rk_tokens *t, const rk_llama *l, const char *text,
                  bool special, rk_error *err)
{
    enum llama_vocab_type type = llama_vocab_type(l->vocab);
    rk_buf apart;
    int rc;

    if (reserve_first(t) != RK_OK)
        return rk_no_memory(err);
    if (type == LLAMA_VOCAB_TYPE_SPM && !special)
        return add_after_newline(t, l, text, false, err);
    if (type != LLAMA_VOCAB_TYPE_WPM)
        return add_plain(t, l, text, (manner){special, false}, err);

    rk_buf_init(&apart);
    add_korean_apart(&apart, text);
    rc = apart.failed ? rk_no_memory(err)
                      : add_plain(t, l, rk_buf_str(&apart),
                                  (manner){special, false}, err);
    rk_buf_clear(&apart);
    return rc;
}


int rk_tokens_add_control(rk_tokens *t, const rk_llama *l, const char *text,
                          bool first, rk_error *err)
{
    if (reserve_first(t) != RK_OK)
        return rk_no_memory(err);
    if (llama_vocab_type(l->vocab) == LLAMA_VOCAB_TYPE_SPM && !first)
        return add_after_newline(t, l, text, true, err);
    return add_plain(t, l, text, (manner){first, true}, err);
}


int rk_tokens_copy(rk_tokens *t, const llama_token *ids, size_t n,
                   rk_error *err)
{
    size_t used;

    if (reserve_first(t) != RK_OK)
        return rk_no_memory(err);
    used = t->first[t->n];
    if (reserve(t, used, n) != RK_OK)
        return rk_no_memory(err);
    if (n)
        memcpy(t->ids + used, ids, n * sizeof(*ids));
    t->first[++t->n] = used + n;
    return RK_OK;
}


void rk_tokens_join(rk_tokens *t)
{
    t->first[t->n - 1] = t->first[t->n];
    t->n--;
}


bool rk_llama_ends_line(const rk_llama *l, llama_token token)
{
    char text[64];
    int32_t n = llama_token_to_piece(l->vocab, token, text, sizeof(text), 0,
                                     false);

    return n > 0 && text[n - 1] == '\n';
}
