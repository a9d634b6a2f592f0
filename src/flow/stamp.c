#include "flow/stamp.h"

#include "base/ascii.h"
#include "base/log.h"
#include "base/utf8.h"
#include "mail/date.h"

/* The client's name for itself, without what could disturb the field's syntax. */
static void put_helo(str helo, bool utf8, struct buf *to)
{
	for (size_t i = 0; i < helo.n; i++) {
		char c = helo.p[i];
		bool safe = c > ' ' && c != 0x7f && !strchr("()<>\\\"", c);

		buf_put_char(to, safe || (utf8 && ascii_high(c)) ? c : '?');
	}
	if (helo.n == 0)
		buf_put(to, S("unknown"));
}

void stamp_received(const struct stamp *s, struct buf *to)
{
	const struct envelope *e = s->envelope;
	char ip[IP_TEXT_MAX], id[LOG_ID_TEXT_MAX], date[DATE_TEXT_MAX];
	bool utf8 = e->flags & ENVELOPE_SMTPUTF8;
	const char *protocol = utf8 ? "UTF8SMTP" : s->extended ? "ESMTP" : "SMTP";
	bool has_secure_form = s->tls && (utf8 || s->extended); /* RFC 3848 knows no SMTPS */

	buf_put(to, S("Received: "));
	if (!s->hides_client) {
		buf_put(to, S("from "));
		put_helo(e->helo, utf8, to);
		buf_putf(to, " ([%s%s])\r\n\t", e->client.family == 6 ? "IPv6:" : "",
			ip_print(&e->client, ip));
	}
	buf_putf(to, "by %.*s with %s%s%s id %s", STR(s->hostname), protocol,
		has_secure_form ? "S" : "", e->login.n > 0 && protocol[0] != 'S' ? "A" : "",
		log_id_print(e->id, id));
	if (s->tls)
		buf_putf(to, "\r\n\t(%s with cipher %s, %d bits)", s->tls->version, s->tls->cipher,
			s->tls->bits);
	if (e->rcpt_count == 1 && (utf8 || utf8_ascii(e->rcpts[0].original)))
		buf_putf(to, "\r\n\tfor <%.*s>", STR(e->rcpts[0].original));
	buf_putf(to, ";\r\n\t%s\r\n", date_print(e->received_ms, s->zone_minutes, date));
}

void stamp_missing(const struct stamp *s, const struct header_scan *header, struct buf *to)
{
	const struct envelope *e = s->envelope;
	char id[LOG_ID_TEXT_MAX], date[DATE_TEXT_MAX];
	bool writable = e->flags & ENVELOPE_SMTPUTF8 || utf8_ascii(e->sender);

	if (!(header->fields & HEADER_DATE))
		buf_putf(to, "Date: %s\r\n", date_print(e->received_ms, s->zone_minutes, date));
	if (!(header->fields & HEADER_MESSAGE_ID))
		buf_putf(
			to, "Message-ID: <%s@%.*s>\r\n", log_id_print(e->id, id), STR(s->hostname));
	if (header->fields & HEADER_FROM)
		return;
	if (e->sender.n > 0 && writable)
		buf_putf(to, "From: <%.*s>\r\n", STR(e->sender));
	else
		buf_putf(to, "From: MAILER-DAEMON@%.*s\r\n", STR(s->hostname));
}
