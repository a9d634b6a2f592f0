/* queue/parcel: writing, and what both ways share. */
#include <assert.h>
#include <openssl/evp.h>

#include "base/log.h"
#include "base/mem.h"
#include "queue/parcel_inside.h"

const struct parcel_flag parcel_flags[PARCEL_FLAG_COUNT] = {
	{STR_INIT("eightbit"),     ENVELOPE_EIGHTBIT   },
	{ STR_INIT("header-utf8"), ENVELOPE_HEADER_UTF8},
	{ STR_INIT("smtputf8"),    ENVELOPE_SMTPUTF8   },
	{ STR_INIT("signed"),      ENVELOPE_SIGNED     },
	{ STR_INIT("bounce"),      ENVELOPE_BOUNCE     },
	{ STR_INIT("local"),       ENVELOPE_LOCAL      },
	{ STR_INIT("forged"),      ENVELOPE_FORGED     },
};

struct parcel_sum {
	EVP_MD_CTX *digest;
};

struct parcel_sum *parcel_sum_new(void)
{
	struct parcel_sum *s = MEM_NEW(struct parcel_sum);

	s->digest = EVP_MD_CTX_new();
	assert(s->digest);
	parcel_sum_begin(s);
	return s;
}

void parcel_sum_free(struct parcel_sum *s)
{
	if (!s)
		return;
	EVP_MD_CTX_free(s->digest);
	mem_free(s);
}

void parcel_sum_begin(struct parcel_sum *s)
{
	int done = EVP_DigestInit_ex(s->digest, EVP_sha256(), NULL);

	assert(done == 1);
}

void parcel_sum_add(struct parcel_sum *s, str bytes)
{
	int done = bytes.n == 0 || EVP_DigestUpdate(s->digest, bytes.p, bytes.n);

	assert(done == 1);
}

void parcel_sum_print(struct parcel_sum *s, char to[PARCEL_SUM_DIGITS + 1])
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	int done = EVP_DigestFinal_ex(s->digest, sum, &n);

	assert(done == 1 && n * 2 == PARCEL_SUM_DIGITS);
	for (unsigned i = 0; i < n; i++) {
		to[2 * i] = "0123456789abcdef"[sum[i] >> 4];
		to[2 * i + 1] = "0123456789abcdef"[sum[i] & 15];
	}
	to[PARCEL_SUM_DIGITS] = '\0';
}

void parcel_begin(struct buf *to)
{
	buf_put(to, S(PARCEL_FIRST_LINE "\n"));
}

static void put(struct buf *to, const char *word, str value)
{
	buf_putf(to, "%s %.*s\n", word, STR(value));
}

static void put_flags(struct buf *to, unsigned flags)
{
	for (size_t i = 0; i < PARCEL_FLAG_COUNT; i++)
		if (flags & parcel_flags[i].flag)
			put(to, "flag", parcel_flags[i].name);
}

static void put_rcpt(struct buf *to, const struct envelope_rcpt *e, const struct promise_rcpt *r)
{
	put(to, "recipient", e->address);
	if (!str_eq(e->original, e->address))
		put(to, "original", e->original);
	if (e->orcpt.n > 0)
		put(to, "orcpt", e->orcpt);
	if (e->into.n > 0)
		put(to, "into", e->into);
	if (e->notify)
		buf_putf(to, "notify %u\n", e->notify);
	if (e->has_sender)
		put(to, "sender-for-it", e->sender);
	if (e->forwarded)
		buf_put(to, S("forwarded yes\n"));
	if (r->attempts > 0)
		buf_putf(to, "attempts %u\n", r->attempts);
	if (r->held)
		buf_put(to, S("held yes\n"));
}

void parcel_write(struct parcel_sum *s, const struct promise *m, const bool *wanted, struct buf *to)
{
	const struct envelope *e = &m->envelope;
	char id[LOG_ID_TEXT_MAX], ip[IP_TEXT_MAX];
	struct buf header = { 0 };

	put(&header, "message", str_of(log_id_print(e->id, id)));
	if (e->session_id)
		put(&header, "session", str_of(log_id_print(e->session_id, id)));
	buf_putf(&header, "received %lld\n", (long long)e->received_ms);
	put(&header, "sender", e->sender);
	if (e->forwarder.n > 0)
		put(&header, "forwarder", e->forwarder);
	put_flags(&header, e->flags);
	if (e->ret)
		buf_putf(&header, "ret %u\n", (unsigned)e->ret);
	if (e->envid.n > 0)
		put(&header, "envid", e->envid);
	if (e->client.family)
		put(&header, "client", str_of(ip_print(&e->client, ip)));
	if (e->helo.n > 0)
		put(&header, "helo", e->helo);
	if (e->login.n > 0)
		put(&header, "login", e->login);
	for (size_t i = 0; i < e->rcpt_count; i++)
		if (wanted[i])
			put_rcpt(&header, &e->rcpts[i], &m->rcpts[i]);
	buf_putf(&header, "octets %llu\n", (unsigned long long)m->content->octets);
	parcel_sum_begin(s);
	parcel_write_octets(s, buf_str(&header), to);
	buf_free(&header);
}

void parcel_write_octets(struct parcel_sum *s, str bytes, struct buf *to)
{
	parcel_sum_add(s, bytes);
	buf_put(to, bytes);
}

void parcel_write_sum(struct parcel_sum *s, bool unreadable, struct buf *to)
{
	char sum[PARCEL_SUM_DIGITS + 1];

	parcel_sum_print(s, sum);
	buf_putf(to, "\nsha256 %s\n", unreadable ? PARCEL_UNREADABLE_WORD : sum);
}

void parcel_end(size_t messages, struct buf *to)
{
	buf_putf(to, "end %zu\n", messages);
}
