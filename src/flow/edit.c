#include "flow/edit.h"

#include "base/log.h"
#include "base/mem.h"
#include "flow/readdress.h"
#include "gate/headers.h"
#include "mail/fields.h"

struct edit {
	struct edit_mail mail;
	bool has_rules, has_addresses;
	struct headers rules;
	struct readdress addresses;
	struct fields fields;
	bool leaving;     /* this field, perhaps in pieces, is left out */
	unsigned changed; /* fields */
	struct fail refusal;
	struct header_scan scan; /* of what leaves */
	edit_leaves *leaves;     /* of the call that goes on */
	void *owner;
};

struct edit *edit_new(const struct router *r, const struct edit_mail *mail)
{
	const struct conf *c = router_conf(r);
	bool has_addresses = mail->ours && readdress_wanted(c);
	struct edit *e;

	if (!headers_any(c) && !has_addresses)
		return NULL;
	e = MEM_NEW(struct edit);
	e->mail = *mail;
	e->has_rules = headers_any(c);
	e->has_addresses = has_addresses;
	readdress_init(&e->addresses, r, mail->ruling);
	headers_init(&e->rules, r, ruling_note, mail->ruling);
	header_scan_init(&e->scan);
	return e;
}

void edit_free(struct edit *e)
{
	if (!e)
		return;
	fields_free(&e->fields);
	mem_free(e);
}

static void leave(struct edit *e, str bytes)
{
	if (bytes.n == 0)
		return;
	(void)!header_scan_feed(&e->scan, bytes); /* whole lines, of what was found to be header */
	e->leaves(e->owner, bytes);
}

/* A whole field, or the beginning of a large one.  Writes what comes before it, or in its place;
 * *gone: it does not leave itself. */
static bool change(struct edit *e, const struct fields_piece *piece, struct buf *to, bool *gone)
{
	bool stays = true;
	size_t before;

	if (e->has_rules && !headers_judge(&e->rules, piece->bytes, to, &stays, &e->refusal))
		return false;
	before = buf_str(to).n;
	if (stays && piece->ends && e->has_addresses &&
		!readdress_field(&e->addresses, piece->bytes, to, &e->refusal))
		return false;
	*gone = !stays || buf_str(to).n > before;
	return true;
}

static void pass(struct edit *e, const struct fields_piece *piece)
{
	struct buf before = { 0 };

	if (e->refusal.kind != FAIL_NONE)
		return;
	if (piece->begins) {
		if (!change(e, piece, &before, &e->leaving)) {
			buf_free(&before);
			return;
		}
		leave(e, buf_str(&before));
		e->changed += e->leaving || buf_str(&before).n > 0;
		buf_free(&before);
	}
	if (!e->leaving)
		leave(e, piece->bytes);
}

void edit_feed(struct edit *e, str bytes, edit_leaves *leaves, void *owner)
{
	struct fields_piece piece;

	e->leaves = leaves;
	e->owner = owner;
	while (fields_next(&e->fields, &bytes, &piece))
		pass(e, &piece);
}

/* Who has signed it before us may not have meant this. */
static void log_changed(const struct edit *e, bool was_signed)
{
	struct log_record r;

	log_open(&r, was_signed ? LOG_WARNING : LOG_INFO, "header-changed");
	log_id(&r, "id", e->mail.id);
	log_int(&r, "fields", e->changed);
	log_c(&r, "signed", was_signed ? "yes" : "no");
	log_close(&r);
}

void edit_over(struct edit *e, bool was_signed, edit_leaves *leaves, void *owner)
{
	struct fields_piece piece;

	e->leaves = leaves;
	e->owner = owner;
	if (fields_end(&e->fields, &piece))
		pass(e, &piece);
	fields_free(&e->fields);
	if (e->changed > 0 && e->refusal.kind == FAIL_NONE)
		log_changed(e, was_signed);
}

const struct fail *edit_refusal(const struct edit *e)
{
	return e->refusal.kind != FAIL_NONE ? &e->refusal : NULL;
}

const struct header_scan *edit_scan(const struct edit *e)
{
	return &e->scan;
}
