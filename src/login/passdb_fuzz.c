/* Laws: a refusal begins with its place and is one clean line; every entry of what is read can be
 * found by its name, its hash can be compared within our limits, and a decoy is one of them. */
#include "test/fuzz.h"

#include "login/passdb.h"

static void check_refusal(const struct fail *why)
{
	LAW(why->kind == FAIL_PERMANENT);
	LAW(strncmp(why->text, "users:", 6) == 0);
	for (const char *p = why->text; *p; p++)
		LAW((unsigned char)*p >= ' ');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fail why = { 0 };
	struct passdb *t = passdb_read(S("users"), str_from(data, size), &why);

	if (!t) {
		check_refusal(&why);
		return 0;
	}
	LAW(why.kind == FAIL_NONE);
	for (size_t i = 0; i < passdb_count(t); i++) {
		const struct passdb_entry *e = passdb_at(t, i);

		LAW(passdb_find(t, e->name) == e);
		LAW(e->hash.text.n < SCHEME_TEXT_MAX);
		LAW(e->hash.kind != SCHEME_SCRAM ||
			e->hash.scram.iterations >= SCRAM_ITERATIONS_MIN);
	}
	LAW((passdb_decoy(t, S("nobody"), false, 7) != NULL) == (passdb_count(t) > 0));
	LAW((passdb_decoy(t, S("nobody"), true, 7) != NULL) == passdb_has_scram(t));
	passdb_drop(t);
	return 0;
}
