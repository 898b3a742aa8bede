/* A language model behind a small interface: read probabilities, embed,
 * write a little. Backends: llama.cpp in this process ("llama"), an
 * OpenAI-compatible server ("openai"), and one that follows a script, for tests
 * ("scripted").
 *
 * Nothing here parses prose. Text from outside is tokenised with special
 * tokens off, so that "<|im_end|>" in a title stays text. Branches are scored
 * as separate sequences over one shared prefix: the text of one cannot touch
 * the score of another.
 *
 * What a model says depends on what it is asked, not on what it was asked
 * before. It serves one thread at a time and uses at most rk_threads() threads.
 */
#ifndef RK_LLM_LLM_H
#define RK_LLM_LLM_H

#include "core/fetch.h"

typedef struct rk_llm rk_llm;

enum rk_llm_role {
    RK_WRITER,   /* a causal model: likelihoods, generation */
    RK_EMBEDDER, /* any model that gives a vector a text */
    RK_RERANKER  /* no rk_llm: rerank.h. Told apart where uses are booked */
};

/* What a model can be asked for. One in this process can all of its role; a
 * server is asked what it can when it is opened. */
enum rk_llm_can {
    RK_CAN_EMBED = 1,
    RK_CAN_LIKELIHOOD = 2,
    RK_CAN_WORDS = 4,    /* rk_llm_next_words() */
    RK_CAN_GENERATE = 8, /* free text */
    RK_CAN_CHOOSE = 16,  /* one of `allowed` */
    RK_CAN_COUNT = 32,   /* tokens; else they are guessed */

    RK_WRITER_CAN = RK_CAN_LIKELIHOOD | RK_CAN_WORDS | RK_CAN_GENERATE |
                    RK_CAN_CHOOSE | RK_CAN_COUNT,
    RK_EMBEDDER_CAN = RK_CAN_EMBED | RK_CAN_COUNT
};

typedef struct rk_llm_info {
    const char *name;         /* as asked for: "smollm2", a path */
    const char *path;         /* the file, or "" */
    const char *fingerprint;  /* of the file's content: keys outputs */
    const char *architecture; /* "llama", "bert" */
    size_t d;                 /* embedding width, 0 for a writer */
    size_t width;             /* floats of rk_llm_states(), 0: it has none */
    size_t n_context;         /* tokens */
    unsigned can;             /* of enum rk_llm_can */
    const char *detail;       /* of a server: what it can, for a person; "" */
    double price_in;          /* dollars for a million tokens; 0 here */
    double price_out;
} rk_llm_info;

/* Tokens that went through the model since the caller last cleared it. */
typedef struct rk_llm_usage {
    uint64_t prefix_tokens;    /* evaluated */
    uint64_t branch_tokens;    /* evaluated */
    uint64_t reused_tokens;    /* of the prefix, found already computed */
    uint64_t generated_tokens; /* written, and evaluated to go on from */
    uint64_t calls;
    int64_t took_us; /* inside the model */
} rk_llm_usage;

/* Opens the model file `path`. The bytes are hostile: header, counts and
 * sizes are held against the file before the library sees it. RK_ENOTFOUND
 * (no such file), RK_EFORMAT (truncated, not GGUF; an encoder such as BERT
 * asked to write, named with expected and found), RK_EBACKEND, RK_ENOTBUILT
 * (another libllama than the one compiled against), RK_ENOMEM. */
int rk_llm_open(rk_llm **out, enum rk_llm_role role, const char *name,
                const char *path, rk_error *err);
void rk_llm_close(rk_llm *m);

typedef struct rk_server_opts {
    const rk_fetch_opts *fetch; /* NULL: its defaults */
    double price_in;            /* see rk_llm_info */
    double price_out;
} rk_server_opts;

/* Opens the model "http://host:port/v1#name" of an OpenAI-compatible server;
 * without a name, its only one. The server is asked what it can: a few small
 * questions, some of one token. Its name, its address and what it says of the
 * model make the fingerprint. What its model cannot be asked for is refused
 * with RK_EBACKEND, here (a writer that does not write, an embedder that does
 * not embed) or when it is asked for; see rk_llm_info.can. RK_EINVAL (address),
 * RK_ENOTFOUND (no such model there), RK_EBACKEND (no answer), RK_EFORMAT (a
 * wrong one), RK_ENOMEM.
 *
 * Likelihoods and tokens are those of the model in this process to within what
 * arithmetic differs. rk_llm_next_words() is told the likeliest words only; a
 * word that is not among them gets the least of these, a bound from above.
 * Without a tokeniser there, no text passes for one token. */
