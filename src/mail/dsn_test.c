/* Reports, line by line and field by field. */
#include "test/test.h"

#include "mail/dsn.h"

static struct fail reply(int code, const char *status, const char *text)
{
	struct fail why;

	fail_reply(&why, code, status, "%s", text);
	return why;
}

static struct dsn report_of(const struct dsn_recipient *recipients, size_t count)
{
	return (struct dsn){ .reporting_mta = S("pivot.test"),
		.from = S("MAILER-DAEMON@pivot.test"),
		.to = S("s@t.example"),
		.message_id = S("1@pivot.test"),
		.queue_id = 1,
		.now_ms = 1795494534123,
		.arrival_ms = 1795494530000,
		.recipients = recipients,
		.recipient_count = count,
		.original = S("Subject: x\r\n\r\nbody\r\n"),
		.original_whole = true };
}

static void check_has(const struct buf *text, const char *part)
{
	if (str_find_str(buf_str(text), str_of(part)) == buf_str(text).n)
		test_check_str(buf_str(text), str_of(part), __FILE__, __LINE__);
}

static void check_lacks(const struct buf *text, const char *part)
{
	CHECK(str_find_str(buf_str(text), str_of(part)) == buf_str(text).n);
}

TEST(dsn_is_what_was_agreed)
{
	struct fail why = reply(550, "5.1.1", "No such user here");
	struct dsn_recipient to = { .final = S("a@b.example"),
		.original = S("alias@c.example"),
		.action = DSN_FAILED,
		.remote_mta = S("mx.b.example"),
		.reply = &why };
	struct dsn d = report_of(&to, 1);
	struct buf text = { 0 };

	d.envid = S("id+2B7");
	CHECK(dsn_build(&d, &text));
	CHECK_STR(buf_str(&text),
		S("From: Mail Delivery System <MAILER-DAEMON@pivot.test>\r\n"
		  "To: <s@t.example>\r\n"
		  "Subject: Undelivered mail: your message could not be delivered\r\n"
		  "Date: Tue, 24 Nov 2026 04:28:54 +0000\r\n"
		  "Message-ID: <1@pivot.test>\r\n"
		  "Auto-Submitted: auto-replied\r\n"
		  "MIME-Version: 1.0\r\n"
		  "Content-Type: multipart/report; report-type=delivery-status;\r\n"
		  "\tboundary=\"=_facteur_0000000000001_0\"\r\n"
		  "\r\n"
		  "This is a MIME message: a report in three parts.\r\n"
		  "\r\n"
		  "--=_facteur_0000000000001_0\r\n"
		  "Content-Type: text/plain; charset=us-ascii\r\n"
		  "Content-Description: What happened\r\n"
		  "\r\n"
		  "This is the mail system of pivot.test.\r\n"
		  "\r\n"
		  "This is about the message that you sent; it came here on\r\n"
		  "Tue, 24 Nov 2026 04:28:50 +0000 and had the queue id 0000000000001.\r\n"
		  "\r\n"
		  "<a@b.example>\r\n"
		  "  (you wrote to <alias@c.example>)\r\n"
		  "  Your message could not be delivered. We do not try again.\r\n"
		  "  There is no such mailbox: please check the address for a typing error.\r\n"
		  "  The server mx.b.example says:\r\n"
		  "    550 5.1.1 No such user here\r\n"
		  "\r\n"
		  "Your message is attached.\r\n"
		  "If you need help, please write to your postmaster, and add this report.\r\n"
		  "\r\n"
		  "--=_facteur_0000000000001_0\r\n"
		  "Content-Type: message/delivery-status\r\n"
		  "Content-Description: The same for machines\r\n"
		  "\r\n"
		  "Original-Envelope-Id: id+7\r\n"
		  "Reporting-MTA: dns; pivot.test\r\n"
		  "Arrival-Date: Tue, 24 Nov 2026 04:28:50 +0000\r\n"
		  "\r\n"
		  "Final-Recipient: rfc822; a@b.example\r\n"
		  "Action: failed\r\n"
		  "Status: 5.1.1\r\n"
		  "Remote-MTA: dns; mx.b.example\r\n"
		  "Diagnostic-Code: smtp; 550 5.1.1 No such user here\r\n"
		  "\r\n"
		  "--=_facteur_0000000000001_0\r\n"
		  "Content-Type: message/rfc822\r\n"
		  "Content-Description: Your message\r\n"
		  "\r\n"
		  "Subject: x\r\n\r\nbody\r\n"
		  "\r\n"
		  "--=_facteur_0000000000001_0--\r\n"));
	buf_free(&text);
}

