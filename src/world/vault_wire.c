#include "world/vault_wire.h"

static void put_field(struct buf *to, str field)
{
	char length[2] = { (char)(field.n >> 8), (char)(field.n & 0xff) };

	buf_put(to, str_from(length, sizeof length));
	buf_put(to, field);
}

bool vault_wire_write(const struct vault_message *m, struct buf *to)
{
	char head[8] = { (char)m->word, (char)m->mode, (char)m->digest, (char)m->status,
		(char)(m->ticket >> 24), (char)(m->ticket >> 16 & 0xff),
		(char)(m->ticket >> 8 & 0xff), (char)(m->ticket & 0xff) };

	if (m->path.n > VAULT_PATH_MAX || m->key.n > VAULT_MESSAGE_MAX ||
		m->data.n > VAULT_MESSAGE_MAX ||
		sizeof head + 6 + m->path.n + m->key.n + m->data.n > VAULT_MESSAGE_MAX)
		return false;
	buf_put(to, str_from(head, sizeof head));
	put_field(to, m->path);
	put_field(to, m->key);
	put_field(to, m->data);
	return true;
}

static bool take_field(str *bytes, str *field)
{
	size_t n;

	if (bytes->n < 2)
		return false;
	n = (size_t)(unsigned char)bytes->p[0] << 8 | (unsigned char)bytes->p[1];
	*bytes = str_skip(*bytes, 2);
	if (n > bytes->n)
		return false;
	*field = str_first(*bytes, n);
	*bytes = str_skip(*bytes, n);
	return true;
}

bool vault_wire_read(str bytes, struct vault_message *m)
{
	unsigned char head[8];

	if (bytes.n < sizeof head || bytes.n > VAULT_MESSAGE_MAX)
		return false;
	for (size_t i = 0; i < sizeof head; i++)
		head[i] = (unsigned char)bytes.p[i];
	if (head[0] == 0 || head[0] >= VAULT_WORDS || head[1] >= VAULT_MODES ||
		head[2] >= VAULT_DIGESTS || head[3] >= VAULT_STATES)
		return false;
	*m = (struct vault_message){ .word = head[0],
		.mode = head[1],
		.digest = head[2],
		.status = head[3],
		.ticket = (uint32_t)head[4] << 24 | (uint32_t)head[5] << 16 |
			  (uint32_t)head[6] << 8 | head[7] };
	bytes = str_skip(bytes, sizeof head);
	return take_field(&bytes, &m->path) && take_field(&bytes, &m->key) &&
	       take_field(&bytes, &m->data) && bytes.n == 0 && m->path.n <= VAULT_PATH_MAX;
}