int rk_llm_open_server(rk_llm **out, enum rk_llm_role role, const char *url,
                       const rk_server_opts *opts, rk_error *err);
const rk_llm_info *rk_llm_describe(const rk_llm *m);

/* Vectors of n texts, L2-normalised, float32 (n, d), into `out`. Texts longer
 * than 256 tokens are cut, as the reference does for MiniLM; a text that has no
 * token at all gets zeros. `p` gets the stage "embed". */
int rk_llm_embed(rk_llm *m, const char *const *texts, size_t n, float *out,
                 const rk_progress *p, rk_error *err);

/* log p(branch | prefix) for n branches, natural logarithm, summed over all
 * tokens of the branch, into logp (n); token counts of the branches, without
 * the newline, into n_tokens (n; NULL allowed). The prefix is not empty; a
 * branch may be, and has at most 512 tokens (RK_EINVAL names one that has
 * more).
 *
 * The order of the branches cannot matter, nor can their company: a branch gets
 * the same number, bit for bit, among any others and alone.
 *
 * A branch is closed by "\n": what is read is the branch's tokens and then a
 * newline, so that "Alien" is not a part of "Aliens". Cost: tokens evaluated =
 * prefix (nothing when it is the last call's or kept) + the sum of the
 * branches' tokens, equal branches once; the newline is read but never
 * evaluated. A prefix longer than the
 * context less 512 loses its front, keeping its last tokens (cut at a line). */
int rk_llm_likelihood(rk_llm *m, const char *prefix,
                      const char *const *branches, size_t n, float *logp,
                      uint32_t *n_tokens, rk_error *err);

/* log p(word | prefix + branch) for n branches and n_words words, float32
 * (n, n_words) into logp, each branch its own sequence. Words must each be one
 * token of this model (see rk_llm_one_token), given with their leading space
 * if they stand after one. The prefix may be "" only if the branches are not;
 * branches have at most 512 tokens.
 * Cost: as of rk_llm_likelihood(); words cost nothing.
 * `p` gets the stage `stage`. */
int rk_llm_next_words(rk_llm *m, const char *prefix,
                      const char *const *branches, size_t n,
                      const char *const *words, size_t n_words, float *logp,
                      const char *stage, const rk_progress *p, rk_error *err);

/* The model's states after n branches, float32 (n, info.width) into `out`: what
 * its last layer gives to the head, after the last norm, at the last token of
 * prefix + branch, or, with `mean`, averaged over the branch's tokens. For
 * probes, which learn a small head on them. The prefix is not empty; "" is the
 * state after the prefix. Cost: as of rk_llm_likelihood(), and a token for "".
 * RK_ENOTBUILT: this kind of model gives none. */
int rk_llm_states(rk_llm *m, const char *prefix, const char *const *branches,
                  size_t n, bool mean, float *out, rk_error *err);

/* Whether `word`, as given, is exactly one token. */
bool rk_llm_one_token(rk_llm *m, const char *word);

/* How many tokens a text has; negative: an error code. */
int rk_llm_count_tokens(rk_llm *m, const char *text);

typedef struct rk_generate_opts {
    size_t max_tokens;       /* at most 512; 0: 64 */
    const char *const *stop; /* the text ends before any of these */
    size_t n_stop;
    const char *const *allowed; /* NULL: free; else the text is exactly one of
                                   these, held there by a trie of tokens */
    size_t n_allowed;
} rk_generate_opts;

/* Writes the likeliest continuation of `prompt`, one token after the other
 * (greedy: same input, same answer). *text is yours (free). */
int rk_llm_generate(rk_llm *m, const char *prompt, const rk_generate_opts *opts,
                    char **text, rk_error *err);

typedef struct rk_beams_opts {
    const char *const *allowed;
    size_t n_allowed;
    size_t width; /* beams, at most 32; 0: 8 */
} rk_beams_opts;

typedef struct rk_beam {
    size_t index; /* into `allowed` */
    float logp;   /* log p(text | prompt, one of the allowed), below or 0 */
} rk_beam;

