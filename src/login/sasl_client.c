#include "login/sasl_client.h"

#include <openssl/crypto.h>

#include "base/base64.h"
#include "base/mem.h"
#include "login/saslprep.h"

/* What the next challenge has to be. */
enum stage {
	AT_BEGIN,
	AT_NAME,   /* LOGIN asks for it, */
	AT_SECRET, /* and for the password */
	AT_FIRST,  /* SCRAM: salt and iterations */
	AT_FINAL,  /* SCRAM: the server's own proof */
	AT_END,
};

struct sasl_client {
	struct sasl_client_setup setup;
	enum stage stage;
	struct buf out;
	/* of SCRAM */
	struct buf header, bare, nonce;            /* header: gs2-header */
	unsigned char signature[SCRAM_KEY_OCTETS]; /* what the server has to show */
};

static bool can_bind(const struct sasl_binding *b)
{
	return b->exporter_octets > 0 || b->end_point_octets > 0;
}

enum sasl_mechanism sasl_client_choose(str offered, const struct sasl_binding *binding)
{
	static const enum sasl_mechanism order[] = { SASL_SCRAM_PLUS, SASL_SCRAM, SASL_PLAIN,
		SASL_LOGIN };
	unsigned there = 0;
	str name;

	while (str_word(&offered, &name))
		there |= sasl_mechanism_find(name);
	for (size_t i = 0; i < LENGTH(order); i++)
		if (there & order[i] && (order[i] != SASL_SCRAM_PLUS || can_bind(binding)))
			return order[i];
	return 0;
}

struct sasl_client *sasl_client_new(const struct sasl_client_setup *setup)
{
	struct sasl_client *x = MEM_NEW(struct sasl_client);

	x->setup = *setup;
	return x;
}

void sasl_client_free(struct sasl_client *x)
{
	if (!x)
		return;
	saslprep_wipe(&x->out);
	buf_free(&x->header);
	buf_free(&x->bare);
	buf_free(&x->nonce);
	OPENSSL_cleanse(x, sizeof *x);
	mem_free(x);
}

/* --- acts ------------------------------------------------------------------------------------- */

static struct sasl_client_act refused(struct sasl_client *x, const char *why)
{
	x->stage = AT_END;
	return (struct sasl_client_act){ .kind = SASL_CLIENT_REFUSED, .why = why };
}

static struct sasl_client_act say(struct sasl_client *x, enum stage next)
{
	x->stage = next;
	return (struct sasl_client_act){ .kind = SASL_CLIENT_SAY, .bytes = buf_str(&x->out) };
}

static struct sasl_client_act say_last(struct sasl_client *x)
{
	x->stage = AT_END;
	return (struct sasl_client_act){ .kind = SASL_CLIENT_LAST, .bytes = buf_str(&x->out) };
}

/* Without a limit it always fits. */
static void put_base64(str bytes, struct buf *to)
{
	(void)!base64_encode(bytes, to);
}

/* --- SCRAM ------------------------------------------------------------------------------------ */

/* saslname = value-safe-char / "=2C" / "=3D" */
static void put_name(str name, struct buf *to)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] == ',')
			buf_put(to, S("=2C"));
		else if (name.p[i] == '=')
			buf_put(to, S("=3D"));
		else
			buf_put_char(to, name.p[i]);
}

/* gs2-header: "p": bound, and to what; "y": we could, and the server has not offered it; "n": we
 * cannot. */
static void put_header(struct sasl_client *x)
{
	const struct sasl_binding *b = &x->setup.binding;

	if (x->setup.mechanism != SASL_SCRAM_PLUS)
		buf_put(&x->header, can_bind(b) ? S("y,,") : S("n,,"));
	else if (b->exporter_octets > 0)
		buf_put(&x->header, S("p=tls-exporter,,"));
	else
		buf_put(&x->header, S("p=tls-server-end-point,,"));
}

/* The header, and behind it, with PLUS, what binds. */
static void put_bound(const struct sasl_client *x, struct buf *to)
{
	const struct sasl_binding *b = &x->setup.binding;
	struct buf bound = { 0 };

	buf_put(&bound, buf_str(&x->header));
	if (x->setup.mechanism == SASL_SCRAM_PLUS && b->exporter_octets > 0)
		buf_put(&bound, str_from(b->exporter, b->exporter_octets));
	else if (x->setup.mechanism == SASL_SCRAM_PLUS)
		buf_put(&bound, str_from(b->end_point, b->end_point_octets));
	put_base64(buf_str(&bound), to);
	buf_free(&bound);
}