TEST(dsn_tells_of_delays_in_our_own_words)
{
	struct fail why = reply(451, "", "Connection timed out");
	struct dsn_recipient to = { .final = S("a@b.example"),
		.orcpt = S("rfc822;x+2By@z.example"),
		.action = DSN_DELAYED,
		.reply = &why,
		.reply_is_ours = true,
		.will_retry_until_ms = 1795494534123 };
	struct dsn d = report_of(&to, 1);
	struct buf text = { 0 };

	d.original = S("Subject: x\r\nTo: \xe9\r");
	d.original_whole = false;
	CHECK(dsn_build(&d, &text));
	check_has(&text, "Subject: Delayed mail");
	check_has(&text, "Original-Recipient: rfc822; x+y@z.example\r\n");
	check_has(&text, "Action: delayed\r\nStatus: 4.0.0\r\nDiagnostic-Code: x-facteur; ");
	check_has(&text, "Will-Retry-Until: Tue, 24 Nov 2026 04:28:54 +0000\r\n");
	check_has(
		&text, "Content-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: 8bit\r\n");
	check_has(&text, "To: \xe9\r\n--=_facteur");
	check_lacks(&text, "Remote-MTA");
	check_lacks(&text, "Original-Envelope-Id");
	buf_free(&text);
}

TEST(dsn_spells_addresses_as_the_next_hop_can_read_them)
{
	struct fail why = reply(250, "2.1.5", "ok");
	struct dsn_recipient to = { .final = S("\xc3\xa9@b.example"),
		.orcpt = S("utf-8;\\x{E8}@b.example"),
		.action = DSN_RELAYED,
		.reply = &why };
	struct dsn d = report_of(&to, 1);
	struct buf text = { 0 };

	CHECK(dsn_build(&d, &text));
	check_has(&text, "\r\nOriginal-Recipient: utf-8; \\x{E8}@b.example\r\n");
	check_has(&text, "\r\nFinal-Recipient: utf-8; \\x{E9}@b.example\r\n");
	check_has(&text, "Content-Type: message/delivery-status\r\n");
	buf_clear(&text);
	d.smtputf8 = true;
	d.original = S("Subject: \xc3\xa9\r\n\r\n");
	CHECK(dsn_build(&d, &text));
	check_has(&text, "\r\nOriginal-Recipient: utf-8; \xc3\xa8@b.example\r\n");
	check_has(&text, "\r\nFinal-Recipient: utf-8; \xc3\xa9@b.example\r\n");
	check_has(&text, "Content-Type: message/global-delivery-status\r\n");
	check_has(&text, "Content-Type: message/global\r\n");
	buf_free(&text);
}

TEST(dsn_cannot_be_made_to_say_more)
{
	struct fail why = reply(550, "5.7.1", "");
	struct dsn_recipient to = { .final = S("a\r\nX: y@b"),
		.original = S("\r\n\r\n--=_facteur_0000000000001_0"),
		.orcpt = S("rfc822;a+0D+0AAction:+20delivered"),
		.action = DSN_FAILED,
		.remote_mta = S("mx\r\nStatus: 2.0.0"),
		.reply = &why };
	struct dsn d = report_of(&to, 1);
	struct buf text = { 0 };

	memset(why.text, 'x', sizeof why.text - 1);
	strcpy(why.status, "5\r\nA: b");
	for (size_t i = 7; i < sizeof why.text - 1; i += 8)
		why.text[i] = i % 3 ? ' ' : '\n';
	d.envid = S("+0D+0AX:+20y");
	d.to = S("s@t\r\nBcc: everybody@example.org");
	d.original =
		S("Subject: =_facteur_0000000000001_0\r\n\r\n--=_facteur_0000000000001_1--\r\n");
	CHECK(dsn_build(&d, &text));
	check_has(&text, "boundary=\"=_facteur_0000000000001_2\"");
	check_lacks(&text, "\r\nX:");
	check_lacks(&text, "\r\nBcc:");
	check_lacks(&text, "\r\nA:");
	check_lacks(&text, "\r\nAction: delivered");
	check_lacks(&text, "\r\nStatus: 2");
	check_has(&text, "\r\nStatus: 5.0.0\r\n");
	buf_free(&text);
}

