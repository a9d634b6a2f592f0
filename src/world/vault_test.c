/* A vault in a process of its own: keys, signatures and handshakes without a key in ours. */
#include "test/test.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "world/file.h"
#include "world/pass.h"
#include "world/tls_vault.h"
#include "world/vault.h"
#include "world/vault_serve.h"

static const struct kind {
	const char *name, *make;
} kinds[] = {
	{"rsa",      "rsa:2048"                           },
	{ "ec",      "ec -pkeyopt ec_paramgen_curve:P-256"},
	{ "ed25519", "ed25519"                            },
};

static char folder[64];
static int office[2];
static pid_t vault;

static void on_over(void *owner)
{
	loop_stop(owner);
}

static const struct vault_serve_handler keys_only = { .over = on_over };

static void start_vault(void)
{
	struct loop *l;

	vault = fork();
	if (vault != 0)
		return;
	l = loop_new("vault");
	if (vault_serve_new(l, office[1], &keys_only, l))
		loop_run(l);
	_exit(0);
}

static void kill_vault(void)
{
	kill(vault, SIGKILL);
	waitpid(vault, NULL, 0);
}

static void begin(void)
{
	char command[400];
	struct fail why;

	str_to_c(S("/tmp/facteur-vault-XXXXXX"), folder, sizeof folder);
	CHECK(mkdtemp(folder));
	for (size_t i = 0; i < LENGTH(kinds); i++) {
		snprintf(command, sizeof command,
			"cd %s && openssl req -x509 -newkey %s -nodes -subj /CN=vault.test -keyout "
			"%s.key -out %s.pem 2>openssl.log",
			folder, kinds[i].make, kinds[i].name, kinds[i].name);
		CHECK(system(command) == 0);
	}
	CHECK(pass_pair(office, &why));
	start_vault();
	vault_of(office[0]);
}

static void finish(void)
{
	char command[100];

	kill_vault();
	vault_of(-1);
	pass_close(office[0]);
	pass_close(office[1]);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	CHECK(system(command) == 0);
}

static const char *path_of(const char *name, const char *end)
{
	static char path[120];

	snprintf(path, sizeof path, "%s/%s%s", folder, name, end);
	return path;
}

static SSL_CTX *server_of(const struct kind *kind, int version)
{
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());
	struct fail why = { 0 };
	EVP_PKEY *key = tls_vault_key(str_of(path_of(kind->name, ".key")), &why);

	if (!key)
		print_error("%s\n", why.text);
	CHECK(c && key);
	CHECK(SSL_CTX_set_min_proto_version(c, version) &&
		SSL_CTX_set_max_proto_version(c, version));
	CHECK(SSL_CTX_use_certificate_chain_file(c, path_of(kind->name, ".pem")) == 1);
	CHECK(SSL_CTX_use_PrivateKey(c, key) == 1);
	CHECK(SSL_CTX_check_private_key(c) == 1);
	EVP_PKEY_free(key);
	return c;
}

static int wake(SSL *ssl, void *arg)
{
	(void)ssl;
	loop_stop(arg);
	return 1;
}

/* The handshake; l: parked ones are waited for in it.  How often it was parked. */
static int shake(SSL *server, SSL *client, struct loop *l)
{
	int parked = 0, result = 0;

	for (int i = 0; i < 20 && result != 1; i++) {
		(void)SSL_do_handshake(client);
		result = SSL_do_handshake(server);
		if (result != 1 && SSL_get_error(server, result) == SSL_ERROR_WANT_ASYNC) {
			parked++;
			loop_run(l);
			result = SSL_do_handshake(server);
		}
	}
	CHECK(result == 1 && SSL_do_handshake(client) == 1);
	return parked;
}

static int handshake(const struct kind *kind, int version, struct loop *l)
{
	SSL_CTX *server_context = server_of(kind, version);
	SSL_CTX *client_context = SSL_CTX_new(TLS_client_method());
	SSL *server = SSL_new(server_context), *client = SSL_new(client_context);
	BIO *one, *other;
	int parked;

	CHECK(BIO_new_bio_pair(&one, 0, &other, 0) == 1);
	SSL_set_bio(server, one, one);
	SSL_set_bio(client, other, other);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	if (l) {
		tls_vault_in(l);
		SSL_set_mode(server, SSL_MODE_ASYNC);
		SSL_set_async_callback(server, wake);
		SSL_set_async_callback_arg(server, l);
	}
	parked = shake(server, client, l);
	tls_vault_in(NULL);
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(client_context);
	SSL_CTX_free(server_context);
	return parked;
}

TEST(vault_signs_for_handshakes_that_wait_and_that_are_parked)
{
	struct loop *l;

	begin();
	l = loop_new("test");
	for (size_t i = 0; i < LENGTH(kinds); i++)
		for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
			CHECK(handshake(&kinds[i], version, NULL) == 0);
			CHECK(handshake(&kinds[i], version, l) == 1);
		}
	loop_free(l);
	finish();
}

