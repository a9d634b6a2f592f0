#include "test/sim/ledger.h"

#include <assert.h>
#include <stdio.h>

#include "test/sim/sim.h"
#include "test/sim/trace.h"

#define NEAR_NS (3 * SIM_S) /* one accident after another, as when it cannot boot, is one */

struct ledger ledger;

void ledger_open(void)
{
	ledger = (struct ledger){ 0 };
}

struct letter *ledger_letter(bool trusted, size_t octets_max)
{
	assert(ledger.letter_count < LEDGER_LETTERS_MAX);
	ledger.letters[ledger.letter_count] =
		letter_new(ledger.letter_count + 1, trusted, ledger.judged, octets_max);
	ledger.holds |= ledger.letters[ledger.letter_count]->kind == LETTER_HELD;
	return ledger.letters[ledger.letter_count++];
}

void ledger_accident(int64_t from_ns)
{
	int64_t now_ns = sim_here_ns();
	unsigned n = ledger.accident_count;

	if (n > 0 && from_ns - ledger.accidents[n - 1].to_ns < NEAR_NS) {
		ledger.accidents[n - 1].to_ns = now_ns;
		return;
	}
	assert(n < LEDGER_ACCIDENTS_MAX);
	ledger.accidents[n] = (struct ledger_accident){ from_ns, now_ns };
	ledger.accident_count++;
}

static struct letter *letter_of(unsigned number)
{
	return number > 0 && number <= ledger.letter_count ? ledger.letters[number - 1] : NULL;
}

/* --- is it the message that was sent? --- */

static size_t field_octets(str s)
{
	size_t n = 0;

	do
		n += str_find_str(str_skip(s, n), S("\r\n")) + 2;
	while (n < s.n && (s.p[n] == ' ' || s.p[n] == '\t'));
	return n < s.n ? n : s.n;
}

static bool seven_bits(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > 127)
			return false;
	return true;
}

/* Our own Received field: of the client that was told by whoever may tell, and of no other. */
static bool received_is_right(const struct letter *l, str field)
{
	char ip[IP_TEXT_MAX], want[IP_TEXT_MAX + 16];

	snprintf(want, sizeof want, " ([%s])\r\n", ip_print(&l->client, ip));
	return str_starts(field, S("Received: from client.test")) &&
	       str_starts(str_skip(field, 26), str_of(want));
}

/* The field of rules about recipients: it must be there once somebody has brought it, and may be
 * where the client has not read whether he was accepted. */
static bool topped_is_right(const struct letter *l, str *got)
{
	str field = S(DIRECTORY_TOPPED_FIELD "\r\n");
	bool is = str_starts(*got, field), must = false, may = false;

	for (size_t i = 0; ledger.ruled && i < l->rcpt_count; i++) {
		const struct letter_rcpt *r = &l->rcpts[i];

		if (!directory_topped(r->entry->address))
			continue;
		must |= r->code / 100 == 2;
		may |= r->code == 0;
	}
	if (is)
		*got = str_skip(*got, field.n);
	return is ? must || may : !must;
}

static bool same(const struct letter *l, str got, bool converted, bool forwarded)
{
	size_t header = str_find_str(l->arrives, S("\r\n\r\n"));

	if (forwarded && !str_starts(got, DIRECTORY_FORWARD_FIELD))
		return false;
	if (forwarded)
		got = str_skip(got, DIRECTORY_FORWARD_FIELD.n);
	if (ledger.judged && !l->trusted) {
		if (!str_starts(got, S("Authentication-Results: pivot.test;")))
			return false;
		got = str_skip(got, field_octets(got));
	}
	if (l->kind == LETTER_TOPPED && l->sign == LETTER_SENDER) {
		if (!str_starts(got, LETTER_TOPPED_FIELD))
			return false;
		got = str_skip(got, LETTER_TOPPED_FIELD.n);
	}
	if (!topped_is_right(l, &got))
		return false;
	if (!received_is_right(l, got))
		return false;
	got = str_skip(got, field_octets(got));
	if (converted && l->eightbit)
		return seven_bits(got);
	header = header < l->arrives.n ? header + 2 : l->arrives.n;
	if (!str_starts(got, str_first(l->arrives, header)))
		return false;
	got = str_skip(got, header);
	while (l->trusted && (l->bare_header || l->empty) &&
		(str_starts(got, S("Date: ")) || str_starts(got, S("From: ")) ||
			str_starts(got, S("Message-ID: "))))
		got = str_skip(got, field_octets(got));
	if (l->empty)
		return got.n == 0 || str_eq(got, S("\r\n"));
	return str_eq(got, str_skip(l->arrives, header));
}

