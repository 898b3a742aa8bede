/* An item or a user as fields, owned. Caller's storage; one thread. */
#ifndef RK_DATA_RECORD_H
#define RK_DATA_RECORD_H

#include "core/error.h"

/* The value of a field, or NULL. Names compare without ASCII case. */
const char *rk_record_get(const rk_record *r, const char *name);

/* Refuses, with RK_EINVAL, what no store should hold: an id that is empty,
 * longer than 256 bytes, not UTF-8 or with a control character; a field name
 * that is empty, longer than 64 bytes, not UTF-8, with a control character or
 * "id"; a value longer than 64 KiB or not UTF-8; more than 256 fields; two
 * fields of one name; an item without a title. */
int rk_record_check(enum rk_kind kind, const rk_record *r, rk_error *err);

/* The same for an event: user and item as ids; a type of 1 to 63 bytes; a
 * finite value; a time in the years 1 to 9999. */
int rk_event_check(const rk_event *e, rk_error *err);

/* The fields as a JSON object in their order, and back. */
int rk_record_fields_json(const rk_record *r, char **json, rk_error *err);

/* A record that owns its text; freed whole with rk_record_free(). Values may
 * be whatever rk_import_jsonl() takes. RK_EFORMAT, RK_ENOMEM. */
int rk_record_parse(rk_record **out, const char *id, const char *fields_json,
                    size_t len, rk_error *err);

/* A copy in one block, for rk_record_free(); NULL: no memory. */
rk_record *rk_record_copy(const rk_record *r);

void rk_record_free(rk_record *r);

#endif
