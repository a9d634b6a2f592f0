/* Law: what a command became, lies inside the line that was parsed; a refusal is a 5yz reply with a
 * text without control characters; an accepted address has a key or is too long in ASCII. */
#include "test/fuzz.h"

#include "base/ascii.h"
#include "mail/address.h"
#include "smtp/command.h"
#include "smtp/path.h"

static void inside(str part, str line)
{
	LAW(part.n == 0 || (part.p >= line.p && part.p + part.n <= line.p + line.n));
}

static void refused(bool ok, const struct fail *why)
{
	if (ok)
		return;
	LAW(why->kind == FAIL_PERMANENT && fail_code(why) >= 500 && fail_code(why) < 600);
	LAW(why->status[0] == '5' && why->text[0]);
	for (size_t i = 0; why->text[i]; i++)
		LAW(!ascii_control(why->text[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str line = str_from(data, size), rest = line, name = { 0 };
	struct smtp_mail mail;
	struct smtp_rcpt rcpt;
	struct smtp_bdat bdat;
	struct fail why = { 0 };
	char to[ADDRESS_KEY_MAX];
	bool ok;

	if (smtp_path_take(&rest, &name)) {
		inside(name, line);
		LAW(rest.p + rest.n == line.p + line.n || rest.n == 0);
	}
	ok = smtp_command_mail(line, &mail, &why);
	refused(ok, &why);
	if (ok) {
		inside(mail.sender, line);
		inside(mail.envid, line);
		inside(mail.auth, line);
		LAW(mail.envid.n <= SMTP_ENVID_MAX && mail.sender.n <= ADDRESS_MAX);
		LAW(mail.smtputf8 || address_key(mail.sender, to, &name));
	}
	for (int smtputf8 = 0; smtputf8 < 2; smtputf8++) {
		ok = smtp_command_rcpt(line, smtputf8, &rcpt, &why);
		refused(ok, &why);
		if (!ok)
			continue;
		inside(rcpt.recipient, line);
		inside(rcpt.orcpt, line);
		LAW(rcpt.orcpt.n <= SMTP_ORCPT_MAX && rcpt.recipient.n <= ADDRESS_MAX);
		LAW(smtputf8 || address_key(rcpt.recipient, to, &name));
	}
	refused(smtp_command_bdat(line, &bdat, &why), &why);
	ok = smtp_command_helo(line, &name, &why);
	refused(ok, &why);
	if (ok)
		inside(name, line);
	return 0;
}
