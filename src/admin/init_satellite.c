#include "admin/init_satellite.h"

#include "admin/exit.h"
#include "admin/generation.h"
#include "admin/init_files.h"
#include "admin/json.h"
#include "base/ascii.h"
#include "base/ip.h"
#include "base/number.h"
#include "dns/name.h"
#include "login/saslprep.h"
#include "mail/address.h"
#include "world/process.h"
#include "world/sock.h"

#define LOGIN_OCTETS_MAX 255
#define CREDENTIALS "credentials"

/* What the administrator has said; "" where he has not. */
struct satellite {
	str hostname;
	str pivot, port; /* its host, and where it listens */
	str root;        /* who reads root's mail */
	str fingerprint; /* of the pivot's certificate, or its key */
	str trust;       /* a file of authorities */
	str login;       /* whom it is on the pivot */
	str password;
};

/* --- options -----------------------------------------------------------------------------------
 */

static bool take_host(struct arena *a, str value, str *to)
{
	char ascii[DNS_NAME_MAX + 1];

	if (!dns_name_ascii(value, ascii))
		return false;
	*to = arena_copy(a, str_of(ascii));
	return true;
}

static bool take_pivot(struct arena *a, str value, str *to)
{
	struct ip ip;

	if (!ip_parse(value, &ip))
		return take_host(a, value, to);
	*to = arena_copy(a, value);
	return true;
}

static bool take_port(struct arena *a, str value, str *to)
{
	uint64_t port;

	*to = arena_copy(a, value);
	return number_parse(value, 65535, &port) && port > 0;
}

static bool take_address(struct arena *a, str value, str *to)
{
	*to = arena_copy(a, value);
	return address_parse(value, false, NULL) && address_domain(value).n > 0;
}

static bool take_digest(struct arena *a, str value, str *to)
{
	size_t digits = 0;

	*to = arena_copy(a, value);
	for (size_t i = 0; i < value.n; i++)
		if (ascii_hex(value.p[i]) >= 0)
			digits++;
		else if (value.p[i] != ':')
			return false;
	return digits == 64;
}

static bool take_path(struct arena *a, str value, str *to)
{
	*to = arena_copy(a, value);
	for (size_t i = 0; i < value.n; i++)
		if (ascii_control(value.p[i]) || value.p[i] == '"')
			return false;
	return value.n > 0;
}

static bool take_login(struct arena *a, str value, str *to)
{
	*to = arena_copy(a, value);
	for (size_t i = 0; i < value.n; i++)
		if (ascii_control(value.p[i]) || value.p[i] == ':')
			return false;
	return value.n > 0 && value.n <= LOGIN_OCTETS_MAX;
}

static const struct option {
	const char *name;
	bool (*take)(struct arena *a, str value, str *to);
	size_t field;
} options[] = {
	{"--hostname",     take_host,    offsetof(struct satellite, hostname)   },
	{ "--pivot",       take_pivot,   offsetof(struct satellite, pivot)      },
	{ "--port",        take_port,    offsetof(struct satellite, port)       },
	{ "--root",        take_address, offsetof(struct satellite, root)       },
	{ "--fingerprint", take_digest,  offsetof(struct satellite, fingerprint)},
	{ "--trust",       take_path,    offsetof(struct satellite, trust)      },
	{ "--login",       take_login,   offsetof(struct satellite, login)      },
};

static bool take(struct arena *a, struct satellite *s, str name, str value)
{
	for (size_t i = 0; i < LENGTH(options); i++)
		if (str_eq(name, str_of(options[i].name)))
			return options[i].take(a, value, (str *)((char *)s + options[i].field));
	return false;
}

static bool read_options(
	struct arena *a, struct satellite *s, const str *words, size_t count, struct buf *out)
{
	char shown[80];

