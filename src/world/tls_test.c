/* TLS between two ends in one loop: what is known of it, and what goes wrong. */
#include "test/test.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "world/sock.h"
#include "world/tls_pair.h"

#define WATCHDOG_MS 20000

struct end {
	struct sock *sock;
	struct buf in;
	struct tls_facts facts;
	struct fail why;
	size_t take_max, stop_at, to_pour, poured;
	int secures, closes;
	bool broken;
};

static struct {
	char folder[64], certificate[80], key[80];
	struct loop *loop;
	struct loop_timer watchdog, later;
	struct tls_context *pair, *client_context;
	struct tls_server *shown;
	int descriptor;
	struct sock_listener *listener;
	struct endpoint at;
	const char *host; /* that the client expects */
	bool plain;       /* the server knows no TLS */
	bool expired;
	struct end client, server;
} t;

/* --- a certificate of its own authority, for mx.test and 127.0.0.1 --- */

static void add_extension(X509 *x, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, x, x, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	CHECK(extension && X509_add_ext(x, extension, -1));
	X509_EXTENSION_free(extension);
}

static void write_pem(const char *path, X509 *x, EVP_PKEY *key)
{
	FILE *f = fopen(path, "w");

	CHECK(f);
	CHECK(x ? PEM_write_X509(f, x) : PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL));
	fclose(f);
}

static void make_certificate(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	str_to_c(S("/tmp/facteur-tls-XXXXXX"), t.folder, sizeof t.folder);
	CHECK(mkdtemp(t.folder) != NULL);
	snprintf(t.certificate, sizeof t.certificate, "%s/cert", t.folder);
	snprintf(t.key, sizeof t.key, "%s/key", t.folder);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 7);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_ASC, (const unsigned char *)"mx.test", -1, -1, 0);
	X509_set_issuer_name(x, name);
	add_extension(x, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(x, NID_subject_alt_name, "DNS:mx.test,IP:127.0.0.1");
	CHECK(X509_sign(x, key, EVP_sha256()));
	write_pem(t.certificate, x, NULL);
	write_pem(t.key, NULL, key);
	X509_free(x);
	EVP_PKEY_free(key);
}

/* --- the two ends --- */

static void on_watchdog(struct loop_timer *timer)
{
	(void)timer;
	t.expired = true;
	loop_stop(t.loop);
}

static void pour(struct end *e)
{
	char portion[50000];
	size_t n = e->to_pour < sizeof portion ? e->to_pour : sizeof portion;

	for (size_t i = 0; i < n; i++)
		portion[i] = (char)((e->poured + i) % 251);
	e->to_pour -= n;
	e->poured += n;
	sock_send(e->sock, str_from(portion, n));
}

static size_t keep(struct end *e, str bytes)
{
	if (e->take_max)
		bytes = str_first(bytes, e->take_max);
	buf_put(&e->in, bytes);
	if (e->stop_at && buf_str(&e->in).n >= e->stop_at)
		loop_stop(t.loop);
	return bytes.n;
}

static void become_client(struct sock *s)
{
	str name = str_of(t.host);
	struct tls_expected peer = { .host = name, .names = &name, .name_count = 1 };

	sock_tls_connect(s, t.client_context, &peer);
}

/* The server: STARTTLS, then whatever comes. */
static size_t on_server(void *owner, str bytes)
{
	struct end *e = owner;

	if (e->secures || t.plain)
		return keep(e, bytes);
	if (bytes.n < 10)
		return 0;
	CHECK(str_starts(bytes, S("STARTTLS\r\n")));
	sock_send(e->sock, S("220 go\r\n"));
	sock_tls_accept(e->sock, t.shown);
	return 10;
}

static size_t on_client(void *owner, str bytes)
{
	struct end *e = owner;

	if (e->secures)
		return keep(e, bytes);
	CHECK_STR(bytes, S("220 go\r\n"));
	become_client(e->sock);
	return bytes.n;
}

static void on_drained(void *owner)
{
	struct end *e = owner;

	if (e->secures && e->to_pour > 0)
		pour(e);
}

static void on_closed(void *owner, const struct fail *why)
{
	struct end *e = owner;

	e->closes++;
	e->broken = why != NULL;
	if (why)
		e->why = *why;
	if (e == &t.client)
		loop_stop(t.loop);
}