TEST(vault_refuses_what_is_no_key)
{
	struct fail why;

	begin();
	CHECK(!tls_vault_key(str_of(path_of("rsa", ".pem")), &why));
	CHECK(str_find_str(str_of(why.text), S("rsa.pem")) < strlen(why.text));
	CHECK(!tls_vault_key(str_of(path_of("nothing", ".key")), &why));
	finish();
}

/* A file of the key's base64 alone, as signers of DKIM have them. */
TEST(vault_reads_a_key_without_the_lines_of_pem)
{
	struct vault_message m = { .word = VAULT_KEY, .status = VAULT_ASKED }, pem, bare;
	char command[300];
	struct arena a;
	struct fail why;

	begin();
	arena_init(&a, ARENA_UNLIMITED);
	snprintf(command, sizeof command,
		"cd %s && grep -v -e ---- rsa.key >bare.key && : >empty.key && echo AAAA >not.key",
		folder);
	CHECK(system(command) == 0);
	m.path = arena_copy(&a, str_of(path_of("rsa", ".key")));
	CHECK(vault_ask_now(&a, &m, &pem, &why));
	m.path = arena_copy(&a, str_of(path_of("bare", ".key")));
	CHECK(vault_ask_now(&a, &m, &bare, &why));
	CHECK_STR(bare.key, pem.key);
	m.path = arena_copy(&a, str_of(path_of("empty", ".key")));
	CHECK(!vault_ask_now(&a, &m, &bare, &why));
	m.path = arena_copy(&a, str_of(path_of("not", ".key")));
	CHECK(!vault_ask_now(&a, &m, &bare, &why));
	arena_free(&a);
	finish();
}

struct asked {
	struct vault_question question;
	struct loop *loop;
	bool done;
	enum vault_status status;
};

static void on_answered(
	struct vault_question *q, const struct vault_message *answer, const struct fail *why)
{
	struct asked *a = AROUND(q, struct asked, question);

	a->done = why == NULL;
	a->status = answer ? answer->status : VAULT_ASKED;
	loop_stop(a->loop);
}

TEST(vault_that_dies_is_asked_again)
{
	struct asked a = { .question.answered = on_answered };
	struct vault_message m = { .word = VAULT_KEY, .status = VAULT_ASKED };

	begin();
	m.path = str_of(path_of("ec", ".key"));
	a.loop = loop_new("test");
	vault_ask(&a.question, a.loop, &m);
	loop_run(a.loop);
	CHECK(a.done);
	kill(vault, SIGSTOP); /* it has the question in its hands, and dies */
	a.done = false;
	vault_ask(&a.question, a.loop, &m);
	kill_vault();
	start_vault();
	loop_run(a.loop);
	CHECK(a.done && a.status == VAULT_DONE);
	loop_free(a.loop);
	finish();
}

/* A digest of the wrong length, a mode of another kind of key, another key than the file's. */
TEST(vault_signs_only_what_the_mode_is_for)
{
	struct vault_message m = { .word = VAULT_KEY, .status = VAULT_ASKED }, key, answer;
	unsigned char name[32];
	char digest[64] = { 0 };
	struct arena a;
	struct fail why;

	begin();
	arena_init(&a, ARENA_UNLIMITED);
	m.path = arena_copy(&a, str_of(path_of("rsa", ".key")));
	CHECK(vault_ask_now(&a, &m, &key, &why));
	CHECK(EVP_Digest(key.key.p, key.key.n, name, NULL, EVP_sha256(), NULL) == 1);
	m.word = VAULT_SIGN;
	m.key = str_from((const char *)name, sizeof name);
	m.digest = VAULT_SHA256;
	m.mode = VAULT_PKCS1;
	m.data = str_from(digest, 32);
	CHECK(vault_ask_now(&a, &m, &answer, &why) && answer.data.n == 256);
	m.data = str_from(digest, 31);
	CHECK(!vault_ask_now(&a, &m, &answer, &why));
	m.data = str_from(digest, 32);
	m.mode = VAULT_ECDSA;
	CHECK(!vault_ask_now(&a, &m, &answer, &why));
	m.mode = VAULT_WHOLE;
	CHECK(!vault_ask_now(&a, &m, &answer, &why));
	m.mode = VAULT_PLAIN;
	CHECK(!vault_ask_now(&a, &m, &answer, &why));
	m.mode = VAULT_PSS;
	CHECK(vault_ask_now(&a, &m, &answer, &why));
	name[0] ^= 1;
	CHECK(!vault_ask_now(&a, &m, &answer, &why));
	arena_free(&a);
	finish();
}
