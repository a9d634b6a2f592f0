#include "flow/questions.h"

#include "base/mem.h"

struct question {
	struct list link;
	struct resolve_query query;
	struct questions *asker; /* null: it is gone */
	uint32_t ticket;
};

void questions_init(struct questions *qs, struct loop *loop, struct resolver *resolver,
	void (*answered)(void *owner, uint32_t ticket, const struct resolve_query *q), void *owner)
{
	*qs = (struct questions){
		.loop = loop, .resolver = resolver, .answered = answered, .owner = owner
	};
	list_init(&qs->open);
}

static void answered(struct resolve_query *query)
{
	struct question *q = AROUND(query, struct question, query);

	if (q->asker) {
		list_remove(&q->link);
		q->asker->answered(q->asker->owner, q->ticket, query);
	}
	dns_records_free(query->records);
	mem_free(q);
}

void questions_ask(struct questions *qs, str name, enum dns_type type, uint32_t ticket)
{
	struct question *q = MEM_NEW(struct question);

	q->asker = qs;
	q->ticket = ticket;
	list_append(&qs->open, &q->link);
	resolve_query_init(&q->query, qs->loop, name, type, answered);
	resolve_ask(qs->resolver, &q->query);
}

void questions_leave(struct questions *qs)
{
	LIST_EACH_SAFE (link, &qs->open) {
		list_remove(link);
		AROUND(link, struct question, link)->asker = NULL;
	}
}

enum dkim_answer questions_key(enum resolve_outcome outcome)
{
	static const enum dkim_answer answers[] = {
		[RESOLVE_FOUND] = DKIM_FOUND,
		[RESOLVE_NO_NAME] = DKIM_MISSING,
		[RESOLVE_NO_DATA] = DKIM_MISSING,
		[RESOLVE_TROUBLE] = DKIM_TROUBLE,
	};

	return answers[outcome];
}
