/*
 * What a signature costs: CPU microseconds a message for signing and verifying, without any
 *look-up, and for the bare RSA signature in the same process.
 *
 *	bench_dkim [OCTETS [SECONDS]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "sender/dkim_secret.h"
#include "sender/dkim_verify.h"

#define NOW_S 1700000000
#define PORTION 16384 /* as bytes come from a socket */

struct bench {
	struct dkim_secret *secret;
	struct buf record;
	str message, signed_message;
	enum dkim_canon header, body;
};

static double cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void bare(struct bench *b)
{
	static const uint8_t digest[DKIM_FIELD_DIGEST];
	const struct dkim_signer *signer = dkim_secret_signer(b->secret);
	uint8_t signature[DKIM_FIELD_SIGNATURE_MAX];
	size_t n;
	struct fail why;

	if (!signer->sign(signer->owner, digest, signature, &n, &why))
		abort();
}

static void sign_to(struct bench *b, struct buf *fields)
{
	struct dkim_sign_key key = { .domain = S("signer.test"),
		.selector = S("mail"),
		.signer = dkim_secret_signer(b->secret) };
	struct dkim_sign_setup setup = {
		.header = b->header, .body = b->body, .keys = &key, .key_count = 1, .now_s = NOW_S
	};
	struct dkim_sign *s = dkim_sign_new(&setup);
	struct fail why;

	for (str rest = b->message; rest.n > 0; rest = str_skip(rest, PORTION))
		dkim_sign_feed(s, str_first(rest, PORTION));
	if (!dkim_sign_end(s, fields, &why))
		abort();
	dkim_sign_free(s);
}

static void sign(struct bench *b)
{
	struct buf fields = { 0 };

	sign_to(b, &fields);
	buf_free(&fields);
}

static void verify(struct bench *b)
{
	struct dns_record record = { .type = DNS_TXT, .text = buf_str(&b->record) };
	struct dns_records records = { .count = 1, .records = &record };
	struct dkim_verify *v = dkim_verify_new(NOW_S);
	struct dkim_verify_act act;

	for (str rest = b->signed_message; rest.n > 0; rest = str_skip(rest, PORTION))
		dkim_verify_feed(v, str_first(rest, PORTION));
	dkim_verify_end(v);
	while ((act = dkim_verify_next(v)).kind == DKIM_VERIFY_ASK)
		dkim_verify_answer(v, act.ticket, DKIM_FOUND, &records);
	if (dkim_verify_result(v, 0)->verdict != DKIM_PASS)
		abort();
	dkim_verify_free(v);
}

/* CPU microseconds a round. */
static double measure(struct bench *b, void (*run)(struct bench *b), double seconds)
{
	double start = cpu_us(), now = start;
	size_t rounds = 0;

	for (; now - start < seconds * 1e6; now = cpu_us())
		for (size_t i = 0; i < 20; i++, rounds++)
			run(b);
	return (now - start) / (double)rounds;
}

static void make_message(struct buf *to, size_t octets)
{
	buf_put(to, S("From: A Person <a@signer.test>\r\nTo: Somebody <b@receiver.test>\r\n"
		      "Subject: what a signature costs\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
		      "Message-ID: <1700000000.1@signer.test>\r\nMIME-Version: 1.0\r\n"
		      "Content-Type: text/plain; charset=utf-8\r\n\r\n"));
	while (buf_str(to).n < octets)
		buf_put(to, S("A line of text as people write it, with a few words in it.\r\n"));
}

static void round_of(struct bench *b, const char *kind, double seconds)
{
	static const enum dkim_canon canons[] = { DKIM_CANON_SIMPLE, DKIM_CANON_RELAXED };
	double alone = measure(b, bare, seconds);

	for (size_t i = 0; i < LENGTH(canons) * LENGTH(canons); i++) {
		struct buf all = { 0 };
		double signing, verifying;

		b->header = canons[i / 2];
		b->body = canons[i % 2];
		sign_to(b, &all);
		buf_put(&all, b->message);
		b->signed_message = buf_str(&all);
		signing = measure(b, sign, seconds);
		verifying = measure(b, verify, seconds);
		printf("%s\t%s/%s\t%.1f\t%.1f\t%.1f\n", kind, dkim_canon_name(b->header),
			dkim_canon_name(b->body), alone, signing, verifying);
		buf_free(&all);
	}
}

/* Prints kind, canonicalization, and the microseconds of the bare signature, of signing and of
 * verifying, with tabs between them. */
int main(int argc, char **argv)
{
	size_t octets = argc > 1 ? strtoul(argv[1], NULL, 10) : 4096;
	double seconds = argc > 2 ? strtod(argv[2], NULL) : 1;
	struct buf message = { 0 };

	make_message(&message, octets);
	for (int i = 0; i < 2; i++) {
		struct bench b = { .message = buf_str(&message) };
		struct fail why;

		b.secret = dkim_secret_make(
			i == 0 ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256, 2048, &why);
		if (!b.secret)
			return 1;
		buf_put(&b.record, i == 0 ? S("v=DKIM1; k=rsa; p=") : S("v=DKIM1; k=ed25519; p="));
		dkim_secret_public(b.secret, &b.record);
		round_of(&b, i == 0 ? "rsa-2048" : "ed25519", seconds);
		dkim_secret_free(b.secret);
		buf_free(&b.record);
	}
	buf_free(&message);
	return 0;
}
