#include "test/sim/letter.h"

#include <assert.h>
#include <stdio.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "test/sim/sim.h"

#define LINES_MAX 900          /* longest line that we write */
#define BODY_LINE_AT_MAX 45000 /* rules look at the first 50K of a body */

static const str smuggles[] = { STR_INIT("\n.\n"), STR_INIT("\n.\r"), STR_INIT("\r.\n"),
	STR_INIT("\r.\r"), STR_INIT("\n.\r\n"), STR_INIT("\r.\r\n"), STR_INIT("\r\n.\n"),
	STR_INIT("\r\n.\r"), STR_INIT("\n"), STR_INIT("\r"), STR_INIT("\r\r\n") };

/* Kinds that rules make, and how each asks for its rule. */
static const char *const wishes[] = { [LETTER_RULED] = "refuse",
	[LETTER_DROPPED] = "discard",
	[LETTER_HELD] = "hold",
	[LETTER_REDIRECTED] = "redirect",
	[LETTER_FILTERED] = "filter",
	[LETTER_TOPPED] = "prepend" };

static const char letters[] =
	"The quick brown fox, 0123456789. jumps over the lazy dog; =20 <html>";

static void put_line(struct buf *b, bool eightbit)
{
	size_t n = (size_t)(sim_chance(50) ? sim_between(0, LINES_MAX) : sim_between(0, 78));

	if (sim_chance(30))
		buf_put(b, S("."));
	if (sim_chance(5))
		buf_put(b, S("From someone"));
	for (size_t at = 0; at < n;) {
		size_t some = (size_t)sim_between(1, sizeof letters - 1);

		if (some > n - at)
			some = n - at;
		buf_put(b, (str){ letters + sizeof letters - 1 - some, some });
		at += some;
	}
	if (eightbit && sim_chance(200))
		buf_put(b, S("caf\xc3\xa9"));
	buf_put(b, S("\r\n"));
}

static size_t some_octets(size_t octets_max)
{
	switch (sim_between(0, 9)) {
	case 0:
	case 1:
	case 2:
		return (size_t)sim_between(0, 300);
	case 9:
		return (size_t)sim_between(0, (int64_t)octets_max * 8 / 10);
	case 8:
		return (size_t)sim_between(0, 70000);
	default:
		return (size_t)sim_between(0, 6000);
	}
}

static void put_header(struct letter *l, struct buf *b)
{
	if (l->kind == LETTER_LOOPED)
		for (int i = 0; i < 60; i++)
			buf_putf(b,
				"Received: from hop%d by hop%d; Tue, 24 Nov 2026 00:00:00 "
				"+0000\r\n",
				i, i + 1);
	if (wishes[l->kind] && l->sign == LETTER_FIELD)
		buf_putf(b, "X-Sim: please\r\n\t%s\r\n", wishes[l->kind]);
	if (!l->bare_header)
		buf_putf(b,
			"Date: Tue, 24 Nov 2026 00:00:00 +0000\r\nFrom: <s%u@sender.test>\r\n"
			"Message-ID: <%u@sender.test>\r\n",
			l->number, l->number);
	buf_putf(b, "Subject: letter %u\r\n" LETTER_TOKEN "%u\r\n", l->number, l->number);
	if (l->eightbit)
		buf_put(b, S("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
			     "Content-Transfer-Encoding: 8bit\r\n"));
	buf_put(b, S("\r\n"));
}

