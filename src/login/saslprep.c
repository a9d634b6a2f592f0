#include "login/saslprep.h"

#include <openssl/crypto.h>
#include <stringprep.h>

#include "base/ascii.h"
#include "base/utf8.h"

/* Normalising may make a text longer; libidn wants the room beforehand. */
#define PREPARED_MAX (SASLPREP_OCTETS_MAX * 4)

static bool is_plain(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_high(s.p[i]) || ascii_control(s.p[i]))
			return false;
	return true;
}

bool saslprep(str text, bool stored, struct buf *to)
{
	char work[PREPARED_MAX];
	Stringprep_profile_flags flags = stored ? STRINGPREP_NO_UNASSIGNED : 0;
	bool ok;

	if (text.n == 0 || text.n > SASLPREP_OCTETS_MAX || memchr(text.p, 0, text.n))
		return false;
	if (is_plain(text)) /* nothing to be changed in it */
		return buf_add(to, text);
	if (!utf8_valid(text))
		return false;
	str_to_c(text, work, sizeof work);
	ok = stringprep(work, sizeof work, flags, stringprep_saslprep) == STRINGPREP_OK &&
	     work[0] != '\0' && buf_add(to, str_of(work));
	OPENSSL_cleanse(work, sizeof work);
	return ok;
}

bool saslprep_name(str text, bool stored, struct buf *to)
{
	size_t before = buf_str(to).n;
	char *p;

	if (!saslprep(text, stored, to))
		return false;
	p = to->p + to->start + before;
	for (size_t i = 0; i < buf_str(to).n - before; i++) {
		if (p[i] == ':' || ascii_control(p[i]))
			return false;
		p[i] = ascii_lower(p[i]);
	}
	return true;
}

void saslprep_wipe(struct buf *secret)
{
	if (secret->p)
		OPENSSL_cleanse(secret->p, secret->size);
	buf_free(secret);
}
