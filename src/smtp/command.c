#include "smtp/command.h"

#include "base/ascii.h"
#include "base/number.h"
#include "base/utf8.h"
#include "mail/address.h"
#include "smtp/path.h"

/* --- values ----------------------------------------------------------------------------------- */

/* RFC 3461 section 4: printable ASCII, '+' and '=' as '+' and two upper case hexadecimal digits. */
static bool xtext(str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c <= ' ' || c > '~' || c == '=')
			return false;
		if (c != '+')
			continue;
		for (int digit = 0; digit < 2; digit++) {
			i++;
			if (i == s.n || !(ascii_digit(s.p[i]) || (s.p[i] >= 'A' && s.p[i] <= 'F')))
				return false;
		}
	}
	return true;
}

/* The characters that the escapes of RFC 6533 section 3 have: "\x{HEXPOINT}". */
static bool take_embedded(str *s)
{
	str digits;
	uint64_t point;

	if (!str_starts(*s, S("\\x{")))
		return false;
	*s = str_skip(*s, 3);
	return str_cut(s, '}', &digits) && digits.n >= 2 && digits.n <= 6 &&
	       number_parse_hex(digits, &point) && point <= 0x10ffff;
}

/* An address of the type utf-8: RFC 6533 section 3. */
static bool unicode_text(str s)
{
	if (!utf8_valid(s))
		return false;
	while (s.n > 0) {
		char c = s.p[0];

		if (c == '\\') {
			if (!take_embedded(&s))
				return false;
			continue;
		}
		if (c == ' ' || c == '+' || c == '=' || ascii_control(c))
			return false;
		s = str_skip(s, 1);
	}
	return true;
}

bool smtp_command_envid_good(str value)
{
	return value.n > 0 && value.n <= SMTP_ENVID_MAX && xtext(value);
}

bool smtp_command_orcpt_good(str value)
{
	bool fits = value.n <= SMTP_ORCPT_MAX;
	str type;

	if (!str_cut(&value, ';', &type) || type.n == 0 || value.n == 0)
		return false;
	for (size_t i = 0; i < type.n; i++)
		if (!ascii_letter(type.p[i]) && !ascii_digit(type.p[i]) && type.p[i] != '-')
			return false;
	return fits && (str_eq_nocase(type, S("utf-8")) ? unicode_text(value) : xtext(value));
}

/* --- parameters ------------------------------------------------------------------------------- */

static bool take_size(str value, void *into)
{
	struct smtp_mail *mail = into;

	return number_parse(value, UINT64_MAX, &mail->size_octets);
}

static bool take_body(str value, void *into)
{
	struct smtp_mail *mail = into;

	mail->body = str_eq_nocase(value, S("8BITMIME")) ? SMTP_BODY_8BITMIME : SMTP_BODY_7BIT;
	return mail->body == SMTP_BODY_8BITMIME || str_eq_nocase(value, S("7BIT"));
}

static bool take_smtputf8(str value, void *into)
{
	struct smtp_mail *mail = into;

	mail->smtputf8 = true;
	return value.n == 0;
}

static bool take_ret(str value, void *into)
{
	struct smtp_mail *mail = into;

	mail->ret = str_eq_nocase(value, S("FULL")) ? SMTP_RET_FULL : SMTP_RET_HDRS;
	return mail->ret == SMTP_RET_FULL || str_eq_nocase(value, S("HDRS"));
}

static bool take_envid(str value, void *into)
{
	struct smtp_mail *mail = into;

	mail->envid = value;
	return smtp_command_envid_good(value);
}

static bool take_auth(str value, void *into)
{
	struct smtp_mail *mail = into;

	mail->auth = value;
	return value.n > 0 && value.n <= SMTP_AUTH_MAX && xtext(value);
}

static bool take_notify(str value, void *into)
{
	static const struct {
		str word;
		unsigned bit;
	} words[] = {
		{STR_INIT("SUCCESS"),  SMTP_NOTIFY_SUCCESS},
		{ STR_INIT("FAILURE"), SMTP_NOTIFY_FAILURE},
		{ STR_INIT("DELAY"),   SMTP_NOTIFY_DELAY  },
	};
	struct smtp_rcpt *rcpt = into;
	bool more;

	if (str_eq_nocase(value, S("NEVER"))) {
		rcpt->notify = SMTP_NOTIFY_NEVER;
		return true;
	}
	do {
		unsigned bit = 0;
		str word;

		more = str_cut(&value, ',', &word);
		for (size_t i = 0; i < LENGTH(words); i++)
			if (str_eq_nocase(word, words[i].word))
				bit = words[i].bit;
		if (!bit)
			return false;
		rcpt->notify |= bit;
	} while (more);
	return true;
}

static bool take_orcpt(str value, void *into)
{
	struct smtp_rcpt *rcpt = into;

	rcpt->orcpt = value;
	return smtp_command_orcpt_good(value);
}

struct parameter {
	str name;
	bool has_value;
	bool (*take)(str value, void *into);
};

