/* reckon: a recommender engine in which a language model is part of the
 * machine.
 *
 * This header is the whole public interface. A program reads it from top to
 * bottom: errors, what goes in, the engine, what comes out.
 *
 *     rk_engine *engine = NULL;
 *     rk_answer *answer = NULL;
 *     rk_error err;
 *     rk_request ask = {.user = "U12345", .way = "tokens", .n = 5};
 *
 *     if (rk_engine_open(&engine, NULL, NULL, &err) ||
 *         rk_recommend(engine, &ask, &answer, &err))
 *         fprintf(stderr, "%s\n", err.msg);
 *     else
 *         for (size_t i = 0; i < answer->n_items; i++)
 *             printf("%s: %s\n", answer->items[i].title,
 *                    answer->items[i].why);
 *     rk_answer_free(answer);
 *     rk_engine_close(engine);
 *
 * Ownership: what comes through a pointer to a pointer is yours and is freed
 * by the function named beside it; what is returned or reached through an
 * object is borrowed and lives as long as that object. Every `_free` and
 * `_close` takes NULL. Text is UTF-8.
 *
 * Threads: one engine serves one thread at a time; several engines may be
 * open on one store. */
#ifndef RECKON_H
#define RECKON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RK_API     __attribute__((visibility("default")))
#define RK_VERSION "0.1.0"

/* Errors ------------------------------------------------------------------
 *
 * A function that can fail returns RK_OK or a negative code that says what
 * the caller can do, and fills `err` (NULL is fine) with one line for a
 * person. */

enum rk_code {
    RK_OK = 0,
    RK_EINVAL = -1,    /* the caller passed something wrong: fix the call */
    RK_ENOMEM = -2,    /* an allocation failed: state is unchanged */
    RK_ENOTFOUND = -3, /* no such user, item, model or file */
    RK_EIO = -4,       /* the operating system refused a read or write */
    RK_EFORMAT = -5,   /* bytes from outside are not what they claim to be */
    RK_EBACKEND = -6,  /* SQLite or a language model said no */
    RK_ENOTBUILT = -7, /* this build lacks the feature */
    RK_ENOTREADY = -8, /* nothing prepared yet: run rk_prepare first */
    RK_ECANCELLED = -9 /* the progress callback asked to stop */
};

typedef struct rk_error {
    int code;
    char msg[256]; /* NUL-terminated, one line, no trailing full stop */
} rk_error;

/* Called during long work; return non-zero to stop it. `total` is 0 when it
 * is not known. The last call of a stage has done == total. */
typedef int (*rk_progress_fn)(void *ctx, const char *stage, uint64_t done,
                              uint64_t total);

typedef struct rk_progress {
    rk_progress_fn report; /* NULL: silent */
    void *ctx;
} rk_progress;

/* What goes in -------------------------------------------------------------*/

enum rk_kind { RK_ITEMS, RK_USERS, RK_EVENTS };

typedef struct rk_field {
    const char *name;
    const char *value; /* several values are separated by '|' */
} rk_field;

/* An item or a user. Items carry the field "title"; the rest is free. */
typedef struct rk_record {
    const char *id;
    const rk_field *fields;
    size_t n_fields;
} rk_record;

/* Something a user did with an item: type "rating" with value 4, "view". */
typedef struct rk_event {
    const char *user;
    const char *item;
    const char *type;
    double value;
    int64_t at_us; /* Unix time in microseconds */
} rk_event;

/* The engine ---------------------------------------------------------------*/

typedef struct rk_engine rk_engine;

typedef struct rk_engine_opts {
    const char *store;    /* overrides the configuration's `store:` */
    const char *embedder; /* overrides `models.embedder:` */
    const char *writer;   /* overrides `models.writer:` */
} rk_engine_opts;

/* Opens (and on first use creates) the store named in the configuration.
 *
 *   config   path of a reckon.yaml; NULL: ./reckon.yaml if there is one,
 *            else the defaults, which need no file
 *   opts     NULL: none
 *
 * Models are loaded when first needed. Fails with RK_EFORMAT (configuration,
 * with its line), RK_EIO or RK_EBACKEND (store). */
RK_API int rk_engine_open(rk_engine **out, const char *config,
                          const rk_engine_opts *opts, rk_error *err);
RK_API void rk_engine_close(rk_engine *engine);

