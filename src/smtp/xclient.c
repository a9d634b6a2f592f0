#include "smtp/xclient.h"

#include "base/number.h"
#include "mail/xtext.h"
#include "smtp/command.h"

static bool bad(struct fail *why, const char *text)
{
	return fail_reply(why, 501, "5.5.4", "%s", text);
}

static bool absent(str value)
{
	return str_eq_nocase(value, S("[UNAVAILABLE]")) || str_eq_nocase(value, S("[TEMPUNAVAIL]"));
}

/* --- attributes --------------------------------------------------------------------------------
 */

static bool take_addr(str value, struct xclient *x, struct fail *why)
{
	x->addr = (struct ip){ 0 };
	if (absent(value))
		return true;
	if (str_starts_nocase(value, S("IPV6:")))
		value = str_skip(value, 5);
	return (!str_has(value, '[') && ip_parse(value, &x->addr)) ||
	       bad(why, "ADDR is no address");
}

static bool take_port(str value, struct xclient *x, struct fail *why)
{
	uint64_t n = 0;

	if (!absent(value) && !number_parse(value, UINT16_MAX, &n))
		return bad(why, "PORT is no port");
	x->port = (uint16_t)n;
	return true;
}

static bool take_helo(str value, struct xclient *x, struct fail *why)
{
	str name = S("");

	if (!absent(value) && !smtp_command_helo(value, &name, NULL))
		return bad(why, "HELO is no name of a host");
	str_to_c(name, x->helo, sizeof x->helo);
	return true;
}

static bool take_login(str value, struct xclient *x, struct fail *why)
{
	for (size_t i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] <= ' ' || value.p[i] == 0x7f)
			return bad(why, "LOGIN is no name");
	str_to_c(absent(value) ? S("") : value, x->login, sizeof x->login);
	return true;
}

static bool take_proto(str value, struct xclient *x, struct fail *why)
{
	if (!str_eq_nocase(value, S("SMTP")) && !str_eq_nocase(value, S("ESMTP")) && !absent(value))
		return bad(why, "PROTO is SMTP or ESMTP");
	x->extended = str_eq_nocase(value, S("ESMTP"));
	return true;
}

/* What we do not use must be well-formed all the same. */
static bool take_nothing(str value, struct xclient *x, struct fail *why)
{
	(void)value;
	(void)x;
	(void)why;
	return true;
}

static const struct attribute {
	str name;
	unsigned said;
	bool client, forward; /* where it may stand */
	bool (*take)(str value, struct xclient *x, struct fail *why);
} attributes[] = {
	{STR_INIT("NAME"),      XCLIENT_IGNORED, true,  true,  take_nothing},
	{ STR_INIT("ADDR"),     XCLIENT_ADDR,    true,  true,  take_addr   },
	{ STR_INIT("PORT"),     XCLIENT_PORT,    true,  true,  take_port   },
	{ STR_INIT("PROTO"),    XCLIENT_PROTO,   true,  true,  take_proto  },
	{ STR_INIT("HELO"),     XCLIENT_HELO,    true,  true,  take_helo   },
	{ STR_INIT("LOGIN"),    XCLIENT_LOGIN,   true,  false, take_login  },
	{ STR_INIT("DESTADDR"), XCLIENT_IGNORED, true,  false, take_nothing},
	{ STR_INIT("DESTPORT"), XCLIENT_IGNORED, true,  false, take_nothing},
	{ STR_INIT("IDENT"),    XCLIENT_IGNORED, false, true,  take_nothing},
	{ STR_INIT("SOURCE"),   XCLIENT_IGNORED, false, true,  take_nothing},
};

static const struct attribute *find(str name, bool forward)
{
	for (size_t i = 0; i < LENGTH(attributes); i++)
		if (str_eq_nocase(name, attributes[i].name) &&
			(forward ? attributes[i].forward : attributes[i].client))
			return &attributes[i];
	return NULL;
}

/* An xtext with no byte that a line may not have. */
static bool decode(str text, struct buf *to)
{
	xtext_decode(text, to);
	if (buf_str(to).n > XCLIENT_VALUE_MAX)
		return false;
	for (size_t i = 0; i < buf_str(to).n; i++) {
		unsigned char c = (unsigned char)buf_str(to).p[i];

		if (c < ' ' || c == 0x7f)
			return false;
	}
	return true;
}

bool xclient_parse(str arg, bool forward, struct xclient *x, struct fail *why)
{
	bool ok = true;
	str field, name;

	if (str_trim(arg).n == 0)
		return bad(why, "NAME=VALUE must follow");
	while (ok && str_word(&arg, &field)) {
		struct buf value = { 0 };
		const struct attribute *a;

		if (!str_cut(&field, '=', &name))
			return bad(why, "NAME=VALUE must follow");
		a = find(name, forward);
		if (!a)
			return bad(why, "an unknown attribute");
		ok = decode(field, &value) || bad(why, "a value that is none");
		ok = ok && a->take(buf_str(&value), x, why);
		x->said |= a->said;
		buf_free(&value);
	}
	return ok;
}
