/* Laws: whatever a client says, an exchange ends after a few messages; nobody is let in whose
 * password was not said to be right, or who has not proven that he knows it; names are in table
 * form.  The first byte is the mechanism, the messages stand between newlines. */
#include "test/fuzz.h"

#include "login/saslprep.h"
#include "login/sasl.h"

#define MESSAGES_MAX 5

static const enum sasl_mechanism all[] = { SASL_PLAIN, SASL_LOGIN, SASL_SCRAM, SASL_SCRAM_PLUS };

static void check_name(str name)
{
	struct buf again = { 0 };

	LAW(name.n > 0 && saslprep_name(name, false, &again));
	LAW(str_eq(buf_str(&again), name));
	buf_free(&again);
}

static struct sasl_act reply(struct sasl *x, struct sasl_act act, bool right)
{
	/* a password that the fuzzer does not know */
	static const struct scram_secret secret = {
		.iterations = 4096, .salt = {1 },
                     .salt_octets = 1, .stored_key = { 1, 2, 3 }
	};

	if (act.kind == SASL_CHECK) {
		LAW(act.password.n > 0);
		return sasl_checked(x, right);
	}
	return act.kind == SASL_SECRET ? sasl_secret(x, &secret, right) : act;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sasl_setup setup = { 0 };
	struct sasl_act act;
	struct sasl *x;
	bool right, plain, initial;
	str rest, message;

	if (size == 0)
		return 0;
	setup.mechanism = all[data[0] % 4];
	setup.plus_offered = data[0] & 4;
	initial = data[0] & 8;
	right = data[0] & 16;
	setup.binding.exporter_octets = data[0] & 32;
	plain = setup.mechanism == SASL_PLAIN || setup.mechanism == SASL_LOGIN;
	rest = str_from(data + 1, size - 1);
	x = sasl_new(&setup);
	str_cut(&rest, '\n', &message);
	act = reply(x, sasl_begin(x, initial, message), right);
	for (int n = 0; act.kind == SASL_CHALLENGE; n++) {
		LAW(n < MESSAGES_MAX);
		str_cut(&rest, '\n', &message);
		act = reply(x, sasl_respond(x, message), right);
	}
	LAW(act.kind == SASL_DONE || act.kind == SASL_REFUSED);
	LAW(act.kind != SASL_DONE || (right && plain));
	if (act.kind == SASL_DONE)
		check_name(act.name);
	LAW(sasl_respond(x, S("")).kind == SASL_REFUSED);
	sasl_free(x);
	return 0;
}