static void on_connected(void *owner)
{
	struct end *e = owner;

	/* what is injected in clear behind the command must not be taken for protected bytes */
	if (!t.plain)
		sock_send(e->sock, S("STARTTLS\r\nINJECTED\r\n"));
	else
		become_client(e->sock);
}

static void on_secured(void *owner, const struct tls_facts *facts)
{
	struct end *e = owner;

	e->secures++;
	e->facts = *facts;
	if (e->to_pour > 0)
		pour(e);
	else
		sock_send(e->sock, e == &t.client ? S("hello server") : S("hello client"));
}

static const struct sock_handler server_handler = { on_server, on_drained, on_closed, NULL,
	on_secured };
static const struct sock_handler client_handler = { on_client, on_drained, on_closed, on_connected,
	on_secured };

static void on_accepted(
	void *owner, struct sock *s, const struct endpoint *peer, const struct endpoint *local)
{
	(void)peer;
	(void)local;
	t.server.sock = s;
	sock_own(s, &server_handler, owner);
	if (t.plain)
		sock_send(s, S("500 what is a ClientHello?\r\n"));
}

static void begin(const char *host, bool trusted)
{
	struct fail why = { 0 };

	memset(&t, 0, sizeof t);
	make_certificate();
	if (trusted)
		setenv("SSL_CERT_FILE", t.certificate, 1);
	t.host = host;
	t.pair = tls_pair_new(
		&(struct tls_pair){ .certificate = t.certificate, .key = t.key }, &why);
	CHECK_STR(str_of(why.text), S(""));
	t.shown = tls_server_new(t.pair);
	t.client_context = tls_client_new(&(struct tls_client){ 0 }, &why);
	unsetenv("SSL_CERT_FILE");
	t.loop = loop_new("test");
	t.watchdog.run = on_watchdog;
	loop_timer_set(t.loop, &t.watchdog, loop_now_ms(t.loop) + WATCHDOG_MS);
	CHECK(ip_parse(S("127.0.0.1"), &t.at.ip));
	t.descriptor = sock_bind(&t.at, 0, &why);
	sock_bound(t.descriptor, &t.at);
	t.listener = sock_listen(t.loop, t.descriptor, on_accepted, &t.server);
}

static void run(void)
{
	if (!t.client.sock)
		t.client.sock = sock_connect(t.loop, &t.at, NULL, &client_handler, &t.client);
	loop_run(t.loop);
	CHECK(!t.expired);
}

static void finish(void)
{
	if (t.client.sock)
		sock_close(t.client.sock);
	if (t.server.sock)
		sock_close(t.server.sock);
	buf_free(&t.client.in);
	buf_free(&t.server.in);
	sock_listener_free(t.listener);
	sock_unbind(t.descriptor);
	loop_free(t.loop);
	tls_server_drop(t.shown);
	tls_context_free(t.pair);
	tls_context_free(t.client_context);
	unlink(t.certificate);
	unlink(t.key);
	rmdir(t.folder);
}

static void run_hello(void)
{
	t.client.stop_at = 12;
	run();
	t.server.stop_at = 12;
	if (buf_str(&t.server.in).n < 12)
		run();
	CHECK_STR(buf_str(&t.client.in), S("hello client"));
	CHECK_STR(buf_str(&t.server.in), S("hello server")); /* and nothing injected */
}

TEST(tls_protects_and_knows_that_it_does_not_trust)
{
	begin("mx.test", false);
	run_hello();
	CHECK_STR(str_of(t.client.facts.version), S("TLSv1.3"));
	CHECK(str_starts(str_of(t.client.facts.cipher), S("TLS_")));
	CHECK(t.client.facts.bits >= 128);
	CHECK(!t.client.facts.verified);
	CHECK(strstr(t.client.facts.problem, "self-signed") != NULL);
	CHECK(!t.server.facts.verified);
	CHECK_STR(str_of(t.server.facts.problem), S("no certificate"));
	finish();
}

