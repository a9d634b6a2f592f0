#include "test/sim/sender.h"

#include <assert.h>
#include <stdio.h>

#include "dns/zone.h"
#include "flow/key_watch.h"
#include "sender/arc_verify.h"
#include "sender/dkim_verify.h"
#include "sender/keyring.h"
#include "sender/srs_key.h"
#include "test/sim/files.h"
#include "world/clock.h"

/* Ed25519, made of octets that are all the same. */
#define OLD "MC4CAQAwBQYDK2VwBCIEIBERERERERERERERERERERERERERERERERERERERERER"
#define NEW "MC4CAQAwBQYDK2VwBCIEICIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIi"
#define SEAL "MC4CAQAwBQYDK2VwBCIEIDMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMzMz"

#define RECORD(name, key) name " TXT \"v=DKIM1; k=ed25519; p=" key "\"\n"
#define OLD_RECORD \
	RECORD("old._domainkey.example.org", "0EqyMnQrtKs6E2i9RhXk5tAiSrcaAWuvhSCjMsl3hzc=")
#define NEW_RECORD \
	RECORD("new._domainkey.example.org", "oJql9HpnWYAv+VX43C0qFKXJnSO+l/hkEn/5ODRVpPA=")
#define SEAL_RECORD \
	RECORD("seal._domainkey.pivot.test", "F8t5+ytBIPKx7GXkGY1uCLKOgT/rAeSkAIObheGAgM4=")

/* The new one's row stands before the old one's. */
static const char keytable[] =
	"new example.org:new:" NEW "\nold example.org:old:" OLD "\nseal pivot.test:seal:" SEAL "\n";
static const char signingtable[] = "example.org new\nexample.org old\n";

/* When the record of a key was there. */
struct shown {
	int64_t from_ns, to_ns;
};

#define SPELLS 2

static struct {
	struct shown old[1], new[SPELLS];
	int64_t turns_ns[3]; /* the new record comes, goes, and comes for good */
	unsigned turn;
	bool old_gone;
} keys;

void sender_keys_plan(int64_t from_ns, int64_t to_ns)
{
	int64_t at_ns = sim_between(from_ns, from_ns + (to_ns - from_ns) / 4);

	memset(&keys, 0, sizeof keys);
	keys.old[0] = (struct shown){ 0, SIM_NEVER };
	for (size_t i = 0; i < SPELLS; i++)
		keys.new[i] = (struct shown){ SIM_NEVER, SIM_NEVER };
	keys.turns_ns[0] = keys.turns_ns[1] = keys.turns_ns[2] = at_ns;
	if (sim_chance(500)) { /* somebody makes a mistake */
		keys.turns_ns[1] = at_ns + sim_between(SIM_S, 2 * SENDER_SETTLE_NS);
		keys.turns_ns[2] = keys.turns_ns[1] + sim_between(SIM_S, SENDER_SETTLE_NS);
	}
}

void sender_keys_equip(struct router *r)
{
	str domains[] = { S("example.org") };
	struct keyring_files files = {
		.keytable = {S("keytable"),      str_of(keytable)    },
		.signingtable = { S("signingtable"), str_of(signingtable)},
		.has_hosts = true,
		.hosts = { S("hosts"),        S("10.0.1.0/24\n")  },
		.domains = domains,
		.domain_count = LENGTH(domains)
	};
	struct fail why = { 0 };
	struct keyring *ring = keyring_new(&files, &why);
	struct srs_key *secrets = srs_key_of(S("srs"), S("a secret that nobody knows\n"), &why);

	if (!ring || !secrets)
		fprintf(stderr, "%s\n", why.text);
	assert(ring && secrets);
	router_take_keyring(r, ring);
	router_take_srs_key(r, secrets);
}

static bool new_is_there(void)
{
	return keys.turn == 1 || keys.turn == 3;
}

str sender_keys_zone(void)
{
	static char text[sizeof SENDER_ZONE OLD_RECORD NEW_RECORD SEAL_RECORD];

	snprintf(text, sizeof text, "%s%s%s", SENDER_ZONE SEAL_RECORD,
		new_is_there() ? NEW_RECORD : "", keys.old_gone ? "" : OLD_RECORD);
	return str_of(text);
}

/* As facteur dkim status says it: the old key is retired. */
static bool old_is_retired(void)
{
	struct key_watch_times times;
	str text;

	if (!files_get(S("/state/" KEY_WATCH_FILE), &text))
		return false;
	times = key_watch_times(text, S("old._domainkey.example.org"));
	return times.replaced_s > 0 && sim.now_ns / SIM_S + SIM_WALL_BEGIN_MS / 1000 >=
					       times.replaced_s + SENDER_RETIRE_NS / SIM_S;
}

