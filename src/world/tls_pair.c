#include "world/tls_pair.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "mail/date.h"
#include "world/clock.h"
#include "world/tls_inside.h"
#include "world/tls_key.h"
#include "world/tls_ticket.h"

/* The one who is asked for a name. */
static int choose_pair(SSL *ssl, int *alert, void *owner)
{
	const struct tls_server *server = tls_stream_shows(SSL_get_app_data(ssl));
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	(void)owner;
	if (name) {
		SSL_set_SSL_CTX(ssl, tls_context_ssl(tls_server_pair(server, str_of(name))));
		tls_server_ask_in(server, ssl); /* which that has undone */
	}
	return SSL_TLSEXT_ERR_OK; /* a name that we do not have is no reason to talk in clear */
}

static void set_up_server(SSL_CTX *c, enum tls_minimum minimum)
{
	/* As Mozilla's "intermediate", without DHE, whose cost a stranger chooses; and with the CBC
	 * suites of old servers that would else talk in clear. */
	static const char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES256:ECDHE+AES128";

	if (minimum == TLS_MINIMUM_1_3)
		SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION);
	SSL_CTX_set_options(c, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_cipher_list(c, ciphers);
	SSL_CTX_set1_groups_list(c, "X25519:P-256:P-384");
	SSL_CTX_set_tlsext_servername_callback(c, choose_pair);
	tls_ticket_setup(c);
}

static int64_t ms_of(const ASN1_TIME *t)
{
	int days = 0, seconds = 0;
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int64_t ms = INT64_MAX;

	if (epoch && ASN1_TIME_diff(&days, &seconds, epoch, t) == 1)
		ms = ((int64_t)days * 86400 + seconds) * 1000;
	ASN1_TIME_free(epoch);
	return ms;
}

int64_t tls_pair_ends_ms(const struct tls_context *pair)
{
	const X509 *x = SSL_CTX_get0_certificate(tls_context_ssl((struct tls_context *)pair));

	return x ? ms_of(X509_get0_notAfter(x)) : INT64_MAX;
}

bool tls_pair_is_for(const struct tls_context *pair, str name)
{
	X509 *x = SSL_CTX_get0_certificate(tls_context_ssl((struct tls_context *)pair));

	return X509_check_host(x, name.p, name.n, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
}

/* A certificate is not worth more than a file that nobody has when nobody will believe it. */
static bool valid_now(SSL_CTX *c, const struct tls_pair *pair, struct fail *why)
{
	const X509 *x = SSL_CTX_get0_certificate(c);
	int64_t now_ms = clock_wall_ms(), ends_ms = ms_of(X509_get0_notAfter(x));
	char date[DATE_TEXT_MAX];

	if (ms_of(X509_get0_notBefore(x)) > now_ms)
		return fail_with(why, FAIL_TEMPORARY, "4.7.5",
			"%s: this certificate is not valid yet", pair->certificate);
	if (ends_ms <= now_ms && !pair->even_expired)
		return fail_with(why, FAIL_TEMPORARY, "4.7.5",
			"%s: this certificate has expired on %.10s", pair->certificate,
			date_print_iso(ends_ms, date));
	return true;
}

struct tls_context *tls_pair_new(const struct tls_pair *pair, struct fail *why)
{
	SSL_CTX *c = tls_context_new(TLS_server_method(), why);

	if (!c)
		return NULL;
	if (tls_key_use_pair(c, pair->certificate, pair->key, why) && valid_now(c, pair, why)) {
		set_up_server(c, pair->minimum);
		return tls_context_of(c);
	}
	SSL_CTX_free(c);
	return NULL;
}
