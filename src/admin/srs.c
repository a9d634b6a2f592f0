#include "admin/srs.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>

#include "admin/exit.h"
#include "admin/generation.h"
#include "admin/json.h"
#include "admin/srs_vault.h"
#include "sender/srs.h"
#include "world/clock.h"
#include "world/file.h"
#include "world/vault.h"

bool srs_open(struct router *r, struct fail *why)
{
	const struct conf_srs *srs = &router_conf(r)->sender.srs;
	struct srs_key *key;
	struct arena a;
	str text;

	if (!srs->block.on)
		return true;
	arena_init(&a, ARENA_UNLIMITED);
	if (vault_is_there())
		key = srs_vault_key(srs->secrets, why);
	else
		key = file_read(&a, srs->secrets, &text, why) ? srs_key_of(srs->secrets, text, why)
							      : NULL;
	arena_free(&a);
	router_take_srs_key(r, key);
	return key != NULL;
}

/* --- the command --------------------------------------------------------------------------------
 */

#define DAY_S 86400

void srs_secret_make(char to[SRS_SECRET_TEXT])
{
	unsigned char random[(SRS_SECRET_TEXT - 1) / 2];
	int done = RAND_bytes(random, sizeof random);

	assert(done == 1);
	for (size_t i = 0; i < sizeof random; i++)
		snprintf(to + 2 * i, 3, "%02x", random[i]);
	OPENSSL_cleanse(random, sizeof random);
}

/* A new secret on top of those that the file has. */
static bool add_secret(struct arena *a, str path, size_t *count, struct fail *why)
{
	char secret[SRS_SECRET_TEXT];
	struct srs_secrets all = { 0 };
	bool there = file_exists(path);
	str former = S(""), text;

	if (there && (!file_read(a, path, &former, why) ||
			     (former.n > 0 && !srs_key_secrets(path, former, &all, why))))
		return false;
	if (all.count == SRS_SECRETS_MAX)
		return fail_with(why, FAIL_PERMANENT, "5.3.5",
			"%.*s: it has %d secrets already; take old ones away, from the end",
			STR(path), SRS_SECRETS_MAX);
	srs_secret_make(secret);
	text = arena_printf(a, "%s\n%.*s", secret, STR(former));
	*count = all.count + 1;
	return there ? file_rewrite(path, text, why) : file_replace(path, text, 0600, why);
}

static int new_secret(str path, bool json, struct buf *out, bool *answered)
{
	struct arena a;
	struct fail why;
	size_t count = 0;
	bool added;

	arena_init(&a, ARENA_UNLIMITED);
	added = add_secret(&a, path, &count, &why);
	arena_free(&a);
	if (!added) {
		buf_putf(out, "%s\n", why.text);
		return why.kind == FAIL_TEMPORARY ? EXIT_AGAIN : EXIT_NO;
	}
	*answered = true;
	if (json) {
		json_t *all = json_object();

		json_put_str(all, "file", path);
		json_put_int(all, "secrets", (int64_t)count);
		json_print(all, out);
	} else if (count > 1) {
		buf_putf(out,
			"%.*s: a new secret signs, %zu older ones are still believed\n"
			"facteur reload puts it to use; take the last line away when what it "
			"signed is "
			"too old to come back\n",
			STR(path), count - 1);
	} else {
		buf_putf(out, "%.*s: the first secret\n", STR(path));
	}
	return EXIT_DONE;
}

static struct srs of(const struct router *r)
{
	const struct conf_srs *words = &router_conf(r)->sender.srs;

	return (struct srs){ .domain = words->domains[0].name,
		.key = router_srs_key(r),
		.valid_days = (unsigned)(words->valid_ms / (1000LL * DAY_S)) };
}

static int rewrite(
	const struct router *r, bool back, str address, bool json, struct buf *out, bool *answered)
{
	static const char *const says[] = {
		[SRS_NONE] = "no rewritten sender",
		[SRS_GOOD] = "",
		[SRS_FORGED] = "it was not made here",
		[SRS_EXPIRED] = "it was made too long ago",
		[SRS_TROUBLE] = "",
	};
	int64_t now_s = clock_wall_ms() / 1000;
	enum srs_verdict verdict = SRS_GOOD;
	char to[ADDRESS_MAX + 1];
	struct srs srs = of(r);
	struct fail why = { 0 };
	json_t *all;

	if (back)
		verdict = srs_decode(&srs, address_local(address), now_s, to, &why);
	else if (!srs_encode(&srs, address, now_s, to, &why))
		verdict = SRS_TROUBLE;
	if (verdict != SRS_GOOD) {
		buf_putf(out, "%s\n", why.kind == FAIL_NONE ? says[verdict] : why.text);
		return why.kind == FAIL_TEMPORARY ? EXIT_AGAIN : EXIT_NO;
	}
	*answered = true;
	if (!json) {
		buf_putf(out, "%s\n", to);
		return EXIT_DONE;
	}
	all = json_object();
	json_put_str(all, "address", str_of(to));
	json_print(all, out);
	return EXIT_DONE;
}

int srs_command(str dir, const str *words, size_t count, bool json, struct buf *out, bool *answered)
{
	bool back = str_eq(words[0], S("decode"));
	struct router *r;
	struct fail why;
	int code;

	if (count != 2 ||
		(!back && !str_eq(words[0], S("encode")) && !str_eq(words[0], S("secret")))) {
		buf_put(out, S("srs wants encode ADDRESS, decode ADDRESS or secret FILE\n"));
		return EXIT_USAGE;
	}
	if (str_eq(words[0], S("secret")))
		return new_secret(words[1], json, out, answered);
	r = generation_load(dir, &why);
	if (!r) {
		buf_putf(out, "%s\n", why.text);
		return EXIT_AGAIN;
	}
	if (router_srs_key(r)) {
		code = rewrite(r, back, words[1], json, out, answered);
	} else {
		buf_put(out, S("the configuration in force has no 'srs'\n"));
		code = EXIT_NO;
	}
	router_drop(r);
	return code;
}
