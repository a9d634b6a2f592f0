#include "admin/verify.h"

#include "admin/exit.h"
#include "admin/verify_source.h"
#include "base/number.h"
#include "world/clock.h"
#include "world/file.h"

#define SECONDS_MAX (UINT64_C(1) << 40) /* of --now; no calendar goes so far */
#define CHECKS_MAX 5                    /* DMARC, SPF of two identities, DKIM, ARC */

/* Where the answers come from, and the message, as written. */
struct source {
	struct verify_source answers;
	str message;
};

/* What can be verified. */
static const struct subject {
	str name;
	bool reads_message, takes_sender;
	bool dkim, arc, dmarc; /* what is judged of the message; SPF where a client is said */
} subjects[] = {
	{STR_INIT("spf"),      false, true,  false, false, false},
	{ STR_INIT("dkim"),    true,  false, true,  false, false},
	{ STR_INIT("arc"),     true,  false, false, true,  false},
	{ STR_INIT("dmarc"),   true,  true,  true,  false, true },
	{ STR_INIT("message"), true,  true,  true,  true,  true },
};

static bool take_client(struct verify *v, str value)
{
	v->client_text = value;
	return ip_parse(value, &v->client);
}

static bool take_now(struct verify *v, str value)
{
	uint64_t seconds;

	if (!number_parse(value, SECONDS_MAX, &seconds))
		return false;
	v->wall_s = (int64_t)seconds;
	return true;
}

static bool take_option(struct verify *v, struct source *from, str name, str value)
{
	struct {
		str name;
		str *to;
	} texts[] = {
		{S("--helo"),  &v->helo},
		{ S("--from"), &v->from},
	};

	if (str_eq(name, S("--client")))
		return take_client(v, value);
	if (str_eq(name, S("--now")))
		return take_now(v, value);
	for (size_t i = 0; i < LENGTH(texts); i++) {
		if (!str_eq(name, texts[i].name))
			continue;
		*texts[i].to = value;
		return true;
	}
	return verify_source_option(&from->answers, name, value);
}

static bool take_file(struct source *from, str word)
{
	if (from->message.n > 0 || word.n == 0 || word.p[0] == '-')
		return false;
	from->message = word;
	return true;
}

/* What is missing, or does not go together. */
static const char *check_options(
	const struct verify *v, const struct source *from, const struct subject *subject)
{
	bool sender = v->helo.n > 0 || v->from.n > 0;

	if (subject->reads_message != (from->message.n > 0))
		return subject->reads_message ? "a file with a message must be said"
					      : "no file is read for this";
	if (!subject->takes_sender && (sender || v->client.family != 0))
		return "--client, --from and --helo are for SPF";
	if ((v->client.family != 0) != sender || (!subject->reads_message && !sender))
		return "--client and one of --from and --helo must be said";
	if (!verify_source_right(&from->answers))
		return "--zone and --resolver exclude each other";
	return NULL;
}

/* False: *out says which one is wrong. */
static bool read_options(struct verify *v, struct source *from, const struct subject *subject,
	const str *words, size_t count, struct buf *out)
{
	const char *wrong;
	char shown[80];

	for (size_t i = 0; i < count; i++) {
		if (take_file(from, words[i]))
			continue;
		if (i + 1 < count && take_option(v, from, words[i], words[i + 1])) {
			i++;
			continue;
		}
		buf_putf(out, "%s %s\n", fail_clean(words[i], shown, sizeof shown),
			i + 1 < count ? "is no such option, or its value is wrong"
				      : "wants a value");
		return false;
	}
	wrong = check_options(v, from, subject);
	if (wrong)
		buf_putf(out, "%s\n", wrong);
	return !wrong;
}

/* Files end their lines as they like; a message has CRLF. */
static bool read_message(struct arena *a, struct verify *v, str path, struct fail *why)
{
	struct buf text = { 0 };
	str rest;

	if (!file_read(a, path, &rest, why))
		return false;
	for (size_t i = 0; i < rest.n; i++) {
		if (rest.p[i] == '\n' && (i == 0 || rest.p[i - 1] != '\r'))
			buf_put_char(&text, '\r');
		buf_put_char(&text, rest.p[i]);
	}
	v->message = arena_copy(a, buf_str(&text));
	buf_free(&text);
	return true;
}