static const struct parameter of_mail[] = {
	{STR_INIT("SIZE"),      true,  take_size    }, /* RFC 1870 */
	{ STR_INIT("BODY"),     true,  take_body    }, /* RFC 6152 */
	{ STR_INIT("SMTPUTF8"), false, take_smtputf8}, /* RFC 6531 */
	{ STR_INIT("RET"),      true,  take_ret     }, /* RFC 3461 */
	{ STR_INIT("ENVID"),    true,  take_envid   }, /* RFC 3461 */
	{ STR_INIT("AUTH"),     true,  take_auth    }, /* RFC 4954 */
};

static const struct parameter of_rcpt[] = {
	{STR_INIT("NOTIFY"), true, take_notify}, /* RFC 3461 */
	{ STR_INIT("ORCPT"), true, take_orcpt }, /* RFC 3461 */
};

/* Take " NAME=VALUE NAME ..." by the rows of a table, each at most once. */
static bool take_parameters(
	str arg, const struct parameter *rows, size_t count, void *into, struct fail *why)
{
	unsigned seen = 0;
	str word;

	while (str_word(&arg, &word)) {
		str name;
		bool has_value = str_cut(&word, '=', &name);
		size_t i = 0;

		while (i < count && !str_eq_nocase(name, rows[i].name))
			i++;
		if (i == count)
			return fail_reply(why, 555, "5.5.4", "Unknown parameter %.*s", STR(name));
		if (seen & 1U << i)
			return fail_reply(why, 501, "5.5.4", "%.*s given twice", STR(name));
		seen |= 1U << i;
		if (has_value != rows[i].has_value || !rows[i].take(word, into))
			return fail_reply(why, 501, "5.5.4", "Bad value of %.*s", STR(name));
	}
	return true;
}

/* --- commands --------------------------------------------------------------------------------- */

static bool take_path(str *arg, str prefix, str *address, struct fail *why)
{
	if (!str_starts_nocase(*arg, prefix))
		return fail_reply(why, 501, "5.5.4", "%.*s<address> expected", STR(prefix));
	*arg = str_skip(*arg, prefix.n);
	if (!smtp_path_take(arg, address))
		return fail_reply(why, 501, "5.5.4", "Bad path behind %.*s", STR(prefix));
	return true;
}

static bool good_address(str address, bool smtputf8, const char *status, struct fail *why)
{
	if (!smtputf8 && !utf8_ascii(address))
		return fail_reply(why, 553, "5.6.7", "This address needs SMTPUTF8");
	if (address_parse(address, smtputf8, why))
		return true;
	why->code = 501;
	str_to_c(str_of(status), why->status, sizeof why->status);
	return false;
}

bool smtp_command_mail(str arg, struct smtp_mail *mail, struct fail *why)
{
	*mail = (struct smtp_mail){ 0 };
	if (!take_path(&arg, S("FROM:"), &mail->sender, why) ||
		!take_parameters(arg, of_mail, LENGTH(of_mail), mail, why))
		return false;
	return mail->sender.n == 0 || good_address(mail->sender, mail->smtputf8, "5.1.7", why);
}

bool smtp_command_rcpt(str arg, bool smtputf8, struct smtp_rcpt *rcpt, struct fail *why)
{
	*rcpt = (struct smtp_rcpt){ 0 };
	if (!take_path(&arg, S("TO:"), &rcpt->recipient, why) ||
		!take_parameters(arg, of_rcpt, LENGTH(of_rcpt), rcpt, why))
		return false;
	if (!smtputf8 && !utf8_ascii(rcpt->orcpt))
		return fail_reply(why, 501, "5.5.4", "Bad value of ORCPT without SMTPUTF8");
	return str_eq_nocase(rcpt->recipient, S("postmaster")) ||
	       good_address(rcpt->recipient, smtputf8, "5.1.3", why);
}

bool smtp_command_bdat(str arg, struct smtp_bdat *bdat, struct fail *why)
{
	str octets, word;

	*bdat = (struct smtp_bdat){ 0 };
	if (!str_word(&arg, &octets) || !number_parse(octets, UINT64_MAX, &bdat->octets))
		return fail_reply(why, 501, "5.5.4", "BDAT needs a number of octets");
	bdat->last = str_word(&arg, &word);
	if ((bdat->last && !str_eq_nocase(word, S("LAST"))) || str_word(&arg, &word))
		return fail_reply(why, 501, "5.5.4", "Only LAST may follow the octets of BDAT");
	return true;
}

bool smtp_command_helo(str arg, str *name, struct fail *why)
{
	str second;

	if (!str_word(&arg, name))
		return fail_reply(why, 501, "5.5.4", "Your name is missing");
	if (str_word(&arg, &second) || name->n > SMTP_HELO_MAX)
		return fail_reply(why, 501, "5.5.4", "That is no name");
	for (size_t i = 0; i < name->n; i++) {
		char c = name->p[i];

		if (ascii_control(c) || ascii_high(c) || strchr("()<>,;\"\\", c))
			return fail_reply(why, 501, "5.5.4", "That is no name");
	}
	return true;
}
