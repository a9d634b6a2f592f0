#include "test/sim/sender.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/log.h"
#include "test/sim/trace.h"

#define LETTERS_MAX 400
#define OWN_COUNT 40
#define FORWARDED_COUNT 15
#define STRICT_COUNT 12
#define TOKEN "X-Sim-Letter: "
#define OURS "@pivot.test"

enum kind {
	OWN,       /* of a client of ours: signed */
	FORWARDED, /* a stranger's, to an alias that leaves: SRS, sealed */
	RESENT,    /* the same once more, with our seal in it */
	BROKEN,    /* and changed on its way */
	STRICT,    /* what DMARC quarantines */
	BOUNCE,    /* to the sender that we have made */
	FORGED,    /* to one that looks like it */
	THIEVING,  /* to the right one, but it is no bounce */
	LATE,      /* to one that is too old */
};

static struct letter {
	struct mailer mailer;
	enum kind kind;
	unsigned number;
	char sender[320], recipient[320];
	char returns[320]; /* FORWARDED: the sender that we have made; BOUNCE: whose it is */
	bool arrived, over, held;
	bool ordered, released, deleted; /* by an administrator */
	uint64_t id;                     /* that we gave it, once the client has read it */
} letters[LETTERS_MAX];

static unsigned count, held;
static struct loop *loop;
static struct endpoint pivot;
static int64_t end_ns;

/* --- sending --- */

static bool is_refused(enum kind kind)
{
	return kind == FORGED || kind == THIEVING || kind == LATE;
}

/* P8: not more than fit, at any time. */
static void take_place(struct letter *l)
{
	const str text = str_of(l->mailer.text);

	if (l->mailer.code == 452 && str_find_str(text, S("quarantine")) < text.n) {
		sender_numbers->no_place++;
		return;
	}
	if (l->mailer.code != 250) {
		if (!sender_faulty)
			sim_fail("letter %u heard: %s", l->number, l->mailer.text);
		return;
	}
	sender_numbers->quarantined++;
	l->held = true;
	if (++held > SENDER_PLACES)
		sim_fail("P8: %u messages are in the quarantine", held);
}

static void told(struct mailer *m)
{
	struct letter *l = AROUND(m, struct letter, mailer);
	str text = str_of(m->text);

	l->over = true;
	trace("letter %u heard: %s", l->number, m->text);
	if (m->code == 250 && !log_id_parse(str_skip(text, str_find_last(text, ' ') + 1), &l->id))
		sim_fail("letter %u heard no id: %s", l->number, m->text);
	if (l->kind == STRICT) {
		take_place(l);
	} else if (is_refused(l->kind)) {
		sender_numbers->refused++;
		if (m->code != 550 || !str_starts(str_skip(text, 4), S("5.7.1")))
			sim_fail("P3: mail for %s heard: %s", l->recipient, m->text);
	} else if (m->code != 250) {
		sim_fail("letter %u heard: %s", l->number, m->text);
	}
}

static str text_of(const struct letter *l, str rest)
{
	struct buf b = { 0 };
	char *kept;

	buf_putf(&b, TOKEN "%u\r\n", l->number);
	if (rest.n > 0)
		buf_put(&b, rest);
	else
		buf_putf(&b,
			"From: <%s>\r\nDate: Tue, 24 Nov 2026 00:00:00 +0000\r\nSubject: no. %u\r\n"
			"Message-ID: <%u@client.test>\r\n\r\nThese are the words of no. %u.\r\n",
			l->kind == STRICT ? "x@strict.test"
			: l->sender[0]    ? l->sender
					  : "postmaster@away.test",
			l->number, l->number, l->number);
	kept = sim_alloc(buf_str(&b).n + 1);
	memcpy(kept, buf_str(&b).p, buf_str(&b).n);
	rest = (str){ kept, buf_str(&b).n };
	buf_free(&b);
	return rest;
}

/* rest: what it has to say, or "" for words of its own. */
static struct letter *send(enum kind kind, const char *recipient, str rest, int64_t at_ns)
{
	struct letter *l = &letters[count];
	bool parsed;