	for (size_t i = 0; i < count; i += 2) {
		if (i + 1 < count && take(a, s, words[i], words[i + 1]))
			continue;
		buf_putf(out, "%s %s\n", fail_clean(words[i], shown, sizeof shown),
			i + 1 < count ? "is no such option, or its value is wrong"
				      : "wants a value");
		return false;
	}
	if (s->pivot.n == 0 || s->hostname.n == 0 || s->root.n == 0)
		buf_put(out, S("--pivot, --hostname and --root must be said\n"));
	else if (s->fingerprint.n > 0 && s->trust.n > 0)
		buf_put(out, S("--fingerprint or --trust, not both\n"));
	else
		return true;
	return false;
}

/* --- files -------------------------------------------------------------------------------------
 */

/* A listener that cannot be opened keeps the server from starting. */
static bool has_ipv6(void)
{
	struct endpoint at;
	struct fail why;
	int fd;

	if (!endpoint_parse(S("::1"), 25, &at))
		return false;
	at.port = 0; /* any */
	fd = sock_bind(&at, 0, &why);
	if (fd >= 0)
		sock_unbind(fd);
	return fd >= 0;
}

static str identity(struct arena *a, const struct satellite *s)
{
	return arena_printf(a,
		"# Who we are.  Programs of this machine may send, and nobody else.\n"
		"hostname    %.*s\n"
		"postmaster  %.*s\n"
		"relay-for   127.0.0.0/8 ::1/128\n"
		"listen local { on 127.0.0.1:25%s; tls off }\n"
		"\n"
		"# Mail for this machine itself, cron's and that of daemons, is the "
		"administrators'.\n"
		"domain %.*s { aliases aliases/%.*s.aliases; catch-all %.*s }\n",
		STR(s->hostname), STR(s->root), has_ipv6() ? " [::1]:25" : "", STR(s->hostname),
		STR(s->hostname), STR(s->root));
}

static str to_pivot(struct arena *a, const struct satellite *s)
{
	str login = s->login.n > 0 ? S("    login        " CREDENTIALS "\n") : S("");
	str level = s->fingerprint.n > 0
			    ? arena_printf(a, "tls          fingerprint\n    fingerprint  %.*s",
				      STR(s->fingerprint))
		    : s->trust.n > 0
			    ? arena_printf(a, "tls          verify\n    trust        \"%.*s\"",
				      STR(s->trust))
			    : S("tls          verify");

	return arena_printf(a,
		"# All other mail goes to the pivot, and only if that shows the right "
		"certificate.\n"
		"# The pivot may know us by our own one.\n"
		"transport pivot {\n"
		"    smtp         \"%.*s\"\n"
		"    port         %.*s\n"
		"    %.*s\n"
		"%.*s"
		"    certificate  tls/%.*s.pem\n"
		"    key          tls/%.*s.key\n"
		"}\n"
		"route * { transport pivot }\n"
		"\n"
		"# While the pivot is away, mail waits here; nobody is told before a day, and "
		"nothing is\n"
		"# returned before a week.\n"
		"queue { retry 1m 2m 5m 10m; warn 1d; lifetime 7d; bounce-lifetime 7d }\n",
		STR(s->pivot), STR(s->port), STR(level), STR(login), STR(s->hostname),
		STR(s->hostname));
}

static bool make(
	struct arena *a, const struct satellite *s, struct init_files *to, struct fail *why)
{
	const struct init_file files[] = {
		{S("conf.d/10-identity.conf"), identity(a,     s),                        0644                          },
		{              S("conf.d/20-pivot.conf"),                  to_pivot(a,             s),                      0644                             },
		{ arena_printf(a,           "aliases/%.*s.aliases",                               STR(s->hostname)),
                 arena_printf(a,
                 "# Aliases of this machine, as in aliases(5).\n"
				"postmaster: root\nabuse:      root\nroot:       %.*s\n", STR(s->root)),
                 0644 },
		{														   arena_printf(a,              "tls/%.*s.pem", STR(s->hostname)),         buf_str(&to->self.certificate),
                 0644 },
		{														   arena_printf(a,              "tls/%.*s.key", STR(s->hostname)),         buf_str(&to->self.key),         0600 },
	};