/* Writes a commented reckon.yaml with the defaults. Refuses to overwrite. */
RK_API int rk_config_write_default(const char *path, rk_error *err);

typedef struct rk_import_report {
    uint64_t n_rows; /* rows taken */
    uint64_t n_bad;  /* rows refused; each was reported through on_bad_row */
    int64_t took_us;
} rk_import_report;

typedef struct rk_import_opts {
    bool strict; /* one bad row: nothing of the file goes in */
    void (*on_bad_row)(void *ctx, const char *where_and_why);
    void *bad_row_ctx;
    rk_progress progress;
} rk_import_opts;

/* Reads a .csv (header line first) or .jsonl file of items, users or events.
 * Idempotent: the same file read twice leaves the same store. Interrupted, it
 * leaves whole batches; read it again. Items that come after a prepare can be
 * recommended by their text at once. */
RK_API int rk_import_file(rk_engine *engine, enum rk_kind kind,
                          const char *path, const rk_import_opts *opts,
                          rk_import_report *report, rk_error *err);

/* Insert or replace. All or nothing. */
RK_API int rk_put_items(rk_engine *engine, const rk_record *items, size_t n,
                        rk_error *err);
RK_API int rk_put_users(rk_engine *engine, const rk_record *users, size_t n,
                        rk_error *err);
RK_API int rk_put_events(rk_engine *engine, const rk_event *events, size_t n,
                         rk_error *err);

/* Writes everything of one kind in the format of the path's ending (.csv or
 * .jsonl); what it writes, rk_import_file reads. */
RK_API int rk_export_file(rk_engine *engine, enum rk_kind kind,
                          const char *path, rk_error *err);

typedef struct rk_prepare_opts {
    const char *effort; /* of training: "fast" "full"; NULL: the
                           configuration's */
    rk_progress progress;
} rk_prepare_opts;

/* Makes what serving needs: vectors, tokens, trained models, a snapshot.
 * Only what changed is done again; interrupted, it goes on where it stopped.
 * A missing model leaves out what needs it: see rk_doctor. */
RK_API int rk_prepare(rk_engine *engine, const rk_prepare_opts *opts,
                      rk_error *err);

/* What comes out -----------------------------------------------------------*/

typedef struct rk_request {
    const char *user;    /* a stored user's id, or NULL */
    const char *profile; /* or free text: "29, New York, likes historical
                            novels"; with `user`, replaces the stored one */
    const char *way;     /* "embeddings" "tokens" "llm" "rag" "auto";
                            NULL: "auto" */
    size_t n;            /* 1 to 1000; 0 is refused */
    const char *const *candidates; /* rank these items only; NULL: all */
    size_t n_candidates;
    bool include_seen; /* also what the user has already had */
    const char *why;   /* whose sentence the writer writes: "off" "first" "all"
                          or a number of items; NULL: the configuration's */
    /* What the answer may cost at most, besides what the configuration allows;
     * 0: no limit. Where models would cost more, a lesser answer comes, and
     * its level says so. */
    int64_t deadline_ms; /* without loading a model */
    uint64_t max_tokens; /* evaluated by models */
    double max_cost;     /* in the money that models are priced in */
} rk_request;

/* One piece of evidence for one item. */
typedef struct rk_reason {
    const char *kind;     /* "token" "liked" "disliked" "profile" "popular"
                             "neighbour" "wish" "model" "quality" */
    const char *evidence; /* what it rests on: an item id, a token, a field */
    const char *text;     /* for a person */
    double weight; /* its part of the score, in the score's unit; NaN where
                      the model is not additive */
} rk_reason;

typedef struct rk_ranked {
    const char *id;
    const char *title;
    double score;        /* higher is better; no unit; comparable within one
                            answer only */
    double probability;  /* calibrated chance that the user likes it; NaN where
                            nothing could be calibrated */
    const char *source;  /* who proposed it */
    const char *heading; /* rag: the wish it answers; NULL elsewhere */
    const char *why;     /* one sentence */
    const char *why_by;  /* "rules"; "writer": the language model wrote it, and
                            every claim in it was found in the evidence;
                            "writer, chosen": it chose among sentences that
                            rules had built */
    const char *why_refused;  /* why the writer's own was not taken; "" */
    const rk_reason *reasons; /* strongest first */
    size_t n_reasons;
} rk_ranked;