/* --- may it come? --- */

static bool may_write(const struct letter *l, const struct directory_entry *entry)
{
	if (entry->may == DIRECTORY_CLOSED)
		return !ledger.ruled;
	return l->trusted || entry->may == DIRECTORY_ALL;
}

/* A recipient that leads there was accepted, or the client has not heard that it was not. */
static bool leads_there(const struct letter *l, str address)
{
	for (size_t i = 0; i < l->rcpt_count; i++) {
		const struct letter_rcpt *r = &l->rcpts[i];
		const struct directory_target *at;

		if ((r->code != 0 && r->code / 100 != 2) || !may_write(l, r->entry))
			continue;
		for (size_t n = 0; (at = letter_leads(l, r->entry, n)); n++)
			if (str_eq(at->address, address))
				return true;
	}
	return false;
}

static bool accident_since(int64_t from_ns, int64_t to_ns)
{
	for (unsigned i = 0; i < ledger.accident_count; i++)
		if (ledger.accidents[i].to_ns >= from_ns && ledger.accidents[i].from_ns <= to_ns)
			return true;
	return false;
}

/* That the former one was taken has been read, and nothing happened to the pivot in the bound after
 * it. */
static bool second_is_wrong(const struct net_watch *w)
{
	return w->taken_ns > 0 &&
	       !accident_since(w->taken_ns - SIM_MS, w->taken_ns + ledger.record_ns_max);
}

static struct letter_target *target_of(struct letter *l, str address)
{
	for (size_t i = 0; i < l->target_count; i++)
		if (str_eq(l->targets[i].at->address, address))
			return &l->targets[i];
	return NULL;
}

/* The client has not read its recipients' replies, so nothing was promised: enter them now. */
static struct letter_target *target_make(struct letter *l, str address)
{
	for (size_t i = 0; i < l->rcpt_count; i++)
		if (l->rcpts[i].code == 0)
			letter_targets(l, &l->rcpts[i], false);
	return target_of(l, address);
}

/* What its rule wanted, if this copy breaks that; else null. */
static const char *rule_broken(const struct letter *l, const struct ledger_copy *copy)
{
	if (l->kind == LETTER_DROPPED)
		return "a rule had thrown it away";
	if (l->kind == LETTER_HELD && !l->released)
		return "a rule holds it, and nobody has let it go";
	if (l->kind == LETTER_REDIRECTED && !str_eq(copy->rcpt, directory_caught.address))
		return "a rule had redirected it";
	if (l->kind == LETTER_FILTERED && !copy->filtered)
		return "not by the filter, as a rule wants it";
	if (l->kind != LETTER_FILTERED && copy->filtered)
		return "by the filter, which no rule wants";
	return NULL;
}

static void delivered(struct letter *l, const struct ledger_copy *copy)
{
	const struct net_watch *heard = copy->heard;
	const char *broken = rule_broken(l, copy);
	str rcpt = copy->rcpt;
	bool forwarded = directory_forwarded(rcpt) && !copy->filtered;
	struct letter_target *t;

	if (broken) {
		sim_fail("P2: letter %u came to %.*s, but %s", l->number, STR(rcpt), broken);
		return;
	}
	if (!leads_there(l, rcpt)) {
		sim_fail("P3: letter %u came to %.*s, which was not its to reach", l->number,
			STR(rcpt));
		return;
	}
	if (l->final_code >= 500 || !letter_taken(l)) {
		sim_fail("P6: letter %u came to %.*s, but it had to be refused (%d)", l->number,
			STR(rcpt), l->final_code);
		return;
	}
	if (!same(l, copy->content, copy->converted, forwarded)) {
		sim_fail("P6: letter %u came to %.*s as another message (%zu octets, %zu sent)",
			l->number, STR(rcpt), copy->content.n, l->arrives.n);
		return;
	}
	t = target_of(l, rcpt);
	if (!t)
		t = target_make(l, rcpt);
	assert(t);
	if (t->delivered > 0) {
		/* a peer may be slow to read what a former life of the pivot sent him; and what was
		 * sent on by a .forward just before an accident is sent on again */
		if (second_is_wrong(t->copy_heard) &&
			!accident_since(heard->begun_ns, sim_here_ns()) &&
			!(forwarded && ledger.accident_count > 0))
			sim_fail(
				"P2: letter %u came to %.*s again, its 250 was read at %lld ms and "
				"nothing happened since",
				l->number, STR(rcpt),
				(long long)(t->copy_heard->taken_ns / SIM_MS));
		ledger.second_copies++;
	}
	t->delivered++;
	t->copy_heard = heard;
	ledger.delivered++;
}

