/* flow/inbound, log: what is told of a session and of its refusals. */
#include "base/log.h"
#include "flow/inbound_inside.h"

void inbound_log_session(const struct inbound *in, str why)
{
	char ip[IP_TEXT_MAX];
	struct log_record r;

	log_open(&r, LOG_INFO, "session");
	log_id(&r, "session", in->id);
	log_c(&r, "client", ip_print(&in->client, ip));
	if (in->through.family)
		log_c(&r, "through", ip_print(&in->through, ip));
	log_str(&r, "listener", in->listener);
	log_str(&r, "helo", smtp_server_helo(in->machine));
	if (in->tls) {
		log_c(&r, "tls", in->tls->version);
		log_c(&r, "cipher", in->tls->cipher);
		if (in->certified)
			log_c(&r, "certificate", "relay-for-certificate");
		log_c(&r, "resumed", in->tls->resumed ? "yes" : "no");
	}
	if (smtp_server_auth_login(in->machine).n > 0)
		log_str(&r, "login", smtp_server_auth_login(in->machine));
	log_int(&r, "accepted", in->accepted);
	log_int(&r, "refused", in->refused);
	log_str(&r, "end", why);
	log_close(&r);
}

void inbound_log_refused(struct inbound *in, str recipient, const struct fail *why)
{
	struct fail said = *why;
	char ip[IP_TEXT_MAX];
	struct log_record r;

	if (in->setup.softens && fail_code(why) / 10 != 53)
		fail_soften(&said);
	in->refused++;
	FLOW_COUNT(in->flow, refused);
	log_open(&r, LOG_INFO, "refused");
	log_id(&r, "session", in->id);
	if (in->transaction)
		transaction_log(in->transaction, &r);
	log_c(&r, "client", ip_print(&in->client, ip));
	log_str(&r, "helo", smtp_server_helo(in->machine));
	if (recipient.n > 0)
		log_str(&r, "to", recipient);
	log_fail(&r, &said);
	log_close(&r);
	if (fail_code(why) == 421)
		inbound_ends_with(in, why);
}
