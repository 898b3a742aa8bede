/* Those who are judged: the ways of recommending and the learners, trained on
 * a task's events through the engine's own doors, and asked as a request asks
 * them. */
#ifndef RK_EVAL_CONTESTANTS_H
#define RK_EVAL_CONTESTANTS_H

#include "engine/engine.h"
#include "engine/workshop.h"
#include "eval/judge.h"

typedef struct rk_school_opts {
    enum rk_effort effort;
    bool without_writer;   /* nothing that is asked for needs one */
    bool without_embedder; /* the same */
    bool llm_step;         /* the model's say in auto is to be weighed */
    uint32_t llm_modes;    /* bits of rk_modes to learn */
    const char *llm_mode;  /* for "llm" itself; NULL: the engine's */
    bool untrained;        /* only plain rules and learners alone are asked */
    bool modes_alone;      /* only modes of the llm way are asked: nothing else
                              learns, and no words are read */
    bool shuffle_texts;    /* see eval/shuffle.h */
    rk_progress progress;
} rk_school_opts;

/* A snapshot that has seen nothing but the task's training events. */
typedef struct rk_school {
    const rk_task *task;
    rk_settings settings;
    rk_loaded models;
    rk_run run; /* of what the models read */
    rk_readings readings;
    rk_bundle *bundle;
    rk_snapshot snapshot;
    rk_snapshot_room room;
    rk_school_opts opts;
    bool *left_out; /* (train's users) who set nothing of the llm way */
    double read_s;  /* what the models' reading took; kept outputs cost none */
    double train_s; /* all training, both passes of it */
} rk_school;

/* Reads with the engine's models and settings, keeps what they say in its
 * store, trains. Engine and task must outlive it. Close it in any case. */
int rk_school_open(rk_school *school, rk_engine *e, const rk_task *task,
                   const rk_school_opts *opts, rk_error *err);
void rk_school_close(rk_school *school);

/* Who is asked by this name: a plain rule (eval/plain_rules.h), "collaborative"
 * (the blend of all learners), "auto", a way, the llm way in one of its modes
 * ("llm:letters"), or a learner alone, which is trained now and blended from
 * its own columns. RK_EINVAL: no such name, or the
 * learner cannot be trained; RK_ENOTREADY: the way lacks something, and the
 * message says what. */
int rk_contestant_open(rk_contestant *out, rk_school *school, const char *name,
                       rk_error *err);
void rk_contestant_close(rk_contestant *c);

/* "auto" with the language model's say (engine/llm_step.h), whatever the
 * configuration; "auto" is always without. */
#define RK_AUTO_WITH_LLM "auto+llm"

/* The mode that a name like "llm:letters" means; NULL: none. */
const char *rk_contestant_mode(const char *name);

#endif
