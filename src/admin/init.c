#include "admin/init.h"

#include "admin/exit.h"
#include "admin/generation.h"
#include "admin/init_files.h"
#include "admin/init_satellite.h"
#include "admin/json.h"
#include "base/ip.h"
#include "conf/list.h"
#include "dns/name.h"
#include "mail/address.h"
#include "world/file.h"
#include "world/input.h"
#include "world/process.h"

static bool take_domain(struct arena *a, str value, str *to)
{
	char ascii[DNS_NAME_MAX + 1];

	if (!dns_name_ascii(value, ascii))
		return false;
	*to = arena_copy(a, str_of(ascii));
	return true;
}

static bool take_option(struct arena *a, struct init_pivot *p, str name, str value)
{
	struct ip_net net;
	str domain;

	if (str_eq(name, S("--hostname")))
		return take_domain(a, value, &p->hostname);
	if (str_eq(name, S("--domain"))) {
		if (!take_domain(a, value, &domain))
			return false;
		CONF_LIST_ADD(a, p->domains, p->domain_count, domain);
		return true;
	}
	if (str_eq(name, S("--network"))) {
		if (!ip_net_parse(value, &net))
			return false;
		CONF_LIST_ADD(a, p->networks, p->network_count, arena_copy(a, value));
		return true;
	}
	if (!str_eq(name, S("--postmaster")) || !address_parse(value, false, NULL))
		return false;
	p->postmaster = arena_copy(a, value);
	return true;
}

static bool read_options(
	struct arena *a, struct init_pivot *p, const str *words, size_t count, struct buf *out)
{
	char shown[80];

	for (size_t i = 0; i < count; i += 2) {
		if (i + 1 < count && take_option(a, p, words[i], words[i + 1]))
			continue;
		buf_putf(out, "%s %s\n", fail_clean(words[i], shown, sizeof shown),
			i + 1 < count ? "is no such option, or its value is wrong"
				      : "wants a value");
		return false;
	}
	if (p->domain_count > 0)
		return true;
	buf_put(out, S("--domain must be said\n"));
	return false;
}

/* --- asking ------------------------------------------------------------------------------------
 */

static const struct {
	const char *question, *option;
	bool must;
} questions[] = {
	{"Domains that this server takes mail for: ",                               "--domain",     true },
	{ "Its own name (empty: mail. and the first domain): ",                     "--hostname",   false},
	{ "Networks that may send without a password (empty: this machine only): ", "--network",
         false											   },
	{ "Who reads the postmaster's mail, an address (empty: a mailbox here): ",  "--postmaster",
         false											   },
};

/* One answer of words; asked again where one of them is wrong.  False: nobody answers. */
static bool ask_one(struct arena *a, struct init_pivot *p, struct input *in, size_t q)
{
	for (;;) {
		struct fail why;
		str line, word;
		bool fine = true;
		size_t n = 0;

		if (!process_print(str_of(questions[q].question)) || !input_line(in, &line, &why))
			return false;
		for (; fine && str_word(&line, &word); n++)
			fine = take_option(a, p, str_of(questions[q].option), word);
		if (fine && (n > 0 || !questions[q].must))
			return true;
		if (!process_print(S("That is not what was asked for.\n")))
			return false;
	}
}

static bool ask(struct arena *a, struct init_pivot *p, struct buf *out)
{
	struct fail why = { 0 };
	struct input *in = input_open(S("-"), &why);
	bool answered = in != NULL;

	for (size_t q = 0; answered && q < LENGTH(questions); q++)
		answered = ask_one(a, p, in, q);
	input_close(in);
	if (!answered)
		buf_put(out, S("nobody answers; options can say it, too\n"));
	return answered;
}

/* --- the command -------------------------------------------------------------------------------
 */

static void print_done(const struct init_pivot *p, const struct init_files *files, str dir,
	bool json, struct buf *out)
{
	json_t *o;

	if (json) {
		o = json_object();
		json_put_str(o, "hostname", p->hostname);
		json_put_str(o, "certificate_sha256", str_of(files->self.digest));
		json_put_str(o, "key_sha256", str_of(files->self.key_digest));
		json_print(o, out);
		return;
	}
	for (size_t i = 0; i < files->count; i++)
		buf_putf(out, "%.*s/%.*s\n", STR(dir), STR(files->items[i].name));
	buf_putf(out,
		"\nThe certificate is self-signed.  Its SHA-256, for those who pin it, is\n  %s\n"
		"and that of its key, which a renewed certificate may keep,\n  %s\n\n"
		"The zones need the records in dkim/*/*.txt, so that what we sign is believed;\n"
		"facteur dkim status -c %.*s  shows whether they are there.\n\n"
		"Look through conf.d, then:  facteur compile -c %.*s && facteur run -c %.*s\n",
		files->self.digest, files->self.key_digest, STR(dir), STR(dir), STR(dir));
}

static int write_all(
	struct init_pivot *p, str dir, bool json, struct buf *out, struct arena *a, bool *answered)
{
	struct init_files files = { 0 };
	struct generation_report report = { 0 };
	struct fail why = { 0 };
	int code = EXIT_NO;

	if (init_files_make(a, p, &files, &why) && init_files_write(a, &files, dir, &why)) {
		*answered = true;
		code = generation_check(dir, &report) ? EXIT_DONE : EXIT_NO;
		if (!json)
			buf_put(out, buf_str(&report.lines));
		print_done(p, &files, dir, json, out);
	} else {
		buf_putf(out, "%s\n", why.text);
	}
	generation_report_free(&report);
	tls_self_free(&files.self);
	return code;
}

int init_command(
	const str *words, size_t count, str dir, bool json, struct buf *out, bool *answered)
{
	struct init_pivot p = { 0 };
	struct arena a;
	int code = EXIT_USAGE;

	if (str_eq(words[0], S("satellite")))
		return init_satellite_command(words + 1, count - 1, dir, json, out, answered);
	if (!str_eq(words[0], S("pivot"))) {
		buf_put(out, S("init makes the configuration of a pivot or of a satellite: init "
			       "pivot, init "
			       "satellite\n"));
		return code;
	}
	arena_init(&a, ARENA_UNLIMITED);
	if (count > 1 ? read_options(&a, &p, words + 1, count - 1, out) : ask(&a, &p, out)) {
		if (p.hostname.n == 0)
			p.hostname = arena_printf(&a, "mail.%.*s", STR(p.domains[0]));
		code = write_all(&p, dir, json, out, &a, answered);
	}
	arena_free(&a);
	return code;
}
