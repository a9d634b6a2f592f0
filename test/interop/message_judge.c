/*
 * message_judge - what our machines say of many messages, in one process, for the Python tests
 *
 *	message_judge dkim NOW FILE...          one line a file: the verdicts, with commas between
 *them message_judge arc NOW FILE...           one line a file: none, pass or fail, a tab, and why
 *	message_judge sign RSA.pem ED.pem FILE...   writes each message, signed, to FILE.signed
 *
 * For the first two, a file is a zone, a line "--", and the message.  For the third, the first line
 * says how to sign: "relaxed/simple rsa,ed25519 NOW".  Messages have CRLF.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"
#include "dns/zone.h"
#include "sender/arc_verify.h"
#include "sender/dkim_secret.h"
#include "sender/dkim_verify.h"

#define CUT 1000 /* octets that are fed at once */

static void give_up(const char *what)
{
	fprintf(stderr, "message_judge: %s\n", what);
	exit(1);
}

static void read_file(const char *path, struct buf *to)
{
	char part[65536];
	FILE *file = fopen(path, "rb");
	size_t n;

	if (!file)
		give_up(path);
	while ((n = fread(part, 1, sizeof part, file)) > 0)
		buf_put(to, str_from(part, n));
	fclose(file);
}

static struct dns_zone *take_zone(str *text)
{
	size_t n = str_find_str(*text, S("--\n"));
	struct fail why = { 0 };
	struct dns_zone *zone = dns_zone_parse(str_first(*text, n), &why);

	if (!zone)
		give_up(why.text);
	*text = str_skip(*text, n + 3);
	return zone;
}

static enum dkim_answer find(const struct dns_zone *zone, str name, struct dns_records **records)
{
	static const enum dkim_answer answers[] = { [ZONE_FOUND] = DKIM_FOUND,
		[ZONE_NO_NAME] = DKIM_MISSING,
		[ZONE_NO_DATA] = DKIM_MISSING,
		[ZONE_SERVFAIL] = DKIM_TROUBLE,
		[ZONE_TIMEOUT] = DKIM_TROUBLE };

	*records = NULL;
	return answers[dns_zone_find(zone, name, DNS_TXT, records)];
}

static void judge_dkim(str text, int64_t now_s)
{
	struct dns_zone *zone = take_zone(&text);
	struct dkim_verify *v = dkim_verify_new(now_s);
	struct dns_records *records;
	struct dkim_verify_act act;

	for (; text.n > 0; text = str_skip(text, CUT))
		dkim_verify_feed(v, str_first(text, CUT));
	dkim_verify_end(v);
	while ((act = dkim_verify_next(v)).kind == DKIM_VERIFY_ASK) {
		enum dkim_answer answer = find(zone, act.name, &records);

		dkim_verify_answer(v, act.ticket, answer, records);
		dns_records_free(records);
	}
	for (size_t i = 0; i < dkim_verify_count(v); i++)
		printf("%s%s", i > 0 ? "," : "",
			dkim_verify_name(dkim_verify_result(v, i)->verdict));
	printf("\n");
	dkim_verify_free(v);
	dns_zone_free(zone);
}

static void judge_arc(str text, int64_t now_s)
{
	struct dns_zone *zone = take_zone(&text);
	struct arc_verify *v = arc_verify_new(now_s);
	struct dns_records *records;
	struct arc_verify_act act;

	for (; text.n > 0; text = str_skip(text, CUT))
		arc_verify_feed(v, str_first(text, CUT));
	arc_verify_end(v);
	while ((act = arc_verify_next(v)).kind == ARC_VERIFY_ASK) {
		enum dkim_answer answer = find(zone, act.name, &records);

		arc_verify_answer(v, act.ticket, answer, records);
		dns_records_free(records);
	}
	printf("%s\t%s\n", arc_set_cv(arc_verify_result(v)->cv), arc_verify_result(v)->why);
	arc_verify_free(v);
	dns_zone_free(zone);
}

/* --- signing ------------------------------------------------------------------------------------
 */

static struct dkim_secret *read_secret(const char *path)
{
	struct buf text = { 0 };
	struct fail why = { 0 };
	struct dkim_secret *secret;

	read_file(path, &text);
	secret = dkim_secret_read(buf_str(&text), &why);
	if (!secret)
		give_up(why.text);
	buf_free(&text);
	return secret;
}

static void write_file(const char *path, str fields, str message)
{
	char name[4096];
	FILE *file;

	snprintf(name, sizeof name, "%s.signed", path);
	file = fopen(name, "wb");
	if (!file || fwrite(fields.p, 1, fields.n, file) != fields.n ||
		fwrite(message.p, 1, message.n, file) != message.n || fclose(file) != 0)
		give_up(name);
}

static void sign(const char *path, struct dkim_secret *const secrets[2])
{
	struct dkim_sign_key keys[2];
	struct dkim_sign_setup setup = { .keys = keys };
	struct buf text = { 0 }, fields = { 0 };
	str rest, line, word, one;
	struct fail why = { 0 };
	struct dkim_sign *s;
	uint64_t now_s = 0;

	read_file(path, &text);
	rest = buf_str(&text);
	str_cut(&rest, '\n', &line);
	if (!str_word(&line, &word) || !dkim_canon_parse(word, &setup.header, &setup.body) ||
		!str_word(&line, &word) || !number_parse(str_trim(line), INT64_MAX, &now_s))
		give_up(path);
	while (word.n > 0) {
		bool ed25519;

		str_cut(&word, ',', &one);
		ed25519 = str_eq(one, S("ed25519"));
		keys[setup.key_count++] = (struct dkim_sign_key){ .domain = S("signer.test"),
			.selector = ed25519 ? S("ed") : S("rsa"),
			.signer = dkim_secret_signer(secrets[ed25519]) };
	}
	setup.now_s = (int64_t)now_s;
	s = dkim_sign_new(&setup);
	for (str part = rest; part.n > 0; part = str_skip(part, CUT))
		dkim_sign_feed(s, str_first(part, CUT));
	if (!dkim_sign_end(s, &fields, &why))
		give_up(why.text);
	write_file(path, buf_str(&fields), rest);
	dkim_sign_free(s);
	buf_free(&text);
	buf_free(&fields);
}

static void judge(const char *path, str how, int64_t now_s)
{
	struct buf text = { 0 };

	read_file(path, &text);
	if (str_eq(how, S("arc")))
		judge_arc(buf_str(&text), now_s);
	else
		judge_dkim(buf_str(&text), now_s);
	buf_free(&text);
}

int main(int argc, char **argv)
{
	struct dkim_secret *secrets[2];
	uint64_t now_s = 0;

	if (argc < 4)
		give_up("too few words");
	if (!str_eq(str_of(argv[1]), S("sign"))) {
		if (!number_parse(str_of(argv[2]), INT64_MAX, &now_s))
			give_up("no time");
		for (int i = 3; i < argc; i++)
			judge(argv[i], str_of(argv[1]), (int64_t)now_s);
		return 0;
	}
	secrets[0] = read_secret(argv[2]);
	secrets[1] = read_secret(argv[3]);
	for (int i = 4; i < argc; i++)
		sign(argv[i], secrets);
	dkim_secret_free(secrets[0]);
	dkim_secret_free(secrets[1]);
	return 0;
}
