/* The facts of headers, in every cut. */
#include "test/test.h"

#include "base/buf.h"
#include "mail/header.h"

enum { MALFORMED = 1, HEADER_HIGH = 2, BODY_HIGH = 4, SIGNED = 8 };

/* clang-format off */
static const struct {
	str message;
	uint64_t octets;
	unsigned fields, flags, received, delivered_to;
} cases[] = {
	{ STR_INIT(""), 0, 0, 0, 0, 0 },
	{ STR_INIT("\r\nbody\r\n"), 0, 0, 0, 0, 0 },
	{ STR_INIT("Date: x\r\n"), 9, HEADER_DATE, 0, 0, 0 },
	{ STR_INIT("date: x\r\nFROM : y\r\n\r\nSubject: z\r\n"), 19, HEADER_DATE | HEADER_FROM, 0,
		0, 0 },
	{ STR_INIT("Date: x\r\n \r\n\tTo: z\r\n\r\nb\xe9\r\n"), 20, HEADER_DATE, BODY_HIGH, 0, 0 },
	{ STR_INIT("Subject: \xc3\xa9\r\n\r\n"), 13, HEADER_SUBJECT, HEADER_HIGH, 0, 0 },
	{ STR_INIT("Received: a\r\n b\r\nReceived: c\r\nDelivered-To: d\r\n\r\n"), 47, 0, 0, 2, 1 },
	{ STR_INIT("To: a\r\nHello,\r\nCc: no\r\n"), 7, HEADER_TO, MALFORMED, 0, 0 },
	{ STR_INIT("Hello world\r\n"), 0, 0, MALFORMED, 0, 0 },
	{ STR_INIT(" folded: x\r\n"), 0, 0, MALFORMED, 0, 0 },
	{ STR_INIT(": x\r\n"), 0, 0, MALFORMED, 0, 0 },
	{ STR_INIT("From a@b Mon Jan  1 00:00:00\r\nFrom: a\r\n"), 0, 0, MALFORMED, 0, 0 },
	{ STR_INIT("T\xc3\xa9: x\r\n"), 0, 0, MALFORMED | BODY_HIGH, 0, 0 },
	{ STR_INIT("DKIM-Signature: a\r\n\r\n"), 19, HEADER_DKIM_SIGNATURE, SIGNED, 0, 0 },
	{ STR_INIT("ARC-Seal: a\r\n\r\n"), 13, 0, SIGNED, 0, 0 },
	{ STR_INIT("Content-Type: multipart/signed; boundary=x\r\n\r\n"), 44, 0, SIGNED, 0, 0 },
	{ STR_INIT("Content-Type:\r\n (a (b) c) Multipart/\r\n SIGNED\r\n;x=y\r\n\r\n"), 47, 0,
		SIGNED | MALFORMED, 0, 0 },
	{ STR_INIT("Content-Type: application/x-pkcs7-mime\r\nTo: x\r\n\r\n"), 47, HEADER_TO,
		SIGNED, 0, 0 },
	{ STR_INIT("Content-Type: text/plain; x=multipart/signed\r\n\r\n"), 46, 0, 0, 0, 0 },
	{ STR_INIT("Content-Type: multipart/signedx\r\n\r\n"), 33, 0, 0, 0, 0 },
};
/* clang-format on */

/* As its users do: what is not decided is offered again. */
static uint64_t scan(struct header_scan *h, str message, size_t cut)
{
	struct buf held = { 0 };
	uint64_t octets = 0;

	header_scan_init(h);
	while (message.n > 0) {
		size_t n;

		buf_put(&held, str_first(message, cut));
		message = str_skip(message, cut);
		n = header_scan_feed(h, buf_str(&held));
		octets += n;
		buf_take(&held, n);
		if (h->over)
			buf_clear(&held);
		CHECK(buf_str(&held).n < HEADER_NAME_MAX);
	}
	CHECK_INT(buf_str(&held).n, 0);
	header_scan_end(h);
	buf_free(&held);
	return octets;
}

TEST(header_facts_do_not_depend_on_the_cut)
{
	for (size_t i = 0; i < LENGTH(cases); i++)
		for (size_t cut = 1; cut <= cases[i].message.n + 1; cut++) {
			struct header_scan h;

			CHECK_INT(scan(&h, cases[i].message, cut), cases[i].octets);
			CHECK_INT(h.octets, cases[i].octets);
			CHECK_INT(h.fields, cases[i].fields);
			CHECK_INT(h.received, cases[i].received);
			CHECK_INT(h.delivered_to, cases[i].delivered_to);
			CHECK_INT(h.malformed, (cases[i].flags & MALFORMED) != 0);
			CHECK_INT(h.header_high, (cases[i].flags & HEADER_HIGH) != 0);
			CHECK_INT(h.body_high, (cases[i].flags & BODY_HIGH) != 0);
			CHECK_INT(h.is_signed, (cases[i].flags & SIGNED) != 0);
			CHECK(h.over);
		}
}

/* clang-format off */
static const struct {
	str message, id;
} ids[] = {
	{ STR_INIT("To: x\r\n\r\nMessage-ID: <a@b>\r\n"), STR_INIT("") },
	{ STR_INIT("message-id: <a@b>\r\nTo: x\r\n\r\n"), STR_INIT("<a@b>") },
	{ STR_INIT("Message-ID:\r\n <a@\r\n\tb>\r\nMessage-ID: <c@d>\r\n\r\n"), STR_INIT("<a@b>") },
	{ STR_INIT("Message-ID:\r\nMessage-ID: <c@d>\r\n\r\n"), STR_INIT("") },
	{ STR_INIT("X-Message-ID: <a@b>\r\nMessage-ID: not one\r\n"), STR_INIT("notone") },
};
/* clang-format on */

TEST(header_id_is_the_first_and_does_not_depend_on_the_cut)
{
	struct header_scan h;

	for (size_t i = 0; i < LENGTH(ids); i++)
		for (size_t cut = 1; cut <= ids[i].message.n + 1; cut++) {
			(void)scan(&h, ids[i].message, cut);
			CHECK_STR(str_from(h.id, h.id_n), ids[i].id);
		}
}

TEST(header_id_has_an_end)
{
	static char message[HEADER_ID_MAX * 2];
	struct header_scan h;

	memset(message, 'x', sizeof message);
	memcpy(message, "Message-ID:", 11);
	message[sizeof message - 1] = '\n';
	(void)scan(&h, str_from(message, sizeof message), 7);
	CHECK_INT(h.id_n, HEADER_ID_MAX);
}

TEST(header_names_have_an_end)
{
	static char line[HEADER_NAME_MAX + 8];
	struct header_scan h;

	memset(line, 'x', sizeof line);
	memcpy(line + HEADER_NAME_MAX - 1, ":\r\n", 3);
	CHECK_INT(scan(&h, str_from(line, HEADER_NAME_MAX + 2), 1), HEADER_NAME_MAX + 2);
	CHECK(!h.malformed);
	memcpy(line + HEADER_NAME_MAX - 1, "x:\r\n", 4);
	CHECK_INT(scan(&h, str_from(line, HEADER_NAME_MAX + 3), 1), 0);
	CHECK(h.malformed);
}