TEST(tls_verifies_the_chain_and_the_name)
{
	static const struct {
		const char *host;
		bool verified;
	} cases[] = {
		{"mx.test",    true },
		{ "127.0.0.1", true },
		{ "mx2.test",  false},
		{ "127.0.0.2", false},
		{ ".test",     true },
		{ ".mx.test",  false},
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		begin(cases[i].host, true);
		run_hello();
		CHECK_INT(t.client.facts.verified, cases[i].verified);
		CHECK((t.client.facts.problem[0] != 0) == !cases[i].verified);
		finish();
	}
}

static void on_later(struct loop_timer *timer)
{
	sock_resume(t.client.sock);
	loop_timer_set(t.loop, timer, loop_now_ms(t.loop));
}

static void check_poured(const struct end *e, size_t n)
{
	str in = buf_str(&e->in);
	bool same = true;

	CHECK_INT(in.n, n);
	for (size_t i = 0; i < n; i++)
		same = same && in.p[i] == (char)(i % 251);
	CHECK(same);
}

/* Megabytes both ways at once, one of the readers slow. */
TEST(tls_pours_without_loss)
{
	size_t n = 3000000, less = 200000;

	begin("mx.test", false);
	t.client.to_pour = n;
	t.server.to_pour = less;
	t.client.take_max = 5001;
	t.client.stop_at = less;
	t.later.run = on_later;
	t.client.sock = sock_connect(t.loop, &t.at, NULL, &client_handler, &t.client);
	loop_timer_set(t.loop, &t.later, loop_now_ms(t.loop) + 1);
	run();
	loop_timer_cancel(t.loop, &t.later);
	t.server.stop_at = n;
	if (buf_str(&t.server.in).n < n)
		run();
	check_poured(&t.client, less);
	check_poured(&t.server, n);
	finish();
}

TEST(tls_finish_ends_cleanly)
{
	begin("mx.test", false);
	run_hello();
	sock_send(t.server.sock, S("bye"));
	sock_finish(t.server.sock);
	t.server.sock = NULL;
	t.client.stop_at = 0;
	run();
	CHECK_STR(buf_str(&t.client.in), S("hello clientbye"));
	CHECK_INT(t.client.closes, 1);
	CHECK(!t.client.broken);
	finish();
}

TEST(tls_handshake_that_fails_is_explained)
{
	begin("mx.test", false);
	t.plain = true;
	run();
	CHECK(t.client.broken && t.client.secures == 0);
	CHECK_STR(str_of(t.client.why.status), S("4.7.5"));
	CHECK(str_starts(str_of(t.client.why.text), S("TLS handshake with 127.0.0.1:")));
	CHECK(strstr(t.client.why.text, "wrong version number") != NULL);
	finish();
}

/* A peer that goes away in the middle of the handshake. */
static size_t on_rude(void *owner, str bytes)
{
	(void)owner;
	sock_close(t.server.sock);
	t.server.sock = NULL;
	return bytes.n;
}

static const struct sock_handler rude_handler = { on_rude, NULL, on_closed, NULL, NULL };

static void on_accepted_rudely(
	void *owner, struct sock *s, const struct endpoint *peer, const struct endpoint *local)
{
	(void)peer;
	(void)local;
	t.server.sock = s;
	sock_own(s, &rude_handler, owner);
}

TEST(tls_handshake_that_is_cut_is_explained)
{
	begin("mx.test", false);
	t.plain = true;
	sock_listener_free(t.listener);
	t.listener = sock_listen(t.loop, t.descriptor, on_accepted_rudely, &t.server);
	run();
	CHECK(t.client.broken && t.client.secures == 0);
	CHECK_STR(str_of(t.client.why.status), S("4.7.5"));
	CHECK(strstr(t.client.why.text, "the peer has closed") != NULL);
	finish();
}

TEST(tls_server_says_what_is_wrong_with_its_files)
{
	struct fail why;

	begin("mx.test", false);
	CHECK(!tls_pair_new(
		&(struct tls_pair){ .certificate = "/nonexistent/cert", .key = t.key }, &why));
	CHECK(str_starts(str_of(why.text), S("/nonexistent/cert: ")));
	CHECK(!tls_pair_new(
		&(struct tls_pair){ .certificate = t.certificate, .key = t.certificate }, &why));
	CHECK(str_starts(str_of(why.text), str_of(t.certificate)));
	finish();
}
