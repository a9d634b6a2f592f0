/* Laws: every key of a table that is taken is an address of the domain, and its line is in the
 * text; reading the keys as a file of recipients gives the same table. */
#include "test/fuzz.h"

#include "base/buf.h"
#include "mail/address.h"
#include "route/alias_table.h"
#include "route/recipients.h"

static struct alias_table *read(str text)
{
	struct recipients_builder *b = recipients_builder_new(S("l.test"));
	struct fail why;
	bool ok = recipients_builder_add(b, S("f"), text, &why);
	struct alias_table *t = recipients_builder_finish(b);

	if (ok)
		return t;
	LAW(str_starts(str_of(why.text), S("f:")));
	alias_table_free(t);
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct alias_table *t = read(str_from(data, size)), *again;
	struct alias_targets found;
	struct buf keys = { 0 };
	str key;

	if (!t)
		return 0;
	for (size_t i = 0; alias_table_key(t, i, &key); i++) {
		LAW(str_eq(address_domain(key), S("l.test")) && address_local(key).n > 0);
		LAW(alias_table_find(t, key, &found) && found.line <= size);
		if (str_starts(key, S("#"))) /* it was in quotes, or it would be a comment */
			buf_putf(&keys, "\"%.*s\"@l.test", STR(address_local(key)));
		else
			buf_put(&keys, key);
		buf_put_char(&keys, '\n');
	}
	again = read(buf_str(&keys));
	LAW(again && again->count == t->count);
	alias_table_free(again);
	alias_table_free(t);
	buf_free(&keys);
	return 0;
}
