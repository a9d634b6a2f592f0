#include "world/tls_stream.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/ip.h"
#include "base/mem.h"
#include "world/tls_inside.h"
#include "world/tls_vault.h"
#include "world/vault.h"

#define HOST_MAX 255

struct tls_stream {
	SSL *ssl;
	struct tls_server *server; /* null: we are a client */
	struct loop *loop;         /* null: no handshake is parked */
	void (*woken)(void *owner);
	void *owner;
	char trouble[96];
};

static struct tls_stream *stream_new(struct tls_context *context, int descriptor)
{
	struct tls_stream *t = MEM_NEW(struct tls_stream);
	bool set;

	t->ssl = SSL_new(tls_context_ssl(context));
	set = t->ssl && SSL_set_fd(t->ssl, descriptor) == 1;
	assert(set); /* else there is no memory, and mem.h says what that means */
	SSL_set_app_data(t->ssl, t);
	return t;
}

/* A stream that expects no name verifies none: nobody asks whether it did. */
static void expect(SSL *ssl, str name)
{
	char text[HOST_MAX + 1], literal[IP_TEXT_MAX];
	struct ip ip;

	if (ip_parse(name, &ip))
		X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), ip_print(&ip, literal));
	else
		SSL_add1_host(ssl, str_to_c(name, text, sizeof text));
}

struct tls_stream *tls_stream_client(
	struct tls_context *context, int descriptor, const struct tls_expected *peer)
{
	struct tls_stream *t = stream_new(context, descriptor);
	char name[HOST_MAX + 1];
	struct ip ip;

	SSL_set_connect_state(t->ssl);
	SSL_set_hostflags(t->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	/* RFC 6066 section 3: no SNI for addresses; and none for the path of a socket */
	if (peer->host.n > 0 && !ip_parse(peer->host, &ip) && !str_has(peer->host, '/'))
		SSL_set_tlsext_host_name(t->ssl, str_to_c(peer->host, name, sizeof name));
	for (size_t i = 0; i < peer->name_count; i++)
		expect(t->ssl, peer->names[i]);
	return t;
}

/* What a client shows is looked at when the handshake is over; a client without one is welcome. */
static int take_each(int fine, X509_STORE_CTX *chain)
{
	(void)fine;
	(void)chain;
	return 1;
}

struct tls_stream *tls_stream_server(struct tls_server *server, int descriptor)
{
	struct tls_stream *t = stream_new(tls_server_pair(server, S("")), descriptor);

	t->server = tls_server_keep(server);
	if (tls_server_asks(server))
		SSL_set_verify(t->ssl, SSL_VERIFY_PEER, take_each);
	tls_server_ask_in(server, t->ssl);
	SSL_set_accept_state(t->ssl);
	return t;
}

static int on_woken(SSL *ssl, void *arg)
{
	struct tls_stream *t = arg;

	(void)ssl;
	t->woken(t->owner);
	return 1;
}

void tls_stream_parks(struct tls_stream *t, struct loop *l, void (*woken)(void *owner), void *owner)
{
	if (!vault_is_there())
		return;
	t->loop = l;
	t->woken = woken;
	t->owner = owner;
	SSL_set_mode(t->ssl, SSL_MODE_ASYNC);
	SSL_set_async_callback(t->ssl, on_woken);
	SSL_set_async_callback_arg(t->ssl, t);
}

/* OpenSSL gives up the stack of a parked handshake only when that comes to its end. */
static void end_parked(struct tls_stream *t)
{
	tls_vault_abandon(t->ssl);
	tls_vault_in(t->loop);
	(void)SSL_do_handshake(t->ssl);
	ERR_clear_error();
}

void tls_stream_free(struct tls_stream *t)
{
	if (!t)
		return;
	if (t->loop && SSL_waiting_for_async(t->ssl))
		end_parked(t);
	SSL_free(t->ssl);
	tls_server_drop(t->server);
	mem_free(t);
}

/* What the last call on ssl came to; result is what it returned. */
static enum tls_step step_of(struct tls_stream *t, int result)
{
	int error = errno;

	switch (SSL_get_error(t->ssl, result)) {
	case SSL_ERROR_NONE:
		return TLS_DONE;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
	case SSL_ERROR_WANT_ASYNC:
		return TLS_WAITS;
	case SSL_ERROR_ZERO_RETURN:
		str_to_c(S("the peer has closed"), t->trouble, sizeof t->trouble);
		return TLS_ENDED;
	case SSL_ERROR_SYSCALL:
		str_to_c(str_of(error ? strerrordesc_np(error) : "the peer has closed"), t->trouble,
			sizeof t->trouble);
		ERR_clear_error();
		return error ? TLS_BROKEN : TLS_ENDED;
	default:
		tls_words(t->trouble, sizeof t->trouble);
		return TLS_BROKEN;
	}
}

enum tls_step tls_stream_handshake(struct tls_stream *t)
{
	enum tls_step step;