bool sender_keys_turn(void)
{
	if (keys.turn < LENGTH(keys.turns_ns) && sim.now_ns >= keys.turns_ns[keys.turn]) {
		struct shown *spell = &keys.new[keys.turn / 2];

		if (keys.turn == 1)
			keys.new[0].to_ns = sim.now_ns;
		else
			spell->from_ns = sim.now_ns;
		keys.turn++;
		return true;
	}
	if (keys.turn < LENGTH(keys.turns_ns) || keys.old_gone || !old_is_retired())
		return false;
	keys.old_gone = true;
	keys.old[0].to_ns = sim.now_ns;
	return true;
}

/* --- what the next hop finds --------------------------------------------------------------------
 */

/* Of all records that were ever there: whether one was there in time is another question. */
static const char all_records[] = SENDER_ZONE SEAL_RECORD OLD_RECORD NEW_RECORD;

static enum dkim_answer look_up(str name, struct dns_records **records)
{
	struct fail why = { 0 };
	struct dns_zone *zone = dns_zone_parse(str_of(all_records), &why);
	enum dns_zone_answer answer;

	assert(zone);
	answer = dns_zone_find(zone, name, DNS_TXT, records);
	dns_zone_free(zone);
	return answer == ZONE_FOUND ? DKIM_FOUND : DKIM_MISSING;
}

static int64_t now_s(void)
{
	return SIM_WALL_BEGIN_MS / 1000 + sim.now_ns / SIM_S;
}

/* Was the record of a key that signed between these moments there, for so long before?  The pivot
 * looks once a minute, and later where the DNS fails. */
static bool was_shown(const struct shown *spells, size_t count, int64_t settle_ns, int64_t begun_ns)
{
	int64_t slack_ns = (sender_faulty ? 15 : 2) * SENDER_LOOK_NS;

	for (size_t i = 0; i < count; i++)
		if (spells[i].from_ns < SIM_NEVER && sim.now_ns >= spells[i].from_ns + settle_ns &&
			(spells[i].to_ns == SIM_NEVER || begun_ns <= spells[i].to_ns + slack_ns))
			return true;
	return false;
}

static bool by_right_key(const struct dkim_verify_result *r, int64_t begun_ns)
{
	bool by_new = strcmp(r->selector, "new") == 0;

	sender_numbers->is_signed++;
	sender_numbers->by_new += by_new;
	if (by_new ? was_shown(keys.new, SPELLS, SENDER_SETTLE_NS, begun_ns)
		   : was_shown(keys.old, LENGTH(keys.old), 0, begun_ns))
		return true;
	sim_fail("DKIM: signed by the key %s, which the DNS did not show", r->selector);
	return false;
}

static struct dkim_verify *judged(str content)
{
	struct dkim_verify *v = dkim_verify_new(now_s());
	struct dkim_verify_act act;

	dkim_verify_feed(v, content);
	dkim_verify_end(v);
	while ((act = dkim_verify_next(v)).kind == DKIM_VERIFY_ASK) {
		struct dns_records *records = NULL;
		enum dkim_answer answer = look_up(act.name, &records);

		dkim_verify_answer(v, act.ticket, answer, records);
		dns_records_free(records);
	}
	assert(act.kind == DKIM_VERIFY_DONE);
	return v;
}

bool sender_keys_right(str content, int64_t begun_ns)
{
	struct dkim_verify *v = judged(content);
	const struct dkim_verify_result *r =
		dkim_verify_count(v) == 1 ? dkim_verify_result(v, 0) : NULL;
	bool right = false;

	if (!r)
		sim_fail("DKIM: a message of ours has %zu signatures", dkim_verify_count(v));
	else if (r->verdict != DKIM_PASS)
		sim_fail("DKIM: our signature does not verify: %s", r->why);
	else
		right = by_right_key(r, begun_ns);
	dkim_verify_free(v);
	return right;
}

bool sender_keys_chain(str content, unsigned *sets)
{
	struct arc_verify *v = arc_verify_new(now_s());
	struct arc_verify_act act;
	bool passes;

	arc_verify_feed(v, content);
	arc_verify_end(v);
	while ((act = arc_verify_next(v)).kind == ARC_VERIFY_ASK) {
		struct dns_records *records = NULL;
		enum dkim_answer answer = look_up(act.name, &records);

		arc_verify_answer(v, act.ticket, answer, records);
		dns_records_free(records);
	}
	assert(act.kind == ARC_VERIFY_DONE);
	*sets = arc_verify_result(v)->count;
	passes = arc_verify_result(v)->cv == ARC_PASS;
	arc_verify_free(v);
	return passes;
}
