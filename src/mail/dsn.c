#include "mail/dsn.h"

#include <stdio.h>

#include "base/ascii.h"
#include "base/log.h"
#include "base/number.h"
#include "base/utf8.h"
#include "mail/date.h"
#include "mail/dsn_words.h"
#include "mail/xtext.h"

#define LINE_MAX_WANTED 76
#define ITEM_MAX 900 /* of one text from outside, so that no line passes 998 */
#define BOUNDARY_MAX 64

/* What is being built. */
struct report {
	const struct dsn *dsn;
	bool utf8;          /* RFC 6533: UTF-8 in our own parts */
	bool words_utf8;    /* in the words for people, too where it is not */
	bool original_high; /* bytes above 127 in the original */
	char boundary[BOUNDARY_MAX];
	struct buf text;
};

/* RFC 3464 section 2.3.3, and the class of the status where the reply has none. */
static const struct {
	const char *word;
	char class;
} actions[DSN_ACTIONS] = {
	[DSN_FAILED] = {"failed",     '5'},
	[DSN_DELAYED] = { "delayed",   '4'},
	[DSN_DELIVERED] = { "delivered", '2'},
	[DSN_RELAYED] = { "relayed",   '2'},
	[DSN_EXPANDED] = { "expanded",  '2'},
};

/* --- text from outside ---------------------------------------------------------------------- */

/* No control character, and bytes above 127 only where our parts are UTF-8. */
static void put_clean(struct report *r, str s)
{
	s = str_first(s, ITEM_MAX);
	while (s.n > 0) {
		size_t n = utf8_first(s);
		bool good = n == 1 ? !ascii_control(s.p[0]) : n > 1 && r->utf8;

		buf_put(&r->text, good ? str_first(s, n) : S("?"));
		s = str_skip(s, n ? n : 1);
	}
}

/* Words, folded where a line gets long: at a space, never before the first word of a line, so that
 * no line of words begins at the left edge, and none is blank. */
static void put_words(struct report *r, size_t column, str fold, str text)
{
	bool first = true;
	str word;

	while (str_word(&text, &word)) {
		if (!first && column + 1 + word.n > LINE_MAX_WANTED) {
			buf_put(&r->text, fold);
			column = fold.n - 2;
		} else if (!first) {
			buf_put(&r->text, S(" "));
			column++;
		}
		put_clean(r, word);
		column += word.n;
		first = false;
	}
	buf_put(&r->text, S("\r\n"));
}

/* --- the header, and words for people ------------------------------------------------------- */

/* The one that tells most of all: what has failed comes first. */
static enum dsn_action worst_action(const struct dsn *d)
{
	enum dsn_action worst = DSN_EXPANDED;

	for (size_t i = 0; i < d->recipient_count; i++)
		if (d->recipients[i].action < worst)
			worst = d->recipients[i].action;
	return worst;
}

static void put_header(struct report *r)
{
	const struct dsn *d = r->dsn;
	char date[DATE_TEXT_MAX];

	buf_put(&r->text, S("From: Mail Delivery System <"));
	put_clean(r, d->from);
	buf_put(&r->text, S(">\r\nTo: <"));
	put_clean(r, d->to);
	buf_putf(&r->text, ">\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <",
		dsn_words(d->languages[0])->subject[worst_action(d)],
		date_print(d->now_ms, d->zone_minutes, date));
	put_clean(r, d->message_id);
	buf_put(&r->text, S(">\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"));
	if (r->utf8 || r->words_utf8 || r->original_high)
		buf_put(&r->text, S("Content-Transfer-Encoding: 8bit\r\n"));
	buf_putf(&r->text,
		"Content-Type: multipart/report; report-type=delivery-status;\r\n"
		"\tboundary=\"%s\"\r\n\r\n"
		"This is a MIME message: a report in three parts.\r\n\r\n",
		r->boundary);
}

/* Begin a part; the empty line behind its header is there. */
static void begin_part(struct report *r, const char *type, bool high, const char *description)
{
	buf_putf(&r->text, "--%s\r\nContent-Type: %s\r\n", r->boundary, type);
	if (high)
		buf_put(&r->text, S("Content-Transfer-Encoding: 8bit\r\n"));
	buf_putf(&r->text, "Content-Description: %s\r\n\r\n", description);
}

static void put_reply(struct report *r, const struct dsn_recipient *to, size_t column, str fold)
{
	char text[FAIL_TEXT_MAX + 32];

	if (to->reply_is_ours)
		snprintf(text, sizeof text, "%s %s", to->reply->status, to->reply->text);
	else
		snprintf(text, sizeof text, "%d %s %s", fail_code(to->reply), to->reply->status,
			to->reply->text);
	put_words(r, column, fold, str_of(text));
}

static void put_sentence(struct report *r, const char *text)
{
	buf_put(&r->text, S("  "));
	put_words(r, 2, S("\r\n  "), str_of(text));
}