/* The likeliest of the allowed texts as continuations of `prompt`, by a beam
 * search over the trie of their tokens: best first, equals in the order of
 * their tokens, *n_out of them into `out` (width). At a place where the texts
 * part, probability is shared among the ways on that are allowed; where there
 * is but one way, it has all. So the probabilities of all allowed texts sum to
 * 1, long texts are neither punished nor favoured for what is certain in them,
 * and certain tokens cost a batch, not a choice. A text given twice comes once,
 * as the first. With width >= n_allowed the answer is exact. Fewer beams than
 * asked for are used when the context has no room for them after the prompt.
 * RK_ENOTBUILT: this kind of model cannot. */
int rk_llm_beams(rk_llm *m, const char *prompt, const rk_beams_opts *opts,
                 rk_beam *out, size_t *n_out, rk_error *err);

/* Where prefixes are kept once they are evaluated, and how much of them. */
typedef struct rk_prefix_opts {
    size_t memory_bytes;
    const char *folder; /* made when first needed; NULL: in memory only */
    size_t disk_bytes;
} rk_prefix_opts;

#define RK_PREFIX_MEMORY ((size_t)256 << 20) /* usual */
#define RK_PREFIX_DISK   ((size_t)1 << 30)

/* Keeps prefixes from now on, of all calls, until the model is closed; NULL:
 * the usual memory, no folder. A prefix that comes back costs no tokens and
 * gives the same numbers, bit for bit. A token is some 23 KB of a 135M model. A
 * folder's files are of no use to another model, build or machine, are checked
 * before they are trusted, and may be deleted at any time. A model that has
 * nothing to keep takes the call and ignores it. RK_ENOMEM. */
int rk_llm_keep_prefixes(rk_llm *m, const rk_prefix_opts *opts, rk_error *err);

/* The text that a chat puts before and behind a user's message, borrowed from
 * the model, and its tokens. RK_ENOTFOUND: it has no chat template, or none
 * that can be followed. */
typedef struct rk_llm_frame {
    const char *head;
    const char *tail;
    size_t head_tokens;
    size_t tail_tokens;
} rk_llm_frame;

int rk_llm_chat_frame(rk_llm *m, rk_llm_frame *out, rk_error *err);

/* Whether there is such a template. */
bool rk_llm_has_chat(rk_llm *m);

/* From now on, until it is set back, what is asked is a user's message in the
 * model's chat template, and what is read or written is the answer to it:
 *
 *   likelihood   the prefix is the message, a branch its answer
 *   next_words   prefix and branch are the message; a word begins the answer,
 *                so it is given without a space
 *   generate     the prompt is the message
 *
 * The template's own text makes control tokens, the message never, whatever it
 * spells. What the template adds to a branch counts among its tokens. Texts of
 * kept outputs' keys do not tell: who keeps what is read in a chat says so in
 * the question. RK_ENOTFOUND: rk_llm_has_chat() says no. */
int rk_llm_set_chat(rk_llm *m, bool on, rk_error *err);

/* From now on, until it is set back (NULL), a prefix or prompt that begins with
 * `text` (borrowed) is tokenised and evaluated in two parts, parted behind it,
 * and the first part is kept where prefixes are kept: what many prompts begin
 * with is evaluated once. It is parted so whether it was kept or not, so what
 * is said does not hang on that. A prompt that loses its front is not parted,
 * and a server is asked as ever. */
void rk_llm_set_constant(rk_llm *m, const char *text);

/* Forgets the last prefix, not those kept by rk_llm_keep_prefixes(). */
void rk_llm_forget(rk_llm *m);

/* Usage so far; never NULL. The caller may clear it. */
rk_llm_usage *rk_llm_usage_of(rk_llm *m);

/* From now on a question that is not answered by this time of rk_clock_us()
 * ends with RK_ECANCELLED, between two batches, or, a server's, at that time;
 * 0: takes its time. */
void rk_llm_until(rk_llm *m, int64_t until_us);

/* What a token evaluated takes on this machine, as it goes: a quarter of each
 * question of 16 tokens or more, three quarters of what was known before. 0:
 * not known yet. */
double rk_llm_us_per_token(const rk_llm *m);

/* What it took another time: a first guess, where nothing is known. */
void rk_llm_guess_us_per_token(rk_llm *m, double us);

/* A model for unit tests: deterministic, made of hashes and a script, no
 * file. Its "tokens" are words with their leading space; log p(token | before)
 * is higher the more often the token stands in the text before it; its
 * vectors (d = 32) are normalised sums of one random direction a word, so that
 * texts sharing words are near. */
int rk_llm_open_scripted(rk_llm **out, enum rk_llm_role role, rk_error *err);

#endif
