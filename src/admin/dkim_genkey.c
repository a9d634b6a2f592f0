#include "admin/dkim.h"

#include "admin/exit.h"
#include "admin/json.h"
#include "base/number.h"
#include "sender/dkim_publish.h"
#include "world/file.h"

#define BITS_USUAL 2048

/* What the options say, named as opendkim-genkey(8) names them. */
struct wish {
	struct dkim_publish publish;
	str folder, kind, bits;
	bool verbose; /* taken, for scripts that say it; there is nothing more to tell */
};

struct option {
	str brief, full;
	str *text;  /* it has a value */
	bool *flag; /* or it has not, and sets this to: */
	bool to;
};

static bool is_named(const struct option *o, str word, str *value)
{
	str name = word;

	*value = S("");
	if (str_starts(word, S("--")) && str_has(word, '=')) {
		*value = word;
		str_cut(value, '=', &name);
	}
	return str_eq(name, o->brief) || str_eq(name, o->full);
}

/* Returns how many words it took; 0: they are wrong. */
static size_t take(
	const struct option *options, size_t option_count, const str *words, size_t count)
{
	str value;

	for (size_t i = 0; i < option_count; i++) {
		const struct option *o = &options[i];

		if (!is_named(o, words[0], &value))
			continue;
		if (o->flag) {
			*o->flag = o->to;
			return value.n == 0;
		}
		if (value.n > 0) {
			*o->text = value;
			return 1;
		}
		if (count < 2)
			return 0;
		*o->text = words[1];
		return 2;
	}
	return 0;
}

static bool read_options(struct wish *w, const str *words, size_t count, struct buf *out)
{
	struct dkim_publish *p = &w->publish;
	const struct option options[] = {
		{S("-a"),            S("--append-domain"),   NULL,         &p->append_domain, true },
		{ S("-b"),           S("--bits"),            &w->bits,     NULL,              false},
		{ S("-D"),           S("--directory"),       &w->folder,   NULL,              false},
		{ S("-d"),           S("--domain"),          &p->domain,   NULL,              false},
		{ S("-h"),           S("--hash-algorithms"), &p->hashes,   NULL,              false},
		{ S("-k"),           S("--kind"),            &w->kind,     NULL,              false},
		{ S("-n"),           S("--note"),            &p->note,     NULL,              false},
		{ S("-r"),           S("--restrict"),        NULL,         &p->mail_only,     true },
		{ S("-s"),           S("--selector"),        &p->selector, NULL,              false},
		{ S("-S"),           S("--nosubdomains"),    NULL,         &p->no_subdomains, true },
		{ S("--subdomains"), S("--subdomains"),      NULL,         &p->no_subdomains, false},
		{ S("-t"),           S("--testmode"),        NULL,         &p->testing,       true },
		{ S("--notestmode"), S("--notestmode"),      NULL,         &p->testing,       false},
		{ S("-v"),           S("--verbose"),         NULL,         &w->verbose,       true },
	};
	char shown[80];

	for (size_t i = 0; i < count;) {
		size_t n = take(options, LENGTH(options), words + i, count - i);

		if (n == 0) {
			buf_putf(out, "%s is no such option, or its value is missing\n",
				fail_clean(words[i], shown, sizeof shown));
			return false;
		}
		i += n;
	}
	return true;
}

static struct dkim_secret *make(const struct wish *w, struct fail *why)
{
	uint64_t bits = BITS_USUAL;

	if (str_eq(w->kind, S("ed25519")))
		return dkim_secret_make(DKIM_ED25519_SHA256, 0, why);
	if (!str_eq(w->kind, S("rsa")) || (w->bits.n > 0 && !number_parse(w->bits, 65536, &bits))) {
		fail_with(why, FAIL_PERMANENT, "5.5.4",
			"-k wants rsa or ed25519, and -b a number of bits");
		return NULL;
	}
	return dkim_secret_make(DKIM_RSA_SHA256, (unsigned)bits, why);
}

static void print(str private_path, str zone_path, str zone, bool json, struct buf *out)
{
	json_t *whole;

	if (!json) {
		buf_putf(out, "%.*s: the private key\n%.*s: the record for the zone\n",
			STR(private_path), STR(zone_path));
		return;
	}
	whole = json_object();
	json_put_str(whole, "private", private_path);
	json_put_str(whole, "zone", zone_path);
	json_put_str(whole, "record", str_trim(zone));
	json_print(whole, out);
}

/* A key that is there may be the one that signs today: it is never written over. */
static int write_files(struct arena *a, const struct wish *w, const struct dkim_secret *secret,
	bool json, struct buf *out, struct fail *why)
{
	str base = file_path(a, w->folder, w->publish.selector);
	str private_path = arena_printf(a, "%.*s.private", STR(base));
	str zone_path = arena_printf(a, "%.*s.txt", STR(base));
	struct buf pem = { 0 }, zone = { 0 };
	bool ok;

	dkim_secret_print(secret, &pem);
	dkim_publish_zone(&w->publish, secret, &zone);
	ok = file_exists(private_path)
		     ? fail_with(why, FAIL_PERMANENT, "5.5.4",
			       "%.*s is there already; choose another selector", STR(private_path))
		     : file_replace(private_path, buf_str(&pem), 0600, why) &&
			       file_replace(zone_path, buf_str(&zone), 0644, why);
	if (ok)
		print(private_path, zone_path, buf_str(&zone), json, out);
	memset(pem.p, 0, pem.size);
	buf_free(&pem);
	buf_free(&zone);
	return ok ? EXIT_DONE : why->kind == FAIL_PERMANENT ? EXIT_NO : EXIT_AGAIN;
}

int dkim_genkey(const str *words, size_t count, bool json, struct buf *out, bool *answered)
{
	struct wish w = {
		.publish = {.domain = S("localhost"),
			    .selector = S("default"),
			    .hashes = S("sha256")},
		.folder = S("."),
		.kind = S("rsa")
	};
	struct dkim_secret *secret = NULL;
	struct fail why = { 0 };
	int code = EXIT_USAGE;
	struct arena a;

	if (!read_options(&w, words, count, out))
		return EXIT_USAGE;
	arena_init(&a, ARENA_UNLIMITED);
	if (dkim_publish_check(&w.publish, &why))
		secret = make(&w, &why);
	if (secret)
		code = write_files(&a, &w, secret, json, out, &why);
	*answered = why.kind == FAIL_NONE;
	if (!*answered)
		buf_putf(out, "%s\n", why.text);
	dkim_secret_free(secret);
	arena_free(&a);
	return code;
}
