#include "login/sasl.h"

#include <openssl/crypto.h>

#include "base/base64.h"
#include "base/mem.h"
#include "login/saslprep.h"

/* What the next input has to be. */
enum stage {
	AT_BEGIN,
	AT_FIRST,    /* the client's first message */
	AT_PASSWORD, /* LOGIN's second answer */
	AT_CHECK,
	AT_SECRET,
	AT_FINAL,  /* SCRAM's proof */
	AT_THANKS, /* the empty answer to our signature */
	AT_END,
};

struct sasl {
	struct sasl_setup setup;
	enum stage stage;
	struct buf name, password, out;
	/* of SCRAM */
	struct buf first_bare, gs2_header, nonce, server_first;
	const unsigned char *binding;
	size_t binding_octets;
	struct scram_secret secret;
	bool real;
};

static const struct {
	str name;
	enum sasl_mechanism m;
} mechanisms[] = {
	{STR_INIT("PLAIN"),               SASL_PLAIN     },
	{ STR_INIT("LOGIN"),              SASL_LOGIN     },
	{ STR_INIT("SCRAM-SHA-256"),      SASL_SCRAM     },
	{ STR_INIT("SCRAM-SHA-256-PLUS"), SASL_SCRAM_PLUS},
};

enum sasl_mechanism sasl_mechanism_find(str name)
{
	for (size_t i = 0; i < LENGTH(mechanisms); i++)
		if (str_eq_nocase(name, mechanisms[i].name))
			return mechanisms[i].m;
	return 0;
}

const char *sasl_mechanism_name(enum sasl_mechanism m)
{
	for (size_t i = 0; i < LENGTH(mechanisms); i++)
		if (m == mechanisms[i].m)
			return mechanisms[i].name.p;
	return "";
}

struct sasl *sasl_new(const struct sasl_setup *setup)
{
	struct sasl *x = MEM_NEW(struct sasl);

	x->setup = *setup;
	return x;
}

void sasl_free(struct sasl *x)
{
	if (!x)
		return;
	buf_free(&x->name);
	saslprep_wipe(&x->password);
	buf_free(&x->out);
	buf_free(&x->first_bare);
	buf_free(&x->gs2_header);
	buf_free(&x->nonce);
	buf_free(&x->server_first);
	OPENSSL_cleanse(x, sizeof *x);
	mem_free(x);
}

/* --- acts ------------------------------------------------------------------------------------- */

static struct sasl_act refused(struct sasl *x, const char *why)
{
	x->stage = AT_END;
	return (struct sasl_act){ .kind = SASL_REFUSED, .name = buf_str(&x->name), .why = why };
}

static struct sasl_act challenge(struct sasl *x, enum stage next, str bytes)
{
	x->stage = next;
	return (struct sasl_act){ .kind = SASL_CHALLENGE, .bytes = bytes };
}

static struct sasl_act done(struct sasl *x)
{
	x->stage = AT_END;
	return (struct sasl_act){ .kind = SASL_DONE, .name = buf_str(&x->name) };
}

static struct sasl_act check(struct sasl *x, str password)
{
	if (!saslprep(password, false, &x->password))
		return refused(x, "the password is none");
	x->stage = AT_CHECK;
	return (struct sasl_act){
		.kind = SASL_CHECK, .name = buf_str(&x->name), .password = buf_str(&x->password)
	};
}

/* Nobody may act for another one. */
static bool is_own(const struct sasl *x, str authzid)
{
	struct buf prepared = { 0 };
	bool own = authzid.n == 0 || (saslprep_name(authzid, false, &prepared) &&
					     str_eq(buf_str(&prepared), buf_str(&x->name)));

	buf_free(&prepared);
	return own;
}

/* --- PLAIN and LOGIN -------------------------------------------------------------------------- */

static struct sasl_act plain_first(struct sasl *x, str message)
{
	str authzid, name;

	if (!str_cut(&message, '\0', &authzid) || !str_cut(&message, '\0', &name) ||
		!saslprep_name(name, false, &x->name))
		return refused(x, "malformed PLAIN");
	if (!is_own(x, authzid))
		return refused(x, "another authorization identity");
	return check(x, message);
}

static struct sasl_act login_first(struct sasl *x, str message)
{
	if (!saslprep_name(message, false, &x->name))
		return refused(x, "the name is none");
	return challenge(x, AT_PASSWORD, S("Password:"));
}

/* --- SCRAM ------------------------------------------------------------------------------------ */

/* What the client has bound itself to must be what we see. */
static const char *bind(struct sasl *x, const struct scram_first *first)
{
	const struct sasl_binding *b = &x->setup.binding;

	if (x->setup.mechanism == SASL_SCRAM) {
		if (first->binding == 'p')
			return "channel binding without PLUS";
		return first->binding == 'y' && x->setup.plus_offered
			       ? "the client was told that we have no channel binding: somebody "
				 "stands between us"
			       : NULL;
	}
	if (first->binding != 'p')
		return "PLUS without channel binding";
	if (str_eq(first->binding_name, S("tls-exporter"))) {
		x->binding = b->exporter;
		x->binding_octets = b->exporter_octets;
	} else if (str_eq(first->binding_name, S("tls-server-end-point"))) {
		x->binding = b->end_point;
		x->binding_octets = b->end_point_octets;
	}
	return x->binding_octets == 0 ? "unknown channel binding" : NULL;
}

