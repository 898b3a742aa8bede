/* Where contestants learn: a snapshot made from a task's training events alone,
 * through the engine's own doors. */
#ifndef RK_EVAL_SCHOOL_H
#define RK_EVAL_SCHOOL_H

#include "engine/engine.h"
#include "engine/workshop.h"
#include "eval/task.h"

typedef struct rk_school_opts {
    enum rk_effort effort;
    bool without_writer;   /* nothing that is asked for needs one */
    bool without_embedder; /* the same */
    bool llm_step;         /* the model's say in auto is to be weighed */
    uint32_t llm_modes;    /* bits of rk_modes to learn */
    const char *llm_mode;  /* for "llm" itself; NULL: the engine's */
    bool untrained;        /* only plain rules and learners alone are asked */
    bool without_words;    /* nothing that is asked for needs the writer's
                              readings of words */
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

#endif
