/* Laws: what leaves does not depend on the cut; where no rule changes anything, it is what came in;
 * where one does, no field that it removes is left; who rewrites what was rewritten changes nothing
 * more. */
#include "test/fuzz.h"

#include "base/buf.h"
#include "base/log.h"
#include "flow/edit.h"
#include "mail/fields.h"
#include "route/router_fake.h"

static const struct router_fake_file files[] = {
	{"keep",  "/^X-(.*)/ warn $1\n/hold/ hold\n"             },
	{ "drop", "/^x-a:/ remove\n/^subject: (.)/ prepend X-First: $1\n/refuse/ refuse\n"
		  "/^x-b:(.*)/ replace X-C:$1\n"},
	{ "who",  "@a.test @b.test\nx@b.test y@b.test\n"         },
};

static const struct setup {
	const char *conf;
	bool changes;
} setups[] = {
	{"hostname p.test\nheaders pcre:keep\n",                                      false},
	{ "hostname p.test\nheaders pcre:drop\n",                                     true },
	{ "hostname p.test\nrewrite { header-sender hash:who; masquerade m.test }\n", true },
};

static void put(void *owner, str bytes)
{
	buf_put(owner, bytes);
}

/* False: refused. */
static bool run(struct router *r, str text, size_t cut, struct buf *out)
{
	struct flow f = { .loop = loop_new("fuzz") };
	struct ruling *g = ruling_new(&f, r, 1, 2);
	struct edit_mail mail = { .id = 2, .ours = true, .ruling = g };
	struct edit *e = edit_new(r, &mail);
	bool ok;

	for (; text.n > 0; text = str_skip(text, cut))
		edit_feed(e, str_first(text, cut), put, out);
	edit_over(e, false, put, out);
	ok = !edit_refusal(e);
	edit_free(e);
	ruling_free(g);
	loop_free(f.loop);
	return ok;
}

static void check_lines(str out)
{
	str line;

	while (out.n > 0) {
		(void)str_cut(&out, '\n', &line);
		LAW(!str_starts_nocase(line, S("X-A:")) && !str_starts_nocase(line, S("X-B:")));
	}
}

/* Fields only, as mail/header finds them. */
static bool is_header(str text)
{
	struct header_scan scan;
	size_t n;

	header_scan_init(&scan);
	n = header_scan_feed(&scan, text);
	return n == text.n && !scan.over;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct router *routers[LENGTH(setups)];
	struct buf whole = { 0 }, cut = { 0 }, again = { 0 };
	size_t which = size > 0 ? data[0] % LENGTH(setups) : 0;
	str text = str_from(data + 1, size > 0 ? size - 1 : 0);
	bool ok;

	if (!routers[which])
		routers[which] = router_fake_new(setups[which].conf, files, LENGTH(files));
	if (text.n == 0 || !is_header(text))
		return 0;
	ok = run(routers[which], text, text.n, &whole);
	LAW(run(routers[which], text, 1 + data[1] % 16, &cut) == ok);
	LAW(str_eq(buf_str(&whole), buf_str(&cut)));
	if (!setups[which].changes)
		LAW(ok && str_eq(buf_str(&whole), text));
	if (which == 1)
		check_lines(buf_str(&whole));
	if (which == 2 && ok) {
		LAW(run(routers[which], buf_str(&whole), 7, &again));
		LAW(str_eq(buf_str(&whole), buf_str(&again)));
	}
	buf_free(&whole);
	buf_free(&cut);
	buf_free(&again);
	return 0;
}
