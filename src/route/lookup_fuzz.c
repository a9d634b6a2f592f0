/* Laws: a table that is taken gives for every key nothing, a row of it, or a failure, and gives the
 * same the second time; what it gives names a line of the text; what is refused says where, within
 * the text.  Whatever an expression is matched with, it spends no more than its budget. */
#include "test/fuzz.h"

#include "base/buf.h"
#include "base/number.h"
#include "route/lookup.h"

struct input {
	str text;
};

static bool read_text(void *owner, struct arena *a, str path, str *text, struct fail *why)
{
	struct input *in = owner;

	(void)path;
	(void)why;
	*text = arena_copy(a, in->text);
	return true;
}

static size_t lines_in(str text)
{
	size_t n = 1;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

static void check_key(const struct lookup *t, str key, size_t lines)
{
	struct regex_budget budget = { 100000 }, again = { 100000 };
	struct lookup_answer first, second;
	struct arena a;

	arena_init(&a, 1 << 20);
	LAW(lookup_now(t, &a, key, &budget, 0, &first) && budget.steps <= 100000);
	LAW(lookup_now(t, &a, key, &again, 0, &second));
	LAW(first.end == second.end && str_eq(first.value, second.value));
	LAW(budget.steps == again.steps);
	LAW(first.end != LOOKUP_FOUND || (first.at.line >= 1 && first.at.line <= lines));
	LAW(first.end != LOOKUP_FOUND || first.value.n <= 65536);
	LAW(first.end != LOOKUP_FAILED || first.why.text[0] != '\0');
	arena_free(&a);
}

/* The first byte chooses the kind; keys are what stands behind the first NUL, or the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const settings[] = { "hostname p.test\ntable t { file f }\n",
		"hostname p.test\ntable t { cidr f }\n", "hostname p.test\ntable t { pcre f }\n" };
	static struct conf *confs[3];
	str text = str_from(data, size), rest, line;
	struct buf report = { 0 };
	struct fail why = { 0 };
	struct lookup_set *s;
	struct input in;
	uint64_t number;
	size_t kind;

	if (size < 2)
		return 0;
	kind = data[0] % 3;
	rest = str_skip(text, 1);
	str_cut(&rest, '\0', &in.text);
	if (!confs[kind]) {
		struct conf_source source = { S("a.conf"), str_of(settings[kind]) };

		confs[kind] = conf_build(S("/"), &source, 1, &why);
	}
	s = lookup_set_read(confs[kind], read_text, &in, &report);
	if (s) {
		const struct lookup *t = lookup_set_named(s, S("t"));

		check_key(t, rest, lines_in(in.text));
		check_key(t, in.text, lines_in(in.text));
		check_key(t, S("192.0.2.1"), lines_in(in.text));
	} else {
		line = str_skip(buf_str(&report), 2);
		line = str_first(line, str_find(line, ':'));
		LAW(str_starts(buf_str(&report), S("f:")));
		LAW(number_parse(line, lines_in(in.text), &number) && number >= 1);
	}
	lookup_set_drop(s);
	buf_free(&report);
	return 0;
}
