#include "admin/queue_export.h"

#include "base/log.h"
#include "base/mem.h"
#include "flow/body.h"
#include "queue/parcel.h"

struct queue_export {
	struct promise *message; /* a reference */
	struct body *body;
	struct parcel_sum *sum;
	bool *wanted;
	bool begun, failed;
	uint64_t left; /* octets */
	struct fail why;
	void (*later)(void *owner);
	void *owner;
};

void queue_export_begin(struct buf *out)
{
	parcel_begin(out);
}

void queue_export_end(size_t messages, struct buf *out)
{
	parcel_end(messages, out);
}

static void ready(void *owner)
{
	struct queue_export *e = owner;

	e->later(e->owner);
}

struct queue_export *queue_export_new(struct dispatch *d, struct promise *m, const bool *wanted,
	void (*later)(void *owner), void *owner)
{
	struct queue_export *e = MEM_NEW(struct queue_export);

	e->message = promise_keep(m);
	e->wanted = mem_alloc(m->envelope.rcpt_count * sizeof *e->wanted);
	memcpy(e->wanted, wanted, m->envelope.rcpt_count * sizeof *e->wanted);
	e->left = m->content->octets;
	e->later = later;
	e->owner = owner;
	e->sum = parcel_sum_new();
	e->message->users++;
	e->body = body_new(dispatch_flow(d), m->content, ready, e);
	return e;
}

void queue_export_free(struct queue_export *e)
{
	if (!e)
		return;
	body_free(e->body);
	e->message->users--;
	promise_drop(e->message);
	parcel_sum_free(e->sum);
	mem_free(e->wanted);
	mem_free(e);
}

/* As many octets as were announced, but not those of the message; the sum will say so. */
static void fill(struct queue_export *e, struct buf *out)
{
	static const char nothing[4096];
	str some = str_first(str_from(nothing, sizeof nothing), e->left);

	parcel_write_octets(e->sum, some, out);
	e->left -= some.n;
}

static enum queue_export_state finish(struct queue_export *e, struct buf *out, struct fail *why)
{
	char id[LOG_ID_TEXT_MAX];

	parcel_write_sum(e->sum, e->failed, out);
	if (!e->failed)
		return QUEUE_EXPORT_DONE;
	fail_with(why, FAIL_TEMPORARY, "4.3.0", "%s cannot be read: %s",
		log_id_print(e->message->envelope.id, id), e->why.text);
	return QUEUE_EXPORT_FAILED;
}

enum queue_export_state queue_export_next(struct queue_export *e, struct buf *out, struct fail *why)
{
	str bytes;

	if (!e->begun) {
		e->begun = true;
		parcel_write(e->sum, e->message, e->wanted, out);
		return QUEUE_EXPORT_MORE;
	}
	if (e->left == 0)
		return finish(e, out, why);
	if (e->failed) {
		fill(e, out);
		return QUEUE_EXPORT_MORE;
	}
	switch (body_next(e->body, &bytes, &e->why)) {
	case BODY_LATER:
		return QUEUE_EXPORT_LATER;
	case BODY_FAILED:
		e->failed = true;
		return QUEUE_EXPORT_MORE;
	case BODY_READY:
		break;
	}
	parcel_write_octets(e->sum, bytes, out);
	e->left -= bytes.n;
	return QUEUE_EXPORT_MORE;
}
