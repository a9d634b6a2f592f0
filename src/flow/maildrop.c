#include "flow/maildrop.h"

#include "base/mem.h"
#include "flow/body.h"
#include "flow/dotforward.h"
#include "flow/program.h"
#include "mail/address.h"
#include "mail/delivered.h"
#include "world/file.h"

struct maildrop {
	struct flow *flow;
	struct delivery *d;
	size_t next; /* recipient */
	struct arena arena;
	struct courier_parcel *parcel;
	struct body *body;
	bool wants;   /* the courier can take more */
	bool begun;   /* its header has been looked at */
	bool sent_on; /* by its .forward */
};

static void next_recipient(struct maildrop *m);

static const struct envelope_rcpt *recipient(const struct maildrop *m)
{
	return &m->d->job->message->envelope.rcpts[m->d->job->rcpts[m->next]];
}

static void recipient_over(struct maildrop *m, const struct fail *why)
{
	struct delivery_result *result = &m->d->results[m->next];

	result->ours = true;
	result->dsn_passed = m->sent_on;
	result->end = !why || why->kind == FAIL_NONE ? DELIVERY_DONE
		      : why->kind == FAIL_PERMANENT  ? DELIVERY_REFUSED
						     : DELIVERY_LATER;
	if (why && why->text[0])
		result->reply = *why;
	else
		fail_with(&result->reply, FAIL_NONE, "2.0.0", "%s",
			m->d->transport->kind == CONF_PIPE ? "given to the program"
							   : "delivered into the mailbox");
	body_free(m->body);
	m->body = NULL;
	m->parcel = NULL;
	arena_reset(&m->arena);
	m->next++;
	next_recipient(m);
}

static str key_of(const struct maildrop *m, char to[ADDRESS_KEY_MAX])
{
	str key = recipient(m)->address;

	return address_key(recipient(m)->address, to, &key) ? key : recipient(m)->address;
}

/* By whose rights. */
static bool user_of(struct maildrop *m, str *user, struct fail *why)
{
	char key_space[ADDRESS_KEY_MAX];

	*user = m->d->transport->user;
	if (!str_eq(*user, CONF_USER_LOCAL))
		return true;
	*user = arena_copy(&m->arena, route_local(m->d->router, key_of(m, key_space)));
	if (str_eq(*user, S("root")))
		return fail_with(why, FAIL_PERMANENT, "5.2.0",
			"No mail is delivered by the rights of root: an alias may lead it to "
			"somebody");
	return true;
}

/* He is in his mailbox by his own .forward: it is not looked at again, the circle was looked for
 * when it was, and the field stands on top already. */
static bool forwarded(const struct maildrop *m)
{
	return str_starts(recipient(m)->into, ROUTE_MAILBOX);
}

/* --- where to ----------------------------------------------------------------------------------
 */

/* A part of an address may be a part of a path when it stays one component and is not hidden. */
static bool safe_component(str part)
{
	return part.n > 0 && part.p[0] != '.' && !str_has(part, '/') && !str_has(part, '\0');
}

static bool put_component(struct buf *to, str part, struct fail *why)
{
	if (!safe_component(part))
		return fail_with(why, FAIL_PERMANENT, "5.1.3",
			"This address cannot be the name of a mailbox folder");
	buf_put(to, part);
	return true;
}

/* The transport's path with {local}, {domain} and {address} filled in. */
static bool fill_path(struct maildrop *m, str *path, struct fail *why)
{
	char key_space[ADDRESS_KEY_MAX];
	str pattern = m->d->transport->path, key = key_of(m, key_space), before, name;
	struct buf filled = { 0 };
	bool done = true;

	while (done && str_cut(&pattern, '{', &before)) {
		buf_put(&filled, before);
		str_cut(&pattern, '}', &name);
		if (str_eq(name, S("local")))
			done = put_component(&filled, route_local(m->d->router, key), why);
		else if (str_eq(name, S("domain")))
			done = put_component(&filled, address_domain(key), why);
		else
			done = put_component(&filled,
				arena_printf(&m->arena, "%.*s@%.*s",
					STR(route_local(m->d->router, key)),
					STR(address_domain(key))),
				why);
	}
	buf_put(&filled, before);
	*path = file_path(&m->arena, router_conf(m->d->router)->dir, buf_str(&filled));
	buf_free(&filled);
	return done;
}

/* --- one letter --------------------------------------------------------------------------------
 */

/* Do we write Delivered-To into this delivery?  Then mail that has it already came back to us. */
static bool writes_delivered_to(const struct maildrop *m)
{
	const struct conf_transport *t = m->d->transport;

	return (t->kind == CONF_MAILDIR && !forwarded(m)) || t->delivered_to == CONF_ON;
}

/* The beginning of the message: has it been delivered here before? */
static bool runs_in_a_circle(struct maildrop *m, str bytes, struct fail *why)
{
	str address = recipient(m)->address;

	if (m->begun)
		return false;
	m->begun = true;
	if (!writes_delivered_to(m) || !delivered_before(bytes, address))
		return false;
	fail_with(why, FAIL_PERMANENT, "5.4.6",
		"Mail forwarding loop: this has been delivered to <%.*s> before", STR(address));
	return true;
}