static bool take_name(struct sasl *x, str text)
{
	struct buf decoded = { 0 };
	bool ok = scram_name_decode(text, &decoded) &&
		  saslprep_name(buf_str(&decoded), false, &x->name);

	buf_free(&decoded);
	return ok;
}

static bool scram_is_own(struct sasl *x, str authzid)
{
	struct buf decoded = { 0 };
	bool own = scram_name_decode(authzid, &decoded) && is_own(x, buf_str(&decoded));

	buf_free(&decoded);
	return own;
}

static struct sasl_act scram_first(struct sasl *x, str message)
{
	struct scram_first first;
	const char *why;

	if (!scram_first_parse(message, &first) || !take_name(x, first.name))
		return refused(x, "malformed SCRAM");
	why = bind(x, &first);
	if (why)
		return refused(x, why);
	if (!scram_is_own(x, first.authzid))
		return refused(x, "another authorization identity");
	buf_put(&x->first_bare, first.bare);
	buf_put(&x->gs2_header, first.gs2_header);
	buf_put(&x->nonce, first.nonce);
	x->stage = AT_SECRET;
	return (struct sasl_act){ .kind = SASL_SECRET, .name = buf_str(&x->name) };
}

/* Without a limit it always fits. */
static void put_base64(str bytes, struct buf *to)
{
	(void)!base64_encode(bytes, to);
}

struct sasl_act sasl_secret(struct sasl *x, const struct scram_secret *secret, bool real)
{
	if (x->stage != AT_SECRET)
		return refused(x, "out of turn");
	x->secret = *secret;
	x->real = real;
	put_base64(str_from(x->setup.nonce, SASL_NONCE_OCTETS), &x->nonce);
	buf_putf(&x->server_first, "r=%.*s,s=", STR(buf_str(&x->nonce)));
	put_base64(str_from(secret->salt, secret->salt_octets), &x->server_first);
	buf_putf(&x->server_first, ",i=%u", secret->iterations);
	return challenge(x, AT_FINAL, buf_str(&x->server_first));
}

/* "c=" repeats the first header, and what it is bound to. */
static bool is_bound(const struct sasl *x, str binding)
{
	struct buf want = { 0 }, text = { 0 };
	bool same;

	buf_put(&want, buf_str(&x->gs2_header));
	buf_put(&want, str_from(x->binding, x->binding_octets));
	put_base64(buf_str(&want), &text);
	same = str_eq(buf_str(&text), binding);
	buf_free(&text);
	buf_free(&want);
	return same;
}

static struct sasl_act scram_final(struct sasl *x, str message)
{
	unsigned char signature[SCRAM_KEY_OCTETS];
	struct scram_final final;
	struct buf said = { 0 };
	bool right;

	if (!scram_final_parse(message, &final))
		return refused(x, "malformed SCRAM");
	if (!str_eq(final.nonce, buf_str(&x->nonce)))
		return refused(x, "another nonce");
	if (!is_bound(x, final.binding))
		return refused(x, "another channel: somebody stands between us");
	buf_putf(&said, "%.*s,%.*s,%.*s", STR(buf_str(&x->first_bare)),
		STR(buf_str(&x->server_first)), STR(final.without_proof));
	right = scram_proof_matches(&x->secret, buf_str(&said), final.proof, signature);
	buf_free(&said);
	if (!right || !x->real)
		return refused(x, "wrong password");
	buf_put(&x->out, S("v="));
	put_base64(str_from(signature, sizeof signature), &x->out);
	return challenge(x, AT_THANKS, buf_str(&x->out));
}

/* --- inputs ----------------------------------------------------------------------------------- */

static struct sasl_act take_first(struct sasl *x, str message)
{
	switch (x->setup.mechanism) {
	case SASL_PLAIN:
		return plain_first(x, message);
	case SASL_LOGIN:
		return login_first(x, message);
	case SASL_SCRAM:
	case SASL_SCRAM_PLUS:
		return scram_first(x, message);
	}
	return refused(x, "unknown mechanism");
}

struct sasl_act sasl_begin(struct sasl *x, bool initial, str response)
{
	if (x->stage != AT_BEGIN)
		return refused(x, "out of turn");
	if (!initial)
		return challenge(
			x, AT_FIRST, x->setup.mechanism == SASL_LOGIN ? S("Username:") : S(""));
	x->stage = AT_FIRST;
	return sasl_respond(x, response);
}

struct sasl_act sasl_respond(struct sasl *x, str response)
{
	if (response.n > SASL_MESSAGE_MAX)
		return refused(x, "too long");
	switch (x->stage) {
	case AT_FIRST:
		return take_first(x, response);
	case AT_PASSWORD:
		return check(x, response);
	case AT_FINAL:
		return scram_final(x, response);
	case AT_THANKS:
		return response.n == 0 ? done(x) : refused(x, "malformed SCRAM");
	case AT_BEGIN:
	case AT_CHECK:
	case AT_SECRET:
	case AT_END:
		break;
	}
	return refused(x, "out of turn");
}

struct sasl_act sasl_checked(struct sasl *x, bool right)
{
	if (x->stage != AT_CHECK)
		return refused(x, "out of turn");
	saslprep_wipe(&x->password);
	return right ? done(x) : refused(x, "wrong password");
}
