#include "flow/offer.h"

#include "base/utf8.h"
#include "dns/name.h"
#include "mail/address.h"
#include "mail/xtext.h"

#define ORCPT_ADDRESS_MAX 493 /* RFC 3461 section 5.4 (b): 500 in all, with its type */

static str sender_of(const struct delivery *d)
{
	const struct envelope *e = &d->job->message->envelope;
	const struct envelope_rcpt *first = &e->rcpts[d->job->rcpts[0]];

	if (first->has_sender)
		return first->sender;
	return first->forwarded ? e->forwarder : e->sender;
}

static bool needs_utf8(const struct delivery *d)
{
	const struct envelope *e = &d->job->message->envelope;

	/* a raw 8-bit header of a client that never said SMTPUTF8 is tolerated, as it came */
	bool header = e->flags & ENVELOPE_HEADER_UTF8 && e->flags & ENVELOPE_SMTPUTF8;

	if (header || !address_ascii(sender_of(d)))
		return true;
	for (size_t i = 0; i < d->job->count; i++)
		if (!address_ascii(e->rcpts[d->job->rcpts[i]].address))
			return true;
	return false;
}

enum offer offer_judge(
	const struct delivery *d, const struct smtp_client_peer *peer, struct fail *why)
{
	unsigned flags = d->job->message->envelope.flags;

	if (needs_utf8(d) && !peer->smtputf8) {
		fail_with(why, FAIL_PERMANENT, "5.6.7",
			"This message needs SMTPUTF8, which the next server does not offer");
		return OFFER_CANNOT;
	}
	if (!(flags & ENVELOPE_EIGHTBIT) || peer->eightbitmime)
		return OFFER_AS_IT_IS;
	if (flags & ENVELOPE_SIGNED) {
		fail_with(why, FAIL_PERMANENT, "5.6.3",
			"The next server takes 7-bit mail only, and converting this signed message "
			"would break its signature");
		return OFFER_CANNOT;
	}
	return OFFER_DOWNGRADED;
}

/* The form for a peer without SMTPUTF8: the domain in ASCII. */
static str wire_form(struct arena *a, str address, bool utf8)
{
	char domain[DNS_NAME_MAX + 1];

	if (utf8 || utf8_ascii(address) || !dns_name_ascii(address_domain(address), domain))
		return address;
	return arena_printf(a, "%.*s@%s", STR(address_local(address)), domain);
}

/* Where an alias led to another address, the next server hears which one the sender wrote, so that
 * its reports can say so (RFC 3461 section 4.2). */
static str original_of(struct arena *a, const struct envelope_rcpt *rcpt)
{
	struct buf text = { 0 };
	str orcpt = rcpt->orcpt;

	if (orcpt.n > 0 || !utf8_ascii(rcpt->original) ||
		str_eq_nocase(rcpt->original, rcpt->address))
		return orcpt;
	xtext_encode(rcpt->original, &text);
	if (buf_str(&text).n <= ORCPT_ADDRESS_MAX)
		orcpt = arena_printf(a, "rfc822;%.*s", STR(buf_str(&text)));
	buf_free(&text);
	return orcpt;
}

void offer_mail(const struct delivery *d, const struct smtp_client_peer *peer, struct arena *a,
	struct smtp_client_mail *mail)
{
	const struct envelope *e = &d->job->message->envelope;
	bool utf8 = needs_utf8(d);
	struct smtp_client_rcpt *rcpts = arena_alloc(a, d->job->count * sizeof *rcpts);

	for (size_t i = 0; i < d->job->count; i++) {
		const struct envelope_rcpt *from = &e->rcpts[d->job->rcpts[i]];

		rcpts[i].address = wire_form(a, from->address, utf8);
		rcpts[i].notify = from->notify & ~ENVELOPE_EXPANDED;
		if (!from->has_sender)
			rcpts[i].orcpt = original_of(a, from);
	}
	*mail = (struct smtp_client_mail){ .sender = wire_form(a, sender_of(d), utf8),
		.smtputf8 = utf8,
		.eightbit =
			peer->eightbitmime && e->flags & (ENVELOPE_EIGHTBIT | ENVELOPE_HEADER_UTF8),
		.rcpts = rcpts,
		.rcpt_count = d->job->count };
	if (e->rcpts[d->job->rcpts[0]].has_sender)
		return; /* the envelope is the list's, its author's wishes end here */
	mail->ret = e->ret;
	mail->envid = e->envid;
}
