/* Laws, whatever addresses, replies and original say: every line ends in CRLF and is not too long,
 * but for those of the original; the report has three parts; each recipient has each field once. */
#include "test/fuzz.h"

#include <stdio.h>

#include "base/ascii.h"
#include "mail/dsn.h"

#define RECIPIENTS_MAX 3

static str take(str *rest)
{
	size_t n = rest->n ? (unsigned char)rest->p[0] * 4u : 0;
	str s = str_first(str_skip(*rest, 1), n);

	*rest = str_skip(*rest, n + 1);
	return s;
}

static void fill(struct dsn_recipient *to, struct fail *why, str *rest)
{
	str dice = take(rest);

	*why = (struct fail){ .kind = FAIL_PERMANENT };
	str_to_c(take(rest), why->status, sizeof why->status);
	str_to_c(take(rest), why->text, sizeof why->text);
	*to = (struct dsn_recipient){ .final = take(rest),
		.original = take(rest),
		.orcpt = take(rest),
		.remote_mta = take(rest),
		.reply = why,
		.action = dice.n % 5,
		.reply_is_ours = dice.n & 8,
		.will_retry_until_ms = dice.n & 16 };
}

static size_t count_lines(str text, str start)
{
	size_t count = 0;

	for (size_t at = 0; at < text.n; at += str_find(str_skip(text, at), '\n') + 1)
		count += str_starts(str_skip(text, at), start);
	return count;
}

static void check_lines(str text)
{
	str line;

	while (str_cut(&text, '\n', &line)) {
		LAW(str_ends(line, S("\r")) && line.n <= 999);
		for (size_t i = 0; i + 1 < line.n; i++)
			LAW(!ascii_control(line.p[i]) || line.p[i] == '\t');
	}
	LAW(line.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	str rest = str_from(data, size), text, boundary, ours;
	char line[80];
	str delimiter = { line, 0 };
	struct dsn_recipient to[RECIPIENTS_MAX];
	struct fail why[RECIPIENTS_MAX];
	struct buf built = { 0 };
	static const enum dsn_language languages[] = { DSN_FRENCH, DSN_ENGLISH };
	struct dsn d = { .recipients = to, .queue_id = 1, .languages = languages };

	if (size < 2)
		return 0;
	d.recipient_count = 1 + data[0] % RECIPIENTS_MAX;
	d.original_whole = data[0] & 8;
	d.smtputf8 = data[0] & 16;
	d.language_count = data[0] / 32 % (LENGTH(languages) + 1);
	for (size_t i = 0; i < d.recipient_count; i++)
		fill(&to[i], &why[i], &rest);
	d.reporting_mta = take(&rest);
	d.from = take(&rest);
	d.to = take(&rest);
	d.message_id = take(&rest);
	d.envid = take(&rest);
	d.original = rest;
	LAW(dsn_build(&d, &built));
	text = buf_str(&built);
	boundary = str_skip(text, str_find_str(text, S("\r\n\tboundary=\"")) + 13);
	boundary = str_first(boundary, str_find(boundary, '"'));
	LAW(str_find_str(d.original, boundary) == d.original.n);

	/* the original is the end, but for one line */
	ours = str_first(
		text, text.n - (boundary.n + 8) - (d.original.n - str_ends(d.original, S("\r"))));
	check_lines(ours);
	LAW(str_starts(str_skip(text, text.n - (boundary.n + 8)), S("\r\n--")));
	LAW(str_ends(text, S("--\r\n")));
	delimiter.n = (size_t)snprintf(line, sizeof line, "--%.*s", STR(boundary));
	LAW(count_lines(text, delimiter) == 4); /* three parts and the end */
	LAW(count_lines(ours, S("Final-Recipient: ")) == d.recipient_count);
	LAW(count_lines(ours, S("Action: ")) == d.recipient_count);
	LAW(count_lines(ours, S("Status: ")) == d.recipient_count);
	LAW(count_lines(ours, S("Diagnostic-Code: ")) == d.recipient_count);
	LAW(count_lines(ours, S("Reporting-MTA: ")) == 1 && count_lines(ours, S("To: ")) == 1);
	LAW(count_lines(ours, S("Subject: ")) == 1 && count_lines(ours, S("Content-Type: ")) == 4);
	LAW(d.smtputf8 || count_lines(ours, S("Content-Type: message/delivery-status\r\n")) == 1);
	buf_free(&built);
	return 0;
}
