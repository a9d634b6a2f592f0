#include "world/tls_server.h"

#include <openssl/sha.h>
#include <openssl/x509.h>

#include "base/mem.h"
#include "world/tls_inside.h"

struct named {
	str name; /* by mem_copy */
	struct tls_context *pair;
};

struct tls_server {
	int references; /* atomic */
	struct tls_context *pair;
	struct named *names;
	size_t count;
	bool asks;
	struct tls_context *trusted;                 /* null: nobody is */
	unsigned char session[SHA256_DIGEST_LENGTH]; /* who has not the same, resumes no session */
};

struct tls_server *tls_server_new(struct tls_context *pair)
{
	struct tls_server *s = MEM_NEW(struct tls_server);

	s->references = 1;
	s->pair = tls_context_keep(pair);
	return s;
}

void tls_server_add(struct tls_server *s, str name, struct tls_context *pair)
{
	s->names = mem_grow(s->names, (s->count + 1) * sizeof *s->names);
	s->names[s->count++] = (struct named){ mem_copy(name), tls_context_keep(pair) };
}

/* A session remembers whether its client was verified, and by whom must not have changed. */
static void name_session(struct tls_server *s)
{
	X509_STORE *store = SSL_CTX_get_cert_store(tls_context_ssl(s->trusted));
	STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(store);
	unsigned char digest[SHA256_DIGEST_LENGTH];

	for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
		X509 *x = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));

		if (!x || X509_digest(x, EVP_sha256(), digest, NULL) != 1)
			continue;
		for (size_t k = 0; k < sizeof digest; k++) /* in whatever order they stand */
			s->session[k] ^= digest[k];
	}
}

void tls_server_ask(struct tls_server *s, struct tls_context *trusted)
{
	memcpy(s->session, "facteur", 8);
	s->asks = true;
	s->trusted = trusted ? tls_context_keep(trusted) : NULL;
	if (trusted)
		name_session(s);
}

bool tls_server_asks(const struct tls_server *s)
{
	return s->asks;
}

void tls_server_ask_in(const struct tls_server *s, SSL *ssl)
{
	if (!s->asks)
		return;
	SSL_set_session_id_context(ssl, s->session, sizeof s->session);
	if (s->trusted)
		SSL_set1_verify_cert_store(
			ssl, SSL_CTX_get_cert_store(tls_context_ssl(s->trusted)));
}

struct tls_server *tls_server_keep(struct tls_server *s)
{
	__atomic_add_fetch(&s->references, 1, __ATOMIC_RELAXED);
	return s;
}

void tls_server_drop(struct tls_server *s)
{
	if (!s || __atomic_sub_fetch(&s->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; i < s->count; i++) {
		mem_free((char *)s->names[i].name.p);
		tls_context_free(s->names[i].pair);
	}
	tls_context_free(s->pair);
	tls_context_free(s->trusted);
	mem_free(s->names);
	mem_free(s);
}

static bool fits(str pattern, str name)
{
	if (!str_starts(pattern, S(".")))
		return str_eq_nocase(pattern, name);
	return name.n > pattern.n && str_eq_nocase(pattern, str_skip(name, name.n - pattern.n));
}

struct tls_context *tls_server_pair(const struct tls_server *s, str name)
{
	struct tls_context *pair = s->pair;
	size_t longest = 0;

	for (size_t i = 0; i < s->count; i++)
		if (s->names[i].name.n > longest && fits(s->names[i].name, name)) {
			pair = s->names[i].pair;
			longest = s->names[i].name.n;
		}
	return pair;
}