TEST(dsn_stops_at_the_limit)
{
	struct fail why = reply(550, "5.1.1", "no");
	struct dsn_recipient to = { .final = S("a@b.example"), .reply = &why };
	struct dsn d = report_of(&to, 1);
	struct buf text = { .limit_octets = 100 };

	CHECK(!dsn_build(&d, &text));
	CHECK_INT(buf_str(&text).n, 0);
	buf_free(&text);
}

/* What nobody else said is not put into another server's mouth, and a success needs no reason. */
TEST(dsn_blames_nobody_for_our_own_rules)
{
	static const struct {
		const char *status;
		bool ours;
		enum dsn_action action;
		const char *has, *lacks;
	} cases[] = {
		{"5.7.1",  true,  DSN_FAILED,    "The reason:",                 "other server"        },
		{ "5.7.1", false, DSN_FAILED,    "The other server refused it", "The reason:"         },
		{ "4.2.1", false, DSN_DELAYED,   "takes no mail at the moment", "is closed"           },
		{ "5.2.1", false, DSN_FAILED,    "The mailbox is closed",       "at the moment"       },
		{ "5.4.6", true,  DSN_FAILED,    "went round in a circle",      "could not be reached"},
		{ "2.0.0", true,  DSN_DELIVERED, "Your message was delivered.", "The reason:"         },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct fail why =
			reply(cases[i].status[0] == '5' ? 550 : 450, cases[i].status, "x");
		struct dsn_recipient to = { .final = S("a@b.example"),
			.remote_mta = cases[i].ours ? S("") : S("mx.b.example"),
			.action = cases[i].action,
			.reply = &why,
			.reply_is_ours = cases[i].ours };
		struct dsn d = report_of(&to, 1);
		struct buf text = { 0 };

		CHECK(dsn_build(&d, &text));
		check_has(&text, cases[i].has);
		check_lacks(&text, cases[i].lacks);
		buf_free(&text);
	}
}

/* The advice of a peer's status is one of ours only where we have one; after a last attempt the
 * reader hears that there were several. */
TEST(dsn_speaks_the_languages_that_were_asked_for)
{
	static const enum dsn_language both[] = { DSN_FRENCH, DSN_ENGLISH };
	struct fail why = reply(452, "4.2.2", "Bo\xc3\xaete pleine");
	struct dsn_recipient to = { .final = S("a@b.example"),
		.original = S("c@d.example"),
		.action = DSN_FAILED,
		.remote_mta = S("mx.b.example"),
		.reply = &why };
	struct dsn d = report_of(&to, 1);
	struct buf text = { 0 };

	d.languages = both;
	d.language_count = 1;
	CHECK(dsn_build(&d, &text));
	check_has(&text, "Subject: =?utf-8?Q?Message_non_distribu=C3=A9?=\r\n");
	check_has(&text, "MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n");
	check_has(&text, "Content-Type: text/plain; charset=utf-8\r\n"
			 "Content-Transfer-Encoding: 8bit\r\n");
	check_has(&text, "  (vous avez écrit à <c@d.example>)\r\n"
			 "  Votre message n'a pas pu être distribué. Nous n'essaierons plus.\r\n"
			 "  Plusieurs essais ont échoué, et le délai est écoulé.\r\n"
			 "  La boîte aux lettres est pleine : contactez la personne autrement.\r\n"
			 "  Le serveur mx.b.example répond :\r\n"
			 "    452 4.2.2 Bo\xc3\xaete pleine\r\n");
	check_has(&text, "Content-Type: message/delivery-status\r\n");
	check_lacks(&text, "Your message could");
	buf_clear(&text);
	d.language_count = 2;
	CHECK(dsn_build(&d, &text));
	check_has(&text, "Subject: =?utf-8?Q?Message");
	check_has(&text, "\r\n----------\r\n\r\nThis is the mail system of pivot.test.\r\n");
	check_has(&text, "  The mailbox is full: please reach the person in another way.\r\n");
	buf_free(&text);
}
