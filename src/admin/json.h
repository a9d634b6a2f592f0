/*
 * admin/json - small helps around jansson
 */
#ifndef ADMIN_JSON_H
#define ADMIN_JSON_H

#include <jansson.h>

#include "base/buf.h"
#include "base/fail.h"

void json_put_str(
	json_t *object, const char *key, str value); /* bytes that are not UTF-8 become '?' */
void json_put_int(json_t *object, const char *key, int64_t value);
void json_put_bool(json_t *object, const char *key, bool value);
void json_put_id(json_t *object, const char *key, uint64_t id);
void json_put_time(json_t *object, const char *key, int64_t wall_ms); /* ISO 8601, UTC */
void json_put_fail(
	json_t *object, const char *key, const struct fail *why); /* code, status, text, rule */

/* Print the value and a newline, and let it go. */
void json_print(json_t *value, struct buf *out);

/* The same on one line, and without the newline. */
void json_print_line(json_t *value, struct buf *out);

/* What every command that fails answers: {"ok": false, "why": the lines of the text}. */
json_t *json_why(str text) MUST_USE;
void json_print_why(str text, struct buf *out);

#endif