/* What one stage did for this request. */
typedef struct rk_stage {
    const char *name;
    const char *detail; /* for a person; "" if there is nothing to say */
    size_t n_in;
    size_t n_out;
    int64_t took_us;
} rk_stage;

typedef struct rk_usage {
    uint64_t prefix_tokens;    /* of the shared prefixes, evaluated */
    uint64_t candidate_tokens; /* of the candidates, evaluated */
    uint64_t reused_tokens;    /* of prefixes found already computed */
    uint64_t embedded_texts;   /* evaluated; kept vectors cost nothing */
    uint64_t generated_tokens; /* written by the language model */
} rk_usage;

typedef struct rk_answer {
    const char *request_id;
    const char *way;   /* as asked */
    const char *level; /* what really answered: equal to `way`, or what stood
                          in for it and why */
    const char *user;  /* NULL when only a profile was given */
    const rk_ranked *items;
    size_t n_items;
    const rk_stage *stages;
    size_t n_stages;
    rk_usage usage;
    int64_t took_us; /* inside the engine; loading a model is a stage of its
                        own and not counted here */
} rk_answer;

/* Recommends items. Fails with RK_EINVAL (n, way, neither user nor profile),
 * RK_ENOTFOUND (user, candidate), RK_ENOTREADY. */
RK_API int rk_recommend(rk_engine *engine, const rk_request *request,
                        rk_answer **out, rk_error *err);

/* Whether this user will like this item: an answer with that one item, its
 * probability and the parts of its score. `request->n` is ignored. */
RK_API int rk_predict(rk_engine *engine, const rk_request *request,
                      const char *item, rk_answer **out, rk_error *err);

/* Items near to an item in meaning; works for items newer than the
 * snapshot. */
RK_API int rk_similar(rk_engine *engine, const char *item, size_t n,
                      rk_answer **out, rk_error *err);

RK_API void rk_answer_free(rk_answer *answer);

/* What the language model would be given to read, in its order: a chat's head,
 * the constant part, the user, one candidate or all of them, a chat's tail. */
typedef struct rk_preview_part {
    const char *part; /* "head" "constant" "user" "candidate" "candidates"
                         "tail" */
    const char *id;   /* of a candidate; of "user", where the mode reads after
                         both, "liked" or "disliked"; else "" */
    const char *text;
    int64_t n_tokens; /* -1: not known, the model is not there */
} rk_preview_part;

typedef struct rk_preview {
    const char *mode;
    const char *model; /* the writer's name */
    bool chat;         /* in the model's chat template */
    const rk_preview_part *parts;
    size_t n_parts;
} rk_preview;

/* The prompts of one request, without asking the writer anything; it is opened
 * to count tokens where it is there.
 *
 *   request  as of rk_recommend: its candidates, or else the `n` that would be
 *            ranked; way is "llm" or NULL
 *   mode     "likelihood" "yes_no" "letters" "permutation" "why"; NULL: the
 *            first. letters shows at most 26 candidates, why the first one.
 *
 * Fails as rk_recommend does. */
RK_API int rk_prompt_preview(rk_engine *engine, const rk_request *request,
                             const char *mode, rk_preview **out, rk_error *err);
RK_API void rk_preview_free(rk_preview *preview);

/* Rows of "section, name, value" for a person or, as JSON, a program. */
typedef struct rk_line {
    const char *section;
    const char *name;
    const char *value;
} rk_line;

typedef struct rk_card {
    const rk_line *lines;
    size_t n_lines;
} rk_card;

/* One item or user: fields, tokens, what they did. */
RK_API int rk_show(rk_engine *engine, enum rk_kind kind, const char *id,
                   rk_card **out, rk_error *err);

/* Counts, models, the snapshot's age. */
RK_API int rk_status(rk_engine *engine, rk_card **out, rk_error *err);

/* What can learn from events: each learner with what it needs, what it would
 * cost on this store, and whether it is in the snapshot. The section is its
 * name. */
RK_API int rk_models_list(rk_engine *engine, rk_card **out, rk_error *err);

/* What models were asked for and what it cost, in the last n_days days (UTC,
 * today is one): sections are days, newest first, lines a model and what it was
 * asked for; then what is left of the day's budget, and the sum. */
