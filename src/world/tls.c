#include "world/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "world/tls_inside.h"

/* The words of OpenSSL for what it last ran into; its list is empty afterwards. */
const char *tls_words(char *to, size_t size)
{
	unsigned long code = ERR_get_error();
	const char *reason = ERR_SYSTEM_ERROR(code) ? strerrordesc_np(ERR_GET_REASON(code))
			     : code                 ? ERR_reason_error_string(code)
						    : NULL;

	ERR_clear_error();
	return fail_clean(reason ? str_of(reason) : S("unknown error"), to, size);
}

SSL_CTX *tls_context_new(const SSL_METHOD *method, struct fail *why)
{
	SSL_CTX *c = SSL_CTX_new(method);
	char words[96];

	if (c && SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION)) {
		SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					       SSL_OP_IGNORE_UNEXPECTED_EOF);
		/* an idle stream gives its buffers back; what is to be written may move meanwhile
		 */
		SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
					    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
		SSL_CTX_set_read_ahead(c, 1); /* one system call for header and record */
		SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF); /* tickets need none */
		return c;
	}
	fail_with(why, FAIL_TEMPORARY, "4.7.5", "cannot prepare TLS: %s",
		tls_words(words, sizeof words));
	SSL_CTX_free(c);
	return NULL;
}

struct tls_context *tls_context_keep(struct tls_context *context)
{
	SSL_CTX_up_ref(tls_context_ssl(context));
	return context;
}

void tls_context_free(struct tls_context *context)
{
	SSL_CTX_free(tls_context_ssl(context)); /* null is allowed there, too */
}
