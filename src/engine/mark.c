#include "engine/mark.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

/* The two levels that a path goes through: the top and one section. Events
 * come flat, so each level remembers whether a key or a value comes next. */
struct level {
    bool is_map;
    bool value_next;
    bool on_path; /* the key last read is the one looked for */
    size_t line;  /* of that key */
};

struct walk {
    const char *path[2];
    size_t n_path;
    struct level levels[3]; /* by depth; [0] is the document */
    size_t depth;
    rk_mark *out;
};


static const char *kind_of(const yaml_event_t *e)
{
    switch ((int)e->type) {
    case YAML_SEQUENCE_START_EVENT: return "a list";
    case YAML_MAPPING_START_EVENT: return "keys";
    case YAML_SCALAR_EVENT:
        return e->data.scalar.length ? "one value" : "nothing";
    default: return "an alias";
    }
}


/* A key or a value at a depth that matters. */
static void see(struct walk *w, const yaml_event_t *e)
{
    struct level *l = &w->levels[w->depth];

    if (w->depth == 0 && w->n_path == 0) {
        w->out->line = e->start_mark.line + 1;
        w->out->found = kind_of(e);
    } else if (l->is_map && !l->value_next) {
        l->on_path = e->type == YAML_SCALAR_EVENT && w->depth <= w->n_path &&
                     (w->depth == 1 || w->levels[1].on_path) &&
                     strcmp((const char *)e->data.scalar.value,
                            w->path[w->depth - 1]) == 0;
        l->line = e->start_mark.line + 1;
    } else if (l->is_map && l->on_path && w->depth == w->n_path) {
        w->out->line = l->line;
        w->out->found = kind_of(e);
    }
    l->value_next = !l->value_next;
}


static void step(struct walk *w, const yaml_event_t *e)
{
    bool opens = e->type == YAML_SEQUENCE_START_EVENT ||
                 e->type == YAML_MAPPING_START_EVENT;

    if (e->type == YAML_SEQUENCE_END_EVENT || e->type == YAML_MAPPING_END_EVENT)
        w->depth--;
    else if (w->depth < 3 && (opens || e->type == YAML_SCALAR_EVENT ||
                              e->type == YAML_ALIAS_EVENT))
        see(w, e);
    if (!opens)
        return;
    w->depth++;
    if (w->depth < 3) {
        memset(&w->levels[w->depth], 0, sizeof(struct level));
        w->levels[w->depth].is_map = e->type == YAML_MAPPING_START_EVENT;
    }
}


static void note_problem(rk_mark *out, const yaml_parser_t *p,
                         const char *bytes, size_t len)
{
    size_t end = p->problem_offset < len ? p->problem_offset : len;

    snprintf(out->problem, sizeof(out->problem), "%s",
             p->problem ? p->problem : "unreadable");
    out->line = p->problem_mark.line + 1;
    if (p->error != YAML_READER_ERROR)
        return;
    /* A byte that is no text has an offset but no mark. */
    out->line = 1;
    for (size_t i = 0; i < end; i++)
        out->line += bytes[i] == '\n';
}


void rk_mark_find(rk_mark *out, const char *bytes, size_t len,
                  const char *section, const char *name)
{
    struct walk w = {.out = out};
    yaml_parser_t parser;
    yaml_event_t event;
    bool more = true;

    memset(out, 0, sizeof(*out));
    out->found = "nothing";
    if (section)
        w.path[w.n_path++] = section;
    if (name)
        w.path[w.n_path++] = name;
    if (!yaml_parser_initialize(&parser))
        return;
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, len);
    while (more) {
        if (!yaml_parser_parse(&parser, &event)) {
            note_problem(out, &parser, bytes, len);
            break;
        }
        step(&w, &event);
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
}
