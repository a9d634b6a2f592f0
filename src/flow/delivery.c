#include "flow/delivery.h"

#include "base/log.h"
#include "world/clock.h"

void delivery_refuse_all(struct delivery *d, const struct fail *why)
{
	for (size_t i = 0; i < d->job->count; i++)
		d->results[i] = (struct delivery_result){
			.end = why->kind == FAIL_PERMANENT ? DELIVERY_REFUSED : DELIVERY_LATER,
			.reply = *why,
			.ours = true
		};
}

static void log_peer(struct log_record *r, const struct delivery_peer *peer)
{
	char at[ENDPOINT_TEXT_MAX];

	if (peer->host.n > 0)
		log_str(r, "host", peer->host);
	if (peer->at)
		log_c(r, "address", endpoint_print(peer->at, at));
	if (peer->login && peer->login[0])
		log_c(r, "login", peer->login);
	if (!peer->tls || !peer->tls->version[0])
		return;
	log_c(r, "tls", peer->tls->version);
	log_c(r, "cipher", peer->tls->cipher);
	log_c(r, "verified", peer->tls->verified ? "yes" : peer->tls->problem);
}

void delivery_log(const struct delivery *d, const struct delivery_peer *peer)
{
	const struct promise *m = d->job->message;

	for (size_t i = 0; i < d->job->count; i++) {
		const struct delivery_result *result = &d->results[i];
		struct log_record r;

		log_open(
			&r, LOG_INFO, result->end == DELIVERY_DONE ? "delivered" : "not-delivered");
		log_id(&r, "id", m->envelope.id);
		log_str(&r, "to", m->envelope.rcpts[d->job->rcpts[i]].address);
		log_str(&r, "transport", d->transport->name);
		log_peer(&r, peer);
		log_int(&r, "size", (int64_t)m->envelope.octets);
		log_int(&r, "delay_ms", clock_wall_ms() - m->envelope.received_ms);
		log_fail(&r, &result->reply);
		log_close(&r);
	}
}
