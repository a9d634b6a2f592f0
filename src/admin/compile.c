#include "admin/compile.h"

#include "admin/exit.h"
#include "admin/generation.h"
#include "admin/json.h"

static bool is_warning(str line)
{
	return str_starts(line, S("warning:"));
}

static unsigned count_errors(const struct generation_report *r)
{
	str rest = buf_str(&r->lines), line;
	unsigned count = 0;

	while (rest.n > 0) {
		str_cut(&rest, '\n', &line);
		count += !is_warning(line);
	}
	return count;
}

static void tell_in_force(const struct generation_report *r, struct buf *out)
{
	if (r->generation > 0)
		buf_putf(out, "generation %u stays in force\n", r->generation);
	else
		buf_put(out, S("no generation is in force\n"));
}

static void tell_refusal(const struct generation_report *r, struct buf *out)
{
	unsigned errors = count_errors(r);

	if (r->why.kind != FAIL_NONE)
		buf_putf(out, "%s\n", r->why.text);
	else
		buf_putf(out, "refused: %u error%s; ", errors, errors == 1 ? "" : "s");
	tell_in_force(r, out);
}

static void print_text(str verb, bool ok, const struct generation_report *r, struct buf *out)
{
	buf_put(out, buf_str(&r->lines));
	if (!ok)
		tell_refusal(r, out);
	else if (str_eq(verb, S("check")))
		buf_put(out, S("the configuration is right\n"));
	else if (r->changed)
		buf_putf(out, "generation %u is in force\n", r->generation);
	else
		buf_putf(out, "nothing has changed; generation %u stays in force\n", r->generation);
}

/* "warning: file:line:column: text": the place ends at the first colon with a space behind it. */
static json_t *message(str line)
{
	json_t *m = json_object();
	size_t colon;

	json_put_str(m, "kind", is_warning(line) ? S("warning") : S("error"));
	if (is_warning(line))
		line = str_trim(str_skip(line, S("warning:").n));
	colon = str_find_str(line, S(": "));
	json_put_str(m, "place", colon < line.n ? str_first(line, colon) : S(""));
	json_put_str(m, "text", colon < line.n ? str_skip(line, colon + 2) : line);
	return m;
}

static void print_json(bool ok, const struct generation_report *r, struct buf *out)
{
	json_t *verdict = json_object(), *messages = json_array();
	str rest = buf_str(&r->lines), line;
	struct buf why = { 0 };

	while (rest.n > 0) {
		str_cut(&rest, '\n', &line);
		json_array_append_new(messages, message(line));
	}
	json_put_bool(verdict, "ok", ok);
	json_put_int(verdict, "generation", r->generation);
	json_put_bool(verdict, "changed", r->changed);
	json_object_set_new(verdict, "messages", messages);
	if (!ok) {
		tell_refusal(r, &why);
		json_object_update_new(verdict, json_why(buf_str(&why)));
		buf_free(&why);
	}
	json_print(verdict, out);
}

static int exit_code(bool ok, const struct generation_report *r)
{
	if (ok)
		return EXIT_DONE;
	return r->why.kind == FAIL_TEMPORARY ? EXIT_AGAIN : EXIT_NO;
}

int compile_command(str verb, str dir, bool json, struct buf *out)
{
	struct generation_report r = { 0 };
	bool ok;
	int code;

	if (str_eq(verb, S("check")))
		ok = generation_check(dir, &r);
	else if (str_eq(verb, S("compile")))
		ok = generation_compile(dir, &r);
	else if (str_eq(verb, S("rollback")))
		ok = generation_rollback(dir, &r);
	else
		return EXIT_USAGE;
	if (json)
		print_json(ok, &r, out);
	else
		print_text(verb, ok, &r, out);
	code = exit_code(ok, &r);
	generation_report_free(&r);
	return code;
}
