/* admin/init: who the sender is, keys that sign, and the secret of rewritten senders. */
#include "admin/init_files.h"

#include "admin/srs.h"
#include "sender/dkim_publish.h"

#define SELECTOR "mail"

static str conf(struct arena *a, const struct init_pivot *p)
{
	return arena_printf(a,
		"# Mail of others: what the domains of senders and authors say of it is judged, "
		"and told "
		"in\n"
		"# Authentication-Results.  Where SPF says \"fail\" it is refused.  DMARC is only "
		"observed:\n"
		"# facteur dmarc shows what \"quarantine\" or \"reject\" in its place would have "
		"met.\n"
		"spf   { }\n"
		"dkim  { }\n"
		"dmarc { observe }\n"
		"\n"
		"# Our own, that of logins and of the hosts in dkim/hosts, is signed.  The zone of "
		"each "
		"domain needs\n"
		"# the record in dkim/DOMAIN/" SELECTOR
		".txt; facteur dkim status shows whether it "
		"is there.\n"
		"sign {\n"
		"    keytable      dkim/keytable\n"
		"    signingtable  refile:dkim/signingtable\n"
		"    hosts         dkim/hosts\n"
		"}\n"
		"\n"
		"# What an alias sends on to another server leaves with a sender of ours, so that "
		"SPF "
		"passes there,\n"
		"# and with our seal; bounces find their way back.  The zones need SPF records "
		"that name "
		"us:\n"
		"#   %.*s. TXT \"v=spf1 a -all\", and of each domain TXT \"v=spf1 mx a:%.*s "
		"~all\"\n"
		"srs { secrets srs.secrets }\n"
		"arc { key %.*s }\n",
		STR(p->hostname), STR(p->hostname), STR(p->domains[0]));
}

static str keytable(struct arena *a, const struct init_pivot *p)
{
	str text = S("# opendkim's KeyTable: NAME DOMAIN:SELECTOR:PATH\n");

	for (size_t i = 0; i < p->domain_count; i++)
		text = arena_printf(a,
			"%.*s%.*s %.*s:" SELECTOR ":./dkim/%.*s/" SELECTOR ".private\n", STR(text),
			STR(p->domains[i]), STR(p->domains[i]), STR(p->domains[i]));
	return text;
}

/* The last one is for our bounces, whose author is MAILER-DAEMON at the hostname. */
static str signingtable(struct arena *a, const struct init_pivot *p)
{
	str text = S("# opendkim's SigningTable: AUTHOR NAME, of dkim/keytable\n");

	for (size_t i = 0; i < p->domain_count; i++)
		text = arena_printf(
			a, "%.*s*@%.*s %.*s\n", STR(text), STR(p->domains[i]), STR(p->domains[i]));
	for (size_t i = 0; i < p->domain_count; i++)
		if (str_eq(p->domains[i], p->hostname))
			return text;
	return arena_printf(
		a, "%.*s*@%.*s %.*s\n", STR(text), STR(p->hostname), STR(p->domains[0]));
}

static str hosts(struct arena *a, const struct init_pivot *p)
{
	str text = S("# Whose mail is ours to sign, beside that of logins: addresses and networks\n"
		     "localhost\n");

	for (size_t i = 0; i < p->network_count; i++)
		text = arena_printf(a, "%.*s%.*s\n", STR(text), STR(p->networks[i]));
	return text;
}

static str taken(struct arena *a, struct buf *text)
{
	str kept = arena_copy(a, buf_str(text));

	if (text->p)
		memset(text->p, 0, text->size); /* it may be a private key */
	buf_free(text);
	return kept;
}

static bool add_key(struct arena *a, struct init_files *to, str domain, struct fail *why)
{
	const struct dkim_publish publish = {
		.domain = domain, .selector = S(SELECTOR), .hashes = S("sha256")
	};
	struct dkim_secret *secret = dkim_secret_make(DKIM_RSA_SHA256, 2048, why);
	struct buf pem = { 0 }, zone = { 0 };

	if (!secret)
		return false;
	dkim_secret_print(secret, &pem);
	dkim_publish_zone(&publish, secret, &zone);
	dkim_secret_free(secret);
	init_files_add(to, arena_printf(a, "dkim/%.*s/" SELECTOR ".private", STR(domain)),
		taken(a, &pem), 0600);
	init_files_add(to, arena_printf(a, "dkim/%.*s/" SELECTOR ".txt", STR(domain)),
		taken(a, &zone), 0644);
	return true;
}

bool init_sender_make(
	struct arena *a, const struct init_pivot *p, struct init_files *to, struct fail *why)
{
	char secret[SRS_SECRET_TEXT];

	init_files_add(to, S("conf.d/40-sender.conf"), conf(a, p), 0644);
	init_files_add(to, S("dkim/keytable"), keytable(a, p), 0644);
	init_files_add(to, S("dkim/signingtable"), signingtable(a, p), 0644);
	init_files_add(to, S("dkim/hosts"), hosts(a, p), 0644);
	srs_secret_make(secret);
	init_files_add(to, S("srs.secrets"), arena_printf(a, "%s\n", secret), 0600);
	for (size_t i = 0; i < p->domain_count; i++)
		if (!add_key(a, to, p->domains[i], why))
			return false;
	return true;
}
