#include "test/sim/disguise.h"

#include <assert.h>
#include <stdio.h>

#include "test/sim/ledger.h"
#include "test/sim/sim.h"

#define DISGUISED_PER_MILLE 200

static struct ip some_ip(const char *network, int64_t first, int64_t last)
{
	char text[32];
	struct ip ip;
	bool parsed;

	snprintf(text, sizeof text, "%s.%d", network, (int)sim_between(first, last));
	parsed = ip_parse(str_of(text), &ip);
	assert(parsed);
	return ip;
}

static struct ip stranger(void)
{
	return some_ip("192.0.2", 1, 20);
}

static struct ip friend(void)
{
	return some_ip("10.0.1", 1, 20);
}

/* Proxies that speak for themselves, and filters, are strangers of whom no SPF record tells. */
static enum disguise_kind some_kind(void)
{
	enum disguise_kind kind = (enum disguise_kind)sim_between(1, DISGUISE_KINDS - 1);

	if (ledger.judged &&
		(kind == DISGUISE_LOCAL || kind == DISGUISE_XFORWARD || kind == DISGUISE_NAMELESS))
		return DISGUISE_HEADER2;
	return kind;
}

void disguise_make(struct disguise *d, bool trusted)
{
	struct ip real = trusted ? friend() : stranger();

	*d = (struct disguise){ .from = real, .client = real, .told = real, .trusted = trusted };
	if (!sim_chance(DISGUISED_PER_MILLE))
		return;
	d->kind = some_kind();
	switch (d->kind) {
	case DISGUISE_HEADER1:
	case DISGUISE_HEADER2:
		d->from = some_ip("10.0.3", 1, 6);
		break;
	case DISGUISE_LOCAL:
		d->from = d->client = some_ip("10.0.3", 1, 6);
		d->trusted = false;
		break;
	case DISGUISE_LOGIN:
		d->client = d->told = stranger();
		d->from = some_ip("10.0.3", 9, 14);
		d->trusted = true;
		break;
	case DISGUISE_NAMELESS:
		d->from = d->client = some_ip("10.0.3", 9, 14);
		d->told = friend();
		d->trusted = false;
		break;
	case DISGUISE_XCLIENT:
		d->from = some_ip("10.0.3", 9, 14);
		break;
	case DISGUISE_XFORWARD:
		d->from = d->client = some_ip("10.0.3", 17, 22);
		d->told = friend();
		d->trusted = false;
		break;
	case DISGUISE_FALSE_HEADER:
	case DISGUISE_FALSE_XCLIENT:
		d->from = d->client = stranger();
		d->told = friend();
		d->trusted = false;
		break;
	case DISGUISE_NONE:
	case DISGUISE_KINDS:
		break;
	}
}

/* --- the PROXY header --------------------------------------------------------------------------
 */

bool disguise_has_header(const struct disguise *d)
{
	return d->kind == DISGUISE_HEADER1 || d->kind == DISGUISE_HEADER2 ||
	       d->kind == DISGUISE_LOCAL;
}

static void put_line(const struct disguise *d, struct buf *out)
{
	char ip[IP_TEXT_MAX];

	buf_putf(out, "PROXY TCP4 %s 10.0.0.1 40000 25\r\n", ip_print(&d->told, ip));
}

/* With a TLV behind the addresses now and then (PROXY protocol, section 2.2). */
static void put_binary(const struct disguise *d, struct buf *out)
{
	static const unsigned char ours[] = { 10, 0, 0, 1, 156, 64, 0, 25 };
	unsigned char tlvs = sim_chance(500) ? (unsigned char)sim_between(3, 200) : 0;

	buf_put(out, S("\r\n\r\n\0\r\nQUIT\n"));
	buf_put_char(out, d->kind == DISGUISE_LOCAL ? 0x20 : 0x21);
	buf_put_char(out, 0x11);
	buf_put_char(out, 0);
	buf_put_char(out, (char)(12 + tlvs));
	buf_put(out, str_from(d->told.bytes, 4));
	buf_put(out, str_from(ours, sizeof ours));
	for (unsigned i = 0; i < tlvs; i++)
		buf_put_char(out, i == 0 ? 4 : i == 1 ? 0 : i == 2 ? (char)(tlvs - 3) : 'x');
}

void disguise_header(const struct disguise *d, struct buf *out)
{
	if (d->kind == DISGUISE_HEADER1)
		put_line(d, out);
	else
		put_binary(d, out);
}

/* --- what is said in the dialogue --------------------------------------------------------------
 */

unsigned disguise_commands(const struct disguise *d)
{
	if (d->kind == DISGUISE_NONE || disguise_has_header(d))
		return 0;
	return d->kind == DISGUISE_NAMELESS ? 2 : 1;
}

void disguise_command(const struct disguise *d, bool last, struct buf *out)
{
	char ip[IP_TEXT_MAX];

	if (d->kind == DISGUISE_NAMELESS && last)
		buf_put(out, S("XCLIENT ADDR=[UNAVAILABLE]\r\n"));
	else if (d->kind == DISGUISE_FALSE_HEADER)
		put_line(d, out);
	else
		buf_putf(out, "%s ADDR=%s HELO=told.test%s\r\n",
			d->kind == DISGUISE_XFORWARD ? "XFORWARD" : "XCLIENT",
			ip_print(&d->told, ip), d->kind == DISGUISE_LOGIN ? " LOGIN=app" : "");
}

int disguise_reply(const struct disguise *d)
{
	if (d->kind == DISGUISE_FALSE_HEADER)
		return 500;
	if (d->kind == DISGUISE_FALSE_XCLIENT)
		return 550;
	return d->kind == DISGUISE_XFORWARD ? 250 : 220;
}