/* --- judging -----------------------------------------------------------------------------------
 */

void verify_line(struct buf *out, const char *name, str text)
{
	char clean[FAIL_TEXT_MAX];

	if (text.n > 0)
		buf_putf(out, "  %-12s %s\n", name, fail_clean(text, clean, sizeof clean));
}

/* The one that decides stands first. */
static void print(
	const struct verify *v, struct verify_check *const *checks, size_t count, struct buf *out)
{
	json_t *whole, *results;

	if (!v->json) {
		for (size_t i = 0; i < count; i++)
			checks[i]->kind->print(checks[i], out);
		return;
	}
	whole = json_object();
	results = json_array();
	json_put_str(whole, "result", str_of(checks[0]->kind->result(checks[0])));
	if (v->client.family != 0)
		json_put_str(whole, "client", v->client_text);
	for (size_t i = 0; i < count; i++)
		checks[i]->kind->json(checks[i], results);
	json_object_set_new(whole, "results", results);
	json_print(whole, out);
}

static int exit_code(const struct verify_check *c)
{
	if (strcmp(c->kind->result(c), "pass") == 0)
		return EXIT_DONE;
	return c->kind->again(c) ? EXIT_AGAIN : EXIT_NO;
}

static int run(struct verify *v, const struct subject *subject, struct buf *out)
{
	struct verify_check *checks[CHECKS_MAX], *spf = NULL, *dkim = NULL;
	size_t first = subject->dmarc, count = first; /* checks[0] is kept for DMARC */
	int code;

	if (v->client.family != 0 && v->from.n > 0)
		spf = checks[count++] = verify_spf(v, "smtp.mailfrom", v->from);
	if (v->client.family != 0 && v->helo.n > 0)
		checks[count++] = verify_spf(v, "smtp.helo", S(""));
	if (!spf && count > first)
		spf = checks[first];
	if (subject->dkim)
		dkim = checks[count++] = verify_dkim(v);
	if (subject->arc)
		checks[count++] = verify_arc(v);
	verify_run(v, checks + first, count - first);
	if (subject->dmarc) {
		checks[0] = verify_dmarc(v, spf, dkim);
		verify_run(v, checks, 1);
	}
	print(v, checks, count, out);
	code = exit_code(checks[0]);
	for (size_t i = 0; i < count; i++)
		checks[i]->kind->free(checks[i]);
	verify_run_close(v);
	return code;
}

static int judge(struct arena *a, struct verify *v, const struct source *from,
	const struct subject *subject, str dir, struct buf *out, struct fail *why)
{
	struct router *router;
	int code = EXIT_AGAIN;

	if (from->message.n > 0 && !read_message(a, v, from->message, why))
		return EXIT_USAGE;
	if (!verify_source_load(a, &from->answers, dir, &router, why))
		return code;
	if (router)
		v->hostname = router_conf(router)->hostname.text;
	v->resolver = verify_source_open(a, &from->answers, router, why);
	if (v->resolver) {
		v->loop = loop_new("verify");
		code = run(v, subject, out);
	} else if (why->kind == FAIL_PERMANENT) {
		code = EXIT_USAGE;
	}
	router_drop(router);
	return code;
}

static const struct subject *find_subject(str name)
{
	for (size_t i = 0; i < LENGTH(subjects); i++)
		if (str_eq(name, subjects[i].name))
			return &subjects[i];
	return NULL;
}

int verify_command(
	const str *words, size_t count, str dir, bool json, struct buf *out, bool *answered)
{
	struct verify v = { .json = json, .wall_s = clock_wall_ms() / 1000 };
	const struct subject *subject = find_subject(words[0]);
	struct source from = { 0 };
	struct fail why = { 0 };
	struct arena a;
	int code;

	*answered = false;
	if (!subject) {
		buf_put(out, S("what can be verified is spf, dkim, arc, dmarc or message\n"));
		return EXIT_USAGE;
	}
	if (!read_options(&v, &from, subject, words + 1, count - 1, out))
		return EXIT_USAGE;
	arena_init(&a, ARENA_UNLIMITED);
	code = judge(&a, &v, &from, subject, dir, out, &why);
	arena_free(&a);
	*answered = why.kind == FAIL_NONE;
	if (!*answered)
		buf_putf(out, "%s\n", why.text);
	return code;
}