static struct sasl_client_act scram_begin(struct sasl_client *x)
{
	struct buf name = { 0 };
	bool fine = saslprep(x->setup.name, false, &name);

	if (fine) {
		buf_put(&x->bare, S("n="));
		put_name(buf_str(&name), &x->bare);
		put_base64(str_from(x->setup.nonce, SASL_NONCE_OCTETS), &x->nonce);
		buf_putf(&x->bare, ",r=%.*s", STR(buf_str(&x->nonce)));
		put_header(x);
		buf_put(&x->out, buf_str(&x->header));
		buf_put(&x->out, buf_str(&x->bare));
	}
	buf_free(&name);
	return fine ? say(x, AT_FIRST) : refused(x, "our name is none that SCRAM can say");
}

/* "c=", the nonce and, computed from all that was said, the proof. */
static bool put_proof(struct sasl_client *x, const struct scram_challenge *c, str server_first)
{
	struct buf password = { 0 }, said = { 0 };
	unsigned char proof[SCRAM_KEY_OCTETS];
	bool fine = saslprep(x->setup.password, false, &password);

	buf_clear(&x->out);
	buf_put(&x->out, S("c="));
	put_bound(x, &x->out);
	buf_putf(&x->out, ",r=%.*s", STR(c->nonce));
	buf_putf(&said, "%.*s,%.*s,%.*s", STR(buf_str(&x->bare)), STR(server_first),
		STR(buf_str(&x->out)));
	if (fine) {
		scram_prove(&c->secret, buf_str(&password), buf_str(&said), proof, x->signature);
		buf_put(&x->out, S(",p="));
		put_base64(str_from(proof, sizeof proof), &x->out);
	}
	saslprep_wipe(&password);
	buf_free(&said);
	return fine;
}

static struct sasl_client_act scram_first(struct sasl_client *x, str message)
{
	struct scram_challenge c;

	if (!scram_challenge_parse(message, &c))
		return refused(x, "the server's SCRAM is malformed");
	if (!str_starts(c.nonce, buf_str(&x->nonce)) || c.nonce.n == buf_str(&x->nonce).n)
		return refused(x, "the server has answered somebody else's SCRAM");
	if (c.secret.iterations > SASL_CLIENT_ITERATIONS_MAX)
		return refused(x, "the server wants too many iterations of SCRAM");
	if (!put_proof(x, &c, message))
		return refused(x, "our password is none that SCRAM can use");
	return say(x, AT_FINAL);
}

static struct sasl_client_act scram_final(struct sasl_client *x, str message)
{
	struct buf want = { 0 };
	bool same;

	buf_put(&want, S("v="));
	put_base64(str_from(x->signature, sizeof x->signature), &want);
	same = str_eq(buf_str(&want), message) ||
	       (str_starts(message, buf_str(&want)) && message.p[buf_str(&want).n] == ',');
	buf_free(&want);
	if (!same)
		return refused(x, "the server does not know our password itself");
	buf_clear(&x->out);
	return say_last(x);
}

/* --- inputs ----------------------------------------------------------------------------------- */

struct sasl_client_act sasl_client_begin(struct sasl_client *x)
{
	if (x->stage != AT_BEGIN)
		return refused(x, "out of turn");
	switch (x->setup.mechanism) {
	case SASL_PLAIN:
		buf_put_char(&x->out, '\0');
		buf_put(&x->out, x->setup.name);
		buf_put_char(&x->out, '\0');
		buf_put(&x->out, x->setup.password);
		return say_last(x);
	case SASL_LOGIN:
		x->stage = AT_NAME;
		return (struct sasl_client_act){ .kind = SASL_CLIENT_SILENT };
	case SASL_SCRAM_PLUS:
		if (!can_bind(&x->setup.binding))
			return refused(x, "this channel has nothing to bind to");
		return scram_begin(x);
	case SASL_SCRAM:
		return scram_begin(x);
	}
	return refused(x, "unknown mechanism");
}

struct sasl_client_act sasl_client_respond(struct sasl_client *x, str challenge)
{
	if (challenge.n > SASL_MESSAGE_MAX)
		return refused(x, "the server's challenge is too long");
	switch (x->stage) {
	case AT_NAME: /* whatever it calls what it asks for */
		buf_put(&x->out, x->setup.name);
		return say(x, AT_SECRET);
	case AT_SECRET:
		buf_clear(&x->out);
		buf_put(&x->out, x->setup.password);
		return say_last(x);
	case AT_FIRST:
		return scram_first(x, challenge);
	case AT_FINAL:
		return scram_final(x, challenge);
	case AT_BEGIN:
	case AT_END:
		break;
	}
	return refused(x, "the server asks for more than there is");
}