	(void)why;
	for (size_t i = 0; i < LENGTH(files); i++)
		to->items[to->count++] = files[i];
	if (s->login.n > 0)
		to->items[to->count++] = (struct init_file){ S(CREDENTIALS),
			arena_printf(a,
				"# Whom we are on the pivot: [HOST]:PORT NAME:PASSWORD.\n"
				"[%.*s]:%.*s %.*s:%.*s\n",
				STR(s->pivot), STR(s->port), STR(s->login), STR(s->password)),
			0600 };
	return true;
}

static void print_done(const struct satellite *s, const struct init_files *files, str dir,
	bool json, struct buf *out)
{
	json_t *o;

	if (json) {
		o = json_object();
		json_put_str(o, "hostname", s->hostname);
		json_put_str(o, "certificate_sha256", str_of(files->self.digest));
		json_put_str(o, "key_sha256", str_of(files->self.key_digest));
		json_print(o, out);
		return;
	}
	for (size_t i = 0; i < files->count; i++)
		buf_putf(out, "%.*s/%.*s\n", STR(dir), STR(files->items[i].name));
	buf_putf(out,
		"\nThe pivot must take mail from this machine: by its address,\n"
		"  relay-for ADDRESS\n"
		"or by the SHA-256 of its certificate,\n  relay-for-certificate %s\n\n"
		"Look through conf.d, then:  facteur compile -c %.*s && facteur run -c %.*s\n",
		files->self.digest, STR(dir), STR(dir));
	if (s->login.n > 0)
		buf_putf(out,
			"\nOr it knows the login, which has to be allowed to send as anybody, and "
			"as "
			"much as it likes:\n"
			"  facteur user set %.*s\n  login { send-as %.*s *; limits-of %.*s 0 0 }\n",
			STR(s->login), STR(s->login), STR(s->login));
}

static int write_all(const struct satellite *s, str dir, bool json, struct buf *out,
	struct arena *a, bool *answered)
{
	struct init_files files = { 0 };
	struct generation_report report = { 0 };
	struct fail why = { 0 };
	int code = EXIT_NO;

	if (tls_self_make(&files.self, &s->hostname, 1, &why) && make(a, s, &files, &why) &&
		init_files_write(a, &files, dir, &why)) {
		*answered = true;
		code = generation_check(dir, &report) ? EXIT_DONE : EXIT_NO;
		if (!json)
			buf_put(out, buf_str(&report.lines));
		print_done(s, &files, dir, json, out);
	} else {
		buf_putf(out, "%s\n", why.text);
	}
	generation_report_free(&report);
	tls_self_free(&files.self);
	return code;
}

static bool read_password(struct arena *a, struct satellite *s, struct buf *out)
{
	struct buf secret = { 0 };
	struct fail why = { 0 };
	bool got;

	if (s->login.n == 0)
		return true;
	got = process_read_secret("Password on the pivot: ", &secret, &why);
	s->password = arena_copy(a, buf_str(&secret));
	saslprep_wipe(&secret);
	for (size_t i = 0; got && i < s->password.n; i++)
		if (ascii_control(s->password.p[i]))
			got = fail_with(&why, FAIL_PERMANENT, "",
				"a password with a control character cannot be written down");
	if (got && s->password.n == 0)
		got = fail_with(&why, FAIL_PERMANENT, "", "a login without a password is none");
	if (!got)
		buf_putf(out, "%s\n", why.text);
	return got;
}

int init_satellite_command(
	const str *words, size_t count, str dir, bool json, struct buf *out, bool *answered)
{
	struct satellite s = { 0 };
	struct arena a;
	int code = EXIT_USAGE;

	arena_init(&a, ARENA_UNLIMITED);
	if (read_options(&a, &s, words, count, out) && read_password(&a, &s, out)) {
		if (s.port.n == 0) /* logins have a port of their own */
			s.port = s.login.n > 0 ? S("587") : S("25");
		code = write_all(&s, dir, json, out, &a, answered);
	}
	arena_free(&a);
	return code;
}