static void put_reason(struct report *r, const struct dsn_words *words, enum dsn_language language,
	const struct dsn_recipient *to)
{
	const char *advice =
		dsn_words_advice(language, str_of(to->reply->status), to->reply_is_ours);

	if (to->action == DSN_FAILED && to->reply->kind == FAIL_TEMPORARY)
		put_sentence(r, words->gave_up);
	if (advice)
		put_sentence(r, advice);
	if (to->remote_mta.n > 0 && !to->reply_is_ours) {
		buf_putf(&r->text, "  %s ", words->server);
		put_clean(r, to->remote_mta);
		buf_putf(&r->text, " %s\r\n", words->server_says);
	} else {
		buf_putf(&r->text, "  %s\r\n", words->reason);
	}
	buf_put(&r->text, S("    "));
	put_reply(r, to, 4, S("\r\n    "));
}

static void put_recipient_for_people(
	struct report *r, enum dsn_language language, const struct dsn_recipient *to)
{
	const struct dsn_words *words = dsn_words(language);

	buf_put(&r->text, S("\r\n<"));
	put_clean(r, to->final);
	buf_put(&r->text, S(">\r\n"));
	if (to->original.n > 0 && !str_eq_nocase(to->original, to->final)) {
		buf_putf(&r->text, "  (%s <", words->you_wrote);
		put_clean(r, to->original);
		buf_put(&r->text, S(">)\r\n"));
	}
	put_sentence(r, words->says[to->action]);
	if (to->action == DSN_FAILED || to->action == DSN_DELAYED) /* a success needs none */
		put_reason(r, words, language, to);
}

static void put_language(struct report *r, enum dsn_language language)
{
	const struct dsn *d = r->dsn;
	const struct dsn_words *words = dsn_words(language);
	char date[DATE_TEXT_MAX], id[LOG_ID_TEXT_MAX];

	buf_putf(&r->text, "%s ", words->system);
	put_clean(r, d->reporting_mta);
	buf_putf(&r->text, ".\r\n\r\n%s\r\n%s %s %s.\r\n", words->about,
		date_print(d->arrival_ms, d->zone_minutes, date), words->queue_id,
		log_id_print(d->queue_id, id));
	for (size_t i = 0; i < d->recipient_count; i++)
		put_recipient_for_people(r, language, &d->recipients[i]);
	buf_putf(&r->text, "\r\n%s\r\n%s\r\n\r\n", d->original_whole ? words->whole : words->header,
		words->help);
}

static void put_people_part(struct report *r)
{
	const struct dsn *d = r->dsn;
	bool fields = r->utf8, high = r->utf8 || r->words_utf8;

	r->utf8 = high; /* what others said is shown as they said it, too */
	begin_part(r, high ? "text/plain; charset=utf-8" : "text/plain; charset=us-ascii", high,
		"What happened");
	for (size_t i = 0; i < d->language_count; i++) {
		if (i > 0)
			buf_put(&r->text, S("----------\r\n\r\n"));
		put_language(r, d->languages[i]);
	}
	r->utf8 = fields;
}

/* --- fields for machines -------------------------------------------------------------------- */

static void put_date_field(struct report *r, const char *name, int64_t ms)
{
	char date[DATE_TEXT_MAX];

	buf_putf(&r->text, "%s: %s\r\n", name, date_print(ms, r->dsn->zone_minutes, date));
}

/* An address as RFC 6533 section 3 types it: with a byte above 127 it is utf-8. */
static void put_address_field(struct report *r, const char *name, str type, str address)
{
	struct buf seven = { 0 };
	bool high = !utf8_ascii(address);

	buf_putf(&r->text, "%s: %.*s; ", name, STR(high ? S("utf-8") : type));
	if (high && !r->utf8) {
		xtext_encode_utf8(address, &seven);
		address = buf_str(&seven);
	}
	put_clean(r, address);
	buf_put(&r->text, S("\r\n"));
	buf_free(&seven);
}

static bool atom(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_letter(s.p[i]) && !ascii_digit(s.p[i]) && s.p[i] != '-')
			return false;
	return s.n > 0 && s.n < 32;
}

/* What the sender called the recipient, where he said it (RFC 3461 section 6.3 (d)). */
static void put_original_recipient(struct report *r, const struct dsn_recipient *to)
{
	struct buf address = { 0 };
	str rest = to->orcpt, type;

	if (str_cut(&rest, ';', &type) && atom(type)) {
		if (str_eq_nocase(type, S("utf-8")))
			xtext_decode_utf8(rest, &address);
		else
			xtext_decode(rest, &address);
		put_address_field(r, "Original-Recipient", type, buf_str(&address));
		buf_free(&address);
	}
}

/* class.subject.detail, RFC 3463 section 2 */
static bool status_valid(str s)
{
	uint64_t n;
	str class, subject;

	return str_cut(&s, '.', &class) && str_cut(&s, '.', &subject) &&
	       number_parse(class, 5, &n) && number_parse(subject, 999, &n) &&
	       number_parse(s, 999, &n);
}