static str take(struct buf *b)
{
	str s = buf_str(b);
	char *p = sim_alloc(s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	buf_free(b);
	return (str){ p, s.n };
}

/* Lines of the body, and somewhere near its beginning the one that a rule waits for. */
static void put_body(struct letter *l, struct buf *b, size_t octets)
{
	size_t lines_at = (size_t)sim_between(0, BODY_LINE_AT_MAX);
	bool waits = wishes[l->kind] && l->sign == LETTER_LINE;
	size_t begin = buf_str(b).n;

	while (waits || buf_str(b).n < octets) {
		if (waits && (buf_str(b).n >= octets || buf_str(b).n - begin >= lines_at)) {
			buf_putf(b, ".please %s\r\n", wishes[l->kind]);
			waits = false;
		} else {
			put_line(b, l->eightbit);
		}
	}
}

/* What comes behind our own fields, for one that a rule adds to the header. */
static str with_field(str content)
{
	struct buf b = { 0 };

	buf_put(&b, LETTER_TOPPED_FIELD);
	buf_put(&b, content);
	return take(&b);
}

static void write_content(struct letter *l, size_t octets_max)
{
	struct buf b = { 0 };
	size_t octets = l->kind == LETTER_OVERSIZE ? octets_max + (size_t)sim_between(1, 5000)
						   : some_octets(octets_max);

	if (l->empty)
		octets = 0;
	else
		put_header(l, &b);
	put_body(l, &b, octets);
	l->content = l->arrives = take(&b);
	if (l->kind == LETTER_TOPPED && l->sign == LETTER_FIELD)
		l->arrives = with_field(l->content);
}

/* The same with something in it by which another server could be made to see another message. */
static void write_smuggled(struct letter *l)
{
	struct buf b = { 0 };

	buf_put(&b, l->content);
	buf_put(&b, S("text"));
	buf_put(&b, smuggles[sim_between(0, LENGTH(smuggles) - 1)]);
	buf_put(&b,
		S("MAIL FROM:<smuggled@sender.test>\r\nRCPT TO:<smuggled@example.org>\r\nDATA\r\n"
		  "Subject: smuggled\r\n\r\nsmuggled\r\n"));
	l->wire = take(&b);
}

static bool addressed(const struct letter *l, const struct directory_entry *entry)
{
	for (size_t i = 0; i < l->rcpt_count; i++)
		if (l->rcpts[i].entry == entry)
			return true;
	return false;
}

static bool leads_nowhere(const struct directory_entry *entry)
{
	return entry->may == DIRECTORY_ALL && entry->targets[0].address.n == 0;
}

/* Now and then one whom a rule closes: whether it holds when its table is away is seen there only.
 * And one whose mail is thrown away, where a rule hands it to somebody else. */
static const struct directory_entry *some_entry(const struct letter *l)
{
	const struct directory_entry *entry;
	bool closed = sim_chance(60);
	bool nowhere = !closed && l->kind == LETTER_REDIRECTED && sim_chance(200);

	do
		entry = &directory[sim_between(0, (int64_t)directory_count - 1)];
	while ((closed && entry->may != DIRECTORY_CLOSED) || (nowhere && !leads_nowhere(entry)));
	return entry;
}

static void address(struct letter *l)
{
	size_t wanted = 1;

	if (sim_chance(400))
		wanted = (size_t)sim_between(1, 5);
	if (sim_chance(30))
		wanted = LETTER_RCPTS_MAX;
	while (l->rcpt_count < wanted) {
		const struct directory_entry *entry = some_entry(l);

		if (!l->trusted && entry->may == DIRECTORY_TRUSTED && !sim_chance(150))
			continue; /* strangers try it now and then */
		if (wanted <= 5 && addressed(l, entry))
			continue;
		l->rcpts[l->rcpt_count++].entry = entry;
	}
}

/* A list's copies have another sender: only its header says which letter it is. */
static bool for_list(const struct letter *l)
{
	for (size_t i = 0; i < l->rcpt_count; i++)
		if (l->rcpts[i].entry->targets[0].owned)
			return true;
	return false;
}

/* Each kind has the signs that it can be known by. */
static void make_ruled(struct letter *l)
{
	l->kind = (enum letter_kind)sim_between(LETTER_RULED, LETTER_TOPPED);
	do
		l->sign = (enum letter_sign)sim_between(LETTER_FIELD, LETTER_SENDER);
	while ((l->kind == LETTER_RULED && l->sign == LETTER_SENDER) ||
		(l->kind == LETTER_FILTERED && l->sign != LETTER_SENDER) ||
		(l->kind == LETTER_TOPPED && l->sign == LETTER_LINE));
}

static void make_sender(struct letter *l)
{
	bool by_rule = wishes[l->kind] && l->sign == LETTER_SENDER;

	l->null_sender = !l->empty && l->kind != LETTER_FORGED && l->kind != LETTER_HELD &&
			 !by_rule && sim_chance(40);
	if (!l->null_sender)
		snprintf(l->sender, sizeof l->sender, "s%u%s%s@%s", l->number, by_rule ? "-" : "",
			by_rule ? wishes[l->kind] : "",
			l->kind == LETTER_FORGED ? "forged.test" : "sender.test");
}

struct letter *letter_new(unsigned number, bool trusted, bool judged, size_t octets_max)
{
	struct letter *l = sim_alloc(sizeof *l);

	l->number = number;
	l->trusted = trusted;
	if (sim_chance(70))
		l->kind = LETTER_BARE;
	else if (sim_chance(25))
		l->kind = LETTER_OVERSIZE;
	else if (sim_chance(15))
		l->kind = LETTER_LOOPED;
	else if (sim_chance(120))
		make_ruled(l);
	else if (judged && !trusted && sim_chance(100))
		l->kind = LETTER_FORGED;
	l->empty = l->kind == LETTER_PLAIN && sim_chance(20);
	make_sender(l);
	l->eightbit = !l->empty && sim_chance(150);
	l->bare_header = sim_chance(150);
	l->never = sim_chance(60);
	address(l);
	l->empty = l->empty && !for_list(l);
	write_content(l, octets_max);
	l->wire = l->content;
	if (l->kind == LETTER_BARE)
		write_smuggled(l);
	return l;
}

bool letter_taken(const struct letter *l)
{
	return l->kind == LETTER_PLAIN || l->kind >= LETTER_DROPPED;
}

/* The filter is the whole way: nobody looks for a .forward. */
const struct directory_target *letter_leads(
	const struct letter *l, const struct directory_entry *entry, size_t n)
{
	if (l->kind == LETTER_REDIRECTED)
		return n == 0 ? &directory_caught : NULL;
	if (l->kind == LETTER_FILTERED && directory_forwarded(entry->targets[0].address))
		n++;
	return n < DIRECTORY_TARGETS_MAX && entry->targets[n].address.n > 0 ? &entry->targets[n]
									    : NULL;
}

bool letter_bounces(const struct letter *l, const struct directory_target *at)
{
	if (l->kind != LETTER_FILTERED)
		return at->bounces;
	return str_starts(at->address, S("bad")) || str_starts(at->address, S("tired"));
}

void letter_targets(struct letter *l, const struct letter_rcpt *rcpt, bool promised)
{
	const struct directory_target *at;

	for (size_t i = 0; (at = letter_leads(l, rcpt->entry, i)); i++) {
		size_t n = 0;

		while (n < l->target_count && !str_eq(l->targets[n].at->address, at->address))
			n++;
		if (n == l->target_count) {
			assert(n < LETTER_TARGETS_MAX);
			l->targets[l->target_count++].at = at;
		}
		l->targets[n].promised |= promised;
	}
}

static unsigned digits(str s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s.n && i < 9 && ascii_digit(s.p[i]); i++)
		n = n * 10 + (unsigned)(s.p[i] - '0');
	return n;
}

unsigned letter_number_in(str bytes)
{
	return digits(
		str_skip(bytes, str_find_str(bytes, S(LETTER_TOKEN)) + sizeof LETTER_TOKEN - 1));
}

unsigned letter_number_of_sender(str sender)
{
	return str_starts(sender, S("s")) && str_ends(sender, S("@sender.test"))
		       ? digits(str_skip(sender, 1))
		       : 0;
}
