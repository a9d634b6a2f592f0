#include "admin/certificates.h"

#include <stdio.h>

#include "mail/date.h"
#include "world/clock.h"
#include "world/tls_client.h"
#include "world/tls_pair.h"

#define DAY_MS 86400000
#define WARN_DAYS 21
#define OWN_AUTHORITIES_MAX 10 /* an organisation has few; a bundle has a hundred, of strangers */

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

/* What went wrong is said of the file that its text begins with. */
static bool refused(const struct conf_file *const files[], size_t count, const struct fail *why,
	struct buf *report)
{
	const struct conf_file *guilty = files[0];

	for (size_t i = 1; i < count; i++)
		if (files[i]->path.n > 0 && str_starts(str_of(why->text), files[i]->path))
			guilty = files[i];
	put_place(guilty, false, report);
	buf_putf(report, "%s\n", why->text);
	return false;
}

/* The key needs a file of its own: only the vault may read it. */
static bool apart(const struct conf_pair *pair, struct buf *report)
{
	if (pair->key.path.n == 0 || !str_eq(pair->certificate.path, pair->key.path))
		return true;
	put_place(&pair->key, false, report);
	buf_putf(report, "%.*s: the key needs a file of its own, for only the vault may read it\n",
		STR(pair->key.path));
	return false;
}

/* name: that it is shown for, or "". */
static bool check(const struct conf *c, const struct conf_pair *pair, str name, struct buf *report)
{
	const struct conf_file *const both[] = { &pair->certificate, &pair->key };
	struct tls_pair files = { .certificate = pair->certificate.path.p,
		.key = pair->key.path.p,
		.minimum = c->tls.minimum == CONF_TLS_1_3 ? TLS_MINIMUM_1_3 : TLS_MINIMUM_1_2 };
	struct tls_context *made;
	struct fail why;

	if (pair->certificate.path.n == 0)
		return true;
	if (!apart(pair, report))
		return false;
	made = tls_pair_new(&files, &why);
	if (!made)
		return refused(both, LENGTH(both), &why, report);
	warn_of_end(pair, made, report);
	warn_of_name(pair, made, name, report);
	tls_context_free(made);
	return true;
}

static bool check_peer(const struct conf_tls_peer *peer, struct buf *report)
{
	const struct conf_file *const all[] = { &peer->trust, &peer->pair.certificate,
		&peer->pair.key };
	struct tls_client files = { .trust = peer->trust.path.p,
		.certificate = peer->pair.certificate.path.p,
		.key = peer->pair.key.path.p };
	struct tls_context *made;
	struct fail why;

	if (peer->trust.path.n + peer->pair.certificate.path.n == 0)
		return true;
	if (!apart(&peer->pair, report))
		return false;
	made = tls_client_new(&files, &why);
	if (!made)
		return refused(all, LENGTH(all), &why, report);
	if (peer->pair.certificate.path.n > 0)
		warn_of_end(&peer->pair, made, report);
	tls_context_free(made);
	return true;
}

/* With a bundle of public authorities anybody who has a certificate could relay. */
static bool check_own(const struct conf_file *authorities, struct buf *report)
{
	struct tls_client files = { .trust = authorities->path.p };
	struct tls_context *made;
	size_t count;

	if (authorities->path.n == 0 || !(made = tls_client_new(&files, NULL)))
		return true; /* check_peer has said why */
	count = tls_client_authority_count(made);
	tls_context_free(made);
	if (count <= OWN_AUTHORITIES_MAX)
		return true;
	put_place(authorities, false, report);
	buf_putf(report,
		"%.*s makes this an open relay: it has %zu authorities, and strangers have "
		"certificates of them; name a file with that of your own\n",
		STR(authorities->path), count);
	return false;
}

bool certificates_check(const struct conf *c, struct buf *report)
{
	bool ok = check(c, &c->tls.pair, c->hostname.text, report);
	const struct conf_transport *t, *last = NULL;

	ok &= check_peer(&c->relay_for_certificate, report);
	ok &= check_own(&c->relay_for_certificate.trust, report);
	for (size_t i = 0; i < c->tls.name_count; i++)
		ok &= check(c, &c->tls.names[i].pair, c->tls.names[i].name, report);
	for (size_t i = 0; i < c->listener_count; i++)
		ok &= check(c, &c->listeners[i].pair, S(""), report);
	for (size_t i = 0; (t = conf_tls_transport(c, i)); i++) {
		bool named = t >= c->transports && t < c->transports + c->transport_count;

		/* ways lead to named ones, and the patterns of one route share it */
		if (named ? i < c->transport_count : t != last)
			ok &= check_peer(&t->peer, report);
		last = t;
	}
	return ok;
}