/* --- bounces and notices --- */

/* Behind a list: what goes wrong is told to its owner, whatever the author wished to hear. */
static bool owned(const struct letter *l, str address)
{
	for (size_t i = 0; i < l->rcpt_count; i++)
		for (size_t n = 0; n < DIRECTORY_TARGETS_MAX; n++)
			if (str_eq(l->rcpts[i].entry->targets[n].address, address))
				return l->rcpts[i].entry->targets[n].owned;
	return false;
}

static void bounced(struct letter *l, str address, const struct net_watch *heard)
{
	struct letter_target *t;

	if (l->never && !owned(l, address)) {
		sim_fail("letter %u bounced for %.*s, and NOTIFY=NEVER was said", l->number,
			STR(address));
		return;
	}
	if (!leads_there(l, address)) {
		sim_fail("P4: letter %u bounced for %.*s, which was not accepted", l->number,
			STR(address));
		return;
	}
	t = target_of(l, address);
	if (!t)
		t = target_make(l, address);
	assert(t);
	/* a crash between the bounce and the end of its recipient makes two bounces of one */
	if (t->bounced++ > 0 && ledger.accident_count == 0 && second_is_wrong(t->bounce_heard))
		sim_fail("P2: letter %u bounced twice for %.*s, and no accident happened",
			l->number, STR(address));
	t->bounce_heard = heard;
	ledger.bounced++;
}

/* Each "Final-Recipient: rfc822; ADDRESS" with "Action: failed". */
static void report_arrived(struct letter *l, str rcpt, str content, const struct net_watch *heard)
{
	static const str field = STR_INIT("Final-Recipient: rfc822;");
	bool notice = l->null_sender && str_eq(rcpt, DIRECTORY_POSTMASTER);
	unsigned found = 0;

	for (size_t at; (at = str_find_str(content, field)) < content.n; found++) {
		str address, action;

		content = str_skip(content, at + field.n);
		address = str_trim(str_first(content, str_find_str(content, S("\r\n"))));
		action = str_skip(content, str_find_str(content, S("Action: ")));
		if (!str_starts(action, S("Action: failed")))
			continue;
		bounced(l, address, heard);
	}
	if (l->kind == LETTER_DROPPED || (l->kind == LETTER_HELD && !l->released))
		sim_fail("P2: a report went out about letter %u, which a rule has thrown away, or "
			 "holds",
			l->number);
	if (found == 0 && !notice)
		sim_fail("a report about letter %u names no recipient", l->number);
	if (notice)
		l->notified = true;
}

static bool entitled(const struct letter *l, str rcpt)
{
	if (str_eq(rcpt, l->null_sender ? DIRECTORY_POSTMASTER : str_of(l->sender)))
		return true;
	return str_eq(rcpt, DIRECTORY_OWNER);
}

void ledger_arrived(const struct ledger_copy *copy)
{
	str sender = copy->sender, rcpt = copy->rcpt, content = copy->content;
	unsigned number = letter_number_of_sender(sender);
	struct letter *l;

	if (str_ends(rcpt, S("@sender.test")) && letter_number_of_sender(rcpt) > 0)
		number = letter_number_of_sender(rcpt);
	else if (number == 0)
		number = letter_number_in(content);
	l = letter_of(number);
	trace("letter %u arrives for %.*s from <%.*s>, %zu octets", number, STR(rcpt), STR(sender),
		content.n);
	if (!l && ledger.doubtful_pages && str_eq(rcpt, DIRECTORY_POSTMASTER))
		return;
	if (!l) {
		sim_fail("P6: a message that nobody sent came to %.*s from <%.*s>", STR(rcpt),
			STR(sender));
		return;
	}
	if (!str_ends(rcpt, S("@sender.test")))
		delivered(l, copy);
	else if (sender.n > 0 || !entitled(l, rcpt) || copy->filtered)
		sim_fail("P4: a report about letter %u went from <%.*s> to %.*s", number,
			STR(sender), STR(rcpt));
	else
		report_arrived(l, rcpt, content, copy->heard);
}