	assert(count < LETTERS_MAX);
	*l = (struct letter){ .kind = kind, .number = ++count };
	parsed = ip_parse(kind == OWN ? S("10.0.1.5") : S("192.0.2.7"), &l->mailer.client);
	assert(parsed);
	if (kind == OWN)
		snprintf(l->sender, sizeof l->sender, "a@example.org");
	else if (kind != BOUNCE && kind != FORGED && kind != LATE)
		snprintf(l->sender, sizeof l->sender, "s%u@away.test", l->number);
	snprintf(l->recipient, sizeof l->recipient, "%s", recipient);
	l->mailer.sender = str_of(l->sender);
	l->mailer.recipient = str_of(l->recipient);
	l->mailer.content = text_of(l, rest);
	l->mailer.once = kind == STRICT;
	l->mailer.told = told;
	mailer_send(&l->mailer, loop, &pivot, at_ns);
	return l;
}

static void plan(enum kind kind, unsigned n, const char *recipient, int64_t from_ns, int64_t to_ns)
{
	for (unsigned i = 0; i < n; i++)
		send(kind, recipient, S(""), sim_between(from_ns, to_ns));
}

void sender_mail_plan(struct loop *l, const struct endpoint *at, int64_t from_ns, int64_t to_ns)
{
	count = held = 0;
	loop = l;
	pivot = *at;
	end_ns = to_ns;
	plan(OWN, OWN_COUNT, "r@sink1.test", from_ns, to_ns);
	plan(FORWARDED, FORWARDED_COUNT, "one@example.org", from_ns, to_ns);
	plan(STRICT, STRICT_COUNT, "one@example.org", from_ns, from_ns + (to_ns - from_ns) * 3 / 4);
}

void sender_mail_late(void)
{
	for (unsigned i = 0, n = count; i < n; i++)
		if (letters[i].kind == FORWARDED && sim_chance(200))
			send(LATE, letters[i].returns, S(""), sim.now_ns);
}

/* --- what comes of what has been forwarded --- */

/* One character of the hash is another one. */
static void forge(char *address)
{
	size_t at = sizeof "SRS0=" - 1 + (size_t)sim_between(0, 3);

	address[at] = address[at] == 'A' || address[at] == 'a' ? 'B' : 'A';
}

static void fold(char *address)
{
	for (; *address; address++)
		*address = ascii_lower(*address);
}

static void return_it(const struct letter *l)
{
	char to[320];
	struct letter *bounce;

	memcpy(to, l->returns, sizeof to);
	if (sim_chance(300)) /* servers on the way may do so */
		fold(to);
	bounce = send(BOUNCE, to, S(""), sim_here_ns() + sim_between(SIM_S, 60 * SIM_S));
	memcpy(bounce->returns, l->sender, sizeof bounce->returns);
}

static void send_on(str content)
{
	struct buf b = { 0 };
	bool broken = sim_chance(300);

	buf_put(&b, content);
	if (broken)
		buf_put(&b, S("An advertisement.\r\n"));
	send(broken ? BROKEN : RESENT, "one@example.org", buf_str(&b),
		sim_here_ns() + sim_between(SIM_S, 60 * SIM_S));
	buf_free(&b);
}

static void go_on(const struct letter *l, str content)
{
	int64_t soon_ns = sim_here_ns() + sim_between(SIM_S, 60 * SIM_S);
	char to[320];

	if (sim_chance(600))
		return_it(l);
	if (sim_chance(300)) {
		memcpy(to, l->returns, sizeof to);
		forge(to);
		send(FORGED, to, S(""), soon_ns);
	}
	if (sim_chance(200))
		send(THIEVING, l->returns, S(""), soon_ns);
	if (sim_chance(400))
		send_on(content);
}

/* --- arriving --- */

static struct letter *letter_of(str content)
{
	str rest = str_skip(content, str_find_str(content, S(TOKEN)) + sizeof TOKEN - 1);
	unsigned n = 0;

	for (size_t i = 0; i < rest.n && i < 6 && ascii_digit(rest.p[i]); i++)
		n = n * 10 + (unsigned)(rest.p[i] - '0');
	return n > 0 && n <= count ? &letters[n - 1] : NULL;
}

