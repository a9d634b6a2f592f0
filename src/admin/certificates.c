#include "admin/certificates.h"

#include <stdio.h>

#include "mail/date.h"
#include "world/clock.h"
#include "world/tls_pair.h"

#define DAY_MS 86400000
#define WARN_DAYS 21

static void put_place(const struct conf_file *file, bool warning, struct buf *report)
{
	char place[CONF_ORIGIN_TEXT_MAX];

	buf_putf(report, "%s%s:%u: ", warning ? "warning: " : "",
		conf_origin_print(&file->origin, place), file->origin.column);
}

static void warn_of_end(
	const struct conf_pair *pair, const struct tls_context *made, struct buf *report)
{
	int64_t ends_ms = tls_pair_ends_ms(made);
	int64_t days = (ends_ms - clock_wall_ms()) / DAY_MS;
	char date[DATE_TEXT_MAX];

	if (days >= WARN_DAYS)
		return;
	put_place(&pair->certificate, true, report);
	buf_putf(report, "%.*s ends on %.10s, in %lld days\n", STR(pair->certificate.path),
		date_print_iso(ends_ms, date), (long long)days);
}

/* Clients that look will not believe it. */
static void warn_of_name(
	const struct conf_pair *pair, const struct tls_context *made, str name, struct buf *report)
{
	if (name.n == 0 || str_starts(name, S(".")) || tls_pair_is_for(made, name))
		return;
	put_place(&pair->certificate, true, report);
	buf_putf(report, "%.*s is not for the name %.*s\n", STR(pair->certificate.path), STR(name));
}

/* name: that it is shown for, or "". */
static bool check(const struct conf *c, const struct conf_pair *pair, str name, struct buf *report)
{
	struct tls_pair files = { .certificate = pair->certificate.path.p,
		.key = pair->key.path.p,
		.minimum = c->tls.minimum == CONF_TLS_1_3 ? TLS_MINIMUM_1_3 : TLS_MINIMUM_1_2 };
	struct tls_context *made;
	struct fail why;
	bool of_key;

	if (pair->certificate.path.n == 0)
		return true;
	if (str_eq(pair->certificate.path, pair->key.path)) {
		put_place(&pair->key, false, report);
		buf_putf(report,
			"%.*s: the key needs a file of its own, for only the vault may read it\n",
			STR(pair->key.path));
		return false;
	}
	made = tls_pair_new(&files, &why);
	if (made) {
		warn_of_end(pair, made, report);
		warn_of_name(pair, made, name, report);
		tls_context_free(made);
		return true;
	}
	of_key = str_starts(str_of(why.text), pair->key.path);
	put_place(of_key ? &pair->key : &pair->certificate, false, report);
	buf_putf(report, "%s\n", why.text);
	return false;
}

bool certificates_check(const struct conf *c, struct buf *report)
{
	bool ok = check(c, &c->tls.pair, c->hostname.text, report);

	for (size_t i = 0; i < c->tls.name_count; i++)
		ok &= check(c, &c->tls.names[i].pair, c->tls.names[i].name, report);
	for (size_t i = 0; i < c->listener_count; i++)
		ok &= check(c, &c->listeners[i].pair, S(""), report);
	return ok;
}