/* Nothing but a rule holds anything here; what killed the pivot twice is set aside by itself. */
void ledger_released(str sender)
{
	struct letter *l = letter_of(letter_number_of_sender(sender));

	if (!l || l->kind != LETTER_HELD) {
		sim_fail("P2: a message from <%.*s> is held, and no rule says so", STR(sender));
		return;
	}
	trace("letter %u is let go", l->number);
	l->released = true;
}

/* --- the end --- */

static bool given_up(uint64_t id, str address)
{
	for (unsigned i = 0; i < ledger.given_up_count; i++)
		if (ledger.given_up[i].id == id && str_eq(ledger.given_up[i].address, address))
			return true;
	return false;
}

static str kept(str s)
{
	char *p = sim_alloc(s.n + 1);

	memcpy(p, s.p, s.n);
	return (str){ p, s.n };
}

/* Who may end without anybody hearing of it: who asked for that, and mail without a sender, of
 * which the postmaster is told. */
void ledger_given_up(uint64_t id, str sender, str address)
{
	const struct letter *l = letter_of(letter_number_of_sender(sender));

	trace("%.*s of the letter from <%.*s> is given up", STR(address), STR(sender));
	if (l && !(l->never && !owned(l, address)))
		sim_fail("P2: letter %u was given up for %.*s, and nobody was told", l->number,
			STR(address));
	if (given_up(id, address)) /* once more after a crash, or told twice of one address */
		return;
	assert(ledger.given_up_count < LEDGER_GIVEN_UP_MAX);
	ledger.given_up[ledger.given_up_count++] =
		(struct ledger_given_up){ .id = id, .address = kept(address) };
}

static bool ended(const struct letter *l, const struct letter_target *t)
{
	if (!t->promised)
		return true;
	if (!letter_bounces(l, t->at))
		return t->delivered > 0 && t->bounced == 0;
	if (t->delivered > 0)
		return false;
	if (l->never && !t->at->owned)
		return t->bounced == 0 && given_up(l->id, t->at->address);
	if (l->null_sender && !t->at->owned)
		return t->bounced > 0 || l->notified;
	return t->bounced > 0;
}

/* By a rule, or because each of its recipients leads nowhere; who has not heard the end of his
 * message does not know whether it came in. */
void ledger_discarded(uint64_t count)
{
	uint64_t least = 0, most = 0;

	for (unsigned i = 0; i < ledger.letter_count; i++) {
		const struct letter *l = ledger.letters[i];

		if (l->kind != LETTER_DROPPED && (!letter_taken(l) || l->target_count > 0))
			continue;
		least += l->final_code / 100 == 2;
		most += l->final_code / 100 == 2 || l->final_code == 0;
	}
	if (count < least || count > most)
		sim_fail("P2: %llu messages are counted as thrown away, and it must be %llu to "
			 "%llu",
			(unsigned long long)count, (unsigned long long)least,
			(unsigned long long)most);
}

bool ledger_settled(char *open, size_t size)
{
	for (unsigned i = 0; i < ledger.letter_count; i++) {
		struct letter *l = ledger.letters[i];

		if (l->final_code / 100 != 2 || l->kind == LETTER_DROPPED)
			continue;
		for (size_t n = 0; n < l->target_count; n++) {
			struct letter_target *t = &l->targets[n];

			if (ended(l, t))
				continue;
			if (open)
				snprintf(open, size,
					"letter %u was accepted at %lld ms, and for %.*s it has %u "
					"copies and %u bounces",
					l->number, (long long)(l->final_ns / SIM_MS),
					STR(t->at->address), t->delivered, t->bounced);
			return false;
		}
	}
	return true;
}
