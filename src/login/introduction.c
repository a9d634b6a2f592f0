#include "login/introduction.h"

#include <openssl/crypto.h>

/* --- bytes ------------------------------------------------------------------------------------ */

/* A field has its length in two bytes in front, the high one first. */
static void put_field(struct buf *to, str field)
{
	char length[2] = { (char)(field.n >> 8 & 0xff), (char)(field.n & 0xff) };

	buf_put(to, str_from(length, sizeof length));
	buf_put(to, field);
}

static bool take_field(str *bytes, size_t max, str *field)
{
	size_t n;

	if (bytes->n < 2)
		return false;
	n = (size_t)(unsigned char)bytes->p[0] << 8 | (unsigned char)bytes->p[1];
	*bytes = str_skip(*bytes, 2);
	if (n > bytes->n || n > max)
		return false;
	*field = str_first(*bytes, n);
	*bytes = str_skip(*bytes, n);
	return true;
}

/* How many there are; -1: they are none, or too many. */
static int count(str challenges)
{
	int n = 0;
	str one;

	if (challenges.n > INTRODUCTION_OCTETS_MAX)
		return -1;
	for (; challenges.n > 0; n++)
		if (!take_field(&challenges, INTRODUCTION_OCTETS_MAX, &one))
			return -1;
	return n > INTRODUCTION_CHALLENGES_MAX ? -1 : n;
}

bool introduction_add(struct buf *challenges, str challenge)
{
	if (challenge.n > INTRODUCTION_OCTETS_MAX)
		return false;
	put_field(challenges, challenge);
	return count(buf_str(challenges)) > 0;
}

void introduction_put_question(const struct introduction_question *q, struct buf *to)
{
	char port[2] = { (char)(q->whom.port >> 8), (char)(q->whom.port & 0xff) };

	buf_put(to, str_from(port, sizeof port));
	buf_put(to, str_from(q->nonce, sizeof q->nonce));
	put_field(to, str_first(q->whom.host, INTRODUCTION_OFFER_MAX));
	put_field(to, str_first(q->whom.nexthop, INTRODUCTION_OFFER_MAX));
	put_field(to, str_first(q->offered, INTRODUCTION_OFFER_MAX));
	put_field(to, str_from(q->binding.exporter, q->binding.exporter_octets));
	put_field(to, str_from(q->binding.end_point, q->binding.end_point_octets));
	put_field(to, q->challenges);
}

static bool take_binding(str *bytes, struct sasl_binding *b)
{
	str exporter, end_point;

	if (!take_field(bytes, sizeof b->exporter, &exporter) ||
		!take_field(bytes, sizeof b->end_point, &end_point))
		return false;
	b->exporter_octets = exporter.n;
	b->end_point_octets = end_point.n;
	memcpy(b->exporter, exporter.p, exporter.n);
	memcpy(b->end_point, end_point.p, end_point.n);
	return true;
}

bool introduction_take_question(str bytes, struct introduction_question *q)
{
	*q = (struct introduction_question){ 0 };
	if (bytes.n < 2 + sizeof q->nonce)
		return false;
	q->whom.port = (uint16_t)((unsigned char)bytes.p[0] << 8 | (unsigned char)bytes.p[1]);
	memcpy(q->nonce, bytes.p + 2, sizeof q->nonce);
	bytes = str_skip(bytes, 2 + sizeof q->nonce);
	return take_field(&bytes, INTRODUCTION_OFFER_MAX, &q->whom.host) &&
	       take_field(&bytes, INTRODUCTION_OFFER_MAX, &q->whom.nexthop) &&
	       take_field(&bytes, INTRODUCTION_OFFER_MAX, &q->offered) &&
	       take_binding(&bytes, &q->binding) &&
	       take_field(&bytes, INTRODUCTION_OCTETS_MAX, &q->challenges) && bytes.n == 0 &&
	       count(q->challenges) >= 0;
}

void introduction_put_answer(const struct introduction_answer *answer, struct buf *to)
{
	buf_put_char(to, (char)answer->mechanism);
	buf_put_char(to, answer->silent ? 1 : 0);
	buf_put_char(to, answer->last ? 1 : 0);
	put_field(to, answer->name);
	put_field(to, answer->bytes);
}

bool introduction_take_answer(str bytes, struct introduction_answer *answer)
{
	*answer = (struct introduction_answer){ 0 };
	if (bytes.n < 3 || (unsigned char)bytes.p[1] > 1 || (unsigned char)bytes.p[2] > 1)
		return false;
	answer->mechanism = (unsigned char)bytes.p[0];
	answer->silent = bytes.p[1] == 1;
	answer->last = bytes.p[2] == 1;
	bytes = str_skip(bytes, 3);
	return sasl_mechanism_name(answer->mechanism)[0] && !(answer->silent && answer->last) &&
	       take_field(&bytes, CREDENTIALS_LINE_MAX, &answer->name) &&
	       take_field(&bytes, SASL_MESSAGE_MAX, &answer->bytes) && bytes.n == 0;
}

/* --- the exchange ----------------------------------------------------------------------------- */

/* From its beginning to what the last challenge gets. */
static struct sasl_client_act replay(struct sasl_client *x, str challenges)
{
	struct sasl_client_act act = sasl_client_begin(x);
	str one;

	while (act.kind != SASL_CLIENT_REFUSED && challenges.n > 0 &&
		take_field(&challenges, INTRODUCTION_OCTETS_MAX, &one))
		act = sasl_client_respond(x, one);
	return act;
}

bool introduction_make(str file, str text, const struct introduction_question *q, struct buf *to,
	struct introduction_answer *answer, struct fail *why)
{
	struct sasl_client_setup setup = { .mechanism = sasl_client_choose(q->offered, &q->binding),
		.binding = q->binding };
	struct sasl_client_act act;
	struct credentials found;
	struct sasl_client *x;

	if (!credentials_find(file, text, &q->whom, &found, why))
		return false;
	if (!setup.mechanism)
		return fail_with(why, FAIL_TEMPORARY, "4.7.0",
			"The peer offers no way to log in that we know: %.*s", STR(q->offered));
	setup.name = found.name;
	setup.password = found.password;
	memcpy(setup.nonce, q->nonce, sizeof setup.nonce);
	x = sasl_client_new(&setup);
	act = replay(x, q->challenges);
	*answer = (struct introduction_answer){ .mechanism = setup.mechanism,
		.silent = act.kind == SASL_CLIENT_SILENT,
		.last = act.kind == SASL_CLIENT_LAST };
	buf_put(to, found.name);
	buf_put(to, act.bytes);
	answer->name = str_first(buf_str(to), found.name.n);
	answer->bytes = str_skip(buf_str(to), found.name.n);
	sasl_client_free(x);
	OPENSSL_cleanse(&setup, sizeof setup);
	return act.kind != SASL_CLIENT_REFUSED ||
	       fail_with(why, FAIL_TEMPORARY, "4.7.0", "%s", act.why);
}