RK_API int rk_usage_list(rk_engine *engine, size_t n_days, rk_card **out,
                         rk_error *err);

/* Forgets what was spent before the last n_days days; *n_rows entries went. */
RK_API int rk_usage_prune(rk_engine *engine, size_t n_days, uint64_t *n_rows,
                          rk_error *err);

/* Each part with its state ("ok", "missing", "stale", "half-set"): what is
 * wrong, what answers in its place, how to mend it. `*n_wrong` counts lines
 * that are not "ok". */
RK_API int rk_doctor(rk_engine *engine, rk_card **out, size_t *n_wrong,
                     rk_error *err);

/* The templates that prompts are made from, the configuration's or built in:
 * lines of the section "prompts". */
RK_API int rk_prompt_templates(rk_engine *engine, rk_card **out, rk_error *err);

RK_API void rk_card_free(rk_card *card);

/* The JSON document of an answer, a preview or a card; free() it. NULL: no
 * memory. */
RK_API char *rk_answer_json(const rk_answer *answer);
RK_API char *rk_preview_json(const rk_preview *preview);
RK_API char *rk_card_json(const rk_card *card);

/* Evaluation ---------------------------------------------------------------*/

/* A mean over users with its 95% interval. */
typedef struct rk_figure {
    const char *metric; /* "ndcg@10" */
    double value;
    double low;
    double high;
} rk_figure;

/* The headline figure of some of the users. */
typedef struct rk_part {
    const char *by;   /* "history" or "popularity" */
    const char *name; /* "20 to 49 events" */
    size_t n_users;
    rk_figure figure;
} rk_part;

/* One way or learner under test. */
typedef struct rk_contender {
    const char *name;
    const char *note; /* why it was left out, or what to know; "" */
    size_t n_users;   /* 0: it was left out */
    const rk_figure *figures;
    size_t n_figures;
    const rk_part *parts;
    size_t n_parts;
    double train_s;
    double p50_us; /* of scoring one user */
    double p95_us;
    rk_usage usage;
} rk_contender;

/* The headline figure of `b` minus that of `a`, paired by user. */
typedef struct rk_contrast {
    const char *a;
    const char *b;
    rk_figure difference;
} rk_contrast;

/* A figure that others published for the same protocol. */
typedef struct rk_published_figure {
    const char *name;
    const char *metric;
    double value;
} rk_published_figure;

typedef struct rk_report {
    const char *protocol;
    const char *summary;
    const char *headline; /* the metric that rows are ordered by */
    const char *command;  /* that makes this report again */
    uint64_t seed;
    size_t n_items;
    size_t n_users; /* asked */
    const rk_contender *rows;
    size_t n_rows;
    const rk_contrast *contrasts;
    size_t n_contrasts;
    const rk_published_figure *published;
    size_t n_published;
    const char *const *notes;
    size_t n_notes;
    int64_t took_us;
} rk_report;

typedef struct rk_evaluate_opts {
    const char *data;        /* folder of the protocol's files, if it has any */
    const char *const *ways; /* of recommending, or learners; NULL: all */
    size_t n_ways;
    const char *effort; /* "fast" "full"; NULL: the configuration's */
    size_t n_users;     /* asked at most, drawn with the seed; 0: all */
    uint64_t seed;
    bool shuffle_texts; /* a control: every item gets another's vector and
                           tokens; what is then lost came from meaning */
    rk_progress progress;
} rk_evaluate_opts;

/* The protocols there are: sections are their names, lines what each asks and
 * which files it needs. */
RK_API int rk_protocols_list(rk_card **out, rk_error *err);

/* Runs a public protocol, or "mine": the newest events of the engine's own
 * store, predicted from what was before. The store of the engine is read for
 * "mine" and otherwise only keeps what models said about texts. RK_EINVAL (no
 * such protocol or way), RK_ENOTFOUND (data), RK_EFORMAT. */
RK_API int rk_evaluate(rk_engine *engine, const char *protocol,
                       const rk_evaluate_opts *opts, rk_report **out,
                       rk_error *err);
RK_API void rk_report_free(rk_report *report);

/* The JSON document, or one self-contained HTML page; free() it. NULL: no
 * memory. */
RK_API char *rk_report_json(const rk_report *report);
RK_API char *rk_report_html(const rk_report *report);

#ifdef __cplusplus
}
#endif
#endif