static void put_recipient_for_machines(struct report *r, const struct dsn_recipient *to)
{
	const char *status = to->reply->status;

	buf_put(&r->text, S("\r\n"));
	put_original_recipient(r, to);
	put_address_field(r, "Final-Recipient", S("rfc822"), to->final);
	buf_putf(&r->text, "Action: %s\r\n", actions[to->action].word);
	if (status_valid(str_of(status)))
		buf_putf(&r->text, "Status: %s\r\n", status);
	else
		buf_putf(&r->text, "Status: %c.0.0\r\n", actions[to->action].class);
	if (to->remote_mta.n > 0) {
		buf_put(&r->text, S("Remote-MTA: dns; "));
		put_clean(r, to->remote_mta);
		buf_put(&r->text, S("\r\n"));
	}
	buf_put(&r->text, to->reply_is_ours ? S("Diagnostic-Code: x-facteur; ")
					    : S("Diagnostic-Code: smtp; "));
	put_reply(r, to, 28, S("\r\n "));
	if (to->action == DSN_DELAYED && to->will_retry_until_ms != 0)
		put_date_field(r, "Will-Retry-Until", to->will_retry_until_ms);
}

static void put_machine_part(struct report *r)
{
	const struct dsn *d = r->dsn;
	struct buf envid = { 0 };

	begin_part(r, r->utf8 ? "message/global-delivery-status" : "message/delivery-status",
		r->utf8, "The same for machines");
	if (d->envid.n > 0) {
		xtext_decode(d->envid, &envid);
		buf_put(&r->text, S("Original-Envelope-Id: "));
		put_clean(r, buf_str(&envid));
		buf_put(&r->text, S("\r\n"));
		buf_free(&envid);
	}
	buf_put(&r->text, S("Reporting-MTA: dns; "));
	put_clean(r, d->reporting_mta);
	buf_put(&r->text, S("\r\n"));
	put_date_field(r, "Arrival-Date", d->arrival_ms);
	for (size_t i = 0; i < d->recipient_count; i++)
		put_recipient_for_machines(r, &d->recipients[i]);
	buf_put(&r->text, S("\r\n"));
}

/* --- the original --------------------------------------------------------------------------- */

static void put_original_part(struct report *r)
{
	const struct dsn *d = r->dsn;
	bool global = r->utf8 && r->original_high;
	str original = d->original;

	if (str_ends(original, S("\r"))) /* it was cut there */
		original.n--;
	begin_part(r,
		d->original_whole ? (global ? "message/global" : "message/rfc822")
				  : (global ? "message/global-headers" : "text/rfc822-headers"),
		r->original_high,
		d->original_whole ? "Your message" : "The header of your message");
	buf_put(&r->text, original);
	buf_putf(&r->text, "\r\n--%s--\r\n", r->boundary);
}

/* One that does not occur in what is enclosed.  All other text is our own, or does not stand at the
 * start of a line. */
static void choose_boundary(struct report *r)
{
	char id[LOG_ID_TEXT_MAX];
	unsigned n = 0;

	log_id_print(r->dsn->queue_id, id);
	do
		snprintf(r->boundary, sizeof r->boundary, "=_facteur_%s_%u", id, n++);
	while (str_find_str(r->dsn->original, str_of(r->boundary)) < r->dsn->original.n);
}

static bool needs_utf8(const struct dsn *d)
{
	bool ascii = utf8_ascii(d->from) && utf8_ascii(d->to) && utf8_ascii(d->reporting_mta);

	for (size_t i = 0; ascii && i < d->recipient_count; i++)
		ascii = utf8_ascii(d->recipients[i].final) && utf8_ascii(d->recipients[i].original);
	return !ascii;
}

/* Only English has no letter outside of ASCII. */
static bool speaks_utf8(const struct dsn *d)
{
	for (size_t i = 0; i < d->language_count; i++)
		if (d->languages[i] != DSN_ENGLISH)
			return true;
	return false;
}

bool dsn_build(const struct dsn *told, struct buf *to)
{
	static const enum dsn_language english[] = { DSN_ENGLISH };
	struct dsn with_language = *told;
	const struct dsn *d = &with_language;
	struct report r = { .dsn = d, .utf8 = d->smtputf8 && needs_utf8(d) };
	bool added;

	if (d->language_count == 0) {
		with_language.languages = english;
		with_language.language_count = 1;
	}
	r.words_utf8 = speaks_utf8(d);

	r.original_high = !utf8_ascii(d->original);
	choose_boundary(&r);
	put_header(&r);
	put_people_part(&r);
	put_machine_part(&r);
	put_original_part(&r);
	added = buf_add(to, buf_str(&r.text));
	buf_free(&r.text);
	return added;
}
