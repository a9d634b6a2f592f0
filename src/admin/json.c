#include "admin/json.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "mail/date.h"

void json_put_str(json_t *object, const char *key, str value)
{
	char *clean = mem_alloc(value.n + 1);

	fail_clean(value, clean, value.n + 1);
	json_object_set_new(object, key, json_string(clean));
	mem_free(clean);
}

void json_put_int(json_t *object, const char *key, int64_t value)
{
	json_object_set_new(object, key, json_integer(value));
}

void json_put_bool(json_t *object, const char *key, bool value)
{
	json_object_set_new(object, key, json_boolean(value));
}

void json_put_id(json_t *object, const char *key, uint64_t id)
{
	char text[LOG_ID_TEXT_MAX];

	json_put_str(object, key, str_of(log_id_print(id, text)));
}

void json_put_time(json_t *object, const char *key, int64_t wall_ms)
{
	char text[DATE_TEXT_MAX];

	json_put_str(object, key, str_of(date_print_iso(wall_ms, text)));
}

void json_put_fail(json_t *object, const char *key, const struct fail *why)
{
	json_t *f = json_object();

	if (why->code)
		json_put_int(f, "code", why->code);
	json_put_str(f, "status", str_of(why->status));
	json_put_str(f, "text", str_of(why->text));
	if (why->origin[0])
		json_put_str(f, "rule", str_of(why->origin));
	json_object_set_new(object, key, f);
}

static int put(const char *bytes, size_t n, void *out)
{
	buf_put(out, str_from(bytes, n));
	return 0;
}

void json_print(json_t *value, struct buf *out)
{
	json_dump_callback(value, put, out, JSON_INDENT(2));
	buf_put(out, S("\n"));
	json_decref(value);
}

void json_print_line(json_t *value, struct buf *out)
{
	json_dump_callback(value, put, out, JSON_COMPACT);
	json_decref(value);
}

json_t *json_why(str text)
{
	json_t *o = json_object();
	struct buf why = { 0 };
	str line;

	text = str_trim(text);
	while (text.n > 0) {
		bool more = str_cut(&text, '\n', &line);

		buf_putf(&why, "%.*s%s", STR(str_trim(line)), more ? "; " : "");
	}
	json_put_bool(o, "ok", false);
	json_put_str(o, "why", buf_str(&why));
	buf_free(&why);
	return o;
}

void json_print_why(str text, struct buf *out)
{
	json_print(json_why(text), out);
}
