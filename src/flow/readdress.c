#include "flow/readdress.h"

#include "mail/addresses.h"
#include "mail/fields.h"
#include "route/lookup_rules.h"

#define STEP_OCTETS_MAX (2 * LOOKUP_VALUE_OCTETS_MAX) /* values for one address */

/* As Postfix has them. */
static const struct {
	str name;
	enum canonical_class class;
} fields[] = {
	{STR_INIT("From"),                         CANONICAL_SENDER   },
	{ STR_INIT("Sender"),                      CANONICAL_SENDER   },
	{ STR_INIT("Reply-To"),                    CANONICAL_SENDER   },
	{ STR_INIT("Resent-From"),                 CANONICAL_SENDER   },
	{ STR_INIT("Resent-Sender"),               CANONICAL_SENDER   },
	{ STR_INIT("Resent-Reply-To"),             CANONICAL_SENDER   },
	{ STR_INIT("Return-Receipt-To"),           CANONICAL_SENDER   },
	{ STR_INIT("Disposition-Notification-To"), CANONICAL_SENDER   },
	{ STR_INIT("Errors-To"),                   CANONICAL_SENDER   },
	{ STR_INIT("To"),			  CANONICAL_RECIPIENT},
	{ STR_INIT("Cc"),			  CANONICAL_RECIPIENT},
	{ STR_INIT("Bcc"),                         CANONICAL_RECIPIENT},
	{ STR_INIT("Resent-To"),                   CANONICAL_RECIPIENT},
	{ STR_INIT("Resent-Cc"),                   CANONICAL_RECIPIENT},
	{ STR_INIT("Resent-Bcc"),                  CANONICAL_RECIPIENT},
};

bool readdress_wanted(const struct conf *c)
{
	const struct conf_rewrite *w = &c->rewrite;

	return w->header_sender.count + w->header_recipient.count > 0 ||
	       (w->masquerade.count > 0 && w->masquerade_in & CONF_HEADER);
}

void readdress_init(struct readdress *r, const struct router *router, struct ruling *ruling)
{
	*r = (struct readdress){
		.router = router, .ruling = ruling, .budget = { READDRESS_STEPS_MAX }
	};
}

static bool class_of(str name, enum canonical_class *class)
{
	for (size_t i = 0; i < LENGTH(fields); i++)
		if (str_eq_nocase(name, fields[i].name)) {
			*class = fields[i].class;
			return true;
		}
	return false;
}

/* True: it costs no refusal. */
static bool failed(struct readdress *r, const struct canonical_row *row, str key, struct fail *why)
{
	enum conf_failure means = lookup_failure(row->table, why);

	ruling_note(r->ruling, &(struct access_decision){ .what = "header",
				       .table = lookup_conf(row->table),
				       .key = key,
				       .at = row->at,
				       .failed = true,
				       .why = row->why });
	return means == CONF_FAILURE_ACCEPT || means == CONF_FAILURE_HOLD;
}

bool readdress_field(struct readdress *r, str field, struct buf *to, struct fail *why)
{
	struct canonical look = { .router = r->router, .budget = &r->budget };
	struct canonical_result result;
	struct buf text = { 0 };
	enum canonical_class class;
	struct addresses all = { 0 };
	str name, address, rest = field;
	struct arena a;
	bool ok = true;

	fields_split(field, &name, &all.list);
	if (!class_of(name, &class))
		return true;
	arena_init(&a, STEP_OCTETS_MAX);
	look.arena = &a;
	while (ok && addresses_next(&all, &address)) {
		switch (canonical_rewrite(&look, class, CONF_HEADER, address, &result)) {
		case CANONICAL_FOUND:
			buf_put(&text, str_first(rest, (size_t)(address.p - rest.p)));
			buf_put(&text, result.address);
			rest = str_skip(rest, (size_t)(address.p - rest.p) + address.n);
			ruling_rewrote(r->ruling, name, address, &result);
			break;
		case CANONICAL_FAILED:
			ok = failed(r, &result.row, address, why);
			break;
		case CANONICAL_NONE:
		case CANONICAL_WAIT: /* these tables answer at once */
			break;
		}
		arena_reset(&a);
	}
	if (ok && buf_str(&text).n > 0) {
		buf_put(&text, rest);
		fields_put(buf_str(&text), to);
	}
	buf_free(&text);
	arena_free(&a);
	return ok;
}