static void give(struct maildrop *m)
{
	struct courier_parcel *parcel = m->parcel;
	struct fail why;
	str bytes;

	switch (body_next(m->body, &bytes, &why)) {
	case BODY_LATER:
		return; /* body_ready goes on */
	case BODY_FAILED:
		courier_drop(parcel);
		recipient_over(m, &why);
		return;
	case BODY_READY:
		break;
	}
	if (runs_in_a_circle(m, bytes, &why)) {
		courier_drop(parcel);
		recipient_over(m, &why);
		return;
	}
	m->wants = false;
	if (bytes.n > 0)
		courier_write(parcel, bytes);
	else
		courier_finish(parcel);
}

static void body_ready(void *owner)
{
	give(owner);
}

static void writable(void *owner)
{
	struct maildrop *m = owner;

	if (m->wants)
		return; /* the spool reads already */
	m->wants = true;
	give(m);
}

static void done(void *owner, const struct fail *why)
{
	recipient_over(owner, why);
}

static const struct courier_handler handler = { .writable = writable, .done = done };

static str sender(const struct maildrop *m)
{
	const struct envelope_rcpt *rcpt = recipient(m);

	return rcpt->has_sender ? rcpt->sender : m->d->job->message->envelope.sender;
}

/* Of this recipient. */
static bool whom_of(struct maildrop *m, struct courier_whom *whom, struct fail *why)
{
	*whom = (struct courier_whom){ .address = recipient(m)->address,
		.into = recipient(m)->into };
	return user_of(m, &whom->user, why);
}

static bool into_folder(struct maildrop *m, struct fail *why)
{
	struct courier_whom whom;
	str path, head;

	if (!whom_of(m, &whom, why))
		return false;
	if (m->d->transport->path.n == 0)
		path = m->d->nexthop; /* the file of an alias */
	else if (!fill_path(m, &path, why))
		return false;
	head = arena_printf(&m->arena, "Return-Path: <%.*s>\r\n", STR(sender(m)));
	if (writes_delivered_to(m))
		head = arena_printf(&m->arena, "%.*sDelivered-To: %.*s\r\n", STR(head),
			STR(recipient(m)->address));
	if (m->d->transport->path.n > 0 || str_ends(path, S("/")))
		m->parcel = courier_send(
			m->flow->courier, m->flow->loop, &whom, path, head, &handler, m);
	else
		m->parcel = courier_append(
			m->flow->courier, m->flow->loop, &whom, path, sender(m), head, &handler, m);
	return true;
}

static bool into_program(struct maildrop *m, struct fail *why)
{
	char key_space[ADDRESS_KEY_MAX];
	str key = key_of(m, key_space), head;
	struct courier_program program;
	struct courier_whom whom;
	struct program_mail mail;

	if (!whom_of(m, &whom, why))
		return false;
	mail = (struct program_mail){ .id = m->d->job->message->envelope.id,
		.recipient = recipient(m)->address,
		.sender = sender(m),
		.local = route_local(m->d->router, key),
		.domain = address_domain(key),
		.nexthop = m->d->nexthop };
	if (!program_fill(&m->arena, m->d->transport, &mail, &program, &head, why))
		return false;
	m->parcel =
		courier_run(m->flow->courier, m->flow->loop, &whom, &program, head, &handler, m);
	return true;
}

static void deliver(struct maildrop *m)
{
	struct fail why;

	if (m->d->transport->kind == CONF_PIPE ? into_program(m, &why) : into_folder(m, &why))
		m->body = body_new(m->flow, m->d->job->message->content, body_ready, m);
	else
		recipient_over(m, &why);
}

/* --- his .forward ------------------------------------------------------------------------------
 */

static void stays(void *owner)
{
	deliver(owner);
}

static void sent_on(void *owner, const struct fail *why)
{
	struct maildrop *m = owner;

	m->sent_on = why->kind == FAIL_NONE;
	recipient_over(m, why);
}

static const struct dotforward_handler forward_handler = { .stays = stays, .done = sent_on };

/* The files of aliases and of .forwards are no mailboxes. */
static bool has_forward(const struct maildrop *m)
{
	return m->d->transport->forward && m->d->transport->path.n > 0 && !forwarded(m);
}

static void begin(struct maildrop *m)
{
	struct fail why;
	str user;

	m->wants = m->begun = m->sent_on = false;
	if (!m->flow->courier)
		fail_with(&why, FAIL_TEMPORARY, "4.3.5", "This server has no courier");
	else if (!has_forward(m)) {
		deliver(m);
		return;
	} else if (user_of(m, &user, &why)) {
		dotforward_begin(m->flow, m->d, m->next, user, &forward_handler, m);
		return;
	}
	recipient_over(m, &why);
}

static void next_recipient(struct maildrop *m)
{
	if (m->next == m->d->job->count) {
		struct delivery *d = m->d;

		d->after = SCHEDULE_CLOSED;
		delivery_log(d, &(struct delivery_peer){ .host = S("") });
		arena_free(&m->arena);
		mem_free(m);
		d->finished(d->owner, d);
		return;
	}
	begin(m);
}

void maildrop_deliver(struct flow *f, struct delivery *d)
{
	struct maildrop *m = MEM_NEW(struct maildrop);

	m->flow = f;
	m->d = d;
	arena_init(&m->arena, ARENA_UNLIMITED);
	next_recipient(m);
}
