/* Law: whatever builds, prints to a text that builds, prints the same, and has the same parts; what
 * does not build says where. */
#include "test/fuzz.h"

#include "base/buf.h"
#include "conf/conf.h"

static void same_transport(const struct conf_transport *a, const struct conf_transport *b)
{
	LAW(a->kind == b->kind && str_eq(a->name, b->name) && str_eq(a->host, b->host));
	LAW(a->port == b->port && str_eq(a->path, b->path) && str_eq(a->text, b->text));
	LAW(a->origin.line == b->origin.line && a->origin.column == b->origin.column);
}

static void same(const struct conf *a, const struct conf *b)
{
	LAW(str_eq(a->hostname.text, b->hostname.text));
	LAW(str_eq(a->hostname.origin.file, b->hostname.origin.file));
	LAW(a->hostname.origin.line == b->hostname.origin.line);
	LAW(a->hostname.origin.column == b->hostname.origin.column);
	LAW(a->relay_for.count == b->relay_for.count && a->domain_count == b->domain_count);
	LAW(a->listener_count == b->listener_count && a->mailbox_count == b->mailbox_count);
	LAW(memcmp(&a->limits, &b->limits, sizeof a->limits) == 0);
	LAW(memcmp(&a->queue, &b->queue, sizeof a->queue) == 0);
	LAW(a->transport_count == b->transport_count && a->route_count == b->route_count);
	for (size_t i = 0; i < a->transport_count; i++)
		same_transport(&a->transports[i], &b->transports[i]);
	for (size_t i = 0; i < a->route_count; i++) {
		LAW(str_eq(a->routes[i].pattern, b->routes[i].pattern));
		same_transport(a->routes[i].transport, b->routes[i].transport);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_source source = { S("x.conf"), str_from(data, size) };
	struct buf once = { 0 }, twice = { 0 }, errors = { 0 };
	struct fail why = { 0 };
	struct conf *c = conf_build_all(S("/etc/facteur"), &source, 1, &errors, &why), *again;

	if (!c) {
		LAW(str_has(str_of(why.text), ':') && buf_str(&errors).n > 0);
		buf_free(&errors);
		return 0;
	}
	LAW(buf_str(&errors).n == 0);
	conf_print(c, &once);
	source = (struct conf_source){ S("facteur.conf"), buf_str(&once) };
	again = conf_build(S("/etc/facteur"), &source, 1, &why);
	LAW(again);
	conf_print(again, &twice);
	LAW(str_eq(buf_str(&once), buf_str(&twice)));
	same(c, again);
	conf_drop(c);
	conf_drop(again);
	buf_free(&once);
	buf_free(&twice);
	return 0;
}
