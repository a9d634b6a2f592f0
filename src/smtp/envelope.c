#include "smtp/envelope.h"

#include <assert.h>

#include "base/ascii.h"
#include "base/utf8.h"

static str checked(str s)
{
	for (size_t i = 0; i < s.n; i++)
		assert(!ascii_control(s.p[i]));
	return s;
}

void smtp_envelope_mail(
	struct buf *to, const struct smtp_client_peer *peer, const struct smtp_client_mail *mail)
{
	buf_putf(to, "MAIL FROM:<%.*s>", STR(checked(mail->sender)));
	if (peer->size)
		buf_putf(to, " SIZE=%llu", (unsigned long long)mail->size_octets);
	if (mail->eightbit)
		buf_put(to, S(" BODY=8BITMIME"));
	if (mail->smtputf8)
		buf_put(to, S(" SMTPUTF8"));
	if (peer->dsn && mail->ret != SMTP_RET_NONE)
		buf_put(to, mail->ret == SMTP_RET_FULL ? S(" RET=FULL") : S(" RET=HDRS"));
	if (peer->dsn && mail->envid.n > 0)
		buf_putf(to, " ENVID=%.*s", STR(checked(mail->envid)));
	buf_put(to, S("\r\n"));
}

/* clang-format off */
static const struct {
	unsigned flag;
	const char *word;
} notify_words[] = {
	{ SMTP_NOTIFY_NEVER, "NEVER" },
	{ SMTP_NOTIFY_SUCCESS, "SUCCESS" },
	{ SMTP_NOTIFY_FAILURE, "FAILURE" },
	{ SMTP_NOTIFY_DELAY, "DELAY" },
};
/* clang-format on */

void smtp_envelope_rcpt(struct buf *to, const struct smtp_client_peer *peer,
	const struct smtp_client_mail *mail, size_t index)
{
	const struct smtp_client_rcpt *rcpt = &mail->rcpts[index];
	const char *before = " NOTIFY=";

	buf_putf(to, "RCPT TO:<%.*s>", STR(checked(rcpt->address)));
	for (size_t i = 0; i < LENGTH(notify_words) && peer->dsn; i++) {
		if (!(rcpt->notify & notify_words[i].flag))
			continue;
		buf_putf(to, "%s%s", before, notify_words[i].word);
		before = ",";
	}
	if (peer->dsn && rcpt->orcpt.n > 0 && (mail->smtputf8 || utf8_ascii(rcpt->orcpt)))
		buf_putf(to, " ORCPT=%.*s", STR(checked(rcpt->orcpt)));
	buf_put(to, S("\r\n"));
}
