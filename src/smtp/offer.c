#include "smtp/offer.h"

#include <stdio.h>

#include "base/ascii.h"
#include "base/number.h"

static void offer_size(struct smtp_client_peer *peer, str params)
{
	str word;

	peer->size = true;
	if (!str_word(&params, &word) || !number_parse(word, UINT64_MAX, &peer->size_octets_max))
		peer->size_octets_max = 0;
}

static void offer_limits(struct smtp_client_peer *peer, str params)
{
	str word, name;

	while (str_word(&params, &word)) {
		uint64_t n;

		if (!str_cut(&word, '=', &name) || !number_parse(word, UINT64_MAX, &n))
			continue;
		if (str_eq_nocase(name, S("RCPTMAX")))
			peer->recipients_max = n;
		else if (str_eq_nocase(name, S("MAILMAX")))
			peer->mails_max = n;
	}
}

/* sasl-mech = 1*20(UPPER-ALPHA / DIGIT / HYPHEN / UNDERSCORE), RFC 4422 section 3.1 */
static bool is_mechanism(str word)
{
	for (size_t i = 0; i < word.n; i++)
		if (!ascii_letter(word.p[i]) && !ascii_digit(word.p[i]) && word.p[i] != '-' &&
			word.p[i] != '_')
			return false;
	return word.n <= 20;
}

static void offer_auth(struct smtp_client_peer *peer, str mechanisms)
{
	size_t n = strlen(peer->auth);
	str word;

	while (str_word(&mechanisms, &word))
		if (is_mechanism(word) && n + 1 + word.n <= SMTP_OFFER_AUTH_MAX)
			n += (size_t)snprintf(peer->auth + n, sizeof peer->auth - n, "%s%.*s",
				n > 0 ? " " : "", STR(word));
}

/* clang-format off */
static const struct {
	str keyword;
	size_t flag; /* of struct smtp_client_peer, set to true */
} flags[] = {
	{ STR_INIT("8BITMIME"), offsetof(struct smtp_client_peer, eightbitmime) },
	{ STR_INIT("CHUNKING"), offsetof(struct smtp_client_peer, chunking) },
	{ STR_INIT("DSN"), offsetof(struct smtp_client_peer, dsn) },
	{ STR_INIT("ENHANCEDSTATUSCODES"), offsetof(struct smtp_client_peer, enhanced) },
	{ STR_INIT("PIPELINING"), offsetof(struct smtp_client_peer, pipelining) },
	{ STR_INIT("SMTPUTF8"), offsetof(struct smtp_client_peer, smtputf8) },
	{ STR_INIT("STARTTLS"), offsetof(struct smtp_client_peer, starttls) },
};
/* clang-format on */

void smtp_offer_line(struct smtp_client_peer *peer, str line)
{
	str keyword;

	if (!str_word(&line, &keyword))
		return;
	for (size_t i = 0; i < LENGTH(flags); i++)
		if (str_eq_nocase(keyword, flags[i].keyword))
			*(bool *)((char *)peer + flags[i].flag) = true;
	if (str_eq_nocase(keyword, S("SIZE")))
		offer_size(peer, line);
	if (str_eq_nocase(keyword, S("LIMITS")))
		offer_limits(peer, line);
	if (str_eq_nocase(keyword, S("AUTH")))
		offer_auth(peer, line);
	else if (str_starts_nocase(keyword, S("AUTH="))) { /* as before RFC 4954, and old clients */
		offer_auth(peer, str_skip(keyword, 5));
		offer_auth(peer, line);
	}
}