/* Where the DNS fails a chain may not be judged, and gets no second seal; but none is broken. */
static void judge_chain(const struct letter *l, str content)
{
	unsigned sets, wanted = l->kind == FORWARDED ? 1 : 2;
	bool passes = sender_keys_chain(content, &sets);

	sender_numbers->chains++;
	sender_numbers->broken += l->kind == BROKEN;
	if (passes != (l->kind != BROKEN))
		sim_fail("ARC: the chain of letter %u %s", l->number,
			passes ? "passes, and it was changed" : "is broken");
	else if (sets != wanted && !(sender_faulty && l->kind != FORWARDED && sets == 1))
		sim_fail("ARC: letter %u has %u seals", l->number, sets);
}

static void forwarded(struct letter *l, str sender, str content)
{
	bool first = !l->arrived;

	if (!str_starts(sender, S("SRS0=")) || !str_ends(sender, S(OURS))) {
		sim_fail("SRS: letter %u was forwarded from <%.*s>", l->number, STR(sender));
		return;
	}
	judge_chain(l, content);
	str_to_c(sender, l->returns, sizeof l->returns);
	sender_numbers->forwarded += first;
	if (first && l->kind == FORWARDED)
		go_on(l, content);
}

static void came_back(struct letter *l, str sender, str recipient)
{
	sender_numbers->came_back += !l->arrived;
	if (sender.n > 0 || !str_eq(recipient, str_of(l->returns)))
		sim_fail("SRS: the bounce %u came from <%.*s> to %.*s, and is for %s", l->number,
			STR(sender), STR(recipient), l->returns);
}

void sender_mail_arrived(str sender, str recipient, str content)
{
	struct letter *l = letter_of(content);

	if (!l) {
		sim_fail("P6: a message that nobody sent came to %.*s", STR(recipient));
		return;
	}
	switch (l->kind) {
	case OWN:
		(void)!sender_keys_right(content, l->mailer.begun_ns);
		break;
	case FORWARDED:
	case RESENT:
	case BROKEN:
		forwarded(l, sender, content);
		break;
	case BOUNCE:
		came_back(l, sender, recipient);
		break;
	case STRICT:
		if (!l->released)
			sim_fail("letter %u came out of the quarantine, and nobody released it",
				l->number);
		break;
	case FORGED:
	case THIEVING:
	case LATE:
		sim_fail("P3: letter %u for %s came to %.*s", l->number, l->recipient,
			STR(recipient));
		break;
	}
	l->arrived = true;
}

/* --- ending --- */

void sender_mail_ends(uint64_t message, str recipient, enum spool_rcpt_state end)
{
	trace("%.*s of a message ends, %d", STR(recipient), (int)end);
	for (unsigned i = 0; i < count; i++) {
		struct letter *l = &letters[i];

		if (l->id != message)
			continue;
		if (l->kind != STRICT ||
			(end != SPOOL_DISCARDED && !(l->deleted && end == SPOOL_DELETED)))
			sim_fail("P2: letter %u was ended, %d", l->number, (int)end);
		if (l->ordered && !sender_faulty && end == SPOOL_DISCARDED)
			sim_fail("letter %u was discarded, and somebody had taken it out of the "
				 "quarantine",
				l->number);
		held -= l->held;
		l->held = false;
	}
}

bool sender_mail_pick(uint64_t *message)
{
	unsigned at = count > 0 ? (unsigned)sim_between(0, (int64_t)count - 1) : 0;

	for (unsigned i = 0; i < count; i++) {
		struct letter *l = &letters[(at + i) % count];

		*message = l->id;
		if (l->held)
			return true;
	}
	return false;
}

/* It is not in the quarantine any more; but where power goes before that is written down, it is
 * again. */
void sender_mail_ordered(uint64_t message, enum sender_order what)
{
	for (unsigned i = 0; i < count; i++) {
		struct letter *l = &letters[i];

		if (l->id != message)
			continue;
		held -= l->held;
		l->held = false;
		l->ordered = true;
		l->released |= what == SENDER_RELEASE;
		l->deleted |= what == SENDER_DELETE;
	}
}

static bool has_ended(const struct letter *l)
{
	return l->over && !l->held && (l->kind == STRICT || is_refused(l->kind) || l->arrived);
}

bool sender_mail_over(void *owner)
{
	(void)owner;
	for (unsigned i = 0; i < count; i++)
		if (!has_ended(&letters[i]))
			return false;
	return sim.now_ns > end_ns;
}
