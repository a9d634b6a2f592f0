#include "test/sim/letter.h"

#include <assert.h>
#include <stdio.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/mem.h"
#include "test/sim/sim.h"

#define LINES_MAX 900 /* longest line that we write */

static const str smuggles[] = { STR_INIT("\n.\n"), STR_INIT("\n.\r"), STR_INIT("\r.\n"),
	STR_INIT("\r.\r"), STR_INIT("\n.\r\n"), STR_INIT("\r.\r\n"), STR_INIT("\r\n.\n"),
	STR_INIT("\r\n.\r"), STR_INIT("\n"), STR_INIT("\r"), STR_INIT("\r\r\n") };

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
	if (l->kind == LETTER_RULED)
		buf_put(b, S("X-Sim: please\r\n\trefuse\r\n"));
	if (l->kind == LETTER_DROPPED)
		buf_put(b, S("X-Sim: please\r\n\tdiscard\r\n"));
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

static void write_content(struct letter *l, size_t octets_max)
{
	struct buf b = { 0 };
	size_t octets = l->kind == LETTER_OVERSIZE ? octets_max + (size_t)sim_between(1, 5000)
						   : some_octets(octets_max);

	if (l->empty)
		octets = 0;
	else
		put_header(l, &b);
	while (b.end - b.start < octets)
		put_line(&b, l->eightbit);
	l->content = take(&b);
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

/* Now and then one whom a rule closes: whether it holds when its table is away is seen there only.
 */
static const struct directory_entry *some_entry(void)
{
	const struct directory_entry *entry;
	bool closed = sim_chance(60);

	do
		entry = &directory[sim_between(0, (int64_t)directory_count - 1)];
	while (closed && entry->may != DIRECTORY_CLOSED);
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
		const struct directory_entry *entry = some_entry();

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
	else if (sim_chance(30))
		l->kind = sim_chance(500) ? LETTER_RULED : LETTER_DROPPED;
	else if (judged && !trusted && sim_chance(100))
		l->kind = LETTER_FORGED;
	l->empty = l->kind == LETTER_PLAIN && sim_chance(20);
	l->null_sender = !l->empty && l->kind != LETTER_FORGED && sim_chance(40);
	l->eightbit = !l->empty && sim_chance(150);
	l->bare_header = sim_chance(150);
	if (!l->null_sender)
		snprintf(l->sender, sizeof l->sender, "s%u@%s", number,
			l->kind == LETTER_FORGED ? "forged.test" : "sender.test");
	l->never = sim_chance(60);
	address(l);
	l->empty = l->empty && !for_list(l);
	write_content(l, octets_max);
	l->wire = l->content;
	if (l->kind == LETTER_BARE)
		write_smuggled(l);
	return l;
}

void letter_targets(struct letter *l, const struct letter_rcpt *rcpt, bool promised)
{
	for (size_t i = 0; i < DIRECTORY_TARGETS_MAX; i++) {
		const struct directory_target *at = &rcpt->entry->targets[i];
		size_t n = 0;

		if (at->address.n == 0)
			return;
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
