/* flow/inbound: who the client really is, where a proxy or a filter stands before him. */
#include "flow/inbound_inside.h"

#include "base/log.h"
#include "gate/relay.h"
#include "login/saslprep.h"
#include "smtp/proxy.h"

/* What depends on who the client is. */
void inbound_client_know(struct inbound *in, const struct ip *client)
{
	const struct conf *conf = router_conf(in->router);

	in->client = in->sign_in.client = *client;
	in->ours = in->certified || relay_trusted(conf, client);
	in->setup.repair_newlines = conf_nets_find(&conf->repair_newlines, client) != NULL;
}

/* --- the PROXY header --------------------------------------------------------------------------
 */

bool inbound_client_is_proxy(const struct inbound *in)
{
	const struct conf *c = router_conf(in->router);

	for (size_t i = 0; i < c->listener_count; i++)
		if (str_eq(c->listeners[i].name, in->listener))
			return conf_nets_find(&c->listeners[i].proxies, &in->client) != NULL;
	return false;
}

/* Nobody is counted yet: it is not the proxy's session, and it says its header at once. */
void inbound_client_await(struct inbound *in)
{
	struct flow *f = in->flow;

	in->heading = true;
	sock_peek(in->sock);
	loop_timer_set(
		f->loop, &in->timer, loop_now_ms(f->loop) + in->setup.limits->handshake_ms_max);
}

/* Without a header there is nobody to talk to. */
static void end_headless(struct inbound *in, const struct fail *why)
{
	inbound_log_refused(in, S(""), why);
	sock_close(in->sock);
	inbound_free(in, str_of(why->text));
}

/* The PROXY header; what is not of it stays where it is, it may be a handshake. */
size_t inbound_client_header(struct inbound *in, str bytes)
{
	struct proxy_header header;
	struct fail why;
	str rest = bytes;

	switch (proxy_take(&rest, &header, &why)) {
	case SCAN_MORE:
		return 0;
	case SCAN_BAD:
		end_headless(in, &why);
		return 0;
	case SCAN_DONE:
		break;
	}
	in->heading = false;
	in->unnamed = header.local;
	sock_peek_end(in->sock);
	if (!header.local) {
		in->through = in->client;
		inbound_client_know(in, &header.client.ip);
	}
	inbound_begin(in);
	return bytes.n - rest.n;
}

void inbound_client_late(struct inbound *in)
{
	struct fail why;

	fail_reply(&why, 421, "4.4.2", "The PROXY header took too long");
	end_headless(in, &why);
}

/* --- XCLIENT and XFORWARD -----------------------------------------------------------------------
 */

/* The session is another client's from now on: one without an address is taken as who named him, of
 * whom nobody thinks much (conf/check).  A certificate is the proxy's, whenever it is shown. */
static bool rename_client(struct inbound *in, const struct ip *client, struct fail *why)
{
	if (in->counted)
		census_leave(in->flow->census, &in->client);
	if (!in->named_by.family)
		in->named_by = in->client;
	if (!in->through.family)
		in->through = in->client;
	in->certified = false;
	in->unnamed = !client->family;
	inbound_client_know(in, client->family ? client : &in->named_by);
	in->counted = census_enter(in->flow->census, &in->client, router_conf(in->router), why);
	return in->counted;
}

/* XCLIENT has said who the client is.  A name of a login that no table could have is none. */
void inbound_client_ask(struct inbound *in, const struct smtp_server_act *act)
{
	const struct xclient *x = act->client;
	struct buf login = { 0 };
	struct fail why = { 0 };
	bool wanted = true;

	if (x->said & XCLIENT_LOGIN && x->login[0] &&
		!saslprep_name(str_of(x->login), false, &login))
		wanted = fail_reply(&why, 501, "5.5.4", "LOGIN is no name that we could know");
	if (wanted && x->said & XCLIENT_ADDR)
		wanted = rename_client(in, &x->addr, &why);
	if (!wanted)
		inbound_log_refused(in, S(""), &why);
	smtp_server_answer(in->machine, act->ticket, wanted ? NULL : &why, buf_str(&login));
	buf_free(&login);
}

void inbound_client_forwarded(const struct inbound *in, const struct xclient *x)
{
	char ip[IP_TEXT_MAX];
	struct log_record r;

	log_open(&r, LOG_INFO, "forwarded");
	log_id(&r, "session", in->id);
	log_id(&r, "id", transaction_id(in->transaction));
	log_c(&r, "client", ip_print(&in->client, ip));
	if (x->addr.family)
		log_c(&r, "of", ip_print(&x->addr, ip));
	if (x->helo[0])
		log_c(&r, "helo", x->helo);
	log_close(&r);
}
