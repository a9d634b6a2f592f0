/* Laws: whatever a server says, an exchange ends after a few messages, and the password is never in
 * what SCRAM says.  Who does not know the password is never believed, and neither is one who does
 * and whose words somebody has changed on the way.
 *
 * The first byte is the mechanism; the challenges stand between newlines, or, with a bit of it, are
 * those of our own server, of which one byte is changed. */
#include "test/fuzz.h"

#include "base/buf.h"
#include "login/sasl_client.h"

#define MESSAGES_MAX 4

static const str password = STR_INIT("a secret word");

static const enum sasl_mechanism mechanisms[] = { SASL_PLAIN, SASL_LOGIN, SASL_SCRAM,
	SASL_SCRAM_PLUS };

static struct sasl_client_setup setup_of(unsigned i)
{
	struct sasl_client_setup setup = { .mechanism = mechanisms[i % LENGTH(mechanisms)],
		.name = S("jo"),
		.password = password };

	if (setup.mechanism == SASL_SCRAM_PLUS)
		setup.binding.exporter_octets = sizeof setup.binding.exporter;
	return setup;
}

static void look_at(const struct sasl_client_setup *setup, const struct sasl_client_act *act)
{
	if (act->kind == SASL_CLIENT_REFUSED)
		LAW(act->why != NULL);
	else if (setup->mechanism & (SASL_SCRAM | SASL_SCRAM_PLUS))
		LAW(str_find_str(act->bytes, password) == act->bytes.n);
}

static void be_strange(const struct sasl_client_setup *setup, str input)
{
	struct sasl_client *x = sasl_client_new(setup);
	struct sasl_client_act act = sasl_client_begin(x);
	str challenge;

	look_at(setup, &act);
	for (int n = 0; act.kind == SASL_CLIENT_SAY || act.kind == SASL_CLIENT_SILENT; n++) {
		LAW(n < MESSAGES_MAX);
		str_cut(&input, '\n', &challenge);
		act = sasl_client_respond(x, challenge);
		look_at(setup, &act);
	}
	LAW(act.kind != SASL_CLIENT_LAST || setup->mechanism < SASL_SCRAM);
	LAW(sasl_client_respond(x, S("")).kind == SASL_CLIENT_REFUSED);
	sasl_client_free(x);
}

/* What the server says, with the at-th byte of all of it changed; false: it is not in this. */
static bool tamper(str message, size_t *at, uint8_t with, struct buf *to)
{
	bool here = *at < message.n;

	buf_clear(to);
	buf_put(to, message);
	if (here)
		to->p[to->start + *at] = (char)(message.p[*at] ^ with);
	*at -= here ? 0 : message.n;
	return here;
}

static void be_known(const struct sasl_client_setup *setup, size_t at, uint8_t with)
{
	struct sasl_setup server = { .mechanism = setup->mechanism, .binding = setup->binding };
	struct scram_secret secret = {
		.iterations = 4096, .salt = {1, 2},
                     .salt_octets = 2
	};
	struct sasl *s = sasl_new(&server);
	struct sasl_client *x = sasl_client_new(setup);
	struct sasl_act said = sasl_begin(s, true, sasl_client_begin(x).bytes);
	struct sasl_client_act act;
	struct buf heard = { 0 };
	bool changed;

	LAW(said.kind == SASL_SECRET);
	scram_secret_derive(&secret, password);
	said = sasl_secret(s, &secret, true);
	LAW(said.kind == SASL_CHALLENGE);
	changed = tamper(said.bytes, &at, with, &heard) && with != 0;
	act = sasl_client_respond(x, buf_str(&heard));
	look_at(setup, &act);
	if (act.kind == SASL_CLIENT_SAY) {
		said = sasl_respond(s, act.bytes);
		LAW(changed || said.kind == SASL_CHALLENGE);
		if (said.kind == SASL_CHALLENGE) {
			changed |= tamper(said.bytes, &at, with, &heard) && with != 0;
			act = sasl_client_respond(x, buf_str(&heard));
			LAW((act.kind == SASL_CLIENT_LAST) == !changed);
			LAW(changed || sasl_respond(s, act.bytes).kind == SASL_DONE);
		}
	} else {
		LAW(changed);
	}
	buf_free(&heard);
	sasl_client_free(x);
	sasl_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sasl_client_setup setup;

	if (size < 3)
		return 0;
	if (data[0] & 128) {
		setup = setup_of(2 + data[0] % 2);
		be_known(&setup, data[1], data[2]);
	} else {
		setup = setup_of(data[0]);
		be_strange(&setup, str_from(data + 1, size - 1));
	}
	return 0;
}
