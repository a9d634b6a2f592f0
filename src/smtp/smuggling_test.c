/* Every byte sequence by which one server's message became another's two: it never ends DATA, what
 * follows it is never a command, and nothing of it is passed on.  In every cut, with bare LF
 * repaired or not, and inside BDAT. */
#include "test/test.h"

#include <jansson.h>

#include "smtp/play.h"

#define HEAD "Subject: one\r\n\r\nfirst"
#define SECOND "MAIL FROM:<evil@x>\r\nRCPT TO:<b@x>\r\nDATA\r\nSubject: two\r\n\r\nsmuggled"

static json_t *vectors(void)
{
	json_error_t error;
	json_t *all = json_load_file(
		TEST_VECTORS "/smtp/smuggling-sequences.json", JSON_ALLOW_NUL, &error);

	assert_non_null(all);
	return all;
}

static str sequence(const json_t *list, size_t i)
{
	const json_t *item = json_array_get(list, i);

	return str_from(json_string_value(item), json_string_length(item));
}

static void begin(struct play *p, bool repair)
{
	play_begin(p, false);
	p->setup.repair_newlines = repair;
	play_greet(p);
	play_flight(p, S("EHLO c\r\n"), 100);
	play_flight(p, S("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"), 100);
}

/* One message was refused, and not a command more was heard. */
static void check_refused(struct play *p, const json_t *forbidden)
{
	struct buf codes = { 0 };
	str heard = S("MAIL(a@b) RCPT(c@d) DATA BODY(");

	play_flight(p, S("NOOP\r\n"), 100);
	play_codes(p, &codes);
	CHECK(str_ends(buf_str(&codes), S("550/5.6.0 250/2.0.0")));
	CHECK(str_starts(buf_str(&p->events), heard) &&
		str_ends(buf_str(&p->events), S(") RESET")));
	CHECK(str_find_str(buf_str(&p->events), S("evil")) == buf_str(&p->events).n);
	CHECK_INT(p->commits, 0);
	for (size_t i = 0; i < json_array_size(forbidden); i++)
		CHECK_INT(str_find_str(buf_str(&p->body), sequence(forbidden, i)),
			buf_str(&p->body).n);
	buf_free(&codes);
	play_end(p);
}

static void check_data(str text, bool repair, const json_t *forbidden)
{
	for (size_t cut = 0; cut <= text.n; cut++) {
		struct play p;

		begin(&p, repair);
		play_flight(&p, S("DATA\r\n"), 100);
		play_flight(&p, str_first(text, cut), 10000);
		play_flight(&p, str_skip(text, cut), 10000);
		check_refused(&p, forbidden);
	}
}

static void check_chunks(str text, const json_t *forbidden)
{
	for (size_t cut = 0; cut <= text.n; cut++) {
		struct buf flight = { 0 };
		struct play p;

		begin(&p, false);
		buf_putf(&flight, "BDAT %zu LAST\r\n", text.n);
		buf_put(&flight, text);
		play_flight(&p, str_first(buf_str(&flight), cut), 10000);
		play_flight(&p, str_skip(buf_str(&flight), cut), 10000);
		check_refused(&p, forbidden);
		buf_free(&flight);
	}
}

TEST(smtp_server_cannot_be_smuggled_into)
{
	json_t *all = vectors();
	const json_t *inbound = json_object_get(all, "inbound_must_not_end_data");
	const json_t *outbound = json_object_get(all, "outbound_must_not_be_emitted");

	CHECK_INT(json_array_size(inbound), 10);
	for (size_t i = 0; i < json_array_size(inbound); i++) {
		struct buf text = { 0 };

		buf_put(&text, S(HEAD));
		buf_put(&text, sequence(inbound, i));
		buf_put(&text, S(SECOND "\r\n.\r\n"));
		check_data(buf_str(&text), false, outbound);
		check_data(buf_str(&text), true, outbound);
		check_chunks(str_first(buf_str(&text), buf_str(&text).n - 3), outbound);
		buf_free(&text);
	}
	json_decref(all);
}

/* What must not be emitted is refused where it comes in, too. */
TEST(smtp_server_refuses_what_must_not_be_sent)
{
	json_t *all = vectors();
	const json_t *outbound = json_object_get(all, "outbound_must_not_be_emitted");

	CHECK_INT(json_array_size(outbound), 9);
	for (size_t i = 0; i < json_array_size(outbound); i++) {
		struct buf text = { 0 };

		buf_put(&text, S(HEAD));
		buf_put(&text, sequence(outbound, i));
		buf_put(&text, S(SECOND "\r\n.\r\n"));
		check_data(buf_str(&text), false, outbound);
		check_data(buf_str(&text), true, outbound);
		buf_free(&text);
	}
	json_decref(all);
}