	ERR_clear_error();
	errno = 0;
	tls_vault_in(t->loop);
	step = step_of(t, SSL_do_handshake(t->ssl));
	if (step == TLS_DONE && t->loop) { /* from now on there is nothing to sign */
		SSL_clear_mode(t->ssl, SSL_MODE_ASYNC);
		t->loop = NULL;
	}
	return step;
}

enum tls_step tls_stream_read(struct tls_stream *t, char *to, size_t size, size_t *n)
{
	*n = 0;
	ERR_clear_error();
	errno = 0;
	return step_of(t, SSL_read_ex(t->ssl, to, size, n));
}

enum tls_step tls_stream_write(struct tls_stream *t, str bytes, size_t *n)
{
	*n = 0;
	ERR_clear_error();
	errno = 0;
	return step_of(t, SSL_write_ex(t->ssl, bytes.p, bytes.n, n));
}

void tls_stream_say_end(struct tls_stream *t)
{
	ERR_clear_error();
	(void)SSL_shutdown(t->ssl);
	ERR_clear_error();
}

void tls_stream_facts(const struct tls_stream *t, struct tls_facts *facts)
{
	long verdict = SSL_get_verify_result(t->ssl);
	X509 *x = SSL_get0_peer_certificate(t->ssl);
	bool shown = x != NULL;

	*facts = (struct tls_facts){ .bits = SSL_get_cipher_bits(t->ssl, NULL),
		.resumed = SSL_session_reused(t->ssl) == 1 };
	str_to_c(str_of(SSL_get_version(t->ssl)), facts->version, sizeof facts->version);
	str_to_c(str_of(SSL_get_cipher_name(t->ssl)), facts->cipher, sizeof facts->cipher);
	facts->verified = shown && verdict == X509_V_OK;
	facts->shown = shown && X509_digest(x, EVP_sha256(), facts->digest, NULL) == 1 &&
		       ASN1_item_digest(ASN1_ITEM_rptr(X509_PUBKEY), EVP_sha256(),
			       X509_get_X509_PUBKEY(x), facts->key_digest, NULL) == 1;
	if (!shown)
		str_to_c(S("no certificate"), facts->problem, sizeof facts->problem);
	else if (verdict != X509_V_OK)
		str_to_c(str_of(X509_verify_cert_error_string(verdict)), facts->problem,
			sizeof facts->problem);
}

const struct tls_server *tls_stream_shows(const struct tls_stream *t)
{
	return t->server;
}

/* The digest of the certificate's signature, but for those that are broken: then SHA-256. */
static const EVP_MD *binding_digest(const X509 *certificate)
{
	int digest = NID_undef;

	if (!OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest, NULL) ||
		digest == NID_undef)
		return NULL; /* Ed25519 has none, and RFC 5929 no answer */
	return digest == NID_md5 || digest == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(digest);
}

static size_t end_point_binding(SSL *ssl, unsigned char to[64])
{
	X509 *shown =
		SSL_is_server(ssl) ? SSL_get_certificate(ssl) : SSL_get0_peer_certificate(ssl);
	const EVP_MD *digest = shown ? binding_digest(shown) : NULL;
	unsigned n = 0;

	if (!digest || EVP_MD_get_size(digest) > 64 || X509_digest(shown, digest, to, &n) != 1)
		return 0;
	return n;
}

/* Before TLS 1.3 it is only safe with the extended master secret (RFC 9266 section 4.2). */
static size_t exporter_binding(SSL *ssl, unsigned char to[32])
{
	static const char label[] = "EXPORTER-Channel-Binding";

	if (SSL_version(ssl) < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1)
		return 0;
	if (SSL_export_keying_material(ssl, to, 32, label, sizeof label - 1, NULL, 0, 0) != 1)
		return 0;
	return 32;
}

void tls_stream_binding(const struct tls_stream *t, struct tls_binding *binding)
{
	ERR_clear_error();
	binding->exporter_octets = exporter_binding(t->ssl, binding->exporter);
	binding->end_point_octets = end_point_binding(t->ssl, binding->end_point);
	/* a client has to say one: before TLS 1.3 the one that more servers know */
	if (!SSL_is_server(t->ssl) && SSL_version(t->ssl) < TLS1_3_VERSION &&
		binding->end_point_octets > 0)
		binding->exporter_octets = 0;
	ERR_clear_error();
}

const char *tls_stream_trouble(const struct tls_stream *t)
{
	return t->trouble;
}
