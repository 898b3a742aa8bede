/* Records and events as CSV or JSON Lines; rk_import_path reads them back
 * unchanged. One thread. */
#ifndef RK_DATA_EXPORT_H
#define RK_DATA_EXPORT_H

#include "core/buf.h"
#include "core/error.h"

enum rk_format { RK_CSV, RK_JSONL };

/* By the path's ending: .csv, .jsonl or .ndjson; RK_EINVAL for another. */
int rk_format_of(const char *path, enum rk_format *out, rk_error *err);

/* The CSV header line for these field names (items and users), or of events
 * with n = 0. JSON Lines has none. To be read back, the names differ in more
 * than ASCII case, are at most 1023, and for items "title" is among them. */
void rk_export_header(rk_buf *out, enum rk_kind kind,
                      const char *const *field_names, size_t n);

/* One row, newline included. For CSV the columns follow `field_names`. */
void rk_export_record(rk_buf *out, enum rk_format format, const rk_record *r,
                      const char *const *field_names, size_t n);
void rk_export_event(rk_buf *out, enum rk_format format, const rk_event *e);

#endif
